"""The one decision function of the project: comparisons, claims and the gate all ask it."""

from __future__ import annotations

import math
from typing import Literal

from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.results import quantity

Verdict = Literal["faster", "slower", "no difference shown", "inconclusive", "not judged"]

SMALLEST_EFFECT = 0.025
"""Below this a difference is not called one, however sure: builds of the same code differ by as much."""
EQUIVALENCE = 0.05
"""An interval wholly within this share of 1 shows that there is no difference worth a name."""
TOO_FEW = "not judged in this profile, which has too few rounds for an interval"
"""What a sentence says in the place of a verdict."""


def fewest_rounds(judged: int = 1, level: float = LEVEL) -> int:
    """The fewest rounds from which so many verdicts are made together.

    Parameters
    ----------
    judged : int
        How many ratios are judged together.
    level : float
        That no false verdict is among them, at least.

    Returns
    -------
    int
        Six for one, seven for up to three, eight for up to six, nine for up to twelve.

    Notes
    -----
    With n rounds of identical code all ratios fall on one side of 1 in 2^(1-n) of cases, and then every percentile
    interval of their median excludes 1.  So n is the smallest number with 2^(1-n) <= (1 - level) / judged.

    Examples
    --------
    >>> from evenhand.judge.decision import fewest_rounds
    >>> [fewest_rounds(judged) for judged in (1, 3, 6, 12)]
    [6, 7, 8, 9]
    """
    # The tolerance takes up what rounding does to 1 - level.
    return 1 + math.ceil(-math.log2((1 - level) / max(judged, 1)) - 1e-9)


def times_fewest(fewest: int, factor: float, most: int) -> int:
    """So many times the fewest rounds, rounded down, but no more than the most where that is not fewer."""
    return max(fewest, min(most, math.floor(fewest * factor)))


FEWEST_ROUNDS = fewest_rounds()
"""From so many rounds on a single number has an interval."""


def decide(ratio: Estimate, noise: float = 0.0) -> Verdict:
    """Judge a ratio of times, new over old: below 1 is faster.

    Faster or slower when the interval excludes 1 and the effect is at least 2.5 %; no difference shown when the
    interval lies within 5 % either way; otherwise inconclusive.  Where several ratios are judged together, the
    caller passes intervals at a level corrected for it.

    Parameters
    ----------
    ratio : Estimate
        The ratio with its interval.
    noise : float, default 0
        How far apart identical programs measured in the same run, as a share of 1: an effect that is no larger is
        called neither faster nor slower.

    Returns
    -------
    {"faster", "slower", "no difference shown", "inconclusive", "not judged"}
        The last one where there are too few rounds for an interval.

    Examples
    --------
    >>> from evenhand import Estimate, decide
    >>> decide(Estimate(0.91, low=0.88, high=0.95, level=0.95, rounds=20))
    'faster'
    >>> decide(Estimate(0.91, low=0.88, high=0.95, level=0.95, rounds=20), noise=0.15)
    'inconclusive'
    """
    if not ratio.has_interval:
        return "not judged"
    # Measured on the log scale, so that 2.5 % up and 2.5 % down weigh the same.
    if ratio.excludes_one and effect(ratio) >= max(SMALLEST_EFFECT, noise):
        return "faster" if ratio.value < 1 else "slower"
    if ratio.low >= 1 / (1 + EQUIVALENCE) and ratio.high <= 1 + EQUIVALENCE:
        return "no difference shown"
    return "inconclusive"


def effect(ratio: Estimate) -> float:
    """How far a ratio is from 1, as a share: 0.1 for 1.1 and for 1 / 1.1 alike."""
    return math.expm1(abs(math.log(ratio.value)))


def doubt(ratio: Estimate, noise: float = 0.0) -> str:
    """Say why `decide` could not tell; empty where it could.

    Parameters
    ----------
    ratio, noise
        As for `decide`.
    """
    verdict = decide(ratio, noise)
    if verdict == "not judged":
        rounds = f"{ratio.rounds} rounds are" if ratio.rounds != 1 else "one round is"
        needed = fewest_rounds(level=ratio.level if ratio.level < 1 else LEVEL)  # a count has no error to be sure of
        return f"{rounds} too few for an interval, which takes {needed}"
    if verdict != "inconclusive":
        return ""
    if ratio.excludes_one and effect(ratio) >= SMALLEST_EFFECT:
        return f"identical programs measured {quantity.percent(noise)} apart in this run, and this is no more"
    if ratio.excludes_one:
        least, widest = quantity.bound(SMALLEST_EFFECT), quantity.bound(EQUIVALENCE)
        return f"the effect is below {least}, and the interval reaches beyond {widest}"
    return (
        f"the interval over {ratio.rounds} rounds holds 1 and reaches beyond {quantity.bound(EQUIVALENCE)}; "
        f"about {quantity.written('', rounds_needed(ratio))} rounds would make it narrow enough"
    )


def rounds_needed(ratio: Estimate) -> int | None:
    """How many rounds would decide what is inconclusive, if more of them showed what these did.

    An interval narrows with the square root of the rounds.  It has to become narrow enough to exclude 1, where the
    effect is large enough to be called one, or to lie within 5 % either way.

    Returns
    -------
    int or None
        None where there is no interval.
    """
    if not ratio.has_interval:
        return None
    away = abs(math.log(ratio.value))
    half = max(math.log(ratio.high) - math.log(ratio.value), math.log(ratio.value) - math.log(ratio.low))
    room = max(
        away if effect(ratio) >= SMALLEST_EFFECT else 0.0,
        math.log1p(EQUIVALENCE) - away,
    )
    return max(math.ceil(ratio.rounds * (half / room) ** 2), ratio.rounds + 1)

"""The one decision function of the project: comparisons, claims and the gate all use it."""

from __future__ import annotations

import math
from typing import Literal

from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.results import quantity

Verdict = Literal["faster", "slower", "no difference shown", "inconclusive", "not judged"]

SMALLEST_EFFECT = 0.025
"""The smallest effect that counts as a difference: builds of the same code differ by as much."""
EQUIVALENCE = 0.05
"""An interval wholly within this share of 1 shows that no relevant difference exists."""
TOO_FEW = "not judged in this profile, which has too few rounds for an interval"
"""What a sentence prints instead of a verdict."""


def fewest_rounds(judged: int = 1, level: float = LEVEL) -> int:
    """The fewest rounds that support `judged` verdicts together.

    Parameters
    ----------
    judged : int
        How many ratios are judged together.
    level : float
        The probability that none of the verdicts is false is at least this.

    Returns
    -------
    int
        Six for one, seven for up to three, eight for up to six, nine for up to twelve.

    Raises
    ------
    ValueError
        If `level` is not between 0 and 1.

    Notes
    -----
    With n rounds of identical code all ratios fall on one side of 1 in 2^(1-n) of cases, and then every interval
    of their median, percentile or exact, excludes 1.  So n is the smallest number with 2^(1-n) <= (1 - level) / judged.

    Examples
    --------
    >>> from evenhand.judge.decision import fewest_rounds
    >>> [fewest_rounds(judged) for judged in (1, 3, 6, 12)]
    [6, 7, 8, 9]
    """
    if not 0 < level < 1:
        message = f"level must be a probability between 0 and 1, got {level!r}"
        raise ValueError(message)
    # The tolerance absorbs the rounding of 1 - level.
    return 1 + math.ceil(-math.log2((1 - level) / max(judged, 1)) - 1e-9)


def times_fewest(fewest: int, factor: float, most: int) -> int:
    """`factor` times the fewest rounds, rounded down, capped at `most` but never below `fewest`."""
    return max(fewest, min(most, math.floor(fewest * factor)))


FEWEST_ROUNDS = fewest_rounds()
"""The fewest rounds that give a single number an interval."""


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
        How far identical programs differed in the same run, as a share of 1.  An effect that is not larger is
        neither faster nor slower.

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
    # On the log scale, 2.5 % up and 2.5 % down weigh the same.
    if ratio.excludes_one and effect(ratio) >= max(SMALLEST_EFFECT, noise):
        return "faster" if ratio.value < 1 else "slower"
    if ratio.low >= 1 / (1 + EQUIVALENCE) and ratio.high <= 1 + EQUIVALENCE:
        return "no difference shown"
    return "inconclusive"


def effect(ratio: Estimate) -> float:
    """How far a ratio is from 1, as a share: 0.1 both for 1.1 and for 1 / 1.1."""
    return math.expm1(abs(math.log(ratio.value)))


def doubt(ratio: Estimate, noise: float = 0.0) -> str:
    """Say why `decide` is inconclusive; empty where it is not.

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
        return f"identical programs differed by {quantity.percent(noise)} in this run, and this effect is no larger"
    if ratio.excludes_one:
        least, widest = quantity.bound(SMALLEST_EFFECT), quantity.bound(EQUIVALENCE)
        return f"the effect is below {least}, and the interval reaches beyond {widest}"
    return (
        f"the interval over {ratio.rounds} rounds contains 1 and reaches beyond {quantity.bound(EQUIVALENCE)}; "
        f"at most about {quantity.written('', rounds_needed(ratio))} rounds would make it narrow enough"
    )


def rounds_needed(ratio: Estimate) -> int | None:
    """How many rounds at most would decide an inconclusive ratio, if further rounds resemble these.

    An interval narrows at least with the square root of the rounds; with few rounds it reaches to the outermost ones,
    and narrows faster.  It has to exclude 1 where the effect is large enough to count, or to lie within 5 % either way.

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

"""The one decision function of the project: comparisons, claims and the gate all ask it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["faster", "slower", "no difference shown", "inconclusive", "not judged"]

LEVEL = 0.95
"""Confidence level of an interval that stands alone; what is judged together is corrected from it."""
SMALLEST_EFFECT = 0.025
"""Below this a difference is not called one, however sure: builds of the same code differ by as much."""
EQUIVALENCE = 0.05
"""An interval wholly within this share of 1 shows that there is no difference worth a name."""
FEWEST_ROUNDS = 6
"""With fewer rounds the percentile bootstrap of a median has no interval worth showing."""


@dataclass(frozen=True)
class Estimate:
    """A number with the interval around it.

    Parameters
    ----------
    value : float
        The estimate.
    low, high : float
        The ends of the interval; NaN when there were too few rounds for one.
    level : float
        The interval's confidence level.
    rounds : int
        The rounds it was taken over.
    """

    value: float
    low: float
    high: float
    level: float
    rounds: int

    @property
    def has_interval(self) -> bool:
        """Whether there were rounds enough."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    def inverse(self) -> Estimate:
        """One over it: of a ratio of rates, that of the times behind them."""
        return Estimate(1 / self.value, 1 / self.high, 1 / self.low, self.level, self.rounds)


def decide(ratio: Estimate) -> Verdict:
    """Judge a ratio of times, new over old: below 1 is faster.

    Faster or slower when the interval excludes 1 and the effect is at least 2.5 %; no difference shown when the
    interval lies within 5 % either way; otherwise inconclusive.  Where several ratios are judged together, the
    caller passes intervals at a level corrected for it.
    """
    if not ratio.has_interval:
        return "not judged"
    excludes_one = ratio.high < 1 or ratio.low > 1
    # Measured on the log scale, so that 2.5 % up and 2.5 % down weigh the same.
    if excludes_one and abs(math.log(ratio.value)) >= math.log1p(SMALLEST_EFFECT):
        return "faster" if ratio.value < 1 else "slower"
    if ratio.low >= 1 / (1 + EQUIVALENCE) and ratio.high <= 1 + EQUIVALENCE:
        return "no difference shown"
    return "inconclusive"


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
    effect = abs(math.log(ratio.value))
    half = max(math.log(ratio.high) - math.log(ratio.value), math.log(ratio.value) - math.log(ratio.low))
    room = max(
        effect if effect >= math.log1p(SMALLEST_EFFECT) else 0.0,
        math.log1p(EQUIVALENCE) - effect,
    )
    return max(math.ceil(ratio.rounds * (half / room) ** 2), ratio.rounds + 1)

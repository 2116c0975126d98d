"""An estimate: a number with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

LEVEL = 0.95
"""Confidence level of a single interval; ratios that are judged together use a level corrected from it."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Parameters
    ----------
    value : float
        The estimate.
    low, high : float
        The ends of the interval; NaN with too few rounds.
    level : float
        The interval's confidence level.
    rounds : int
        The number of rounds behind it.

    Examples
    --------
    >>> import evenhand as bench
    >>> estimate = bench.Estimate(0.9, low=0.85, high=0.95, level=0.95, rounds=12)
    >>> estimate.has_interval, estimate.excludes_one
    (True, True)
    """

    value: float
    low: float
    high: float
    level: float
    rounds: int

    @classmethod
    def unknown(cls) -> Self:
        """An unknown number."""
        return cls(math.nan, math.nan, math.nan, LEVEL, 0)

    @property
    def has_interval(self) -> bool:
        """Whether there were enough rounds for an interval."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def excludes_one(self) -> bool:
        """Whether the interval lies on one side of 1."""
        return self.high < 1 or self.low > 1

    def coarsened(self, below: float, above: float) -> Estimate:
        """The same estimate with a wider interval, by one search step at each end.

        An end one step from 1 moves to exactly 1, and rounding must not push it past 1.
        """
        low, high = (1.0 if math.isclose(end, 1) else end for end in (self.low / below, self.high * above))
        return Estimate(self.value, low, high, self.level, self.rounds)

    def inverse(self) -> Estimate:
        """Its reciprocal: a ratio of rates becomes the ratio of the times."""
        return Estimate(1 / self.value, 1 / self.high, 1 / self.low, self.level, self.rounds)

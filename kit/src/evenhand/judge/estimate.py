"""An estimate: a number with the interval around it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

LEVEL = 0.95
"""Confidence level of an interval that stands alone; what is judged together is corrected from it."""


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
        """What is not known: a number that there is not."""
        return cls(math.nan, math.nan, math.nan, LEVEL, 0)

    @property
    def has_interval(self) -> bool:
        """Whether there were rounds enough."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def excludes_one(self) -> bool:
        """Whether the interval lies on one side of 1."""
        return self.high < 1 or self.low > 1

    def coarsened(self, below: float, above: float) -> Estimate:
        """The same with an interval that reaches further, by a factor at each end: it was found in steps so large.

        An end one step from 1 comes to lie at 1, and rounding must not put it to one side.
        """
        low, high = (1.0 if math.isclose(end, 1) else end for end in (self.low / below, self.high * above))
        return Estimate(self.value, low, high, self.level, self.rounds)

    def inverse(self) -> Estimate:
        """One over it: of a ratio of rates, that of the times behind them."""
        return Estimate(1 / self.value, 1 / self.high, 1 / self.low, self.level, self.rounds)

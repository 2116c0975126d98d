"""Steps in a series: the commits at which an operation changed permanently, found with `ruptures`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy

from evenhand.gate.history.series import Z95, Point, Series
from evenhand.judge.decision import decide
from evenhand.judge.estimate import LEVEL, Estimate

FEWEST_COMMITS = 4
FALSE_STEPS = 0.01
"""The share of series without a step in which one is found anyway."""


@dataclass(frozen=True)
class Change:
    """A step.

    Parameters
    ----------
    operation : str
        The operation's name.
    before, after : Point
        The last commit before the step, and the commit that caused it.
    ratio : Estimate
        The level after the step over the level before it.
    against_noise : float
        The size of the step in standard deviations of its estimate.
    """

    operation: str
    before: Point
    after: Point
    ratio: Estimate
    against_noise: float

    @property
    def verdict(self) -> str:
        """Faster or slower, from the project's one decision function."""
        return decide(self.ratio)


def changes(found: list[Series]) -> list[Change]:
    """Find the steps of all series, and sort them by size relative to their noise, largest first."""
    steps = [change for each in found for change in changes_of(each)]
    return sorted(steps, key=lambda change: -change.against_noise)


def changes_of(series: Series) -> list[Change]:
    """Find the steps of one series.

    `ruptures` splits the series into pieces of constant level with PELT (Killick, Fearnhead, Eckley, 2012).  With a
    linear kernel the cost is the sum of squares.  The penalty for a further piece is the gain that noise alone reaches
    at any place with probability `FALSE_STEPS`.  It is a quantile of F, because the noise is estimated from a few runs.
    A step between two pieces is reported if the decision function calls it faster or slower.
    """
    if len(series.points) < FEWEST_COMMITS:
        return []
    import ruptures

    logs = np.array([point.log for point in series.points])
    # A commit with more runs weighs more, because its level is known more precisely.
    weights = np.array([math.sqrt(len(point.runs)) for point in series.points])
    noise = series.noise / float(np.mean(weights))
    penalty = float(scipy.stats.f.isf(FALSE_STEPS / len(logs), 1, series.freedom))
    ends = ruptures.KernelCPD(kernel="linear", min_size=1).fit(logs / noise).predict(pen=penalty)
    pieces = list(zip([0, *ends[:-1]], ends, strict=True))
    found = []
    for (first, middle), (_, last) in pairwise(pieces):
        step = change(series, slice(first, middle), slice(middle, last))
        if step.verdict in {"faster", "slower"}:
            found.append(step)
    return found


def change(series: Series, before: slice, after: slice) -> Change:
    """Estimate the step between two pieces of a series."""
    left, right = series.points[before], series.points[after]
    size = level(right) - level(left)
    error = series.noise * math.sqrt(1 / count(left) + 1 / count(right))
    ends = [math.exp(size + side * Z95 * error) for side in (-1, 1)]
    ratio = Estimate(math.exp(size), ends[0], ends[1], LEVEL, count(left) + count(right))
    return Change(series.operation, left[-1], right[0], ratio, abs(size) / error)


def level(points: tuple[Point, ...]) -> float:
    """Return the mean logarithm of all runs of some commits."""
    return float(np.average([point.log for point in points], weights=[len(point.runs) for point in points]))


def count(points: tuple[Point, ...]) -> int:
    """Count the runs of some commits."""
    return sum(len(point.runs) for point in points)

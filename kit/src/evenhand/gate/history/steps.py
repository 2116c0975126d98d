"""Steps in a series: the commits at which an operation changed for good, found by `ruptures`."""

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
"""Of the series without a step about so many are given one."""


@dataclass(frozen=True)
class Change:
    """A step.

    Parameters
    ----------
    operation : str
        Of which operation.
    before, after : Point
        The last commit before the step, and the one that made it.
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
        """Faster or slower, by the project's one decision function."""
        return decide(self.ratio)


def changes(found: list[Series]) -> list[Change]:
    """The steps of all series, the largest against its noise first."""
    steps = [change for each in found for change in changes_of(each)]
    return sorted(steps, key=lambda change: -change.against_noise)


def changes_of(series: Series) -> list[Change]:
    """The steps of one series.

    `ruptures` splits it into pieces of one level each, by PELT (Killick, Fearnhead, Eckley, 2012); with a linear kernel
    its cost is the sum of squares.  What a further piece has to win is what noise wins at none of the places but for
    `FALSE_STEPS`: a quantile of F, for the noise itself is known from a few runs.  A step between two pieces is a
    change when the decision function calls it one.
    """
    if len(series.points) < FEWEST_COMMITS:
        return []
    import ruptures

    logs = np.array([point.log for point in series.points])
    # A commit of several runs weighs more: its level is known better.
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
    """The step between two pieces of a series."""
    left, right = series.points[before], series.points[after]
    size = level(right) - level(left)
    error = series.noise * math.sqrt(1 / count(left) + 1 / count(right))
    ends = [math.exp(size + side * Z95 * error) for side in (-1, 1)]
    ratio = Estimate(math.exp(size), ends[0], ends[1], LEVEL, count(left) + count(right))
    return Change(series.operation, left[-1], right[0], ratio, abs(size) / error)


def level(points: tuple[Point, ...]) -> float:
    """The mean logarithm of all runs of some commits."""
    return float(np.average([point.log for point in points], weights=[len(point.runs) for point in points]))


def count(points: tuple[Point, ...]) -> int:
    """The runs of some commits."""
    return sum(len(point.runs) for point in points)

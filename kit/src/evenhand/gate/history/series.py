"""The series of an operation over commits: one value with its interval per commit, and the noise between runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean, median
from typing import Any

import numpy as np

from evenhand.gate.history.commit import EXAMPLE, OPERATION, REFERENCE
from evenhand.judge.decision import EQUIVALENCE
from evenhand.judge.estimate import Estimate
from evenhand.runs.run import Run

FEWEST_REPEATS = 3
"""Repeated runs of the same commits, over all commits, from which on they determine the noise."""
SMALLEST_NOISE = 1e-3
"""The noise of a series that repeats exactly, so that no division by 0 occurs."""
Z95 = 1.959964


@dataclass(frozen=True)
class Point:
    """An operation at one commit.

    Parameters
    ----------
    commit, committed, subject : str
        The revision.
    runs : tuple of Estimate
        One per run: the ratio to the reference, or bytes.
    """

    commit: str
    committed: str
    subject: str
    runs: tuple[Estimate, ...]

    @cached_property
    def log(self) -> float:
        """The logarithm of the median over runs."""
        return median(self.logs)

    @property
    def logs(self) -> list[float]:
        """The logarithm of each run."""
        return [math.log(run.value) for run in self.runs]

    @property
    def squares(self) -> float:
        """The sum of the squared deviations of the logarithms from their mean."""
        mean = fmean(self.logs)
        return sum((log - mean) ** 2 for log in self.logs)


@dataclass(frozen=True)
class Series:
    """An operation over commits.

    Parameters
    ----------
    operation : str
        Its name.
    points : tuple of Point
        In the order of the commits.
    """

    operation: str
    points: tuple[Point, ...]

    @cached_property
    def noise(self) -> float:
        """The standard deviation of a run's logarithm, from repeated runs of the same commits if there are enough.

        Otherwise it comes from the differences between neighbouring commits; a step affects only one of these.
        """
        if self.repeats >= FEWEST_REPEATS:
            squares = sum(point.squares for point in self.points)
            return max(math.sqrt(squares / self.repeats), SMALLEST_NOISE)
        differences = np.diff([point.log for point in self.points])
        if not len(differences):
            return math.nan
        deviation = 1.4826 * float(np.median(np.abs(differences - np.median(differences)))) / math.sqrt(2)
        return max(deviation, SMALLEST_NOISE)

    @property
    def repeats(self) -> int:
        """The number of repeated runs: all runs except the first of each commit."""
        return sum(len(point.runs) - 1 for point in self.points)

    @property
    def freedom(self) -> int:
        """The degrees of freedom of the noise."""
        return self.repeats if self.repeats >= FEWEST_REPEATS else max(len(self.points) - 1, 1)

    @property
    def unstable(self) -> bool:
        """Whether two runs of the same build may differ by 5 %, which hides smaller changes."""
        return self.hidden > EQUIVALENCE

    @property
    def hidden(self) -> float:
        """The largest change that the noise can hide, at 95 %, as a share."""
        return math.expm1(Z95 * math.sqrt(2) * self.noise)

    def over_oldest(self, point: Point) -> Estimate:
        """Return the value at a commit over that at the oldest commit, with an interval from the noise between runs.

        For the oldest commit itself it is 1.
        """
        oldest = self.points[0]
        rounds = min(len(point.runs), len(oldest.runs))
        if point is oldest:
            return Estimate(1.0, 1.0, 1.0, 0.95, rounds)
        half = Z95 * self.noise * math.sqrt(1 / len(point.runs) + 1 / len(oldest.runs))
        value, low, high = (math.exp(point.log - oldest.log + side) for side in (0.0, -half, half))
        return Estimate(value, low, high, 0.95, rounds)


def series(runs: Sequence[Run]) -> list[Series]:
    """Combine the runs of one class of machines into a series per operation.

    Parameters
    ----------
    runs : sequence of Run
        In the order of their commits, all of one class.

    Returns
    -------
    list of Series
        In the order of the newest run; removed operations come last.  Values from before a change of the statement
        are left out.
    """
    found: dict[str, list[tuple[Run, Mapping[str, Any]]]] = {}
    for run in reversed(runs):
        for entry in run.document["results"]:
            if entry["example"] == EXAMPLE:
                found.setdefault(entry["name"], []).append((run, entry))
    return [made for name, entries in found.items() if (made := series_of(name, entries[::-1]))]


def series_of(name: str, entries: Sequence[tuple[Run, Mapping[str, Any]]]) -> Series | None:
    """Make the series of one operation from its entries in the runs."""
    newest = entries[-1][1]["contenders"][OPERATION]["fingerprint"]
    points: dict[str, Point] = {}
    for run, entry in entries:
        if entry["contenders"][OPERATION]["fingerprint"] != newest:
            continue
        rows = {row["contender"]: row for row in entry["rows"]}
        estimate = ratio(rows) if REFERENCE in rows else count(rows)
        if estimate is None:
            continue
        revision = run.document["revision"]
        before = points[revision["commit"]].runs if revision["commit"] in points else ()
        points[revision["commit"]] = Point(**{part: revision[part] for part in PARTS}, runs=(*before, estimate))
    return Series(name, tuple(points.values())) if points else None


PARTS = ("commit", "committed", "subject")


def ratio(rows: Mapping[str, Mapping[str, Any]]) -> Estimate | None:
    """Return the ratio of an operation to the reference from its run's summary."""
    row = rows[OPERATION]
    return estimated(row["ratio"], row["ratio_low"], row["ratio_high"], row["rounds"])


def count(rows: Mapping[str, Mapping[str, Any]]) -> Estimate | None:
    """Return the bytes of an object."""
    row = rows[OPERATION]
    return estimated(row["heap_bytes"], row["heap_low_bytes"], row["heap_high_bytes"], row["rounds"])


def estimated(value: float | None, low: float | None, high: float | None, rounds: int) -> Estimate | None:
    """Make an estimate from JSON values, in which null means not finite."""
    if not value or value <= 0:
        return None
    ends = [math.nan if end is None else float(end) for end in (low, high)]
    return Estimate(float(value), ends[0], ends[1], 0.95, rounds)

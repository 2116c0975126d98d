"""Compare a run with the medians of earlier runs, whose spread is the noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy

from evenhand.judge.decision import FEWEST_ROUNDS, Verdict, decide
from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.measure.records import data_frame
from evenhand.results import quantity
from evenhand.results.result import plain
from evenhand.runs.difference import MAXIMUM, numbers, shown
from evenhand.runs.run import Run, entries

if TYPE_CHECKING:
    import pandas as pd

DISCOVERY_RATE = 0.05
"""The share of false verdicts among faster and slower ones, at most, in the long run (Benjamini, Hochberg, 1995)."""
DERIVED = ("_per_second", "difference_ns")
"""Rates and differences are derived from other numbers; judging both would count each change twice."""
COLUMNS = ("result", "contender", "quantity", "runs", "median", "spread", "value", "ratio", "low", "high", "verdict")
Address = tuple[str, str, int | None, str]


@dataclass(frozen=True)
class Judged:
    """A number of the run, with the same number of the earlier runs.

    Parameters
    ----------
    address : tuple
        Result, contender, size, quantity.
    value : float
        The number in this run.
    earlier : tuple of float
        The number in those earlier runs that have it for the same statement.
    """

    address: Address
    value: float
    earlier: tuple[float, ...]

    @property
    def usable(self) -> bool:
        """Whether there are enough earlier numbers, and all are positive."""
        return len(self.earlier) >= FEWEST_ROUNDS and min(self.value, *self.earlier) > 0

    @property
    def median(self) -> float:
        """The median of the earlier runs."""
        return float(np.median(self.earlier)) if self.earlier else math.nan

    @property
    def spread(self) -> float:
        """The standard deviation of the earlier runs' logarithms."""
        return float(np.std(np.log(self.earlier), ddof=1))

    @property
    def error(self) -> float:
        """The standard error of a new run's difference from the earlier ones, at least 0.001 so that it is never 0."""
        return max(self.spread, 1e-3) * math.sqrt(1 + 1 / len(self.earlier))

    @property
    def p_value(self) -> float:
        """The probability that a run without a change differs by at least as much, by Student's t."""
        distance = abs(math.log(self.value / self.median)) / self.error
        return float(2 * scipy.stats.t.sf(distance, len(self.earlier) - 1))

    def ratio(self, level: float) -> Estimate:
        """Return the run over the median, with an interval from the spread of the earlier runs."""
        half = float(scipy.stats.t.ppf((1 + level) / 2, len(self.earlier) - 1)) * self.error
        log = math.log(self.value / self.median)
        return Estimate(math.exp(log), math.exp(log - half), math.exp(log + half), level, len(self.earlier))


@dataclass(frozen=True)
class Previous:
    """A run and the earlier runs that it is compared with.

    Parameters
    ----------
    run : Run
        The run to judge.
    earlier : tuple of Run
        The latest comparable runs before it, oldest first.
    incomparable : mapping of str to mapping
        The differences of each earlier run that cannot be compared, by its id: the value there and here.
    """

    run: Run
    earlier: tuple[Run, ...]
    incomparable: Mapping[str, Mapping[str, tuple[Any, Any]]]

    @classmethod
    def of(cls, run: Run, runs: Sequence[Run], last: int) -> Previous:
        """Select the latest comparable runs that were made before a run.

        Parameters
        ----------
        run : Run
            The run to judge.
        runs : sequence of Run
            The archive's runs, oldest first; `run` may be among them.
        last : int
            How many runs to select at most.
        """
        before = [other for other in runs if other.id < run.id and other.complete]
        differing = {other.id: other.differences(run) for other in before}
        comparable = [other for other in before if not differing[other.id]]
        incomparable = {name: what for name, what in differing.items() if what}
        return cls(run, tuple(comparable[-last:]), incomparable)

    @cached_property
    def numbers(self) -> list[Judged]:
        """Every number of the run that is a time or a size."""
        mine = entries(self.run)
        theirs = [entries(run) for run in self.earlier]
        found = []
        for key, entry in mine.items():
            others = [(numbers(other[key]), other[key]) for other in theirs if key in other]
            for place, value in numbers(entry).items():
                contender, size, column = place
                if column == MAXIMUM or column.endswith(DERIVED) or value is None:
                    continue
                same = [
                    values[place]
                    for values, other in others
                    if place in values and fingerprint(other, contender) == fingerprint(entry, contender)
                ]
                found.append(Judged((key, contender, size, column), value, tuple(same)))
        return found

    @cached_property
    def level(self) -> float:
        """The confidence level at which at most one in twenty reported changes is false."""
        p_values = [each.p_value for each in self.numbers if each.usable]
        if not p_values:
            return LEVEL
        found = int(np.sum(scipy.stats.false_discovery_control(p_values) <= DISCOVERY_RATE))
        # Intervals of selected numbers have to be wider because of the selection (Benjamini, Yekutieli, 2005).
        return 1 - DISCOVERY_RATE * max(found, 1) / len(p_values)

    def verdict(self, judged: Judged) -> Verdict:
        """Judge a number with the project's one decision function."""
        return decide(judged.ratio(self.level)) if judged.usable else "not judged"

    @property
    def sentence(self) -> str:
        """Describe the comparison."""
        if not self.earlier:
            return "no earlier run can be compared with this one"
        count = len(self.earlier)
        needed = f"; a verdict takes {FEWEST_ROUNDS} runs" if count < FEWEST_ROUNDS else ""
        return (
            f"compared with the medians of {count} earlier run{'s' if count != 1 else ''} with the same class of "
            "machine, profile and Python; their spread is the noise, and in the long run at most one in "
            f"{round(1 / DISCOVERY_RATE)} verdicts of faster or slower is false{needed}"
        )

    @property
    def refusals(self) -> list[str]:
        """The runs that cannot be compared, grouped by their differences."""
        grouped: dict[str, int] = {}
        for differing in self.incomparable.values():
            parts = [f"{name} is {there} there and {here} here" for name, (there, here) in differing.items()]
            grouped["; ".join(parts)] = grouped.get("; ".join(parts), 0) + 1
        return [f"not comparable: {count} run{'s' if count != 1 else ''}: {what}" for what, count in grouped.items()]

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per number, with intervals at the level that is valid for all of them."""
        rows = []
        for judged in self.numbers:
            key, contender, size, column = judged.address
            named = contender if size is None else f"{contender}, {quantity.written('', size)}"
            ratio = judged.ratio(self.level) if judged.usable else Estimate(math.nan, math.nan, math.nan, LEVEL, 0)
            spread = judged.spread if len(judged.earlier) > 1 and min(judged.earlier) > 0 else math.nan
            measured = (len(judged.earlier), judged.median, spread, judged.value)
            rows.append((key, named, column, *measured, ratio.value, ratio.low, ratio.high, self.verdict(judged)))
        return data_frame(rows, COLUMNS)

    def table(self) -> pd.DataFrame:
        """Return the numbers as text, with the changed ones first."""
        frame = self.to_pandas()
        order = {"slower": 0, "faster": 1, "inconclusive": 2, "no difference shown": 3, "not judged": 4}
        frame = frame.sort_values("verdict", key=lambda verdicts: verdicts.map(order), kind="stable")
        rows = [
            {
                "result": row.result,
                "contender": row.contender,
                "quantity": row.quantity,
                "median before": shown(row.quantity, None if math.isnan(row.median) else row.median),
                "this run": shown(row.quantity, row.value),
                "ratio": quantity.ratio(Estimate(row.ratio, row.low, row.high, self.level, row.runs)),
                "verdict": row.verdict,
            }
            for row in frame.itertuples()
        ]
        return data_frame(rows, ["result", "contender", "quantity", *TITLES]).set_index("result")

    def document(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        return {
            "run": self.run.id,
            "earlier": [run.id for run in self.earlier],
            "incomparable": {
                name: plain({k: list(v) for k, v in what.items()}) for name, what in self.incomparable.items()
            },
            "level": self.level,
            "false_discovery_rate": DISCOVERY_RATE,
            "sentence": self.sentence,
            "rows": plain(self.to_pandas().to_dict(orient="records")),
        }


TITLES = ("median before", "this run", "ratio", "verdict")


def fingerprint(entry: Mapping[str, Any], contender: str) -> Any:
    """Return the fingerprint of a contender's statement."""
    return entry["contenders"].get(contender, {}).get("fingerprint")

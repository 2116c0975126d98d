"""Two runs side by side: the ratios of their common numbers, which are not verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenhand.measure.records import data_frame
from evenhand.results import quantity
from evenhand.results.result import plain
from evenhand.runs.agreement import Agreement
from evenhand.runs.run import Run, entries

if TYPE_CHECKING:
    import pandas as pd

UNITS = ("_ns", "_bytes", "_per_second")
"""Suffixes of the columns that are compared; ratios within a run are compared by `Agreement`."""
BOUNDS = ("_low_ns", "_high_ns", "_low_bytes", "_high_bytes", "_low_per_second", "_high_per_second")
MAXIMUM = "max_ns"
NOT_JUDGED = (
    "not judged: the machine's pace differs between runs, so a ratio here is not a verdict; "
    "only the spread of earlier runs shows how large the noise between runs is"
)
COLUMNS = ("result", "contender", "quantity", "first", "second", "ratio", "remark")


@dataclass(frozen=True)
class SideBySide:
    """Two runs side by side.

    Parameters
    ----------
    first, second : Run
        The runs to compare; ratios are second over first.
    """

    first: Run
    second: Run

    @property
    def differences(self) -> dict[str, tuple[Any, Any]]:
        """The conditions that differ and make the runs incomparable; empty if they are comparable."""
        return self.first.differences(self.second)

    @property
    def sentence(self) -> str:
        """The conclusion: the runs are not comparable, or their ratios are not verdicts."""
        if not self.differences:
            return NOT_JUDGED
        parts = [
            f"{name} is {first} in the first and {second} in the second"
            for name, (first, second) in self.differences.items()
        ]
        return f"not comparable: {'; '.join(parts)}"

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per number that either run has.

        Returns
        -------
        DataFrame
            Columns ``result``, ``contender`` (with its size), ``quantity`` (a column of its summary),
            ``first``, ``second``, ``ratio`` (second over first; NaN if one is missing or the statement changed)
            and ``remark``.  Empty if the runs are not comparable.
        """
        rows = [] if self.differences else list(self._rows())
        return data_frame(rows, COLUMNS)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        first, second = entries(self.first), entries(self.second)
        for key in [*first, *(key for key in second if key not in first)]:
            mine, theirs = numbers(first.get(key)), numbers(second.get(key))
            for place in [*mine, *(place for place in theirs if place not in mine)]:
                old, new = mine.get(place), theirs.get(place)
                remark = self._remark(first.get(key), second.get(key), place, old, new)
                ratio = new / old if not remark and old and new is not None else float("nan")
                contender = place[0] if place[1] is None else f"{place[0]}, {quantity.written('', place[1])}"
                yield (key, contender, place[2], old, new, ratio, remark)

    @staticmethod
    def _remark(first: Any, second: Any, place: tuple[str, int | None, str], old: Any, new: Any) -> str:
        """Return why there is no ratio; empty if there is one."""
        if old is None or new is None:
            return "only in the first" if new is None else "only in the second"
        statements = [entry["contenders"].get(place[0], {}).get("fingerprint") for entry in (first, second)]
        if statements[0] != statements[1]:
            return "the statement changed"
        if first["kind"] != second["kind"]:
            return "the kind of result changed"
        return "a maximum is shown and never compared" if place[2] == MAXIMUM else ""

    def table(self) -> pd.DataFrame:
        """Return the numbers as text with their units."""
        rows = [] if self.differences else list(self._rows())
        named = ("result", "contender", "quantity", "first", "second", "second / first")
        text = [
            (key, contender, column, shown(column, first), shown(column, second), remark or quantity.digits(ratio))
            for key, contender, column, first, second, ratio, remark in rows
        ]
        return data_frame(text, named)

    def document(self) -> dict[str, Any]:
        """Return both runs' names, the conclusion and the numbers as JSON values."""
        return {
            "first": self.first.id,
            "second": self.second.id,
            "comparable": not self.differences,
            "differences": {name: plain(list(pair)) for name, pair in self.differences.items()},
            "verdict": self.sentence,
            "agreement": Agreement(self.first, self.second).document(),
            "rows": plain(self.to_pandas().to_dict(orient="records")),
        }


def numbers(entry: Mapping[str, Any] | None) -> dict[tuple[str, int | None, str], float]:
    """Return the numbers of a result's summary by contender, size and column, without the ends of intervals."""
    found = {}
    for row in entry["rows"] if entry else ():
        for column, value in row.items():
            measured = isinstance(value, int | float) and not isinstance(value, bool)
            if measured and column.endswith(UNITS) and not column.endswith(BOUNDS):
                found[(str(row["contender"]), row.get("size"), column)] = value
    return found


def shown(column: str, value: Any) -> str:
    """Format a number with its unit; a dash if it is missing."""
    return quantity.MISSING if value is None else quantity.written(column, value)

"""Agreement of two runs: the ratios within each and their verdicts, which can be repeated on another machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.measure.records import data_frame
from evenhand.results import quantity
from evenhand.results.result import plain
from evenhand.runs.run import Run, entries

if TYPE_CHECKING:
    import pandas as pd

DECIDED = ("faster", "slower", "no difference shown")
"""Verdicts that can be repeated; the others decide nothing."""
RATIO, VERDICT = "ratio", "verdict"
COLUMNS = ("result", "contender", "of", "first", "second", "first verdict", "second verdict", "agreement")


@dataclass(frozen=True)
class Agreement:
    """The ratios that two runs have in common.

    A ratio is measured within a run, between programs that took turns.  It can therefore be compared with a ratio from
    another machine, unlike a time.

    Parameters
    ----------
    first, second : Run
        The runs to compare.
    """

    first: Run
    second: Run

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per ratio that both runs have for the same statements.

        Returns
        -------
        DataFrame
            Columns ``result``, ``contender`` (with its size), ``of`` (the quantity of the ratio: ``cost``, ``p99``),
            ``first`` and ``second`` (the ratios, each an `Estimate`), both verdicts, and ``agreement``: ``"same"``,
            ``"different"``, or ``"undecided"`` if a run could not decide.
        """
        return data_frame(list(self._rows()), COLUMNS)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        mine, theirs = entries(self.first), entries(self.second)
        for key in (key for key in mine if key in theirs):
            old, new = ratios(mine[key]), ratios(theirs[key])
            for place in (place for place in old if place in new and same_statement(mine[key], theirs[key], place[0])):
                (one, before), (two, after) = old[place], new[place]
                decided = before in DECIDED and after in DECIDED
                contender = place[0] if place[1] is None else f"{place[0]}, {quantity.written('', place[1])}"
                agreement = ("same" if before == after else "different") if decided else "undecided"
                yield (key, contender, place[2], one, two, before, after, agreement)

    def table(self) -> pd.DataFrame:
        """Return the ratios as text, each with its interval and verdict."""
        rows = [
            {
                "result": row.result,
                "contender": f"{row.contender} ({row.of})",
                "first, ratio to the baseline": quantity.ratio(row.first),
                "second": quantity.ratio(row.second),
                "first verdict": row[6],
                "second verdict": row[7],
                "agreement": row.agreement,
            }
            for row in self.to_pandas().itertuples()
        ]
        columns = ["result", "contender", "first, ratio to the baseline", "second", "first verdict", "second verdict"]
        return data_frame(rows, [*columns, "agreement"])

    @property
    def sentence(self) -> str:
        """The number of equal verdicts."""
        counts = self.to_pandas()["agreement"].value_counts()
        same, different, undecided = (int(counts.get(name, 0)) for name in ("same", "different", "undecided"))
        if not same + different + undecided:
            return "the runs have no ratio of the same statements in common"
        text = f"{same} of {same + different} ratios that both runs could judge have the same verdict"
        return f"{text}, {different} a different one; {undecided} could not be judged in at least one run"

    def document(self) -> list[dict[str, Any]]:
        """Return the ratios as JSON values."""
        rows = []
        for row in self.to_pandas().to_dict(orient="records"):
            ends = {
                f"{which} {name}": getattr(row[which], name)
                for which in ("first", "second")
                for name in ("value", "low", "high")
            }
            rows.append({key: value for key, value in row.items() if key not in {"first", "second"}} | ends)
        found: list[dict[str, Any]] = plain(rows)
        return found


def same_statement(first: Mapping[str, Any], second: Mapping[str, Any], contender: str) -> bool:
    """Whether a contender and the baseline have the same source text in both runs.

    Their fingerprints cannot be compared: these hash the bytecode, which differs between versions of Python.
    """
    baselines = [next(iter(entry["contenders"]), "") for entry in (first, second)]
    names = {contender, *baselines}
    texts = [
        [entry["contenders"].get(name, {}).get("statement") for name in sorted(names)] for entry in (first, second)
    ]
    return first["kind"] == second["kind"] and baselines[0] == baselines[1] and texts[0] == texts[1]


def ratios(entry: Mapping[str, Any]) -> dict[tuple[str, int | None, str], tuple[Estimate, str]]:
    """Return the ratios of a result's summary that have a verdict, by contender, size and quantity."""
    found = {}
    for row in entry["rows"]:
        for column in row:
            # "ratio" and "verdict" of a comparison, "p99_ratio" and "p99_verdict" of a latency.
            stem = column.removesuffix(RATIO)
            verdict = row.get(f"{stem}{VERDICT}")
            if column.endswith(RATIO) and verdict not in {None, "baseline", "scheduler"} and row[column] is not None:
                ends = (row.get(f"{column}_low"), row.get(f"{column}_high"))
                low, high = (math.nan if end is None else float(end) for end in ends)
                estimate = Estimate(float(row[column]), low, high, LEVEL, int(row.get("rounds") or 0))
                place = (str(row["contender"]), row.get("size"), stem.removesuffix("_").replace("_", ".") or "cost")
                found[place] = (estimate, str(verdict))
    return found

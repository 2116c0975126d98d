"""Whether two runs say the same: the ratios within each, with their verdicts, which another machine can repeat."""

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

TOLD = ("faster", "slower", "no difference shown")
"""Verdicts that say something; of the others nothing can be repeated."""
RATIO, VERDICT = "ratio", "verdict"
COLUMNS = ("result", "contender", "of", "first", "second", "first verdict", "second verdict", "agreement")


@dataclass(frozen=True)
class Agreement:
    """The ratios that two runs have in common.

    A ratio is taken within a run, between programs that took turns, so it can be put beside one of another machine
    where times cannot.

    Parameters
    ----------
    first, second : Run
        What is compared.
    """

    first: Run
    second: Run

    def to_pandas(self) -> pd.DataFrame:
        """One row a ratio that both runs have of the same statements.

        Returns
        -------
        DataFrame
            Columns ``result``, ``contender`` (with its size), ``of`` (what the ratio is of: ``cost``, ``p99``),
            ``first`` and ``second`` (the ratios, each an `Estimate`), both verdicts, and ``agreement``: ``"same"``,
            ``"another"``, or ``"not told"`` where either run could not say.
        """
        return data_frame(list(self._rows()), COLUMNS)

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        mine, theirs = entries(self.first), entries(self.second)
        for key in (key for key in mine if key in theirs):
            old, new = ratios(mine[key]), ratios(theirs[key])
            for place in (place for place in old if place in new and same_statement(mine[key], theirs[key], place[0])):
                (one, said), (two, says) = old[place], new[place]
                told = said in TOLD and says in TOLD
                contender = place[0] if place[1] is None else f"{place[0]}, {quantity.written('', place[1])}"
                agreement = ("same" if said == says else "another") if told else "not told"
                yield (key, contender, place[2], one, two, said, says, agreement)

    def table(self) -> pd.DataFrame:
        """The ratios as text, each with its interval and verdict."""
        rows = [
            {
                "result": row.result,
                "contender": f"{row.contender} ({row.of})",
                "first, ratio to the baseline": quantity.ratio(row.first),
                "second": quantity.ratio(row.second),
                "first says": row[6],
                "second says": row[7],
                "agreement": row.agreement,
            }
            for row in self.to_pandas().itertuples()
        ]
        columns = ["result", "contender", "first, ratio to the baseline", "second", "first says", "second says"]
        return data_frame(rows, [*columns, "agreement"])

    @property
    def sentence(self) -> str:
        """How many verdicts came out alike."""
        counts = self.to_pandas()["agreement"].value_counts()
        same, another, untold = (int(counts.get(name, 0)) for name in ("same", "another", "not told"))
        if not same + another + untold:
            return "the runs have no ratio of the same statements in common"
        text = f"of {same + another} ratios that both runs could judge, {same} have the same verdict"
        return f"{text} and {another} another; {untold} could not be judged in one of them"

    def document(self) -> list[dict[str, Any]]:
        """The ratios as JSON values."""
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
    """Whether a contender and the baseline are the same programs in both, as a reader sees them.

    A fingerprint is that of the bytecode, which each Python writes in its own way.
    """
    baselines = [next(iter(entry["contenders"]), "") for entry in (first, second)]
    names = {contender, *baselines}
    said = [[entry["contenders"].get(name, {}).get("statement") for name in sorted(names)] for entry in (first, second)]
    return first["kind"] == second["kind"] and baselines[0] == baselines[1] and said[0] == said[1]


def ratios(entry: Mapping[str, Any]) -> dict[tuple[str, int | None, str], tuple[Estimate, str]]:
    """The ratios of a result's summary that have a verdict, by contender, size and what they are of."""
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

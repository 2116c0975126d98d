"""The page "Which Python?": what the newest archived run says of each operation."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import HTML

from days import day
from evenhand import Archive, Run
from evenhand.results import quantity
from evenhand.results.table_markup import TableMarkup

ARCHIVE = Path(__file__).parent / "archive" / "pythons"
WORK = {
    "DataPoint": "make a DataPoint",
    "dict": "make a dict",
    "dataclass": "make a dataclass with slots",
    "msgspec": "make a msgspec.Struct",
    "callback loop": "call a function for each of 1,000 points",
}
"""What each operation of the archive does."""


def newest(folder: Path = ARCHIVE) -> Run | None:
    """The newest run of the archive; None before the first."""
    archive = Archive(folder)
    return archive.latest() if archive.names() else None


def measured(run: Run | None) -> HTML:
    """Say when and where the run was made, and of which commit."""
    if run is None:
        return HTML("<p>No run is archived yet.</p>")
    machine, commit = run.document["machine"], run.document["build"].get("commit", "unknown")
    where = f"{machine['cpu']}, {machine['usable_cores']} usable cores, {machine['distribution']}"
    return HTML(
        f"<p>Commit {escape(commit[:7])} was measured on {day(run.document['measured'])}, on {escape(where)}.</p>"
    )


def overview(run: Run | None) -> TableMarkup | None:
    """A row for each operation: the time on the first Python, and the ratio and verdict of each other one."""
    if run is None:
        return None
    rows = [{"operation": work(result.name)} | cells(result) for result in run.results.values()]
    frame = pd.DataFrame(rows).set_index("operation").fillna(quantity.MISSING)
    caption = f"Each operation on each Python; the ratios are to {frame.columns[0]}"
    return TableMarkup(frame, caption, source=source(run))


def cells(result: Any) -> dict[str, str]:
    """What the overview says of an operation, by Python."""
    first, *others = result.contenders
    judged = {name: f"{quantity.ratio(result.ratio(name))}: {result.verdict(name)}" for name in others}
    return {first: quantity.time(result.cost(first).value)} | judged


def tables(run: Run | None) -> list[TableMarkup]:
    """A table for each operation, whose rows are the Pythons."""
    if run is None:
        return []
    return [
        TableMarkup(result.table(), work(result.name), result.table_notes(), source=source(run))
        for result in run.results.values()
    ]


def work(name: str) -> str:
    """What an operation does, in words."""
    return WORK.get(name, name)


def source(run: Run) -> str:
    """When and where the run was made, for the strip below a table."""
    return f"archive: {day(run.document['measured'])}, {run.document['machine']['cpu']}"

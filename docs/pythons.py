"""The page "Which Python?": what the newest archived run says of each operation."""

from __future__ import annotations

from html import escape
from pathlib import Path

from IPython.display import HTML

from days import day
from evenhand import Archive, Run
from evenhand.results.table_markup import TableMarkup

ARCHIVE = Path(__file__).parent / "archive" / "pythons"


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


def tables(run: Run | None) -> list[TableMarkup]:
    """A table for each operation, whose rows are the Pythons."""
    if run is None:
        return []
    source = f"archive: {day(run.document['measured'])}, {run.document['machine']['cpu']}"
    return [
        TableMarkup(result.table(), result.name, result.table_notes(), source=source) for result in run.results.values()
    ]

"""What a person sees while a command runs: tables, and progress where there is a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

if TYPE_CHECKING:
    import pandas as pd


def accept_any_text() -> None:
    """Keep a terminal or pipe of a narrow encoding from ending a command at a micro sign."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def print_table(frame: pd.DataFrame, title: str = "") -> None:
    """Print a table of text on standard output: drawn on a terminal, plain columns in a pipe."""
    frame = frame.reset_index()
    if not sys.stdout.isatty():
        if title:
            print(title)
        print(frame.to_string(index=False), flush=True)
        return
    table = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in frame.columns:
        table.add_column(str(column), overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(str(cell) for cell in row))
    Console().print(table, markup=False)


class RoundProgress:
    """One line on standard error that says how far a measurement is; nothing where that is no terminal."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._what = ""

    def show(self, what: str, done: int, total: int) -> None:
        """Draw the line; another `what` begins another one."""
        if not sys.stderr.isatty():
            return
        if self._progress is None or what != self._what:
            self.clear()
            # Drawn when told and by no thread of its own, which would wake up beside what is measured.
            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                auto_refresh=False,
                transient=True,
            )
            self._what = what
            self._progress.add_task(what, total=total)
            self._progress.start()
        task = self._progress.tasks[0]
        self._progress.update(task.id, completed=done, total=total, refresh=True)

    def clear(self) -> None:
        """Take the line away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

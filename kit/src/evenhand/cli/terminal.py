"""The terminal output of a command: tables, and progress on a terminal."""

from __future__ import annotations

import io
import os
import sys
import textwrap
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd


UNBROKEN = 40
"""Cells up to this many characters stay on one line."""


def prepare_streams() -> None:
    """Keep standard output and error usable to the end: for any text, if closed, and after the reader has gone.

    A command that measures for minutes must not lose its result because its table was piped to ``head``.
    """
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            setattr(sys, name, _nowhere(number))
        elif isinstance(stream, io.TextIOWrapper) and _descriptor(stream) == number:
            stream.flush()
            raw = io.BufferedWriter(_Enduring(number))
            buffered = stream.line_buffering
            setattr(sys, name, io.TextIOWrapper(raw, stream.encoding, "replace", line_buffering=buffered))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _descriptor(stream: io.TextIOWrapper) -> int:
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return -1


def _nowhere(number: int) -> io.TextIOWrapper:
    """Return a stream that discards text, with the descriptor of the closed stream, so that no other file gets it."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    try:
        os.fstat(number)
    except OSError:
        os.dup2(descriptor, number)
        os.close(descriptor)
        descriptor = number
    return open(descriptor, "w", encoding="utf-8")  # noqa: PTH123 (a descriptor has no path, and stays open)


class _Enduring(io.RawIOBase):
    """Writes to a descriptor, and discards data once there is no reader."""

    def __init__(self, descriptor: int) -> None:
        self._number = descriptor
        self._read = True

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._number

    def isatty(self) -> bool:
        """Return whether the descriptor is a terminal."""
        return os.isatty(self._number)

    def write(self, data: object) -> int:
        """Write bytes, or discard them."""
        view = memoryview(data)  # type: ignore[arg-type]
        if self._read:
            try:
                return os.write(self._number, view)
            except BrokenPipeError:
                self._read = False
        return view.nbytes


def literal(text: object) -> str:
    """Escape the control characters of a text, so that a name cannot move the cursor or break a table."""
    return "".join(
        letter if letter.isprintable() or unicodedata.category(letter) == "Zs" else repr(letter)[1:-1]
        for letter in str(text)
    )


def minimum_width(cells: Iterable[str]) -> int:
    """Return the smallest width of a column that breaks no word, number or identifier."""
    parts = (part for cell in cells for part in ([cell] if len(cell) <= UNBROKEN else cell.split(" ")))
    return max(map(cell_len, parts), default=0)


def print_records(console: Console, frame: pd.DataFrame, title: str) -> None:
    """Print a table that is too wide as one paragraph per row, with the first cell on its own line for copying."""
    if title:
        console.print(Text(title, style="bold"))
    for row in frame.itertuples(index=False):
        first, *others = row
        console.print(Text(first, style="bold"), soft_wrap=True)
        items = [f"{column}: {cell}" for column, cell in zip(frame.columns[1:], others, strict=True) if cell]
        lines = [""]
        for item in items:
            if lines[-1] and cell_len(f"  {lines[-1]}  {item}") > console.width:
                lines.append("")
            lines[-1] += f"  {item}"
        console.print(Text("\n".join(lines)), soft_wrap=max(map(cell_len, lines)) <= console.width)


def print_table(frame: pd.DataFrame, title: str = "") -> None:
    """Print a table of text: with lines on a terminal, as plain columns into a pipe."""
    frame = frame.reset_index()
    frame.columns = [literal(column) for column in frame.columns]
    frame = frame.map(literal)
    if not sys.stdout.isatty():
        if title:
            print(literal(title))
        print(frame.to_string(index=False), flush=True)
        return
    console = Console()
    widths = {column: max(minimum_width(frame[column]), minimum_width(column.split(" "))) for column in frame.columns}
    if sum(width + 3 for width in widths.values()) + 1 > console.width:  # padding, lines between, and an edge
        print_records(console, frame, title)
        return
    # In a Text, square brackets are not markup.
    above = Text(literal(title), style="bold") if title else None
    table = Table(title=above, title_justify="left", box=box.SIMPLE_HEAD)
    for column in frame.columns:
        heading = "\n".join(textwrap.wrap(column, widths[column]))
        table.add_column(Text(heading), overflow="fold", min_width=widths[column])
    for row in frame.itertuples(index=False):
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


class RoundProgress:
    """One progress line on standard error; nothing if that is not a terminal."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._what = ""

    def show(self, what: str, done: int, total: int) -> None:
        """Draw the line; a new `what` begins a new line."""
        if not sys.stderr.isatty():
            return
        what = literal(what)
        if self._progress is None or what != self._what:
            self.clear()
            # Drawn by this call and not by a separate thread, which would wake up during the measurement.
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
        """Remove the line."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

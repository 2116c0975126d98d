"""What a person sees while a command runs: tables, and progress where there is a terminal."""

from __future__ import annotations

import io
import os
import sys
import unicodedata
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd


def prepare_streams() -> None:
    """Keep standard output and error usable to the end: by any text, when closed, and when the reader has gone.

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
    """A stream to nowhere. It takes the number of the closed one, which the next opened file would have."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    try:
        os.fstat(number)
    except OSError:
        os.dup2(descriptor, number)
        os.close(descriptor)
        descriptor = number
    return open(descriptor, "w", encoding="utf-8")  # noqa: PTH123 (a descriptor has no path, and stays open)


class _Enduring(io.RawIOBase):
    """Writes to a descriptor, and to nowhere once nobody reads it any more."""

    def __init__(self, descriptor: int) -> None:
        self._number = descriptor
        self._read = True

    def writable(self) -> bool:
        """Say that this is for writing."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._number

    def isatty(self) -> bool:
        """Tell whether a person reads."""
        return os.isatty(self._number)

    def write(self, data: object) -> int:
        """Write bytes, or drop them."""
        view = memoryview(data)  # type: ignore[arg-type]
        if self._read:
            try:
                return os.write(self._number, view)
            except BrokenPipeError:
                self._read = False
        return view.nbytes


def literal(text: object) -> str:
    """A text with its control characters written out, so that a name cannot move the cursor or break a table."""
    return "".join(
        letter if letter.isprintable() or unicodedata.category(letter) == "Zs" else repr(letter)[1:-1]
        for letter in str(text)
    )


def print_table(frame: pd.DataFrame, title: str = "") -> None:
    """Print a table of text on standard output: drawn on a terminal, plain columns in a pipe."""
    frame = frame.reset_index()
    frame.columns = [literal(column) for column in frame.columns]
    frame = frame.map(literal)
    if not sys.stdout.isatty():
        if title:
            print(literal(title))
        print(frame.to_string(index=False), flush=True)
        return
    # As Text, in which square brackets are no markup.
    heading = Text(literal(title), style="bold") if title else None
    table = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD)
    for column in frame.columns:
        table.add_column(Text(column), overflow="fold")
    for row in frame.itertuples(index=False):
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


class RoundProgress:
    """One line on standard error that says how far a measurement is; nothing where that is no terminal."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._what = ""

    def show(self, what: str, done: int, total: int) -> None:
        """Draw the line; another `what` begins another one."""
        if not sys.stderr.isatty():
            return
        what = literal(what)
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

"""The progress of a pipeline, shown on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from rust_daq._core import Report

_Show = Callable[[Report | None], None]


@contextmanager
def show_progress(duration: float | None) -> Iterator[_Show]:
    """Yield a function that draws a progress line on standard error, or nothing if that is not a terminal.

    A terminal that is lost during the run ends the drawing and not the run.
    """
    if not _is_terminal(sys.stderr):
        yield _show_nothing
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError:
        yield _show_nothing
        return
    # Drawn only on request: a refresh thread would compete with the acquisition.
    progress = Progress(
        TimeElapsedColumn(),
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=_is_terminal(sys.stdout),  # else what callbacks print would not reach its file
    )
    task = progress.add_task("", total=duration)

    def show(report: Report | None) -> None:
        if report is not None:
            with suppress(*_LOST):
                progress.update(task, completed=report.elapsed_ns / 1e9, description=_describe(report))
                progress.refresh()

    with suppress(*_LOST):
        progress.start()
    try:
        yield show
    finally:
        with suppress(*_LOST):
            progress.stop()


_LOST = (OSError, ValueError)
"""What writing raises when the terminal is gone, or standard error is closed."""


def _is_terminal(stream: TextIO) -> bool:
    """Return whether a standard stream is a terminal; a program without a console has none, or another object."""
    try:
        return stream.isatty()
    except (AttributeError, ValueError):
        return False


def _show_nothing(report: Report | None) -> None:
    del report


def _describe(report: Report) -> str:
    text = f"{report.processed:,} points, {report.processed_per_second:,.0f} per second, {report.queued:,} queued"
    return f"{text}, {report.dropped:,} dropped" if report.dropped else text

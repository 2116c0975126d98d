"""How far a pipeline is, as a person at a terminal sees it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rust_daq._core import Report

_Show = Callable[[Report | None], None]


@contextmanager
def shown_progress(duration: float | None) -> Iterator[_Show]:
    """Give a function that draws a line on standard error; it does nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield _show_nothing
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    except ImportError:
        yield _show_nothing
        return
    # Drawn when told and by no thread of its own, which would wake up beside the acquisition.
    with Progress(
        TimeElapsedColumn(),
        BarColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
    ) as progress:
        task = progress.add_task("", total=duration)

        def show(report: Report | None) -> None:
            if report is not None:
                progress.update(task, completed=report.elapsed_ns / 1e9, description=_described(report))
                progress.refresh()

        yield show


def _show_nothing(report: Report | None) -> None:
    del report


def _described(report: Report) -> str:
    text = f"{report.processed:,} points, {report.processed_per_second:,.0f} a second, {report.queued:,} queued"
    return f"{text}, {report.dropped:,} dropped" if report.dropped else text

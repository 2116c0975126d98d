"""The number cards of the first page: three numbers of the run, each with its spread and its measurement."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from html import escape

from IPython.display import HTML

from absence import ABSENT, lacking, note
from evenhand import FigureMarkup, Run
from evenhand.results import quantity
from evenhand.results.quantity import NOT_MEASURED


@dataclass(frozen=True)
class Card:
    """A number with its spread.

    Parameters
    ----------
    title : str
        What the number is of.
    path : str
        The number's address in the run, down to the contender, and to the size where there are several.
    column : str
        The number's column.
    others : dict of str to str
        What is shown next to it: names by contender.
    spread : tuple of str
        The columns with the ends of its spread.
    per : float, default 1
        By what the ends are divided.
    """

    title: str
    path: str
    column: str
    others: dict[str, str]
    spread: tuple[str, str]
    per: float = 1.0

    @property
    def page(self) -> str:
        """The page with the measurement."""
        return f"gallery/{self.path.partition('/')[0]}.html"

    def html(self, run: Run) -> str:
        """Write it; a link to the measurement."""
        number, around, others = self.number(run), "", ""
        if number not in {NOT_MEASURED, ABSENT}:
            around, others = self.around(run), "; ".join(self.compared(run))
        lines = "".join(f"<small>{line}</small>" for line in (around, others) if line)
        return (
            f'<a class="number-card" href="{self.page}"><span>{escape(self.title)}</span>'
            f'<strong class="measured">{escape(number)}</strong>{lines}</a>'
        )

    def number(self, run: Run) -> str:
        """Write the number, or say why the run does not have it."""
        if run.cut(self.path):
            return NOT_MEASURED
        try:
            return run.written(f"{self.path}/{self.column}")
        except KeyError:
            return ABSENT

    def around(self, run: Run) -> str:
        """Say how far it spread: its interval, or the range of the runs of a count."""
        low, high = (run.value(f"{self.path}/{column}")[1] / self.per for column in self.spread)
        if math.isnan(low):
            return "no range counted" if self.column.endswith("_bytes") else "too few rounds for an interval"
        ends = [quantity.written(self.column, end) for end in (low, high)]
        span = escape(ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}")
        if not self.column.endswith("_bytes"):
            return f"95 % interval: {span}"
        runs = run.value(f"{self.path}/runs")[1]
        return f"counted in {runs} runs: {span}" if runs > 1 else "counted once"

    def compared(self, run: Run) -> list[str]:
        """Write the numbers next to it; those that the run lacks are left out."""
        start, _, size = self.path.rpartition("/") if self.path.rpartition("/")[2].isdigit() else (self.path, "", "")
        measurement = start.rpartition("/")[0]
        written = []
        for contender, name in self.others.items():
            with suppress(KeyError):
                number = run.written("/".join(part for part in (measurement, contender, size, self.column) if part))
                written.append(f"{escape(name)} {escape(number)}")
        return written


CARDS = (
    Card(
        "One point costs",
        "benchmark_datapoint/ready/rust_daq.DataPoint",
        "cost_ns",
        {"dict": "a dict", "msgspec.Struct": "msgspec.Struct"},
        ("cost_low_ns", "cost_high_ns"),
    ),
    Card(
        "Points through one core, in batches",
        "pipeline/highest/per batch",
        "highest_per_second",
        {"per point": "point by point"},
        ("highest_low_per_second", "highest_high_per_second"),
    ),
    Card(
        "A stored sample takes, in a batch",
        "zero_copy/footprint/batch/100000",
        "per_point_bytes",
        {"list of points": "as an object", "list of msgspec.Struct": "msgspec.Struct"},
        ("heap_low_bytes", "heap_high_bytes"),
        per=100_000.0,
    ),
)


class Cards:
    """The three cards in a row.

    Parameters
    ----------
    run : Run
        What measured them.
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def _repr_html_(self) -> str:
        return f'<div class="number-cards">{"".join(card.html(self.run) for card in CARDS)}</div>'


POINT = "benchmark_datapoint/ready"
"""The measurement whose figure the page shows."""


def figure(run: Run) -> FigureMarkup | HTML:
    """Draw what one point costs."""
    missing = lacking(run, [POINT])
    return note(missing, "the figure") if missing else run[POINT].figure()

"""Rows of a figure: one per contender, with its name at the left and its number at the right, sorted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from evenhand.results.figure import COLOURS, INK, MARKERS, SMALL, is_wide, scale
from evenhand.results.form import Form
from evenhand.results.quantity import written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    from evenhand.judge.estimate import Estimate

DESK_ROW, PHONE_ROW = 0.34, 0.5
"""Height of a row in inches."""
AXIS = 0.62
"""Height of the axis below the rows in inches."""
TITLE = 0.2
"""Height of a line above the rows in inches."""


@dataclass(frozen=True)
class Row:
    """A contender's number.

    Parameters
    ----------
    value : float
        The number; NaN if it was not measured.
    text : str
        The formatted number.
    low, high : float
        The ends of its interval; NaN if it has none.
    rounds : sequence of float
        The number of each round.
    """

    value: float
    text: str
    low: float = math.nan
    high: float = math.nan
    rounds: Sequence[float] = ()

    @classmethod
    def of(cls, number: Estimate, text: str, rounds: Iterable[float] = ()) -> Self:
        """Make the row of an estimate."""
        return cls(number.value, text, number.low, number.high, [float(value) for value in rounds])

    @property
    def reach(self) -> list[float]:
        """Every number that has to be visible."""
        return [number for number in (self.value, self.low, self.high, *self.rounds) if math.isfinite(number)]


class Rows(Form):
    """The names and numbers of rows; on a phone they are above the drawing.

    Parameters
    ----------
    ax : Axes
        The axes of the rows.
    texts : mapping of str to str
        The number of each row as text, by the row's name, from the top down.
    baseline : str
        The row that the others are compared with; empty if there is none.
    above : int
        Lines of text above the rows.
    said : mapping of str to str, optional
        Each row in words; by default its number.
    """

    def __init__(
        self,
        ax: Axes,
        texts: Mapping[str, str],
        *,
        baseline: str = "",
        above: int = 0,
        said: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(ax)
        self.texts = texts
        self.said = said or texts
        self.baseline = baseline
        self.above = above
        self.bars: list[Rectangle] = []
        ax.set_yticks(range(len(texts))[::-1], list(texts))
        for label in ax.get_yticklabels():
            label.set(fontweight="bold" if label.get_text() == baseline else "normal", parse_math=False)
        ax.tick_params(axis="y", length=0, pad=8)  # a mark at the edge ends before the name
        ax.set_ylim(-0.6, len(texts) - 0.4)
        look: dict[str, Any] = {"color": INK, "fontsize": SMALL, "va": "center", "parse_math": False}
        self.numbers = [
            ax.text(1.015, at, text, transform=ax.get_yaxis_transform(), **look)
            for at, text in zip(range(len(texts))[::-1], texts.values(), strict=True)
        ]
        self.set_height(AXIS + TITLE * above + DESK_ROW * len(texts))

    def narrow(self) -> None:
        """Put each name and number above its row, so that the drawing has the whole width."""
        ax, across = self.ax, self.ax.get_yaxis_transform()
        for name, number in zip(self.texts, self.numbers, strict=True):
            at = number.get_position()[1]
            weight = "bold" if name == self.baseline else "normal"
            ax.text(0, at + 0.26, name, transform=across, color=INK, fontsize=SMALL, weight=weight, parse_math=False)
            number.set(x=1, y=at + 0.26, ha="right", va="baseline")
        ax.set_yticks([])
        ax.set_ylim(-0.45, len(self.texts) - 0.25)
        for bar in self.bars:
            bar.set(y=bar.get_y() + 0.14, height=0.34)
        self.set_height(AXIS + TITLE * self.above + PHONE_ROW * len(self.texts))

    def described(self) -> str:
        """Return each name with its number."""
        listed = ", ".join(f"{name} {text}".strip() for name, text in self.said.items())
        return f"{self.ax.get_xlabel()}: {listed}"


def dots(
    ax: Axes,
    rows: Mapping[str, Row],
    *,
    unit: str,
    label: str,
    baseline: str = "",
    multiples: Sequence[float] = (1.0,),
) -> None:
    """Draw a row for each contender, sorted: a dot for each round, the median, and its interval.

    The axis is logarithmic if the numbers span more than a factor of 20; otherwise it begins at 0.

    Parameters
    ----------
    ax : Axes
        The axes to draw into.
    rows : mapping of str to Row
        The contenders and their numbers.
    unit : str
        A key of `figure.UNITS`.
    label : str
        The noun for the numbers.
    baseline : str
        The contender that the others are compared with.
    multiples : sequence of float
        Multiples of the baseline's number that are marked with a vertical line.
    """
    ordered = in_order(rows, unit)
    for at, (name, row) in zip(range(len(ordered))[::-1], ordered.items(), strict=True):
        colour = COLOURS[0] if name == baseline else COLOURS[-1]
        ax.plot(
            row.rounds,
            [at] * len(row.rounds),
            "o",
            color=colour,
            markerfacecolor="none",
            markersize=4,
            markeredgewidth=0.8,
        )
        ax.hlines(at, row.low, row.high, color=colour, linewidth=2.5)
        ax.plot([row.value], [at], "D", color=colour, markersize=6.5, clip_on=False)
    wide = begin(ax, [number for row in rows.values() for number in row.reach])
    scale(ax, "x", unit, label, logarithmic=wide)
    Rows(ax, {name: row.text for name, row in ordered.items()}, baseline=baseline, above=bool(baseline))
    if baseline and math.isfinite(rows[baseline].value):
        references(ax, rows[baseline].value, multiples)


def begin(ax: Axes, numbers: Sequence[float]) -> bool:
    """Begin the axis at 0, unless a number is below 0; return whether it has to be logarithmic instead."""
    wide = is_wide(numbers)
    if not wide and min(filter(math.isfinite, numbers), default=0.0) >= 0:
        ax.set_xlim(left=0)
    return wide


def references(ax: Axes, value: float, multiples: Sequence[float]) -> None:
    """Mark multiples of the baseline's number with a line across the rows."""
    for multiple in multiples:
        name = "baseline" if tuple(multiples) == (1.0,) else f"{multiple:g}×"
        ax.axvline(value * multiple, color=COLOURS[0], linewidth=1, linestyle=(0, (4, 3)), zorder=0.5)
        ax.annotate(
            name,
            (value * multiple, 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            color=INK,
            fontsize=SMALL,
        )


def bars(ax: Axes, rows: Mapping[str, Row], *, unit: str, label: str, baseline: str = "") -> None:
    """Draw a bar from 0 for each contender, sorted, for counted amounts.

    Parameters
    ----------
    ax : Axes
        The axes to draw into.
    rows : mapping of str to Row
        The contenders and their numbers.
    unit : str
        A key of `figure.UNITS`.
    label : str
        The noun for the numbers.
    baseline : str
        The contender that the others are compared with.
    """
    ordered = in_order(rows, unit)
    places = range(len(ordered))[::-1]
    numbers = [row.value if math.isfinite(row.value) else 0.0 for row in ordered.values()]
    colours = [COLOURS[0] if name == baseline else COLOURS[-1] for name in ordered]
    drawn = ax.barh(places, numbers, color=colours, height=0.62)
    ax.hlines(places, [r.low for r in ordered.values()], [r.high for r in ordered.values()], color=INK, linewidth=1.5)
    if min(numbers, default=0.0) >= 0:
        ax.set_xlim(left=0)
    scale(ax, "x", unit, label)
    Rows(ax, {name: row.text for name, row in ordered.items()}, baseline=baseline).bars = list(drawn.patches)


def spans(
    ax: Axes,
    rows: Mapping[str, Mapping[str, Estimate]],
    *,
    unit: str,
    label: str,
    texts: Mapping[str, str] | None = None,
) -> None:
    """Draw several numbers in each row, such as before and after, joined by a line; rows are sorted by the last one.

    Parameters
    ----------
    ax : Axes
        The axes to draw into.
    rows : mapping of str to mapping of str to Estimate
        The named numbers of each row; NaN if one was not measured.
    unit : str
        A key of `figure.UNITS`.
    label : str
        The noun for the numbers.
    texts : mapping of str to str, optional
        The text at the end of each row; by default its last number.
    """
    series = list(dict.fromkeys(name for numbers in rows.values() for name in numbers))
    last = {name: Row(numbers[series[-1]].value, "") for name, numbers in rows.items()}
    rows = {name: rows[name] for name in in_order(last, unit)}
    places = range(len(rows))[::-1]
    for at, numbers in zip(places, rows.values(), strict=True):
        known = [each.value for each in numbers.values() if math.isfinite(each.value)]
        if known:
            ax.hlines(at, min(known), max(known), color=INK, alpha=0.6, linewidth=1.5)
    drawn: list[Line2D] = []
    for index, name in enumerate(series):
        colour, marker = COLOURS[(len(series) - 1 - index) % len(COLOURS)], MARKERS[index % len(MARKERS)]
        for at, numbers in zip(places, rows.values(), strict=True):
            ax.hlines(at, numbers[name].low, numbers[name].high, color=colour, linewidth=3.5, alpha=0.5)
        values = [numbers[name].value for numbers in rows.values()]
        # The last number is the goal and is filled; the others are hollow.
        face = colour if index == len(series) - 1 else "none"
        drawn += ax.plot(values, places, marker, color=colour, markerfacecolor=face, markersize=7)
    wide = begin(ax, [each.value for numbers in rows.values() for each in numbers.values()])
    scale(ax, "x", unit, label, logarithmic=wide)
    # With its names passed, the legend also has those that begin with an underscore.
    legend = ax.legend(
        drawn,
        series,
        ncols=len(series),
        frameon=False,
        fontsize=SMALL,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        borderaxespad=0,
    )
    for text in legend.get_texts():
        text.set(color=INK, parse_math=False)
    ends = texts or {name: written(unit, numbers[series[-1]].value) for name, numbers in rows.items()}
    said = {
        name: ", ".join(f"{what} {written(unit, each.value)}" for what, each in numbers.items())
        for name, numbers in rows.items()
    }
    Rows(ax, {name: ends[name] for name in rows}, above=2, said=said)


def in_order(rows: Mapping[str, Row], unit: str) -> dict[str, Row]:
    """Sort rows by their numbers: the best first if the unit has a direction, and unknown numbers last."""
    sign = -1 if unit == "_per_second" else 1
    return dict(sorted(rows.items(), key=lambda named: (math.isnan(named[1].value), sign * named[1].value)))

"""How figures look: colours that a colour-blind reader tells apart, and lines that show on light and dark alike."""

from __future__ import annotations

import math
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from evenhand.results import quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b5609a", "#a67c00", "#7a6fd0", "#8a8a8a")
"""After Okabe and Ito, in an order that keeps neighbours apart, each at least 3 to 1 from a light and a dark page."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""A line is told by its marker too."""
INK = "#7d7d7d"
"""A grey with enough contrast on white and on a dark page, for axes and text; a page puts its own ink in its place."""
DESK, PHONE = 7.2, 3.75
"""Widths in inches: of a column of text, and of a phone."""
SMALL = 9
"""Points of the smaller text."""
UNITS: dict[str, tuple[tuple[float, str], ...]] = {
    "_ns": quantity.TIMES,
    "_bytes": quantity.BYTES,
    "_per_second": tuple((factor, f"{unit}/s") for factor, unit in quantity.RATES),
    "": quantity.RATES,
}
"""For the end of a column's name, what a number of it is written in."""


def axes(ax: Axes | None, source: str = "") -> Axes | None:
    """Return `ax` or the axes of a new figure; None, with a sentence, where matplotlib is missing."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("matplotlib is not installed, so the plot is left out; pip install matplotlib", file=sys.stderr)
        return None
    if ax is None:
        figure, ax = plt.subplots(figsize=(DESK, 3.6), layout="constrained")
        figure.patch.set_alpha(0)
        figure.set_gid(source)
    style(ax)
    return ax


def blank(source: str = "") -> tuple[Figure, Axes]:
    """A figure of its own instead of pyplot's: no window, nothing kept, no backend chosen."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(DESK, 3.6), layout="constrained")
    figure.patch.set_alpha(0)
    figure.set_gid(source)
    ax = figure.subplots()
    style(ax)
    return figure, ax


def style(ax: Axes) -> None:
    """Give the axes a transparent ground and quiet lines."""
    ax.patch.set_alpha(0)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(INK)
    ax.tick_params(colors=INK, which="both")
    ax.grid(visible=True, axis="x", color=INK, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    for text in (ax.title, ax.xaxis.label, ax.yaxis.label):
        text.set_color(INK)


def bars(
    ax: Axes,
    values: dict[str, float],
    *,
    first: str,
    unit: str,
    label: str,
    spread: Any = None,
    written: Sequence[str] | None = None,
) -> None:
    """Draw one bar a contender, from the top down, each with its number at its end.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    values : dict of str to float
        The contenders and their numbers.
    first : str
        The contender that stands out.
    unit : str
        A key of `UNITS`.
    label : str
        What the numbers are, for the axis.
    spread : array, optional
        What the interval reaches below and above each number.
    written : sequence of str, optional
        Each number as text.
    """
    positions = range(len(values))[::-1]
    numbers = [0.0 if math.isnan(number) else float(number) for number in values.values()]
    colours = [COLOURS[0] if name == first else COLOURS[-1] for name in values]
    reach = np.nan_to_num(spread) if spread is not None and np.isfinite(spread).any() else None
    drawn = ax.barh(positions, numbers, color=colours, height=0.62, xerr=reach, ecolor=INK, capsize=3)
    texts = [quantity.written(f"number{unit}", number) for number in numbers] if written is None else written
    ax.bar_label(drawn, texts, padding=5, color=INK, fontsize=SMALL)
    ax.set_yticks(positions, list(values))
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.14)
    ax.set_xlim(left=0)
    units(ax.xaxis, unit)
    ax.locator_params(axis="x", nbins=6)
    ax.set_xlabel(label)
    fit(ax)


def lines(ax: Axes, series: dict[str, tuple[Any, Any]], *, quiet: str = "") -> None:
    """Draw one line a contender, with a legend above; `quiet` names the one that is only context."""
    for index, (name, (x, y)) in enumerate(series.items()):
        colour, dash = (INK, "--") if name == quiet else (COLOURS[index % (len(COLOURS) - 1)], "-")
        marker = MARKERS[index % len(MARKERS)]
        ax.plot(x, y, color=colour, linestyle=dash, marker=marker, markersize=5, label=name)
    fit(ax)


def logarithmic(ax: Axes, which: Literal["x", "y"], unit: str) -> None:
    """Make an axis logarithmic, with its numbers written out."""
    from matplotlib.ticker import LogLocator, NullFormatter

    (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    axis = ax.xaxis if which == "x" else ax.yaxis
    low, high = axis.get_view_interval()
    narrow = low > 0 and high / low < 60
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,)))
    axis.set_minor_formatter(NullFormatter())
    units(axis, unit)


def units(axis: Axis, unit: str) -> None:
    """Write the numbers of an axis with their unit, a key of `UNITS`."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: tick(value, unit)))


def tick(value: float, unit: str) -> str:
    """A round number of an axis."""
    return quantity.tick(value, UNITS[unit])


def named_bars(ax: Axes) -> list[Rectangle]:
    """The bars of axes that `bars` drew, in the order of their names; none for any other drawing."""
    from matplotlib.container import BarContainer

    drawn = [found for found in ax.containers if isinstance(found, BarContainer) and found.orientation == "horizontal"]
    return list(drawn[0].patches) if len(drawn) == 1 and len(ax.get_yticklabels()) == len(drawn[0].patches) else []


def fit(ax: Axes) -> None:
    """Fit what is drawn to the width of its figure: bars of one thickness, and room for the legend of lines."""
    figure = cast("Figure", ax.get_figure(root=True))
    alone = len(figure.axes) == 1
    if drawn := named_bars(ax):
        if alone:
            figure.set_figheight(0.85 + 0.37 * len(drawn))
        return
    handles, names = ax.get_legend_handles_labels()
    if not handles or (ax.get_legend() is None and not alone):
        return
    columns = max(1, min(len(names), int(figure.get_figwidth() * 12 / (max(map(len, names)) + 6))))
    legend = ax.legend(
        ncols=columns, frameon=False, fontsize=SMALL, loc="lower left", bbox_to_anchor=(0, 1.01), borderaxespad=0
    )
    for text in legend.get_texts():
        text.set_color(INK)
    if alone:
        figure.set_figheight(3.2 + 0.2 * math.ceil(len(names) / columns))


def narrow(figure: Figure) -> None:
    """Lay a figure out for a phone: what names a bar stands above it, so that the bar has the whole width."""
    figure.set_figwidth(PHONE)
    for ax in figure.axes:
        for label in (ax.xaxis.label, ax.yaxis.label):
            label.set_text(textwrap.fill(label.get_text(), 40))
        if is_linear(ax.xaxis):
            ax.locator_params(axis="x", nbins=4)
        fit(ax)
        if drawn := named_bars(ax):
            name_above(ax, drawn)
            if len(figure.axes) == 1:
                figure.set_figheight(0.8 + 0.46 * len(drawn))


def name_above(ax: Axes, drawn: list[Rectangle]) -> None:
    """Write the name of each bar above it instead of beside it."""
    names = [text.get_text() for text in ax.get_yticklabels()]
    for name, place in zip(names, ax.get_yticks(), strict=True):
        ax.text(0.01, place + 0.33, name, transform=ax.get_yaxis_transform(), color=INK, fontsize=SMALL)
    ax.set_yticks([])
    ax.set_ylim(top=len(drawn) - 0.1)
    ax.margins(x=0.3)
    ax.set_xlim(left=0)
    for bar in drawn:
        bar.set_y(bar.get_y() + 0.12)
        bar.set_height(0.38)


def is_linear(axis: Axis) -> bool:
    """Whether an axis has evenly spaced numbers, which can be thinned out."""
    from matplotlib.ticker import AutoLocator, MaxNLocator

    return axis.get_scale() == "linear" and isinstance(axis.get_major_locator(), AutoLocator | MaxNLocator)


def described(figure: Figure) -> str:
    """What a figure shows, for who does not see it: its axes, its contenders, and their numbers where it has bars."""
    return "; ".join(filter(None, (of_axes(ax) for ax in figure.axes)))


def of_axes(ax: Axes) -> str:
    """What one pair of axes shows."""
    if named_bars(ax):
        names = [text.get_text() for text in ax.get_yticklabels()]
        numbers = [text.get_text() for text in ax.texts]
        pairs = zip(names, numbers, strict=False) if len(names) == len(numbers) else ((name, "") for name in names)
        return f"Bars, {ax.get_xlabel()}: " + ", ".join(f"{name} {number}".strip() for name, number in pairs)
    named = [str(line.get_label()) for line in ax.get_lines()]
    told = ", ".join(name for name in named if not name.startswith("_"))
    return f"Lines, {ax.get_ylabel()} over {ax.get_xlabel()}" + (f": {told}" if told else "")

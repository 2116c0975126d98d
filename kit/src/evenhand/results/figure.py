"""The style of figures: colours that colour-blind readers can distinguish, and ink for light and dark pages."""

from __future__ import annotations

import math
import sys
import textwrap
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Literal

from evenhand.results import quantity

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    from evenhand.results.form import Form

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#b5609a", "#a67c00", "#7a6fd0", "#8a8a8a")
"""After Okabe and Ito, ordered so that neighbours differ, with a contrast of at least 3:1 on light and dark pages."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Each line also has a marker, so that no reader depends on colour."""
INK = "#7d7d7d"
"""A grey for axes and text with enough contrast on white and dark pages; a page replaces it with its text colour."""
DESK, PHONE = 7.2, 3.75
"""Widths in inches: a column of text, and a phone."""
SMALL = 9
"""Size of the smaller text, in points."""
WIDE = 20
"""A larger factor between numbers needs a logarithmic axis."""
UNITS: dict[str, tuple[tuple[float, str], ...]] = {
    "_ns": quantity.TIMES,
    "_bytes": quantity.BYTES,
    "_per_second": tuple((factor, f"{unit}/s") for factor, unit in quantity.RATES),
    "": ((1.0, ""),),
}
"""The units of an axis, by the suffix of the column's name."""
BETTER = {"_ns": "less is better", "_bytes": "less is better", "_per_second": "more is better"}
"""The direction in which numbers improve, by the suffix of the column's name."""


def axes(ax: Axes | None, source: str = "") -> Axes | None:
    """Return `ax` or the axes of a new figure; None, after a message, if matplotlib is missing."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("matplotlib is not installed, so there is no plot; pip install matplotlib", file=sys.stderr)
        return None
    if ax is None:
        figure, ax = plt.subplots(figsize=(DESK, 3.6), layout="constrained")
        figure.patch.set_alpha(0)
        figure.set_gid(source)
    style(ax)
    return ax


def blank(source: str = "") -> tuple[Figure, Axes]:
    """Return a figure outside pyplot, without a window or a backend."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(DESK, 3.6), layout="constrained")
    figure.patch.set_alpha(0)
    figure.set_gid(source)
    ax = figure.subplots()
    style(ax)
    return figure, ax


def style(ax: Axes) -> None:
    """Give the axes a transparent background and subtle lines."""
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


def scale(ax: Axes, which: Literal["x", "y"], unit: str, label: str, *, logarithmic: bool = False) -> None:
    """Give an axis its noun and one unit; call this after everything is drawn.

    Parameters
    ----------
    ax : Axes
        Axes with their data.
    which : {"x", "y"}
        The axis.
    unit : str
        A key of `UNITS`.
    label : str
        The noun for the numbers.
    logarithmic : bool
        Whether the axis is logarithmic.
    """
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    set_label: Callable[..., Any] = ax.set_xlabel if which == "x" else ax.set_ylabel
    if logarithmic:
        (ax.set_xscale if which == "x" else ax.set_yscale)("log")
        low, high = axis.get_view_interval()
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if low > 0 and high / low < 150 else (1,)))
        axis.set_minor_formatter(NullFormatter())
    factor, name = one_unit(axis, UNITS[unit])
    if not logarithmic and which == "x":
        ax.locator_params(axis="x", nbins=6)  # more would touch each other in the font of a page
    if not logarithmic and math.log10(factor) % 1:
        # Multiples of 1,000 bytes are not round numbers of KiB.
        low, high = (end / factor for end in axis.get_view_interval())
        axis.set_major_locator(FixedLocator([factor * at for at in MaxNLocator(5).tick_values(low, high)]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: quantity.tick(value / factor, ((1.0, ""),))))
    between = " " if which == "x" else "\n"
    direction = f"{between}({BETTER[unit]})" if unit in BETTER else ""
    set_label(f"{label}{f', {name}' if name else ''}{direction}", parse_math=False)


def one_unit(axis: Axis, units: tuple[tuple[float, str], ...]) -> tuple[float, str]:
    """Choose the unit in which the numbers at the middle of an axis are easiest to read."""
    low, high = sorted(axis.get_view_interval())
    middle = math.sqrt(low * high) if axis.get_scale() == "log" and low > 0 else max(abs(low), abs(high)) / 2
    return next((pair for pair in units if middle >= pair[0]), units[-1])


def is_wide(values: Iterable[float]) -> bool:
    """Whether numbers span so wide a range that only a logarithmic axis shows the small ones."""
    known = [value for value in values if math.isfinite(value)]
    return bool(known) and min(known) > 0 and max(known) > WIDE * min(known)


def form_of(ax: Axes) -> Form | None:
    """Return the form in which the kit drew the axes; None for other drawings."""
    from evenhand.results.form import Form

    return next((child for child in ax.get_children() if isinstance(child, Form)), None)


def narrow(figure: Figure) -> None:
    """Lay a figure out for a phone."""
    figure.set_figwidth(PHONE)
    for ax in figure.axes:
        for label in (ax.xaxis.label, ax.yaxis.label):
            label.set_text(textwrap.fill(label.get_text(), 40))
        if is_linear(ax.xaxis):
            ax.locator_params(axis="x", nbins=4)
        if form := form_of(ax):
            form.narrow()


def is_linear(axis: Axis) -> bool:
    """Whether an axis has evenly spaced numbers, which can be thinned out."""
    from matplotlib.ticker import AutoLocator, MaxNLocator

    return axis.get_scale() == "linear" and isinstance(axis.get_major_locator(), AutoLocator | MaxNLocator)


def described(figure: Figure) -> str:
    """Describe a figure, with values, for a reader who cannot see it."""
    return "; ".join(filter(None, (of_axes(ax) for ax in figure.axes)))


def of_axes(ax: Axes) -> str:
    """Describe one pair of axes."""
    if form := form_of(ax):
        return form.described()
    if not ax.axison:
        return "; ".join(text.get_text() for text in ax.texts)
    named = [str(line.get_label()) for line in ax.get_lines()]
    listed = ", ".join(name for name in named if not name.startswith("_"))
    return f"Lines, {ax.get_ylabel()} over {ax.get_xlabel()}" + (f": {listed}" if listed else "")

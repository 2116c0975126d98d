"""Curves of a figure: one per contender, each named at its end, or above the axes on a phone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from evenhand.judge.statistics import weighted_quantiles
from evenhand.results.figure import COLOURS, INK, MARKERS, SMALL, scale
from evenhand.results.form import Form
from evenhand.results.quantity import written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

    from evenhand.judge.statistics import Floats

HEIGHT = 3.4
"""Height of the curves on a desktop, in inches."""
APART = 0.165
"""Inches between the names of two curves."""
AROUND = 0.7
"""Inches of a figure's height for the axes' numbers and label."""
PHONE_NAMES = 44
"""Characters in a line of names on a phone."""
STEPS = 10
"""Points of a distribution per factor of ten."""
BEYOND = 10
"""The fewest calls that are slower than the last point of a distribution."""
PERCENTILES = ("all", "p90", "p99", "p99.9", "p99.99", "p99.999", "p99.9999")
"""The percentiles that 1 in 1, 10, 100, ... calls exceed."""


class Curves(Form):
    """The names of curves, at their ends or above, and their values in words.

    Parameters
    ----------
    ax : Axes
        The axes of the curves, with their final limits.
    drawn : sequence of Line2D
        The curves; the first is emphasised.
    texts : mapping of str to str
        The values of each curve in words.
    """

    def __init__(self, ax: Axes, drawn: Sequence[Line2D], texts: Mapping[str, str]) -> None:
        super().__init__(ax)
        self.drawn = drawn
        self.texts = texts
        drawn[0].set(linewidth=2.4, zorder=3)
        height = max(HEIGHT, AROUND + APART * (len(drawn) + 1))
        self.set_height(height)
        self.named = self._name_ends(APART / (height - AROUND))

    def _name_ends(self, room: float) -> list[Any]:
        """Write each name at the end of its curve, as near as the others leave room."""
        ax = self.ax
        to_axes = ax.transScale + ax.transLimits
        ends = [to_axes.transform(end(line)) for line in self.drawn]
        named: list[Any] = []
        wanted = [at if math.isfinite(at) else 0.5 for _, at in ends]
        for line, (x, y), place in zip(self.drawn, ends, apart(wanted, room), strict=True):
            look: dict[str, Any] = {"color": line.get_color(), "transform": ax.transAxes, "clip_on": False}
            named += ax.plot([x, 1.03], [y, place], linewidth=0.7, alpha=0.7, **look)
            named += ax.plot([1.035], [place], marker=line.get_marker(), markersize=5, **look)
            text = ax.text(1.055, place, str(line.get_label()), transform=ax.transAxes, va="center", color=INK)
            text.set(fontsize=SMALL, weight="bold" if line is self.drawn[0] else "normal", parse_math=False)
            named.append(text)
        return named

    def narrow(self) -> None:
        """Move the names above the axes, where a phone has room."""
        ax = self.ax
        for artist in self.named:
            artist.remove()
        self.named = []
        longest = max(len(str(line.get_label())) for line in self.drawn)
        columns = max(1, min(len(self.drawn), PHONE_NAMES // (longest + 6)))
        names_above(ax, self.drawn, columns)
        shares = [text.get_text() for text in ax.get_xticklabels()]
        if any(share.startswith(SHARE) for share in shares):
            ax.set_xticks(ax.get_xticks(), [share.replace(SHARE, f"{SHARE.strip()}\n") for share in shares])
        self.set_height(3.0 + 0.2 * math.ceil(len(self.drawn) / columns))

    def described(self) -> str:
        """Return each curve with its values."""
        listed = "; ".join(f"{name} {text}".strip() for name, text in self.texts.items())
        label = self.ax.get_ylabel().replace("\n", " ")
        return f"{label} over {self.ax.get_xlabel()}: {listed}"


def end(line: Line2D) -> tuple[float, float]:
    """Return the last known point of a curve on both axes; NaN if none is known."""
    x, y = (np.asarray(places, dtype=float) for places in line.get_data())
    last = max(np.flatnonzero(np.isfinite(y)), default=-1)
    return float(x[last]), float(y[last])


def names_above(ax: Axes, drawn: Sequence[Line2D], columns: int) -> None:
    """Write the names of curves in a legend above the axes."""
    legend = ax.legend(
        handles=list(drawn),
        ncols=columns,
        frameon=False,
        fontsize=SMALL,
        loc="lower left",
        bbox_to_anchor=(0, 1.01),
        borderaxespad=0,
    )
    for text in legend.get_texts():
        text.set(color=INK, parse_math=False)


def apart(wanted: Sequence[float], least: float) -> list[float]:
    """Move positions along a line until neighbours are at least `least` apart, by as little as possible.

    Examples
    --------
    >>> from evenhand.results.curves import apart
    >>> [round(place, 2) for place in apart([0.5, 0.5, 0.9], 0.1)]
    [0.45, 0.55, 0.9]
    """

    def lowest(group: list[int]) -> float:
        return sum(wanted[index] for index in group) / len(group) - least * (len(group) - 1) / 2

    # Positions that would touch form a group around the mean of the wanted positions.
    groups: list[list[int]] = []
    for index in sorted(range(len(wanted)), key=lambda index: wanted[index]):
        groups.append([index])
        while len(groups) > 1 and lowest(groups[-1]) < lowest(groups[-2]) + least * len(groups[-2]):
            joined = groups.pop()
            groups[-1] += joined
    places = {index: lowest(group) + least * at for group in groups for at, index in enumerate(group)}
    return [places[index] for index in range(len(wanted))]


def curves(
    ax: Axes,
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    *,
    x: tuple[str, str],
    y: tuple[str, str],
    logarithmic: bool = True,
) -> None:
    """Draw one curve per contender over a logarithmic axis.

    Parameters
    ----------
    ax : Axes
        The axes to draw into.
    series : mapping of str to pair of sequences
        The coordinates of each contender on both axes.
    x, y : pair of str
        The unit of each axis, a key of `figure.UNITS`, and its noun.
    logarithmic : bool
        Whether the vertical axis is logarithmic too.
    """
    drawn = [line(ax, index, name, places) for index, (name, places) in enumerate(series.items())]
    texts = {
        name: ", ".join(f"{written(y[0], value)} at {written(x[0], at)}" for at, value in zip(*places, strict=True))
        for name, places in series.items()
    }
    scale(ax, "x", *x, logarithmic=True)
    scale(ax, "y", *y, logarithmic=logarithmic)
    Curves(ax, drawn, texts)


def line(ax: Axes, index: int, name: str, places: tuple[Any, Any], **further: Any) -> Line2D:
    """Draw one curve with its own colour and marker."""
    look = {"color": COLOURS[index % (len(COLOURS) - 1)], "marker": MARKERS[index % len(MARKERS)]}
    [drawn] = ax.plot(*places, label=name, markersize=5, linewidth=1.5, **look | further)
    return drawn


SHARE = "1 in "
"""The beginning of a share on the axis of a distribution."""


def slower_than(
    ax: Axes,
    seen: Mapping[str, tuple[Floats, Floats]],
    *,
    calls: str,
    label: str,
    texts: Mapping[str, str],
    quiet: str = "",
) -> None:
    """Draw how many calls are slower than a time: complementary distributions, logarithmic on both axes.

    Parameters
    ----------
    ax : Axes
        The axes to draw into.
    seen : mapping of str to pair of arrays
        The distinct times of each contender in nanoseconds, and how often each was seen.
    calls : str
        The timed things, in the plural.
    label : str
        The noun for the times.
    texts : mapping of str to str
        The percentiles of each contender in words.
    quiet : str
        The contender that is only context, such as the clock.

    Notes
    -----
    As in the plots of HdrHistogram, the share is horizontal and the time vertical, so each tail ends next to its name.
    A curve ends where ten calls are slower.
    """
    drawn = []
    for index, (name, (times, counts)) in enumerate(seen.items()):
        last = max(counts.sum() / BEYOND, 1.0)
        inverse = np.unique([*np.geomspace(1, last, 1 + math.ceil(STEPS * math.log10(last))), *decades(last)])
        found = weighted_quantiles(times, counts, list(1 - 1 / inverse))
        further: dict[str, Any] = {"color": INK, "linestyle": "--"} if name == quiet else {}
        marked = np.flatnonzero(np.isin(inverse, decades(last))).tolist()
        drawn.append(line(ax, index, name, (inverse, found), markevery=marked, **further))
    scale(ax, "x", "", f"share of {calls} that are slower", logarithmic=True)
    ticks = decades(max(end(each)[0] for each in drawn))
    shares = [
        f"{SHARE}{tick:,.0f}\n{which}".replace(",", "\u202f") for tick, which in zip(ticks, PERCENTILES, strict=False)
    ]
    ax.set_xticks(ticks, ["all", *shares[1:]])
    scale(ax, "y", "_ns", label, logarithmic=True)
    Curves(ax, drawn, texts)


def decades(last: float) -> list[float]:
    """Return the powers of ten up to a number, as far as their percentiles have names."""
    return [10.0**power for power in range(min(math.floor(math.log10(last)) + 1, len(PERCENTILES)))]

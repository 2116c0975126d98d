"""How figures look: colours that a colour-blind reader tells apart, and lines that show on light and dark alike."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8a8a")
"""Okabe and Ito's palette, in an order that keeps neighbours apart; grey for what is only context."""
INK = "#7d7d7d"
"""A grey with enough contrast on white and on a dark page, for axes and text."""


def axes(ax: Axes | None) -> Axes | None:
    """Return `ax` or the axes of a new figure; None, with a sentence, where matplotlib is missing."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("matplotlib is not installed, so the plot is left out; pip install matplotlib", file=sys.stderr)
        return None
    if ax is None:
        figure, ax = plt.subplots(figsize=(7.0, 3.6), layout="constrained")
        figure.patch.set_alpha(0)
    style(ax)
    return ax


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

"""The card that is shown where somebody shares a link: the site's name and one answer of its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from sphinx.application import Sphinx

from evenhand import Comparison, Run
from evenhand.results import quantity
from evenhand.results.figure import style
from evenhand.results.rows import Row, bars
from evenhand.sphinx.places import publishes, run_folder
from evenhand.sphinx.provenance import minute

CARD = "_static/card.png"
SHOWN = "benchmark_datapoint/ready"
MOST = 6
"""Bars that are still readable when the card is small."""


def draw(run: Run) -> Figure:
    """The card of a run: 1200 by 630 points, as those who show such cards ask for."""
    figure = Figure(figsize=(12, 6.3), facecolor="#ffffff")
    figure.text(0.06, 0.84, "rust-daq", fontsize=46, weight="bold", color="#1b2530")
    figure.text(0.06, 0.74, "A performance guide that measures itself", fontsize=25, color="#3d4854")
    figure.text(0.06, 0.06, f"Measured {minute(run.document['measured'])}", fontsize=16, color="#56616e")
    result = run.results.get(SHOWN)
    if isinstance(result, Comparison) and not result.cut:
        ax = figure.add_axes((0.3, 0.14, 0.6, 0.5))
        style(ax)
        costs = {name: result.cost(name).value for name in result.ranking[:MOST]}
        rows = {name: Row(cost, quantity.time(cost)) for name, cost in costs.items()}
        bars(ax, rows, unit="_ns", label="", baseline=result.baseline)
        figure.set_size_inches(12, 6.3)
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)
        for text in (*ax.texts, *ax.get_yticklabels()):
            text.set(fontsize=17, color="#1b2530")
    return figure


def write(app: Sphinx, error: Exception | None) -> None:
    """Draw the card into the site."""
    if error is not None or not publishes(app):
        return
    draw(Run.opened(run_folder(app.config))).savefig(Path(app.outdir, CARD), dpi=100)


def setup(app: Sphinx) -> dict[str, Any]:
    """Draw when the site is written."""
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True}

"""Figures of the examples: a drawn figure becomes part of its page, in the page's own colours."""

from __future__ import annotations

import textwrap
from typing import Any

from evenhand import FigureMarkup


def scrape(block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Return the figures that a block of an example has drawn; called by sphinx-gallery after each block.

    Returns
    -------
    str
        reStructuredText with the figures.
    """
    del block, block_vars, gallery_conf
    import matplotlib.pyplot as plt

    drawn = [plt.figure(number) for number in plt.get_fignums()]
    shown = [FigureMarkup(figure, source=figure.get_gid() or "")._repr_html_() for figure in drawn]
    plt.close("all")
    return "".join(f"\n.. raw:: html\n\n{textwrap.indent(html, '    ')}\n" for html in shown)

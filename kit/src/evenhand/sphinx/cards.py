"""Cards: on a phone each row of a table is a card, so that no column is cut off at the edge.

The style sheet changes the layout and needs three things from the markup.  All are written when the page is built, so
that they work without a script: each cell names its column, the deciding column is marked, because it comes second, and
in a long table the rows after the first few are marked, because they wait until a reader asks for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx

TABLE = re.compile(r"<table\b[^>]*>.*?</table>", re.DOTALL)
DECIDING = ("verdict", "gain", "ratio", "per item", "lost")
"""Words in the title of the column that decides; the first of them that a table has."""
FEWEST = 3
"""A table with this many columns or more does not fit on a phone."""
MANY = 12
"""A table with more rows than this shows only its first cards, and a box below it that shows all."""
FIRST = 8
"""The cards that such a table shows."""
WIDE = 7
"""A table with this many columns or more is set tighter on narrow screens."""
ALL = '<label class="bench-all"><input type="checkbox"> show all {} rows</label>'
"""The box below a long table.  The style sheet reads it, so it works without a script."""
WIDEST = 11
"""A table with this many columns or more is set tighter still."""
BEFORE_SPACING = 700
"""Before a site changes the text of its pages."""


def deciding(titles: Sequence[str]) -> int | None:
    """The index of the deciding column, or None."""
    for word in DECIDING:
        for place, title in enumerate(titles):
            if place and word in title.lower():
                return place
    return None


def labelled(html: str) -> str:
    """Label the cells of each table of a page.

    Parameters
    ----------
    html : str
        The page, or a part of it.
    """
    return TABLE.sub(lambda found: card_table(found[0]), html)


def card_table(markup: str) -> str:
    """Return the table with rows that can be cards; a narrow, empty or irregular table is unchanged."""
    soup = BeautifulSoup(markup, "html.parser")
    table = soup.table
    heads = table.select("thead > tr")
    bodies = [row for row in table.select("tbody > tr") if row.find("th", scope="rowgroup") is None]
    titles = [" ".join(cell.get_text().split()) for cell in heads[0].find_all("th", recursive=False)] if heads else []
    rows = [row.find_all(["td", "th"], recursive=False) for row in bodies]
    if len(heads) != 1 or not rows or len(titles) < FEWEST or any(len(cells) != len(titles) for cells in rows):
        return markup
    wide = [name for name, fewest in (("bench-wide", WIDE), ("bench-widest", WIDEST)) if len(titles) >= fewest]
    grouped = len(bodies) < len(table.select("tbody > tr"))
    long = len(rows) > MANY and not grouped
    table["class"] = [*table.get("class", []), "bench-cards", *wide, *(["bench-long"] if long else [])]
    decides = deciding(titles)
    for cells in rows:
        for place, (cell, title) in enumerate(zip(cells, titles, strict=True)):
            if place and title:
                cell["data-label"] = title
            if place == decides:
                cell["class"] = [*cell.get("class", []), "bench-decides"]
    if long:
        for row in bodies[FIRST:]:
            row["class"] = [*row.get("class", []), "bench-later"]
    return str(soup) + (ALL.format(len(rows)) if long else "")


def label(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Label the tables of a page when it is written."""
    del app, name, template, doctree
    if isinstance(context.get("body"), str):
        context["body"] = labelled(context["body"])


def setup(app: Sphinx) -> None:
    """Change pages as they are written."""
    app.connect("html-page-context", label, priority=BEFORE_SPACING)

"""A table of text as HTML that a screen reader can walk and a phone can scroll."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import pandas as pd


class TableMarkup:
    """A table as a notebook or a page shows it.

    Parameters
    ----------
    frame : DataFrame
        Text; its index names the rows.
    caption : str
        What the table shows.
    notes : iterable of str
        Sentences below it.
    """

    def __init__(self, frame: pd.DataFrame, caption: str, notes: Iterable[str] = ()) -> None:
        self.frame = frame
        self.caption = caption
        self.notes = tuple(notes)

    def _repr_html_(self) -> str:
        # A wide table scrolls in its own room, and the keyboard reaches it there.
        room = f'<div class="bench-result" role="region" aria-label="{escape(self.caption)}" tabindex="0">'
        caption = f"<caption>{escape(self.caption)}</caption>"
        notes = "".join(f'<p class="bench-note">{escape(note)}</p>' for note in self.notes)
        return f'{room}<table class="bench-table">{caption}{self._head()}{self._body()}</table>{notes}</div>'

    def _head(self) -> str:
        titles = [*(str(name or "") for name in self.frame.index.names), *map(str, self.frame.columns)]
        return f"<thead><tr>{''.join(cell('th', title, 'col') for title in titles)}</tr></thead>"

    def _body(self) -> str:
        rows = []
        for index, values in zip(self.frame.index, self.frame.itertuples(index=False), strict=True):
            names = index if isinstance(index, tuple) else (index,)
            cells = [*(cell("th", name, "row") for name in names), *(cell("td", value) for value in values)]
            rows.append(f"<tr>{''.join(cells)}</tr>")
        return f"<tbody>{''.join(rows)}</tbody>"


def cell(tag: str, content: object, scope: str = "") -> str:
    """One cell; a header says what it heads."""
    attribute = f' scope="{scope}"' if scope else ""
    return f"<{tag}{attribute}>{escape(str(content))}</{tag}>"

"""A table of text as HTML that a screen reader can walk, a script can sort and a phone can scroll."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from numbers import Integral
from typing import TYPE_CHECKING

from evenhand.results.quantity import MISSING, NOT_MEASURED, magnitude, written
from evenhand.results.verdict_chip import with_chip

if TYPE_CHECKING:
    import pandas as pd

NUMBER = re.compile(rf"[-+\u2212]?\d|{MISSING}$|not available$")
"""How a cell with a number begins."""
MARK = re.compile(r" (?=\W$)")
"""The space before a mark at the end of a cell, which stays in the line of its number."""
JUDGED = "verdict"
"""What the title of a column says whose words are chips; elsewhere the same words are names, unless after a ratio."""
JOINT = re.compile(r"(?<=\w)([._/])(?=[A-Za-z])")
"""Where a long name of code may go on in the next line."""
BRIEF = 16
"""Letters up to which words stay on one line."""
NUMBERS, BRIEF_WORDS, WORDS = "numbers", "brief words", "words"


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
    links : mapping of str to str
        Addresses of cells that lead somewhere, by their text.
    source : str
        The result that it shows, ``example/name``; a page says below the table how that was measured.
    drawings : mapping of str to sequence of str
        By the title of a column: for each row an SVG above the text of its cell, which repeats what the text says.

    Examples
    --------
    >>> import pandas as pd
    >>> import evenhand as bench
    >>> frame = pd.DataFrame({"time": ["3 ns"]}, index=pd.Index(["dict"], name="contender"))
    >>> "<caption>Costs</caption>" in bench.TableMarkup(frame, "Costs")._repr_html_()
    True
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        caption: str,
        notes: Iterable[str] = (),
        *,
        links: Mapping[str, str] | None = None,
        source: str = "",
        drawings: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.frame = frame
        self.caption = caption
        self.notes = tuple(notes)
        self.links = dict(links or {})
        self.source = source
        self.drawings = dict(drawings or {})

    def _repr_html_(self) -> str:
        if self.frame.columns.empty:
            return f'<p class="bench-note">{escape(self.caption)}: {NOT_MEASURED}.</p>'
        # A wide table scrolls within this element, without the notes; a page makes it a stop of the keyboard then.
        caption = f"<caption>{escape(self.caption)}</caption>"
        table = (
            f'<div class="bench-room"><table class="bench-table">{caption}{self._head()}{self._body()}</table></div>'
        )
        notes = "".join(f'<p class="bench-note">{escape(note)}</p>' for note in self.notes)
        return f'<div class="bench-result"{source_attribute(self.source)}>{table}{notes}</div>'

    def _head(self) -> str:
        cells = [
            cell("th", name or "", scope="col", words=self.frame.index.get_level_values(place).dtype.kind not in "iu")
            for place, name in enumerate(self.frame.index.names)
        ]
        for title, kind in zip(self.frame.columns, self._kinds(), strict=True):
            cells.append(cell("th", title, scope="col", words=kind != NUMBERS, brief=kind == BRIEF_WORDS))
        return f"<thead><tr>{''.join(cells)}</tr></thead>"

    def _body(self) -> str:
        rows, kinds = [], self._kinds()
        for at, (index, values) in enumerate(zip(self.frame.index, self.frame.itertuples(index=False), strict=True)):
            names = index if isinstance(index, tuple) else (index,)
            cells = [self._name(name) for name in names]
            cells += [
                cell(
                    "td",
                    value,
                    words=kind != NUMBERS,
                    brief=kind == BRIEF_WORDS,
                    judged=JUDGED in str(title) or NUMBER.match(str(value)) is not None,
                    address=self._address(value),
                    drawing=self.drawings[title][at] if title in self.drawings else "",
                )
                for title, value, kind in zip(self.frame.columns, values, kinds, strict=True)
            ]
            rows.append(f"<tr>{''.join(cells)}</tr>")
        return f"<tbody>{''.join(rows)}</tbody>"

    def _name(self, name: object) -> str:
        """A cell that names its row: words, or a size, which is a number."""
        if isinstance(name, Integral):
            return cell("th", written("", int(name)), scope="row")
        return cell("th", name, scope="row", words=True, address=self._address(name))

    def _address(self, content: object) -> str:
        """Where a cell leads; empty where it leads nowhere."""
        return self.links.get(str(content), "")

    def _kinds(self) -> list[str]:
        """For each column what it holds; numbers are set under one another, words begin at the left."""
        return [kind_of([str(value) for value in self.frame.iloc[:, place]]) for place in range(self.frame.shape[1])]


def kind_of(column: Sequence[str]) -> str:
    """What a column holds."""
    if all(NUMBER.match(value) for value in column):
        return NUMBERS
    return BRIEF_WORDS if all(len(value) <= BRIEF for value in column) else WORDS


def cell(
    tag: str,
    content: object,
    *,
    scope: str = "",
    words: bool = False,
    brief: bool = False,
    judged: bool = False,
    address: str = "",
    drawing: str = "",
) -> str:
    """Write one cell; a header says what it heads, a number what it is in the unit that all of its kind share."""
    names = " ".join(name for name, said in (("bench-words", words), ("bench-brief", brief)) if said)
    attributes = (f' scope="{scope}"' if scope else "") + (f' class="{names}"' if names else "")
    number = magnitude(str(content)) if scope != "col" and (not words or scope == "row") else None
    if number is not None:
        attributes += f' data-sort="{number:g}"'
    written_out = MARK.sub("\N{NO-BREAK SPACE}", str(content))
    text = (with_chip(written_out) if judged else None) or escape(written_out)
    if tag == "th" or address:
        text = JOINT.sub(r"\1<wbr>", text)
    if address:
        text = f'<a href="{escape(address)}">{text}</a>'
    if drawing:
        text = f"<span>{drawing}{text}</span>"
    return f"<{tag}{attributes}>{text}</{tag}>"


def source_attribute(source: str) -> str:
    """The attribute by which a page knows which result it shows."""
    return f' data-source="{escape(source)}"' if source else ""

"""Downloads: each table as CSV and JSON, each figure as SVG; written when the site is built, and linked below each.

A result of the run has one file of each kind, to which every page that shows it links: all its numbers, in the units
that the names of the columns end with.  A table that is no result of the run, such as one of the history, is written as
it is shown, next to its page.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

from evenhand.results.figure import INK
from evenhand.sphinx.places import publishes, run_folder

DRAWING = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
SPACES = re.compile("[\N{NARROW NO-BREAK SPACE}\N{NO-BREAK SPACE}\\s]+")
"""Spaces of all kinds, which are one plain space in a file."""
SENTENCE = re.compile(r"(?<=\.)\s")
"""Between two sentences; the point of a number has no space after it."""
KEPT = ("example", "name", "kind", "started", "settings", "facts", "notes", "rows")
"""What the file of a result has of its entry."""


def places(entry: Mapping[str, Any]) -> dict[str, str]:
    """Where the files of a result are in the site, by their kind."""
    start = f"run/{entry['example']}/{entry['name']}"
    return {"CSV": f"{start}.csv", "JSON": f"{start}.json"}


def write_results(app: Sphinx) -> None:
    """Write the files of each result to what Sphinx copies into the site."""
    if not publishes(app):
        return
    document = json.loads((run_folder(app.config) / "run.json").read_text(encoding="utf-8"))
    about = {"run": document["id"], "commit": document["tree"]["commit"], "machine": document["machine"]["cpu"]}
    for entry in document["results"]:
        texts = {
            "CSV": comma_separated(entry["rows"]),
            "JSON": written_json(about | {name: entry[name] for name in KEPT if name in entry}),
        }
        for kind, place in places(entry).items():
            path = Path(app.config.measuring_folder, "shipped", place)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts[kind], encoding="utf-8")


def comma_separated(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV; a row without a column has an empty cell."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def written_json(value: Any) -> str:
    """A value as JSON."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


class PageFiles:
    """The files of the tables and figures of one page.

    Parameters
    ----------
    app : Sphinx
        The application, for the folder of the site.
    docname : str
        The page.
    """

    def __init__(self, app: Sphinx, docname: str) -> None:
        self.app = app
        self.docname = docname
        self.counts = {"table": 0, "figure": 0}

    def links(self, html: str, entry: Mapping[str, Any] | None) -> str:
        """Write what is not there yet, and link to it.

        Parameters
        ----------
        html : str
            A table or a figure as the kit writes it.
        entry : mapping, optional
            The result of the run that it shows.
        """
        found = dict(self.drawings(html))
        if entry is not None:
            found |= places(entry)
        elif "<table" in html:
            found |= self.table(*shown(html))
        return self.markup(found, label_of(html))

    def table(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
        """Write a table as it is shown."""
        records = [dict(zip(distinct(titles), row, strict=False)) for row in rows]
        start = self.next("table")
        return {
            "CSV": self.write(f"{start}.csv", comma_separated(records)),
            "JSON": self.write(f"{start}.json", written_json(records)),
        }

    def drawings(self, html: str) -> Iterator[tuple[str, str]]:
        """Write a figure, as it is drawn for a desk."""
        if "bench-figure" in html and (drawn := DRAWING.search(html)):
            yield "SVG", self.write(f"{self.next('figure')}.svg", standalone(drawn[0]))

    def next(self, what: str) -> str:
        """The beginning of the next file's name."""
        self.counts[what] += 1
        return f"{self.docname}-{what}-{self.counts[what]}"

    def write(self, place: str, text: str) -> str:
        """Write a file next to the page."""
        path = Path(self.app.outdir, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return place

    def markup(self, found: Mapping[str, str], label: str) -> str:
        """The links as HTML, each named by what it has."""
        here = self.app.builder.get_target_uri(self.docname)
        of = f" of {label}" if label else ""
        links = " ".join(
            f'<a href="{escape(relative_uri(here, quote(place)))}" download aria-label="{escape(kind + of)}">{kind}</a>'
            for kind, place in found.items()
        )
        return f'<p class="bench-files">{links}</p>' if links else ""


def standalone(svg: str) -> str:
    """A drawing of a page as a file: with a ground, and the ink and font that the page would give it."""
    head, tag, rest = svg.partition(">")
    head = head.replace("<svg", f'<svg xmlns="http://www.w3.org/2000/svg" color="{INK}" font-family="sans-serif"', 1)
    return f'{head}{tag}<rect width="100%" height="100%" fill="#ffffff"/>{rest}\n'


def label_of(html: str) -> str:
    """What a table or a figure shows: its caption, or the beginning of its label."""
    soup = BeautifulSoup(html, "html.parser")
    caption = soup.find("caption") or soup.find("figcaption")
    text = caption.get_text(" ", strip=True) if caption else str((soup.find("svg") or {}).get("aria-label", ""))
    return SENTENCE.split(text)[0].rstrip(".")[:100]


def shown(html: str) -> tuple[list[str], list[list[str]]]:
    """The titles and the rows of a table as text."""
    # A place where a line may break is no space.
    table = BeautifulSoup(html.replace("<wbr>", "").replace("<wbr/>", ""), "html.parser").find("table")
    rows = [texts(cell.get_text(" ") for cell in row.find_all(["th", "td"])) for row in table.find_all("tr")]
    if not table.find("thead"):
        return ["name", "value"], rows
    return [title or "name" for title in rows[0]], rows[1:]


def distinct(titles: Sequence[str]) -> list[str]:
    """Titles of which no two are equal, so that each column has its own name in a file."""
    counts = [titles[: place + 1].count(title) for place, title in enumerate(titles)]
    return [title if count == 1 else f"{title} ({count})" for title, count in zip(titles, counts, strict=True)]


def of_document(table: nodes.table) -> tuple[list[str], list[list[str]]]:
    """The titles and the rows of a table of prose."""
    rows = [texts(cell.astext() for cell in row.findall(nodes.entry)) for row in table.findall(nodes.row)]
    return rows[0], rows[1:]


def texts(cells: Iterable[str]) -> list[str]:
    """Cells with plain spaces."""
    return [SPACES.sub(" ", cell).strip() for cell in cells]


def setup(app: Sphinx) -> None:
    """Write the files of the results after the run was copied."""
    app.connect("builder-inited", write_results, priority=710)

"""Numbers: each number of the run has a row on a page of its example, with interval and rounds, and links lead there.

A number in a sentence is a link to that row, and its title has the interval for readers with a mouse.  The pages are
``run/<example>``; an anchor is the rest of the address that the role ``measured`` takes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

from evenhand.results import quantity
from evenhand.runs.address import anchor, leaves
from evenhand.sphinx import downloads, provenance
from evenhand.sphinx.places import gallery_pages, machine_address, publishes

UNIT = re.compile(r"(_ns|_bytes|_per_second|)$")
PLACES = ("contender", "size")
"""What names a row of a result."""
COUNTS = ("rounds", "runs")
ELSEWHERE = "numbers"
"""The page of the numbers that no example measured."""
PARTS = {"criterion": "Criterion", "tails": "the tails"}
"""The parts of a run with such numbers, in words."""
KNOWN = "measuring_numbers"
"""The attribute of the application that has the numbers of its run."""
INTERVALS = (
    "The role <code>measured</code> takes the path in the caption of a table, a slash, and the name of the number. "
    "An interval is at 95 %, and wider for ratios that are judged together; for bytes it is the range of the runs."
)


@dataclass(frozen=True)
class Number:
    """A number of the run.

    Parameters
    ----------
    page : str
        The page that shows it.
    anchor : str
        Its row there.
    column : str
        Its name; the end is the unit.
    value : object
        The number, or a verdict in words.
    low, high : float, optional
        The ends of its interval.
    rounds : int, optional
        The rounds behind it.
    """

    page: str
    anchor: str
    column: str
    value: Any
    low: float | None = None
    high: float | None = None
    rounds: int | None = None

    @property
    def interval(self) -> str:
        """The interval as text; empty where it has none."""
        if self.low is None or self.high is None:
            return ""
        return " to ".join(quantity.written(self.column, bound) for bound in (self.low, self.high))

    @property
    def title(self) -> str:
        """What a link to it says before it is followed."""
        counted = f"{self.rounds} round{'' if self.rounds == 1 else 's'}" if self.rounds else ""
        interval = f"interval {self.interval}" if self.interval else "no interval"
        return ", ".join(part for part in (interval, counted, f"address {self.anchor}") if part)

    def uri(self, app: Sphinx, docname: str) -> str:
        """Its address as seen from a page."""
        page = relative_uri(app.builder.get_target_uri(docname), app.builder.get_target_uri(self.page))
        return f"{page}#{quote(self.anchor, safe='/,:()=+@')}"


def bounds(column: str) -> tuple[str, str]:
    """The columns that have the ends of a column's interval."""
    unit = UNIT.search(column)
    end = unit[0] if unit else ""
    stem = column.removesuffix(end)
    return f"{stem}_low{end}", f"{stem}_high{end}"


def of_row(page: str, start: str, row: Mapping[str, Any], rounds: int | None = None) -> Iterator[tuple[str, Number]]:
    """The numbers of a row by the rest of their address; the ends of an interval lead to the number between them."""
    columns = [column for column in row if column not in PLACES]
    ends = {end: column for column in columns for end in bounds(column) if end in row}
    for column in columns:
        value = row[column]
        written = isinstance(value, int | float) and not isinstance(value, bool)
        judged = isinstance(value, str) and column.endswith("verdict")
        if column in ends or not (written or judged):
            continue
        low, high = (row.get(end) for end in bounds(column))
        number = Number(page, anchor(f"{start}/{column}"), column, value, low, high, rounds)
        yield f"{start}/{column}", number
        yield from ((f"{start}/{end}", number) for end in bounds(column) if end in row)


def of_result(entry: Mapping[str, Any]) -> Iterator[tuple[str, Number]]:
    """The numbers of a result: its facts, then its rows."""
    page, settings = f"run/{entry['example']}", entry["settings"]
    facts = dict(entry.get("facts") or {})
    if "took_ns" in settings:
        facts["took_ns"] = settings["took_ns"]
    for path in leaves(entry["name"], facts):
        start, _, column = path.rpartition("/")
        value: Any = facts
        for part in path.split("/")[1:]:
            value = value.get(part) if isinstance(value, Mapping) else None
        yield from of_row(page, start, {column: value})
    for row in entry["rows"]:
        start = "/".join([entry["name"], *(str(row[place]) for place in PLACES if place in row)])
        rounds = next((row[name] for name in COUNTS if name in row), settings.get("rounds"))
        yield from of_row(page, start, row, rounds)


def of_run(document: Mapping[str, Any]) -> dict[str, Number]:
    """All numbers of a run by their address."""
    found: dict[str, Number] = {}
    for entry in document["results"]:
        found |= {f"{entry['example']}/{path}": number for path, number in of_result(entry)}
    for part in PARTS:
        for name, row in document.get(part, {}).items():
            numbers = {column: value for column, value in row.items() if not isinstance(value, Mapping | list)}
            found |= dict(of_row(f"run/{ELSEWHERE}", f"{part}/{name}", numbers))
    return found


def known(app: Sphinx) -> dict[str, Number]:
    """All numbers of the run that this build shows; made once."""
    if not hasattr(app, KNOWN):
        setattr(app, KNOWN, of_run(provenance.read(app.config)))
    found: dict[str, Number] = getattr(app, KNOWN)
    return found


def linked(text: str, address: str, classes: str) -> nodes.reference:
    """A number in a sentence, which gets its link when its page is written."""
    link = nodes.reference("", "", nodes.inline("", text, classes=[classes]), classes=["measured-link"])
    link["number"] = address
    return link


def resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Lead each number of a page to its row; one without a row stays text."""
    for node in list(doctree.findall(nodes.reference)):
        if "number" not in node:
            continue
        number = known(app).get(node["number"]) if publishes(app) else None
        if number is None:
            node["classes"] = []  # which the text would inherit
            node.replace_self(node.children)
            continue
        node["refuri"], node["internal"] = number.uri(app, docname), True
        node["reftitle"] = number.title


def table(caption: str, numbers: Mapping[str, Number]) -> str:
    """Numbers as a table: address, value, interval and rounds."""
    rows = "".join(
        f'<tr id="{escape(number.anchor)}"><th scope="row" class="bench-words"><code>{broken(address)}</code></th>'
        f"<td>{escape(quantity.written(number.column, number.value))}</td>"
        f"<td>{escape(number.interval) or quantity.MISSING}</td><td>{number.rounds or quantity.MISSING}</td></tr>"
        for address, number in numbers.items()
    )
    head = '<th scope="col" class="bench-words">number</th>'
    head += "".join(f'<th scope="col">{title}</th>' for title in ("value", "interval", "rounds"))
    markup = f'<table class="bench-table"><caption>{escape(caption)}</caption>'
    return f'<div class="bench-room">{markup}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def broken(address: str) -> str:
    """An address that may go on in the next line after a slash."""
    return escape(address).replace("/", "/<wbr>").replace("_", "_<wbr>")


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each example, and one for the numbers that no example measured."""
    if not publishes(app):
        return
    document = provenance.read(app.config)
    groups: dict[str, dict[str, dict[str, Number]]] = {}
    for path, number in known(app).items():
        head, result, *rest = path.split("/")
        if number.anchor.rpartition("/")[2] != anchor(path.rpartition("/")[2]):
            continue  # the end of an interval, which is part of a row
        section, names = (result, rest) if number.page != f"run/{ELSEWHERE}" else (head, [result, *rest])
        address = "/".join(names)
        groups.setdefault(number.page, {}).setdefault(section, {})[address] = number
    for entry in document["results"]:
        if entry["settings"].get("cut"):
            # The strips of its table and its figure lead here too.
            groups.setdefault(f"run/{entry['example']}", {}).setdefault(entry["name"], {})
    for page, sections in groups.items():
        yield page, context(app, document, page, sections), "page.html"


def context(
    app: Sphinx, document: Mapping[str, Any], page: str, sections: Mapping[str, Mapping[str, Number]]
) -> dict[str, Any]:
    """What the template of a page of numbers takes."""
    name = page.removeprefix("run/")
    here = app.builder.get_target_uri(page)
    machine = machine_address(app, here)
    subject = name if name != ELSEWHERE else " and of ".join(PARTS.get(section, section) for section in sections)
    title = f"All numbers of {subject}"
    body = [f"<section><h1>{escape(title)}</h1>"]
    if example := next((doc for doc in examples(app, name) if doc in app.env.found_docs), ""):
        uri = relative_uri(here, app.builder.get_target_uri(example))
        body.append(f'<p>Measured by <a href="{uri}">{escape(app.env.titles[example].astext())}</a>.</p>')
    body.append(f"<p>{INTERVALS}</p>")
    files = downloads.PageFiles(app, page)
    for section, numbers in sections.items():
        source = f"{name}/{section}" if name != ELSEWHERE else ""
        caption = f"Addresses below {source or section}"
        shown = table(caption, numbers) if numbers else f'<p class="bench-note">{quantity.NOT_MEASURED}</p>'
        attribute = f' data-source="{escape(source)}"' if source else ""
        body.append(f'<section id="{escape(section)}"><h2>{escape(section)}</h2>')
        body.append(f'<div class="bench-result"{attribute}>{shown}</div>')
        entry = provenance.entry_of(document, source)
        links = files.markup(downloads.places(entry), source) if entry else ""
        body.append(f'<div class="bench-strip">{provenance.markup(document, source, machine)}{links}</div></section>')
    body.append("</section>")
    return {"title": title, "body": "".join(body), "parents": [{"link": machine, "title": "The machine and the run"}]}


def examples(app: Sphinx, name: str) -> list[str]:
    """The pages that an example of this name may have."""
    return [f"{folder}/{name}" for folder in gallery_pages(app)]


def setup(app: Sphinx) -> None:
    """Link the numbers, and write their pages."""
    app.connect("doctree-resolved", resolve)
    app.connect("html-collect-pages", pages)

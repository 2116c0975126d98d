"""The site as plain text: ``llms.txt`` lists the pages, ``llms-full.txt`` has their text in Markdown.

Both are made from the finished pages, not from their sources: they have the value of each number, the rows of each
table and the label of each figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from bs4 import BeautifulSoup
from markdownify import MarkdownConverter
from sphinx.application import Sphinx

from evenhand.sphinx.places import publishes

DROPPED = (
    "script",
    "style",
    "button",
    ".headerlink",
    ".provenance",
    ".bench-phone",
    ".example-card-figure",
    ".sphx-glr-footer",
    "nav",
)
"""Elements for a screen only, or repeated on each page."""
SIGNATURE = re.compile(r"(class |exception |static |classmethod )?rust\\?_daq\.")
WHEN_WHOLE = 900
"""After the extensions that change pages as they are written."""
WITHOUT = ("genindex", "py-modindex", "search", "404")


class Converter(MarkdownConverter):  # type: ignore[misc] - the library has no types
    """HTML as Markdown, with each drawing as its label."""

    def convert_svg(self, node: Any, text: str, parent_tags: Any) -> str:
        """A drawing's label in brackets."""
        del text, parent_tags
        return f"\n\n[{node['aria-label']}]\n\n" if node.get("aria-label") else ""


def markdown(body: str, address: str) -> str:
    """A page's content as Markdown; its links are whole addresses.

    Parameters
    ----------
    body : str
        The content as HTML.
    address : str
        Where the page is published.
    """
    soup = BeautifulSoup(body, "html.parser")
    for selector in DROPPED:
        for found in soup.select(selector):
            found.decompose()
    for link in soup.select("a.measured-link"):
        link.unwrap()
    for link in soup.find_all("a", href=True):
        link["href"] = urljoin(address, link["href"])
    converter = Converter(heading_style="ATX", code_language_callback=language, bullets="-")
    lines = [line.rstrip() for line in str(converter.convert_soup(soup)).splitlines()]
    return "\n".join(line for at, line in enumerate(lines) if line or (at and lines[at - 1])).strip()


def language(block: Any) -> str:
    """The language of a block of code, from the class of the element around it."""
    around = block.find_parent("div", class_=lambda name: bool(name) and name.startswith("highlight-"))
    named = [name for name in around["class"] if name.startswith("highlight-")] if around else []
    return named[0].removeprefix("highlight-").replace("default", "python") if named else ""


def keep(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Store a page when it is written."""
    del template
    if publishes(app) and doctree is not None and name not in WITHOUT:
        text = markdown(context["body"], urljoin(app.config.html_baseurl, app.builder.get_target_uri(name)))
        folder(app).mkdir(parents=True, exist_ok=True)
        page(app, name).write_text(text + "\n", encoding="utf-8")


def folder(app: Sphinx) -> Path:
    """The folder of the stored pages: next to the doctrees, because a build does not write each page again."""
    return Path(app.doctreedir, "plain")


def page(app: Sphinx, name: str) -> Path:
    """The file of a page."""
    return folder(app) / f"{name.replace('/', '--')}.md"


def reading_order(app: Sphinx, name: str) -> Iterator[str]:
    """The pages as the tables of contents name them, from the first on."""
    yield name
    for below in app.env.toctree_includes.get(name, []):
        yield from reading_order(app, below)


def summary(text: str) -> str:
    """The first sentence of a page; on a page of the reference, the first one below the signature."""
    blocks = [" ".join(block.split()) for block in text.split("\n\n")]
    for block in blocks:
        said = block.partition(" : ")[2] if SIGNATURE.match(block) else block
        if said[:1].isalpha() or said[:1] == "`":
            return re.split(r"(?<=[.?!]) (?=[A-Z`])|(?<=[.?!])$", said)[0]
    return ""


def finish(app: Sphinx, error: Exception | None) -> None:
    """Write both files."""
    if error is not None or not publishes(app):
        return
    names = list(dict.fromkeys(reading_order(app, app.config.root_doc)))
    texts = {name: page(app, name).read_text(encoding="utf-8") for name in names}
    base = app.config.html_baseurl
    address = {name: urljoin(base, app.builder.get_target_uri(name)) for name in names}
    head = f"# {app.config.project}\n\n> {summary(texts[names[0]])}\n\n"
    listed = "\n".join(
        f"- [{app.env.titles[name].astext()}]({address[name]}): {summary(texts[name])}" for name in names
    )
    rest = f"\n\n## All of it\n\n- [Every page in one file]({urljoin(base, 'llms-full.txt')})\n"
    Path(app.outdir, "llms.txt").write_text(f"{head}## Pages\n\n{listed}{rest}", encoding="utf-8")
    whole = "\n\n".join(f"<!-- {address[name]} -->\n\n{texts[name].strip()}" for name in names)
    Path(app.outdir, "llms-full.txt").write_text(whole + "\n", encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Store pages as they are written, and join them at the end."""
    app.connect("html-page-context", keep, priority=WHEN_WHOLE)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True}

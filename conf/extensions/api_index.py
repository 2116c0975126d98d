"""An index of the reference: ``{api-index}`` lists each class and function of the pages below, with its first sentence.

It is made of the pages as they are read, so that a name that is added to one of them cannot be missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

SENTENCE = re.compile(r"(?<=[.?!])\s")


class ApiIndex(nodes.General, nodes.Element):
    """The place of the index."""


class ApiIndexDirective(SphinxDirective):
    """``{api-index}``: the names of the pages that the table of contents of this page lists."""

    def run(self) -> list[nodes.Node]:
        """Leave the place; the pages may not have been read yet."""
        return [ApiIndex()]


def described(doctree: nodes.document) -> Iterator[tuple[str, str, str]]:
    """The names that a page describes, each with its anchor and its first sentence; without the members of classes."""
    for description in doctree.findall(addnodes.desc):
        if isinstance(description.parent, addnodes.desc_content):
            continue
        signature = description.next_node(addnodes.desc_signature)
        content = description.next_node(addnodes.desc_content)
        if signature is None or content is None or not signature["ids"]:
            continue
        first = next(iter(content.findall(nodes.paragraph)), None)
        sentence = SENTENCE.split(" ".join(first.astext().split()))[0] if first else ""
        module = (signature["module"] or "").split(".")
        # Names of a module below the package need its name: there are two `read`.
        yield ".".join([*module[1:][-1:], signature["fullname"]]), signature["ids"][0], sentence


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the index into its place."""
    for place in list(doctree.findall(ApiIndex)):
        made: list[nodes.Node] = []
        for page in app.env.toctree_includes.get(docname, []):
            found = list(described(app.env.get_doctree(page)))
            if found:
                title = nodes.paragraph("", "", link(app, docname, page, "", app.env.titles[page].astext()))
                rows = [(link(app, docname, page, anchor, name), said) for name, anchor, said in found]
                made += [title, table(rows)]
        place.replace_self(made)


def link(app: Sphinx, docname: str, page: str, anchor: str, text: str) -> nodes.reference:
    """A link to a page, or to a name on it."""
    shown: nodes.Node = nodes.literal("", text) if anchor else nodes.strong("", text)
    return make_refnode(app.builder, docname, page, anchor, shown)


def table(rows: list[tuple[nodes.reference, str]]) -> nodes.table:
    """Names and sentences as a table."""
    body = nodes.tbody()
    for name, sentence in rows:
        cells = (nodes.paragraph("", "", name), nodes.paragraph("", sentence))
        body += nodes.row("", *(nodes.entry("", cell) for cell in cells))
    group = nodes.tgroup("", nodes.colspec(colwidth=30), nodes.colspec(colwidth=70), body, cols=2)
    return nodes.table("", group, classes=["api-index"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(ApiIndex)
    app.add_directive("api-index", ApiIndexDirective)
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True}

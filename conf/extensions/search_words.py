"""Search words: what readers search for leads to the page that answers it, and code does not drown prose.

`conf/search.toml` has the words of each page.  They are put into the search index as titles of their page, which weigh
more than words of its text; blocks of code are left out of the index.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
UNSEARCHED = "no-search"
"""The class of what Sphinx leaves out of its index."""


def read(path: Path) -> dict[str, list[str]]:
    """The words of each page."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def is_code(node: nodes.Node) -> bool:
    """Whether a node is a block of code, also one whose names sphinx-gallery has linked."""
    return isinstance(node, nodes.literal_block) or node.tagname == "code_links_block"


@contextmanager
def prepared(page: nodes.document, words: Iterable[str]) -> Iterator[None]:
    """A page as the index takes it: with its words as titles, without its code; afterwards it is as it was."""
    blocks = list(page.findall(is_code))
    titles = [nodes.section("", nodes.title("", word)) for word in words]
    for block in blocks:
        block["classes"].append(UNSEARCHED)
    page.extend(titles)
    try:
        yield
    finally:
        for title in titles:
            page.remove(title)
        for block in blocks:
            block["classes"].remove(UNSEARCHED)


def wrap(app: Sphinx) -> None:
    """Have the builder feed its index with the words."""
    builder: Any = app.builder
    if not hasattr(builder, "index_page"):
        return
    words = read(Path(app.confdir, "search.toml"))
    prepare = builder.prepare_writing

    def prepare_writing(docnames: set[str]) -> None:
        prepare(docnames)
        for name in sorted(words.keys() - app.env.found_docs):
            logger.warning("search.toml has words for the page %r, which does not exist; name another page", name)
        if builder.indexer is not None:
            original = builder.indexer.feed

            def feed(docname: str, filename: str, title: str, doctree: nodes.document) -> None:
                with prepared(doctree, words.get(docname, ())):
                    original(docname, filename, title, doctree)

            builder.indexer.feed = feed

    builder.prepare_writing = prepare_writing


def setup(app: Sphinx) -> dict[str, Any]:
    """Wrap the index when the builder is there."""
    app.connect("builder-inited", wrap)
    return {"version": "1", "parallel_read_safe": True}

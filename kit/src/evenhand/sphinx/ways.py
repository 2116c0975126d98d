"""Ways to the other pages for a browser without scripts, in which the menu and the search of a theme do not open."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def add(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Give the templates the pages below the first one, with their titles."""
    del name, template, doctree
    below = app.env.toctree_includes.get(app.config.root_doc, [])
    context["parts"] = [{"page": page, "title": app.env.titles[page].astext()} for page in below]


def setup(app: Sphinx) -> None:
    """Add the ways when a page is written; the template is layout.html."""
    app.connect("html-page-context", add)

"""One way to write numbers on the whole site: narrow no-break spaces between thousands and before units.

The kit writes its numbers like this. Prose is typed with commas and plain spaces, which are easier to type, and is
changed when a page is written. Code stays as it is, because readers copy it.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

from evenhand.results.quantity import spaced

TAG = re.compile(r"(<!--.*?-->|<script\b.*?</script>|<style\b.*?</style>|<[^>]*>)", re.DOTALL | re.IGNORECASE)
"""A tag; a script and a style are taken as one, for a sign in them can look like a tag."""
NAME = re.compile(r"<(/?)([a-zA-Z0-9]+)")
LEFT = {"pre", "code", "kbd", "samp", "textarea", "math"}
"""Elements whose text is code."""
SAID = re.compile(r"(?<=\s)(?:aria-label|alt)=\"[^\"]*\"")
"""Attributes that are read to somebody."""
BEFORE_KEEPING = 800
"""After what adds to a page, and before what keeps it as plain text."""


def page(html: str) -> str:
    """Space the numbers of a page's text.

    Parameters
    ----------
    html : str
        The page, or a part of it.
    """
    parts = TAG.split(html)
    inside: list[str] = []
    for at, part in enumerate(parts):
        if at % 2 == 0:
            if not inside:
                parts[at] = spaced(part)
            continue
        if not part.startswith(("<script", "<style")):
            parts[at] = SAID.sub(lambda found: spaced(found[0]), part)
        if (found := NAME.match(part)) and (name := found[2].lower()) in LEFT:
            if not found[1] and not part.endswith("/>"):
                inside.append(name)
            elif found[1] and name in inside:
                inside.remove(name)
    return "".join(parts)


def space(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Space what a page shows: its text and its table of contents; the theme makes plain spaces of those in a title."""
    del app, name, template, doctree
    for part in ("body", "toc"):
        if isinstance(context.get(part), str):
            context[part] = page(context[part])


def setup(app: Sphinx) -> dict[str, Any]:
    """Change pages as they are written."""
    app.connect("html-page-context", space, priority=BEFORE_KEEPING)
    return {"version": "1", "parallel_read_safe": True}

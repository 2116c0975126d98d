"""Descriptions of properties are shown whole.

Napoleon takes the words before a colon in the first line of a property for its type. Here they are a sentence, as in
any other docstring.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

BEFORE_NAPOLEON = 400
PROPERTIES = {"attribute", "data", "property"}


def keep(app: Sphinx, what: str, *described: Any) -> None:
    """Begin the description of a property, the last argument, with an empty comment, which has no colon."""
    del app
    if what in PROPERTIES:
        described[-1][:0] = ["..", ""]


def setup(app: Sphinx) -> dict[str, Any]:
    """Change docstrings before Napoleon reads them."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", keep, priority=BEFORE_NAPOLEON)
    return {"version": "1", "parallel_read_safe": True}

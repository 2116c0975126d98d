"""Code of an example that only prepares: its page folds it, to highlight the code that readers copy.

Such code begins with a comment, which becomes its summary line::

    # Preparation: the names that the statements use

It is folded to the end of its cell, or down to the line ``# End of preparation``.  Script and notebook show it as any
other code.
"""

from __future__ import annotations

import re
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from evenhand.sphinx.places import gallery_pages

MARK = re.compile(r"^# Preparation: ([^\n]+)\n", re.MULTILINE)
"""The comment with which such code begins."""
END = re.compile(r"^# End of preparation\n", re.MULTILINE)
"""The comment below which code is shown again."""


class Folded(nodes.General, nodes.Element):
    """A collapsed cell."""


def fold(app: Sphinx, doctree: nodes.document) -> None:
    """Fold the cells of an example that only prepare."""
    folders = tuple(f"{folder}/" for folder in gallery_pages(app))
    if not app.env.current_document.docname.startswith(folders):
        return
    for block in list(doctree.findall(nodes.literal_block)):
        text = block.astext()
        above, *marked = MARK.split(text)
        if not marked:
            continue
        parts: list[nodes.Node] = [shown(block, above.rstrip())] if above.strip() else []
        for summary, code in zip(marked[::2], marked[1::2], strict=True):
            folded, *below = END.split(code, maxsplit=1)
            parts += [
                Folded("", shown(block, folded), summary=summary.strip()),
                *(shown(block, part) for part in below),
            ]
        block.replace_self(parts)


def shown(block: nodes.literal_block, code: str) -> nodes.literal_block:
    """A part of a block; Sphinx highlights one whose text is its source."""
    return nodes.literal_block(code, code, **block.attributes)


def begin(translator: HTML5Translator, node: Folded) -> None:
    """Begin with the summary line."""
    translator.body.append(f'<details class="preparation">\n<summary>{escape(node["summary"])}</summary>\n')


def end(translator: HTML5Translator, node: Folded) -> None:
    """End it."""
    del node
    translator.body.append("</details>\n")


def nothing(translator: object, node: Folded) -> None:
    """A text has the code alone."""
    del translator, node


def setup(app: Sphinx) -> None:
    """Fold when a page is read."""
    app.add_node(Folded, html=(begin, end), text=(nothing, nothing))
    app.connect("doctree-read", fold)

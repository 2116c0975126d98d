"""Code of an example that only prepares: its page folds it, to highlight the code that readers copy.

Such a cell begins with a comment, which becomes its summary line::

    # Preparation: the names that the statements use

The whole cell is folded, or its beginning down to the line ``# End of preparation``.  Script and notebook show it as
any other code.
"""

from __future__ import annotations

import re
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from evenhand.sphinx.places import gallery_folders

MARK = re.compile(r"\s*# Preparation: ([^\n]+)\n")
"""The comment with which a cell begins."""
END = re.compile(r"^# End of preparation\n", re.MULTILINE)
"""The comment below which a cell is shown."""


class Folded(nodes.General, nodes.Element):
    """A collapsed cell."""


def fold(app: Sphinx, doctree: nodes.document) -> None:
    """Fold the cells of an example that only prepare."""
    folders = tuple(f"{folder.name}/" for folder in gallery_folders(app))
    if not app.env.current_document.docname.startswith(folders):
        return
    for block in list(doctree.findall(nodes.literal_block)):
        text = block.astext()
        if found := MARK.match(text):
            folded, *shown = END.split(text[found.end() :], maxsplit=1)
            # Sphinx highlights a block whose text is its source.
            hidden, *left = (nodes.literal_block(code, code, **block.attributes) for code in (folded, *shown))
            block.replace_self([Folded("", hidden, summary=found[1].strip()), *left])


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

"""The directive ``in-short``: the answer, its figure and the action, at the top of a page.

::

    .. in-short::
        :figure: example/result

        :verdict:`example/result/one vs other | faster: One takes {this}, and other {other}.`

        Further sentences.

        The last paragraph says what to do.

Wherever it is written, the page shows it below its title.  In an example it ends the docstring, above the declaration,
so that the script begins with text that reads well without a build.  A notebook leaves it out.

The figure is the one on the page for this result; it is drawn where the page has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from evenhand.sphinx.places import publishes
from evenhand.sphinx.provenance import shown
from evenhand.sphinx.roles import SealedRun, note_fault

BLOCK = re.compile(r"^\.\. in-short::[^\n]*(?:\n(?:[ \t]+[^\n]*)?(?=\n|\Z))*", re.MULTILINE)
"""The directive in the text of an example."""
DRAWING = re.compile(r'<div class="bench-phone" hidden>(.*?)</div>', re.DOTALL)
"""A figure as drawn for a phone, which is about as wide as a card."""
ANSWERS = "measuring_answers"
"""The attribute of the environment that has the answer of each page."""
ANCHOR = "in-short"
FEWEST = 2
"""Paragraphs: the answer, and what to do."""


@dataclass(frozen=True)
class Answer:
    """What the card of an example shows.

    Parameters
    ----------
    text : str
        The first paragraph.
    drawing : str
        The figure as an SVG element; empty where there is none.
    """

    text: str
    drawing: str


class InShort(nodes.General, nodes.Element):
    """The opening of a page: its paragraphs, with the figure before the last one."""


class InShortDirective(SphinxDirective):
    """``.. in-short::``: the answer, further sentences, and what to do as the last paragraph."""

    has_content = True
    option_spec: ClassVar = {"figure": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Read the paragraphs; the figure is added when the whole page is read."""
        parts = self.parse_content_to_nodes()
        if len(parts) < FEWEST:
            message = "in-short: write the answer as the first paragraph and what to do as the last one"
            return [self.state_machine.reporter.error(message, line=self.lineno)]
        made = InShort("", *parts, figure=self.options.get("figure", ""))
        self.set_source_info(made)
        return [made]


class Opening:
    """Moves the directive's content to its place when the page is read."""

    def __init__(self) -> None:
        self.sealed = SealedRun()

    def put_first(self, app: Sphinx, doctree: nodes.document) -> None:
        """Move it below the title and the figure into it, and store the answer for the card."""
        found = list(doctree.findall(InShort))
        for made in found[1:]:
            note_fault(app.env, f"line {made.line}: in-short: a page opens with one; remove this one")
        for made in found[:1]:
            if made["figure"] and publishes(app):
                self.show_figure(app, doctree, made)
            answers(app.env)[app.env.current_document.docname] = Answer(made[0].astext(), drawing_for_card(made))
            section = next(iter(doctree.findall(nodes.section)), None)
            if section is not None:
                made.parent.remove(made)
                section.insert(1, made)

    def show_figure(self, app: Sphinx, doctree: nodes.document, made: InShort) -> None:
        """Put the figure before the last paragraph: the one of the page, or a new one."""
        for node, source in shown(doctree):
            if source == made["figure"] and "<figure" in node.astext():
                way = nodes.reference("", "at the top of this page", refid=ANCHOR, internal=True)
                node.replace_self(nodes.paragraph("", "The figure is ", way, nodes.Text("."), classes=["bench-note"]))
                made.insert(len(made) - 1, node)
                return
        try:
            result = self.sealed.read(app.env)[made["figure"]]
        except KeyError as error:
            note_fault(app.env, f"line {made.line}: in-short: {error.args[0]}")
        else:
            if not result.cut:  # otherwise the sentences say so
                made.insert(len(made) - 1, nodes.raw("", result.figure()._repr_html_(), format="html"))


def drawing_for_card(made: InShort) -> str:
    """The figure for a card, whose words stay readable there."""
    for node in made.findall(nodes.raw):
        if found := DRAWING.search(node.astext()):
            return found[1]
    return ""


def without_in_short(text: str) -> str:
    """The text of an example without the directive."""
    return BLOCK.sub("", text)


def answers(env: BuildEnvironment) -> dict[str, Answer]:
    """The answers of the pages read so far."""
    if not hasattr(env, ANSWERS):
        setattr(env, ANSWERS, {})
    found: dict[str, Answer] = getattr(env, ANSWERS)
    return found


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget the answer of a page that is about to be read again."""
    del app
    answers(env).pop(docname, None)


def gather(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment) -> None:
    """Merge the answers of pages that another process has read."""
    del app
    answers(env).update({name: found for name, found in answers(other).items() if name in docnames})


def begin(translator: HTML5Translator, node: InShort) -> None:
    """Begin a region with a name."""
    del node
    translator.body.append(
        f'<section class="in-short" id="{ANCHOR}" aria-labelledby="{ANCHOR}-title">\n'
        f'<p class="in-short-title" id="{ANCHOR}-title">In short</p>\n'
    )


def end(translator: HTML5Translator, node: InShort) -> None:
    """End the region."""
    del node
    translator.body.append("</section>\n")


def nothing(translator: object, node: InShort) -> None:
    """Add nothing: plain text has only the paragraphs."""
    del translator, node


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_node(InShort, html=(begin, end), text=(nothing, nothing))
    app.add_directive("in-short", InShortDirective)
    app.connect("doctree-read", Opening().put_first)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", gather)

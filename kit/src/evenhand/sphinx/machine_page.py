"""The machine page: the machine, the build and the measurements of the run, as a directive and as a separate page.

The strips below figures and tables link to it.  It is generated where the site lacks `measuring_machine_page`.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

from evenhand.results.quantity import LEFT_OUT
from evenhand.sphinx import provenance
from evenhand.sphinx.places import publishes, run_folder

TITLE = "The machine and the run"
ABOUT = (
    "Every number on this site was measured in one run, on one machine. A run never holds a host name, a user name or "
    "a path."
)
FILES = {"run.json": "the machine, the builds and every result with its summary", "samples.parquet": "every sample"}


class MachineTable(SphinxDirective):
    """``{machine}``: a table of the machine and the builds of the run."""

    def run(self) -> list[nodes.Node]:
        """Return the table; a builder that makes no site has none without a run."""
        folder = run_folder(self.env.config)
        if not folder.is_dir():
            return [nodes.paragraph("", LEFT_OUT)]
        self.env.note_dependency(str(folder / "run.json"))
        return [nodes.raw("", table(provenance.details(provenance.read(self.env.config), None)), format="html")]


def table(facts: dict[str, str]) -> str:
    """Facts by their labels, as a table."""
    rows = "".join(
        f'<tr><th scope="row" class="bench-words">{escape(label)}</th><td class="bench-words">{escape(fact)}</td></tr>'
        for label, fact in facts.items()
    )
    return f'<table class="bench-table"><caption>This run</caption><tbody>{rows}</tbody></table>'


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page, for a site without its own."""
    name = app.config.measuring_machine_page.partition("#")[0]
    if not publishes(app) or name in app.env.found_docs:
        return
    here = app.builder.get_target_uri(name)
    links = "".join(
        f'<li><a href="{relative_uri(here, f"run/{file}")}">{file}</a>: {what}</li>' for file, what in FILES.items()
    )
    facts = table(provenance.details(provenance.read(app.config), None))
    body = f"<section><h1>{TITLE}</h1><p>{ABOUT}</p>{facts}<ul>{links}</ul></section>"
    yield name, {"title": TITLE, "body": body}, "page.html"


def setup(app: Sphinx) -> None:
    """Register the directive and the page."""
    app.add_directive("machine", MachineTable)
    app.connect("html-collect-pages", pages)

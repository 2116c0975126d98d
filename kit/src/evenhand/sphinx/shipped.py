"""Shipped files: the run goes along with the site, and the role ``shipped`` links to it and to Criterion's reports.

Sphinx writes such a link unchanged, so that it is wrong in any sub-folder, without a warning.
"""

from __future__ import annotations

import difflib
import json
import shutil
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import ReferenceRole
from sphinx.util.osutil import relative_uri

from evenhand.sphinx import provenance, reports
from evenhand.sphinx.places import publishes, run_folder

logger = logging.getLogger(__name__)


class Shipped(ReferenceRole):
    """``{shipped}`text <run/run.json>```: a link to a shipped file, by its place in the site."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return a link without an address, which is added when the address of the page is known."""
        node = nodes.reference(self.rawtext, self.title, shipped=self.target, internal=True, classes=["shipped"])
        self.set_source_info(node)
        return [node], []


def folder(app: Sphinx) -> Path:
    """The folder that Sphinx copies into the root of the site."""
    return Path(app.config.measuring_folder, "shipped")


def copy_run(app: Sphinx) -> None:
    """Copy the run to the folder that Sphinx copies into the site."""
    if not publishes(app):
        return
    ready = folder(app)
    shutil.rmtree(ready / "run", ignore_errors=True)
    shutil.copytree(run_folder(app.config), ready / "run")
    document = provenance.read(app.config)
    # A page of an earlier build, cached by a browser or a server, asks which run the site has now.
    identity = {"run": document["id"], "written": provenance.minute(document["measured"])}
    (ready / "run" / "identity.json").write_text(json.dumps(identity) + "\n", encoding="utf-8")
    app.config.html_extra_path = [*app.config.html_extra_path, str(ready)]


def served(app: Sphinx) -> list[str]:
    """The addresses of the site's other files, such as the run and the reports."""
    ready = [path.relative_to(folder(app)).as_posix() for path in folder(app).rglob("*") if path.is_file()]
    kept = reports.folder(app)
    return ready + [(reports.GUIDE / path.relative_to(kept)).as_posix() for path in kept.rglob("*.html")]


def resolve(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Give each link its address as seen from its page; a file that is not shipped is an error."""
    for node in list(doctree.findall(nodes.reference)):
        if "shipped" not in node:
            continue
        target = node["shipped"]
        if not publishes(app):
            node.replace_self(nodes.inline("", node.astext()))
        elif target in (there := served(app)):
            node["refuri"] = relative_uri(app.builder.get_target_uri(docname), quote(target))
        else:
            close = difflib.get_close_matches(target, there, n=3) or sorted(there)[:3]
            node.replace_self(nodes.inline("", node.astext()))
            logger.error(
                "shipped: the site has no file %r; similar: %s", target, ", ".join(close), location=(docname, node.line)
            )


def setup(app: Sphinx) -> None:
    """Register the role and its two steps."""
    app.add_role("shipped", Shipped())
    app.connect("builder-inited", copy_run, priority=700)
    app.connect("doctree-resolved", resolve)

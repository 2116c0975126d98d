"""Links of every page: the repository, the package index, the source of the page, and a form to report a wrong number.

The form is filled in with the page, the commit and the run, which a reader would have to look for.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urljoin

from sphinx.application import Sphinx

BRANCH = "main"
GALLERY = "gallery/"
QUESTION = "Which number is wrong, and what do you measure?"


def source_of(name: str, known: set[str]) -> str:
    """The file that a page is made from; empty where it is generated from many."""
    if name not in known:
        return ""
    if name == f"{GALLERY}index":
        return f"{GALLERY}GALLERY_HEADER.rst"
    return f"{name}.py" if name.startswith(GALLERY) else f"docs/{name}.md"


def report(repository: str, page: str, built_from: str, run: str) -> str:
    """The address of the form to report a wrong number."""
    body = f"Page: {page}\nPages made from: {built_from}\nRun: {run}\n\n{QUESTION}\n"
    return f"{repository}/issues/new?{urlencode({'title': 'Wrong number: ', 'body': body})}"


def add(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Give the templates the links of a page."""
    del template, doctree
    repository = app.config.links_repository
    links = {"Repository": repository, app.config.links_package_name: app.config.links_package}
    if source := source_of(name, app.env.found_docs):
        links["Edit this page"] = f"{repository}/edit/{BRANCH}/{source}"
    if "run_id" in context:
        page = urljoin(app.config.html_baseurl, app.builder.get_target_uri(name))
        built_from = context["freshness"]["made_from"] or "unknown"
        links["Report a wrong number"] = report(repository, page, built_from, context["run_id"])
    context["page_links"] = links


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the links when a page is written; the template is page-links.html."""
    app.add_config_value("links_repository", "", "html")
    app.add_config_value("links_package", "", "html")
    app.add_config_value("links_package_name", "Package index", "html")
    app.connect("html-page-context", add)
    return {"version": "1", "parallel_read_safe": True}

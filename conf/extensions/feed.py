"""The Atom feed of the history: an entry for each change of an operation.  RFC 4287 describes the format."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree as ET

from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

from evenhand import Run
from evenhand.gate.history import Change, Store, changes, read, series
from evenhand.gate.history.store import machine_class
from evenhand.results import quantity
from evenhand.sphinx import shipped
from evenhand.sphinx.places import publishes, run_folder

FEED = "changes.atom"
PAGE = "gate.html#changes"
TYPE = "application/atom+xml"
NAMESPACE = "http://www.w3.org/2005/Atom"


def found(store: Store) -> list[tuple[Run, Change]]:
    """Return each change in a store, the newest commit first, with the newest run of its class of machines."""
    if find_spec("ruptures") is None:
        return []
    each = [(runs[-1], change) for runs in store.classes().values() for change in changes(series(runs))]
    return sorted(each, key=lambda pair: datetime.fromisoformat(pair[1].after.committed), reverse=True)


def document(
    each: Iterable[tuple[Run, Change]], *, site: str, repository: str, author: str, title: str, updated: str
) -> str:
    """Write the feed.

    Parameters
    ----------
    each : iterable of (Run, Change)
        The entries, as `found` returns them.
    site : str
        The address of the site.
    repository : str
        The address of the repository.
    author, title : str
        The name of its author, and its title.
    updated : str
        When the newest run of the history was measured: an older commit that is measured later adds entries too.
    """
    entries = [entry(run, change, repository) for run, change in each]
    feed = ET.Element("feed", xmlns=NAMESPACE)
    ET.SubElement(feed, "id").text = urljoin(site, FEED)
    ET.SubElement(feed, "title").text = title
    ET.SubElement(feed, "updated").text = updated
    ET.SubElement(ET.SubElement(feed, "author"), "name").text = author
    ET.SubElement(feed, "link", rel="self", type=TYPE, href=urljoin(site, FEED))
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=urljoin(site, PAGE))
    feed.extend(entries)
    ET.indent(feed)
    return ET.tostring(feed, encoding="unicode", xml_declaration=True) + "\n"


def entry(run: Run, change: Change, repository: str) -> ET.Element:
    """Write one entry; its id depends on commit, operation and machine, so that it is the same in each build."""
    conditions, after = run.conditions(), change.after
    machine = f"{conditions['cpu']}, {conditions['implementation']} {conditions['Python']}"
    commit = f"{repository}/commit/{after.commit}"
    subject = f"{commit}#{change.operation}#{machine_class(run)}"
    made = ET.Element("entry")
    ET.SubElement(made, "id").text = uuid.uuid5(uuid.NAMESPACE_URL, subject).urn
    ET.SubElement(made, "title").text = f"{change.operation}: {change.verdict} since {after.commit[:7]}"
    ET.SubElement(made, "updated").text = after.committed
    ET.SubElement(made, "link", rel="alternate", type="text/html", href=commit)
    ET.SubElement(
        made, "summary"
    ).text = f"After over before: {quantity.ratio(change.ratio)}, on {machine}. The commit: {after.subject}"
    return made


def write(app: Sphinx) -> None:
    """Write the feed to the files that are copied into the site."""
    if not publishes(app):
        return
    store = read([Path(folder, "runs") for folder in app.config.measuring_archives])
    runs = store.runs or [Run.opened(run_folder(app.config))]
    feed = document(
        found(store),
        site=app.config.html_baseurl,
        repository=app.config.links_repository,
        author=app.config.author,
        title=f"{app.config.project}: operations that became faster or slower",
        updated=max(run.document["measured"] for run in runs),
    )
    folder = shipped.folder(app)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FEED).write_text(feed, encoding="utf-8")


def announce(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Name the feed in the head of a page, where feed readers look for it."""
    del template, doctree
    address = relative_uri(app.builder.get_target_uri(name), FEED)
    title = escape(f"Changes of {app.config.project}")
    link = f'<link rel="alternate" type="{TYPE}" title="{title}" href="{address}">'
    context["metatags"] = f"{context.get('metatags', '')}\n{link}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the feed after the run, which is copied at 700, and name it on each page."""
    app.connect("builder-inited", write, priority=710)
    app.connect("html-page-context", announce)
    return {"version": "1", "parallel_read_safe": True}

"""Addresses: a page for those that lead nowhere, a list of those that lead somewhere (``sitemap.xml``), moved pages.

A server shows the page ``404.html`` at whatever address was asked for, so that nothing in it may be relative: its links
begin with the path at which the site is published.

A page that moved keeps its old address: ``moved_pages`` in ``conf.py`` maps each old name to the new page, with an
anchor where the content is a section now. A small static page leads there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from sphinx.application import Sphinx
from sphinx.errors import ConfigError

from evenhand.sphinx.places import publishes

LOST = "404"
TEXT = """<h1>There is no such page</h1>
<p>The address may be misspelled, or the page has moved. The search at the top of the page finds words,
and these lead on:</p>
<ul><li><a href="index.html">Start</a></li>
<li><a href="guide.html">The performance guide, by questions</a></li>
<li><a href="gallery/index.html">The gallery: every measurement with its code</a></li>
<li><a href="api/index.html">API reference</a></li></ul>"""
ATTRIBUTE = re.compile(r'(?<=\s)(href|src|action|content|data-shipped|data-content_root)="(?![#"]|data:)([^"]*)"')
WITHOUT = {"genindex", "py-modindex", "search", LOST}
"""Pages that no reader looks for."""
MOVED = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="0; url={address}">
<link rel="canonical" href="{whole}">
<title>Moved: {title}</title>
</head>
<body>
<h1>This page has moved</h1>
<p>It is now a part of <a href="{address}">{title}</a>.</p>
</body>
</html>
"""
"""The page at an old address; it needs no script, and is not listed in search engines."""


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page for addresses that lead nowhere."""
    if publishes(app):
        yield LOST, {"title": "Not found", "body": TEXT}, "page.html"


def absolute(text: str, root: str) -> str:
    """A page whose addresses begin with a path, wherever it is shown."""

    def joined(found: re.Match[str]) -> str:
        name, address = found.groups()
        if name == "content" or urlsplit(address).scheme:
            return found[0]
        return f'{name}="{urljoin(root, address)}"'

    return ATTRIBUTE.sub(joined, text)


def remember(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Keep the address of each page that is written."""
    del template, context, doctree
    if publishes(app) and name not in WITHOUT:
        written(app).add(app.builder.get_target_uri(name))


def written(app: Sphinx) -> set[str]:
    """The addresses of this build's pages; those that Sphinx did not have to write again are known to it."""
    if not hasattr(app, "site_addresses"):
        app.site_addresses = {  # type: ignore[attr-defined]
            app.builder.get_target_uri(name) for name in app.env.found_docs if name not in WITHOUT
        }
    found: set[str] = app.site_addresses
    return found


def finish(app: Sphinx, error: Exception | None) -> None:
    """Make the lost page's addresses absolute, and list all pages."""
    if error is not None or not publishes(app) or not app.config.html_baseurl:
        return
    base = app.config.html_baseurl
    lost = Path(app.outdir, f"{LOST}.html")
    lost.write_text(absolute(lost.read_text(encoding="utf-8"), urlsplit(base).path or "/"), encoding="utf-8")
    rows = "".join(f"<url><loc>{escape(urljoin(base, address))}</loc></url>\n" for address in sorted(written(app)))
    head = '<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    Path(app.outdir, "sitemap.xml").write_text(f"{head}{rows}</urlset>\n", encoding="utf-8")


def check_moved(app: Sphinx, env: Any) -> None:
    """Stop the build where an old name is still a page, or where its new page does not exist."""
    for old, new in app.config.moved_pages.items():
        if old in env.found_docs:
            msg = f"moved_pages: {old!r} is still a page; delete the page or the entry"
            raise ConfigError(msg)
        if new.partition("#")[0] not in env.found_docs:
            msg = f"moved_pages: {old!r} leads to {new!r}, and there is no such page"
            raise ConfigError(msg)


def lead_on(app: Sphinx, error: Exception | None) -> None:
    """Write a small page at each old address that leads to the new one."""
    if error is not None or not publishes(app):
        return
    for old, new in app.config.moved_pages.items():
        name, _, anchor = new.partition("#")
        path = Path(app.outdir, app.builder.get_target_uri(name))
        if anchor and f'id="{anchor}"' not in path.read_text(encoding="utf-8"):
            msg = f"moved_pages: {old!r} leads to {new!r}, and {name!r} has no such anchor"
            raise ConfigError(msg)
        here = app.builder.get_target_uri(old)
        target = app.builder.get_target_uri(name) + (f"#{anchor}" if anchor else "")
        text = MOVED.format(
            address=escape(posixpath.relpath(target, posixpath.dirname(here) or ".")),
            whole=escape(urljoin(app.config.html_baseurl, app.builder.get_target_uri(name))),
            title=escape(app.env.titles[name].astext()),
        )
        Path(app.outdir, here).parent.mkdir(parents=True, exist_ok=True)
        Path(app.outdir, here).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register them."""
    app.add_config_value("moved_pages", {}, "", [dict])
    app.connect("html-collect-pages", pages)
    app.connect("html-page-context", remember)
    app.connect("build-finished", finish)
    app.connect("env-updated", check_moved)
    app.connect("build-finished", lead_on)
    return {"version": "1", "parallel_read_safe": True}

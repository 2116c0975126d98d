"""A built site as files: parsed pages, links, and loaded files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
LOADING = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
LOADING_RELATIONS = {
    "stylesheet",
    "icon",
    "preload",
    "modulepreload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
}
CSS_ADDRESS = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")


def published_path(folder: Path) -> str:
    """Return the path at which a site is published."""
    page = BeautifulSoup((folder / "index.html").read_text(encoding="utf-8"), "html.parser")
    return urlsplit(page.find("link", rel="canonical")["href"]).path.removesuffix("index.html")


@dataclass(frozen=True)
class Page:
    """One page of the site."""

    path: Path
    name: str

    @cached_property
    def soup(self) -> BeautifulSoup:
        """The parsed page."""
        return BeautifulSoup(self.path.read_text(encoding="utf-8"), "html.parser")

    @property
    def text(self) -> str:
        """The text of the page."""
        return self.soup.get_text(" ")

    @property
    def prose(self) -> str:
        """The text of the page without code, which may mention markup."""
        return " ".join(text for text in self.soup.strings if not text.find_parent(["code", "pre"]))

    @property
    def ours(self) -> bool:
        """Whether it is a page of the guide, not a report of Criterion or a list of numbers."""
        return not self.name.startswith(("criterion/", "run/"))

    @property
    def moved(self) -> bool:
        """Whether it only redirects to another page."""
        return self.soup.find("meta", attrs={"http-equiv": "refresh"}) is not None

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors that a link can have."""
        return {tag[key] for tag in self.soup.find_all(True) for key in ("id", "name") if tag.get(key)}

    def links(self) -> Iterator[str]:
        """Yield the addresses of its links."""
        yield from (tag["href"] for tag in self.soup.find_all("a", href=True))

    def loads(self) -> Iterator[str]:
        """Yield the files that a browser loads for it."""
        for name, keys in LOADING.items():
            for tag in self.soup.find_all(name):
                for key in keys:
                    yield from (part.split()[0] for part in tag.get(key, "").split(", ") if part.split())
        for tag in self.soup.find_all("link", href=True):
            if LOADING_RELATIONS & set(tag.get("rel", [])):
                yield tag["href"]
        for tag in self.soup.find_all("style"):
            yield from addresses(tag.string or "")
        for tag in self.soup.find_all(style=True):
            yield from addresses(tag["style"])


@dataclass(frozen=True)
class SiteFolder:
    """The folder of a built site."""

    folder: Path

    @cached_property
    def below(self) -> str:
        """The path at which it is published."""
        return published_path(self.folder)

    @cached_property
    def pages(self) -> dict[str, Page]:
        """Every page by its place in the site, without redirects at old addresses."""
        return {name: page for name, page in self.written.items() if not page.moved}

    @cached_property
    def moved(self) -> dict[str, Page]:
        """The redirects at old addresses, by their place."""
        return {name: page for name, page in self.written.items() if page.moved}

    @cached_property
    def written(self) -> dict[str, Page]:
        """Every written page, by its place."""
        found = sorted(self.folder.rglob("*.html"))
        return {
            name: Page(path, name)
            for path in found
            if not (name := path.relative_to(self.folder).as_posix()).startswith("_static/")
        }

    @cached_property
    def run(self) -> dict[str, Any]:
        """The shipped run."""
        document: dict[str, Any] = json.loads((self.folder / "run" / "run.json").read_text(encoding="utf-8"))
        return document

    def target(self, page: Page, address: str) -> tuple[Path, str] | None:
        """Return the file and anchor of an address on a page; None for another host."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return None
        if not parts.path:
            return page.path, unquote(parts.fragment)
        if parts.path.startswith(self.below):
            path = (self.folder / unquote(parts.path).removeprefix(self.below)).resolve()
        else:
            path = (page.path.parent / unquote(parts.path)).resolve()
        return (path / "index.html" if path.is_dir() else path), unquote(parts.fragment)

    def foreign(self) -> Iterator[str]:
        """Yield everything that the site would load from another host, with the loading file."""
        for page in self.pages.values():
            for address in page.loads():
                if is_foreign(address):
                    yield f"{page.name}: {address}"
        for path in self.folder.rglob("*.css"):
            for address in addresses(path.read_text(encoding="utf-8")):
                if is_foreign(address):
                    yield f"{path.relative_to(self.folder)}: {address}"


def addresses(css: str) -> Iterator[str]:
    """Yield the addresses that a style sheet loads."""
    for found in CSS_ADDRESS.finditer(css):
        yield found[1] or found[2]


def is_foreign(address: str) -> bool:
    """Whether an address is on another host."""
    return not address.startswith("data:") and bool(urlsplit(address).netloc)

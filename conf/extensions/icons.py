"""Icons: the theme's icon fonts, reduced to the few drawings that the pages show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fontTools import subset
from sphinx.application import Sphinx

from evenhand.sphinx.places import publishes

NAME = re.compile(r"\bfa-[a-z0-9-]+")
OWN = range(0xE000, 0xF900)
"""The range of Unicode for private use, where icon fonts have their drawings."""
RULE = re.compile(r'((?:\.fa-[\w-]+,?)+)\{--fa:"\\([0-9a-f]+)"\}')


def named(folder: Path) -> set[str]:
    """The names of the icons that the pages and the theme's script use."""
    texts = [*folder.rglob("*.html"), folder / "_static" / "scripts" / "pydata-sphinx-theme.js"]
    return {name for path in texts if path.is_file() for name in NAME.findall(path.read_text(encoding="utf-8"))}


def code_points(styles: str) -> Iterator[tuple[str, int]]:
    """Each icon's name in a style sheet, with its place in the font."""
    for names, code in RULE.findall(styles):
        for name in names.split(","):
            yield name.removeprefix("."), int(code, 16)


def finish(app: Sphinx, error: Exception | None) -> None:
    """Write the fonts again, with only the icons in use."""
    static = Path(app.outdir, "_static")
    fonts = sorted(static.glob("vendor/fontawesome/webfonts/*.woff2"))
    if error is not None or not publishes(app) or not fonts:
        return
    names = named(Path(app.outdir))
    styles = (static / "styles" / "pydata-sphinx-theme.css").read_text(encoding="utf-8")
    used = {code for name, code in code_points(styles) if name in names}
    used |= {ord(letter) for letter in styles if ord(letter) in OWN}  # characters that the style inserts
    options = subset.Options(flavor="woff2", ignore_missing_unicodes=True)
    for path in fonts:
        font = subset.load_font(str(path), options)
        chosen = subset.Subsetter(options)
        chosen.populate(unicodes=used)
        chosen.subset(font)
        subset.save_font(font, str(path), options)


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the fonts after the pages."""
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True}

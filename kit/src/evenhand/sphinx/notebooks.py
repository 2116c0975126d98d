"""The gallery's notebooks: roles that only this site can fill become plain text in the downloads.

In a notebook the reader measures, so a number from the site's run in the text would contradict the table above it.
"""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from sphinx.application import Sphinx

from evenhand.sphinx.declaration import without_fields
from evenhand.sphinx.in_short import without_in_short
from evenhand.sphinx.places import gallery_folders

MEASURED = re.compile(r":measured:`[^`]*`")
VERDICT = re.compile(r":verdict:`[^`]*?(\.?)`")
TITLED = re.compile(r":[a-z:]+:`([^`<]*?)\s*<[^`>]*>`")
NAMED = re.compile(r":(?:py:)?(?:class|func|meth|attr|mod|data|obj):`~?([^`]*)`")
PAGE = re.compile(r":(?:doc|ref|shipped):`([^`]*)`")
ELSEWHERE = "(see the result above)"
COMPARED = "The result above shows how they compare."


def plain(text: str) -> str:
    """Markdown without roles."""
    text = MEASURED.sub(ELSEWHERE, text)
    text = VERDICT.sub(lambda role: COMPARED if role[1] else ELSEWHERE, text)
    text = TITLED.sub(r"\1", text)
    text = NAMED.sub(r"`\1`", text)
    return PAGE.sub(lambda role: role[1].rsplit("/", 1)[-1].replace("_", " "), text)


def rewrite(path: Path) -> None:
    """Remove the roles from a notebook's text."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            text = without_in_short(without_fields("".join(cell["source"])))
            cell["source"] = plain(text).splitlines(keepends=True)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def pack(script: Path) -> None:
    """Pack an example's download again, with the rewritten notebook."""
    with zipfile.ZipFile(script.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        for path in (script, script.with_suffix(".ipynb")):
            packed.write(path, path.name)


def rewrite_all(app: Sphinx) -> None:
    """Rewrite every notebook that sphinx-gallery has generated."""
    for folder in gallery_folders(app):
        for path in sorted(folder.glob("*.ipynb")):
            rewrite(path)
            if path.with_suffix(".zip").is_file():
                pack(path.with_suffix(".py"))


def setup(app: Sphinx) -> None:
    """Rewrite after sphinx-gallery has written, before pages are read."""
    app.connect("builder-inited", rewrite_all, priority=650)

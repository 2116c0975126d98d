"""A tiny project that is built as a site: pages and examples of a few lines, without real timing."""

from __future__ import annotations

import io
import json
import os
import pickle
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

CONF = """
extensions = ["evenhand.sphinx", "addresses", "spacing", "plain"]  # the last three are those of conf/extensions
project = "tiny"
html_theme = "basic"
"""
PROFILES = """
[profile.default]
gallery = 1
rounds = 6
[profile.quick]
gallery = 1
rounds = 2
judged = false
"""
EXAMPLE = '''"""
First
=====

It takes :measured:`first/made/one/cost_ns`.
"""

# %%
# Text about :measured:`first/made/one/cost_ns`.

from pathlib import Path

import pandas as pd
import evenhand as bench
from evenhand.results.result import records

settings = bench.settings(__doc__)
stated = bench.statements({"one": "1", "two": "2"})
cost = float(Path(COST).read_text())
rows = [(name, "slice_ns", 1, index, 0, 1, cost * (1 + number), 1)
        for index in range(ROUNDS) for number, name in enumerate(stated)]
result = bench.Comparison("made", settings.example, records(stated), {}, pd.DataFrame(
    rows, columns=["contender", "quantity", "size", "round", "sample", "loops", "value", "count"]
), "2026-11-23T10:00:00+00:00")
with Path(LOG).open("a") as log:
    log.write("ran ")
settings.recorder.record(result)
'''


@dataclass
class Outcome:
    """The outcome of a build."""

    status: int
    said: str
    read: list[str]
    told: str


@dataclass
class Project:
    """The tiny project and its builds."""

    folder: Path
    profile: str = "default"
    overrides: dict[str, Any] = field(default_factory=dict)

    def write(self, name: str, text: str) -> None:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def example(self, text: str = EXAMPLE, *, name: str = "first", rounds: int = 6) -> None:
        """Write an example."""
        for word, value in {
            "COST": str(self.folder / "cost"),
            "LOG": str(self.folder / "log"),
            "ROUNDS": rounds,
        }.items():
            text = re.sub(rf"\b{word}\b", repr(value), text)
        self.write(f"examples/{name}.py", text)

    def example_with_table(self) -> None:
        """Write an example whose page shows its result as a table and as a figure."""
        self.example(f"{EXAMPLE}\n# %%\n\nresult\n\n# %%\n\nresult.plot()\n")

    def build(self, builder: str = "html", **overrides: Any) -> Outcome:
        """Build the project as `sphinx-build -W` does, in this process."""
        from sphinx.application import Sphinx
        from sphinx.errors import SphinxError
        from sphinx.util.docutils import docutils_namespace, patch_docutils

        status, said, read = io.StringIO(), io.StringIO(), []
        docs = self.folder / "docs"
        settings = {
            "measuring_folder": str(self.folder / "build"),
            "measuring_profile": self.profile,
            "measuring_profiles": str(self.folder / "profiles.toml"),
            **self.overrides,
            **overrides,
        }
        with patch_docutils(docs), docutils_namespace():
            try:
                app = Sphinx(
                    docs,
                    docs,
                    self.folder / builder,
                    self.folder / "doctrees",
                    builder,
                    settings,
                    status,
                    said,
                    warningiserror=True,
                )
                app.connect("source-read", lambda _app, name, _text: read.append(name))
                app.build()
                code = app.statuscode
            except SphinxError as error:
                said.write(str(error))
                code = 2
        return Outcome(code, said.getvalue(), sorted(read), status.getvalue())

    def dependencies(self, name: str) -> list[str]:
        """Return the files that a page depends on."""
        environment = pickle.loads((self.folder / "doctrees" / "environment.pickle").read_bytes())
        return [str(path) for path in environment.dependencies.get(name, ())]

    def page(self, name: str = "index") -> str:
        """Return a built page."""
        return (self.folder / "html" / f"{name}.html").read_text(encoding="utf-8")

    def text(self, name: str = "index") -> str:
        """What is read on a page, without its markup."""
        return BeautifulSoup(self.page(name), "html.parser").get_text()

    @property
    def runs(self) -> int:
        """Return how often the example ran."""
        log = self.folder / "log"
        return len(log.read_text(encoding="utf-8").split()) if log.is_file() else 0

    @property
    def run(self) -> dict[str, Any]:
        """Return the document of the build's run."""
        document: dict[str, Any] = json.loads((self.folder / "build" / "run" / "run.json").read_text(encoding="utf-8"))
        return document


@contextmanager
def made_project(folder: Path) -> Iterator[Project]:
    """Make a project with one example and one page that shows its number; undo what its builds change here."""
    made = Project(folder)
    made.write("docs/conf.py", CONF)
    made.write(
        "docs/index.md",
        "# Tiny\n\nOne takes {measured}`first/made/one/cost_ns`.\n\n```{toctree}\nother\ngallery/index\n```\n",
    )
    made.write("docs/other.md", "# Other\n\nNo number here.\n")
    made.write("examples/GALLERY_HEADER.rst", "Examples\n========\n")
    made.write("profiles.toml", PROFILES)
    made.write("cost", "100")
    made.example()
    before = dict(os.environ)
    where, path = Path.cwd(), list(sys.path)
    try:
        yield made
    finally:
        os.chdir(where)
        sys.path[:] = path
        os.environ.clear()
        os.environ.update(before)

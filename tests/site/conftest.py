"""The extensions in conf/ and the modules next to the pages can be imported, and a tiny project can be built."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
sys.path.insert(0, str(Path(__file__).parents[2] / "conf" / "extensions"))
sys.path.insert(0, str(Path(__file__).parents[2] / "conf" / "prose"))
sys.path.insert(0, str(Path(__file__).parents[1] / "kit"))  # made results and packages

from tiny_project import CONF, PROFILES, Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Make a project with one example and one page that shows its number."""
    made = Project(tmp_path)
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
    yield made
    os.chdir(where)
    sys.path[:] = path
    os.environ.clear()
    os.environ.update(before)

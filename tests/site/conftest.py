"""The extensions in conf/ and the modules next to the pages can be imported, and a tiny project can be built."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
sys.path.insert(0, str(Path(__file__).parents[2] / "conf" / "extensions"))
sys.path.insert(0, str(Path(__file__).parents[2] / "conf" / "prose"))
sys.path.insert(0, str(Path(__file__).parents[1] / "kit"))  # made results and packages

from tiny_project import Project, made_project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """Make a project with one example and one page that shows its number."""
    with made_project(tmp_path) as made:
        yield made

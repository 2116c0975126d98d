"""Cells that only prepare are folded on the page of an example, and nowhere else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tiny_project import EXAMPLE, Project

ROOT = Path(__file__).parents[2]
MARK = "# Preparation: The names, <and> more\n"
FOLDED = EXAMPLE.replace("from pathlib", f"{MARK}from pathlib", 1) + "\n# %%\n\nlast = result\n"


@pytest.fixture
def folded(project: Project) -> Project:
    """The project with an example that has a cell of preparation."""
    project.example(FOLDED)
    assert project.build().status == 0
    return project


def test_a_cell_that_prepares_is_folded_under_its_comment(folded: Project) -> None:
    page = BeautifulSoup(folded.page("gallery/first"), "html.parser")
    [details] = page.select("details.preparation")
    assert not details.has_attr("open")
    assert details.summary is not None
    assert details.summary.get_text() == "The names, <and> more"
    assert "import pandas as pd" in details.get_text()
    assert details.select("pre .kn, pre .kn")  # highlighted as any other code
    assert "Preparation" not in page.get_text()


def test_other_code_is_not_folded(folded: Project) -> None:
    page = BeautifulSoup(folded.page("gallery/first"), "html.parser")
    shown = [block.get_text() for block in page.select("pre") if block.find_parent("details") is None]
    assert [text.strip() for text in shown] == ["last = result"]


def test_a_cell_may_be_folded_in_part(project: Project) -> None:
    project.example(FOLDED.replace("stated = ", "# End of preparation\nstated = "))
    assert project.build().status == 0
    page = BeautifulSoup(project.page("gallery/first"), "html.parser")
    [details] = page.select("details.preparation")
    below = details.find_next_sibling()
    assert below is not None
    assert "import pandas" in details.get_text()
    assert "stated = " not in details.get_text()
    assert below.get_text().startswith("stated = ")
    assert "End of preparation" not in page.get_text()


def test_code_above_the_comment_is_shown(project: Project) -> None:
    project.example(FOLDED.replace(MARK, "").replace("stated = ", f"{MARK}stated = "))
    assert project.build().status == 0
    page = BeautifulSoup(project.page("gallery/first"), "html.parser")
    [details] = page.select("details.preparation")
    above = details.find_previous_sibling()
    assert above is not None
    assert "import pandas" in above.get_text()
    assert "stated = " not in above.get_text()
    assert "stated = " in details.get_text()


def test_script_and_notebook_show_it_as_code(folded: Project) -> None:
    gallery = folded.folder / "docs" / "gallery"
    assert MARK in (gallery / "first.py").read_text(encoding="utf-8")
    assert "# Preparation: The names, <and> more" in (gallery / "first.ipynb").read_text(encoding="utf-8")


def test_code_of_other_pages_is_not_folded(project: Project) -> None:
    project.write("docs/other.md", f"# Other\n\n```python\n{MARK}one = 1\n```\n")
    assert project.build().status == 0
    assert "details" not in project.page("other")


@pytest.mark.parametrize("path", sorted((ROOT / "gallery").glob("*.py")), ids=lambda path: path.stem)
def test_the_measuring_call_of_an_example_is_shown(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    cells = re.split(r"^# ?%%.*\n(?:#.*\n)*", source.split('"""', 2)[2], flags=re.MULTILINE)
    measuring = ("compare", "latency", "throughput", "footprint", "paced", "observe")
    hidden = [
        ast.unparse(node.func)
        for cell in cells
        if cell.lstrip().startswith("# Preparation: ")
        for statement in ast.parse(cell.partition("# End of preparation\n")[0]).body
        if not isinstance(statement, ast.FunctionDef)
        for node in ast.walk(statement)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"bench.{name}" for name in measuring}
    ]
    assert hidden == []

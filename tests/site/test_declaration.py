"""The declarations at the end of an example's docstring."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenhand.sphinx.declaration import LAST, Declaration, without_fields
from evenhand.sphinx.errors import MeasuringError
from tiny_project import EXAMPLE, Project

TEXT = "Question?\n=========\n\nText: more.\n"
FIELDS = "\n:order: 3\n:weight: 0.5\n:group: lists and dicts\n:about: what a list costs,\n    by its length\n"


def written(folder: Path, docstring: str) -> Path:
    """Write an example with this docstring."""
    path = folder / "first.py"
    path.write_text(f'"""\n{docstring}"""\n', encoding="utf-8")
    return path


def test_fields_are_read(tmp_path: Path) -> None:
    assert Declaration.read(written(tmp_path, TEXT + FIELDS)) == Declaration(
        3, 0.5, "what a list costs, by its length", "lists and dicts"
    )


def test_an_example_may_declare_nothing(tmp_path: Path) -> None:
    assert Declaration.read(written(tmp_path, TEXT)) == Declaration(LAST, 1.0, "")
    (tmp_path / "second.py").write_text("x = 1\n", encoding="utf-8")
    assert Declaration.read(tmp_path / "second.py") == Declaration()


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (":order: first", "first.py declares the order 'first'; write a positive number, such as :order: 2"),
        (":weight: 0", "first.py declares the weight '0'"),
        (":weight: nan", "first.py declares the weight 'nan'"),
        (":weight:", "first.py declares the weight ''"),
        (":wieght: 2", "first.py declares 'wieght'; an example declares order, weight, group, about"),
    ],
)
def test_a_wrong_field_is_refused_by_name(tmp_path: Path, field: str, said: str) -> None:
    with pytest.raises(MeasuringError) as refused:
        Declaration.read(written(tmp_path, f"{TEXT}\n{field}\n"))
    assert said in str(refused.value)


def test_a_broken_example_is_named(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text("def\n", encoding="utf-8")
    with pytest.raises(MeasuringError, match="first.py is not valid Python"):
        Declaration.read(tmp_path / "first.py")


def test_only_the_fields_are_removed_from_the_text() -> None:
    assert without_fields(f"{TEXT}{FIELDS}\n.. GENERATED\n") == f"{TEXT}\n.. GENERATED\n"
    assert without_fields(TEXT) == TEXT


def test_neither_the_page_nor_the_notebook_shows_them(project: Project) -> None:
    project.example(EXAMPLE.replace('cost_ns`.\n"""', f'cost_ns`.\n{FIELDS}"""', 1))
    assert project.build().status == 0
    notebook = (project.folder / "docs" / "gallery" / "first.ipynb").read_text(encoding="utf-8")
    for text in (project.page("gallery/first"), notebook):
        assert "weight" not in text
        assert "by its length" not in text
        assert ":group:" not in text

"""The kit works for any package: it imports nothing of the package that it is published with, and does not name it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import evenhand

FOLDER = Path(evenhand.__file__).parent
FILES = sorted(path for path in FOLDER.rglob("*") if path.suffix in {".py", ".json", ".toml"})
BEFORE = re.compile(r"\bRUST_DAQ_(?:BENCH_ARCHIVE|PROFILE|REUSE)\b")
"""Former variables, which 0.2 still reads."""
NAME = re.compile(r"rust[-_. ]?daq", re.IGNORECASE)


def imported(source: str) -> Iterator[str]:
    """Yield the full names of all modules that a source imports, at any place."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def edges() -> dict[str, set[str]]:
    """Return the modules of the kit that each of its modules imports."""
    names = {path: ".".join(path.relative_to(FOLDER.parent).with_suffix("").parts) for path in FILES}
    modules = {name.removesuffix(".__init__"): path for path, name in names.items() if path.suffix == ".py"}
    return {
        module: {
            found if found in modules else found.rpartition(".")[0]
            for found in imported(path.read_text(encoding="utf-8"))
            if found.split(".")[0] == FOLDER.name
        }
        for module, path in modules.items()
    }


def within_reach(module: str, graph: dict[str, set[str]]) -> set[str]:
    """Return all modules that a module imports, directly or indirectly."""
    found: set[str] = set()
    ahead = [module]
    while ahead:
        new = graph.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return found


def named(text: str) -> list[str]:
    """Return the lines of a text that name the product."""
    return [line.strip() for line in text.splitlines() if NAME.search(BEFORE.sub("", line))]


def test_there_are_files_to_check() -> None:
    assert {"worker.py", "settings.py", "run-1.json"} <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_no_file_of_the_kit_names_the_product(path: Path) -> None:
    assert named(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("line", ["import rust_daq", "upgrade rust-daq", "'rust_daq:build_info'", "RUST_DAQ_MINE"])
def test_a_name_of_the_product_is_found(line: str) -> None:
    assert named(line) == [line]


def test_no_two_modules_import_each_other_not_even_through_others() -> None:
    graph = edges()
    assert len(graph) > len(list(FOLDER.glob("*/*.py"))) / 2
    assert [module for module in graph if module in within_reach(module, graph)] == []


def test_an_import_cycle_is_found() -> None:
    assert "one" in within_reach("one", {"one": {"two"}, "two": {"three"}, "three": {"one"}})


def test_names_of_modules_in_a_folder_differ_by_more_than_a_suffix() -> None:
    stems = {path.parent: [other.stem for other in path.parent.glob("[a-z]*.py")] for path in FILES}
    endings = ("s", "d", "ed", "ing", "er", "r")
    alike = [
        (folder.name, name, f"{name.removesuffix('e')}{ending}")
        for folder, names in stems.items()
        for name in names
        for ending in endings
        if f"{name.removesuffix('e')}{ending}" in names
    ]
    assert alike == []

"""The kit works for any package: it imports nothing of the package that it is published with, and does not name it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import evenhand as bench

PRODUCT = "rust_daq"
KIT = f"{PRODUCT}.bench"
FOLDER = Path(bench.__file__).parent
FILES = sorted(path for path in FOLDER.rglob("*") if path.suffix in {".py", ".json", ".toml"})
OWN = re.compile(
    r"rust_daq\.bench\b"  # the path of the kit
    r"|import evenhand as bench\b"
    r"|rust-daq\[bench\]"  # what installs it
    r"|\bRUST_DAQ_(?:BENCH_ARCHIVE|PROFILE|REUSE)\b"  # variables that 0.2 still reads
)
NAME = re.compile(r"rust[-_. ]?daq", re.IGNORECASE)


def imported(source: str, package: str = KIT) -> Iterator[str]:
    """The full names of all modules that a source imports, wherever the import is; `package` is its own."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*parts, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            yield from (part.value for part in node.args[:1] if isinstance(part, ast.Constant))


def foreign(source: str, package: str = KIT) -> list[str]:
    """The imports of a source that are of the product and not of the kit."""
    names = imported(source, package)
    return [name for name in names if name.split(".")[0] == PRODUCT and not f"{name}.".startswith(f"{KIT}.")]


def named(text: str) -> list[str]:
    """The lines of a text that name the product, other than as the path of the kit."""
    return [line.strip() for line in text.splitlines() if NAME.search(OWN.sub("", line))]


def test_there_is_something_to_read():
    assert {"worker.py", "settings.py", "run-1.json"} <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_no_file_of_the_kit_imports_or_names_the_product(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        package = ".".join([KIT, *path.relative_to(FOLDER).parent.parts])
        assert foreign(text, package) == []
    assert named(text) == []


@pytest.mark.parametrize(
    "source",
    [
        "import rust_daq",
        "import rust_daq as daq",
        "import rust_daq.storage",
        "from rust_daq import Batch, bench",
        "from rust_daq._core import _Allocation",
        "from evenhandmark import x",
        "def later():\n    from .. import storage",
        "from ..storage import open_recording",
        "importlib.import_module('rust_daq')",
    ],
)
def test_an_import_of_the_product_is_found(source):
    assert foreign(source)


@pytest.mark.parametrize(
    "source", ["from evenhand import Run", "import evenhand as bench", "from . import quantity", "import numpy"]
)
def test_an_import_of_the_kit_is_none_of_the_product(source):
    assert foreign(source) == []


@pytest.mark.parametrize("line", ["# as rust_daq does", "upgrade rust-daq", "'rust_daq:build_info'", "RUST_DAQ_MINE"])
def test_a_name_of_the_product_is_found(line):
    assert named(line) == [line]

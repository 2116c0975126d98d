"""The page "Which Python?": it reads the newest archived run, and says so where there is none."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pythons
from evenhand import Archive, Run, Settings, compare

ROOT = Path(__file__).parents[2]
OPERATIONS = ("DataPoint", "dict", "dataclass", "msgspec", "callback loop")
PYTHONS = ("3.11.7, not optimised", "3.15.0")


def archived(folder: Path) -> Run:
    result = compare(dict.fromkeys(PYTHONS, "[]"), name="dict", settings=Settings(example="pythons", rounds=1))
    run = Run.of([result], profile="script", packages={})
    Archive(folder).add(run)
    return run


def test_without_an_archived_run_the_page_says_so(tmp_path):
    assert pythons.newest(tmp_path / "none") is None
    assert pythons.measured(None).data == "<p>No run is archived yet.</p>"
    assert pythons.tables(None) == []


def test_each_operation_of_the_newest_run_has_a_table_of_the_pythons_with_its_date(tmp_path):
    run = archived(tmp_path)
    found = pythons.newest(tmp_path)
    assert run.document["measured"][:10] in pythons.measured(found).data
    [table] = pythons.tables(found)
    assert (table.caption, tuple(table.frame.index)) == ("dict", PYTHONS)
    assert table.source.startswith(f"archive: {run.document['measured'][:10]}")


def test_the_archive_has_a_run_of_each_supported_python():
    run = pythons.newest()
    assert run is not None
    supported = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    versions = [name.rsplit(" ", 1)[1] for name in supported if name.startswith("Programming Language :: Python :: 3.")]
    assert list(run.results) == [f"pythons/{name}" for name in OPERATIONS]
    for result in run.results.values():
        named = [str(name) for name in result.to_pandas().index]
        assert [".".join(name.split(".")[:2]) for name in named] == versions

"""The page "Which Python?": it reads the newest archived run, and says so where there is none."""

from __future__ import annotations

from pathlib import Path

import pythons
from evenhand import Archive, Run, Settings, compare

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

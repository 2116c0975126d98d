"""The page "Which Python?" reads the newest archived run; the example refuses Pythons that cannot be compared."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

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
    assert pythons.overview(None) is None
    assert pythons.tables(None) == []


def test_each_operation_of_the_newest_run_has_a_table_of_the_pythons_with_its_date(tmp_path):
    run = archived(tmp_path)
    found = pythons.newest(tmp_path)
    assert run.document["measured"][:10] in pythons.measured(found).data
    [table] = pythons.tables(found)
    assert (table.caption, tuple(table.frame.index)) == ("make a dict", PYTHONS)
    assert table.source.startswith(f"archive: {run.document['measured'][:10]}")


def test_the_overview_has_each_operation_with_the_verdict_of_each_python(tmp_path):
    archived(tmp_path)
    found = pythons.newest(tmp_path)
    table = pythons.overview(found)
    assert tuple(table.frame.columns) == PYTHONS
    result = found["pythons/dict"]
    verdict = result.verdict(PYTHONS[1])
    assert table.frame.loc["make a dict", PYTHONS[1]].endswith(f": {verdict}")
    assert table.frame.loc["make a dict", PYTHONS[0]] == result.table().loc[PYTHONS[0], "time per operation"]


def test_the_archive_has_a_run_of_each_supported_python():
    run = pythons.newest()
    assert run is not None
    supported = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["classifiers"]
    versions = [name.rsplit(" ", 1)[1] for name in supported if name.startswith("Programming Language :: Python :: 3.")]
    assert list(run.results) == [f"pythons/{name}" for name in OPERATIONS]
    assert tuple(pythons.WORK) == OPERATIONS
    for result in run.results.values():
        named = [str(name) for name in result.to_pandas().index]
        assert [".".join(name.split(".")[:2]) for name in named] == versions


# The example


def program(folder, script):
    """Write a program that answers like an interpreter."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


shell_only = pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
EXAMPLE = ROOT / "gallery" / "pythons.py"
ANSWERS = {
    "no package": ("echo 'ModuleNotFoundError: No module named rust_daq' >&2; exit 1", "No module named rust_daq"),
    "crashes": ("kill -SEGV $$", "does not work: nothing"),
    "nonsense": ("echo Python", "does not work: Expecting value"),
    "another build": ("""echo '["3.15.0", false, "abc"]'""", "have rust-daq of the commits abc, "),
    "the same twice": ("""echo '["3.11.0", true, "def"]'""", "is a second 3.11.0, not optimised; pass each once"),
}


@shell_only
@pytest.mark.parametrize(("script", "sentence"), ANSWERS.values(), ids=ANSWERS)
def test_a_python_that_cannot_be_compared_gets_a_message(tmp_path, script, sentence):
    good = tmp_path / "good"
    good.mkdir()
    first = program(good, """echo '["3.11.0", true, "def"]'""")
    command = [sys.executable, str(EXAMPLE), "--python", first, "--python", program(tmp_path, script)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.stderr


@shell_only
def test_a_single_python_is_not_a_comparison(tmp_path):
    command = [sys.executable, str(EXAMPLE), "--python", program(tmp_path, """echo '["3.11.0", true, "def"]'""")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert "pass it for at least two" in ended.stderr

"""The gate on real builds: the current tree, and the same with the feature that burns work."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import evenhand as bench
from evenhand.gate.instructions import unavailable
from site_folder import ROOT

pytestmark = pytest.mark.acceptance
SCHEMA = json.loads(Path(bench.__file__).with_name("schema").joinpath("gate-1.json").read_text(encoding="utf-8"))
OPERATION = "construct"


@pytest.fixture(scope="module")
def pythons() -> dict[str, str]:
    """Make two environments, one with the tree's build and one with a build that burns work."""
    if shutil.which("cargo") is None:
        pytest.skip("there is no cargo to build with")
    sys.path.insert(0, str(ROOT / "conf" / "gate"))
    import build

    tree = build.working_tree()
    plain, burning = build.build_side("base", tree), build.build_side("candidate", tree, "burn")
    return {"plain": plain["python"], "burning": burning["python"]}


def gate(base: str, candidate: str, folder: Path, *further: str) -> tuple[int, dict[str, Any], str]:
    """Run the gate as a command, and return its status, document and output."""
    written = folder / "gate.json"
    command = [sys.executable, "-m", "evenhand.gate", "--quick", "--only", OPERATION, "--json", str(written)]
    sides = ["--base-python", base, "--candidate-python", candidate]
    operations = ["--operations", str(ROOT / "conf" / "gate" / "operations.toml")]
    done = subprocess.run([*command, *sides, *operations, *further], capture_output=True, text=True, check=False)
    document = json.loads(written.read_text(encoding="utf-8"))
    jsonschema.validate(document, SCHEMA, jsonschema.Draft202012Validator)
    return done.returncode, document, done.stdout


def test_identical_builds_raise_no_alarm(pythons: dict[str, str], tmp_path: Path) -> None:
    status, document, out = gate(pythons["plain"], pythons["plain"], tmp_path)
    [operation] = document["operations"]
    assert status == document["exit_status"] == 0
    assert operation["status"] in {"unchanged", "inconclusive"}
    assert "(exit status 0)" in out


def test_burnt_work_is_slower_and_ends_with_status_1(pythons: dict[str, str], tmp_path: Path) -> None:
    status, document, out = gate(pythons["plain"], pythons["burning"], tmp_path)
    [operation] = document["operations"]
    assert status == document["exit_status"] == 1
    assert (operation["status"], operation["stage"]) == ("slower", 2)
    assert operation["corrected"]["low"] > 1
    assert [document[side]["build"]["burn"] for side in ("base", "candidate")] == [False, True]
    assert "1 slower (exit status 1)" in out


@pytest.mark.skipif(bool(unavailable()), reason=f"instructions cannot be counted here: {unavailable()}")
def test_the_count_of_burnt_work_is_more_and_agrees(pythons: dict[str, str], tmp_path: Path) -> None:
    _, document, _ = gate(pythons["plain"], pythons["burning"], tmp_path, "--count")
    [operation] = document["operations"]
    counted = operation["instructions"]
    assert (counted["says"], counted["repeatable"], counted["disagrees"]) == ("more", True, False)

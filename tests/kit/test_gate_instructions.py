"""Instruction counts: their meaning, and their properties under valgrind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import evenhand as bench
from evenhand import Statement, WorkerError
from evenhand.gate import BASE, CANDIDATE, Operation, Plan, Side, run
from evenhand.gate import instructions as module
from evenhand.gate.__main__ import main
from evenhand.gate.instructions import Count, count_all, hooks, slope, total, unavailable
from evenhand.gate.interleaving import attempt
from evenhand.gate.report import document, table, write_count
from evenhand.measure.process import WorkerProcess
from evenhand.results import quantity

SCHEMA = json.loads(Path(bench.__file__).with_name("schema").joinpath("gate-1.json").read_text(encoding="utf-8"))
counting = pytest.mark.skipif(bool(unavailable()), reason=f"instructions cannot be counted here: {unavailable()}")


@pytest.fixture(scope="module", autouse=True)
def _two_processes_a_side():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "COUNTS", 2)
        yield


def count(base=(1000.0, 1000.0, 1000.0), candidate=(1000.0, 1000.0, 1000.0)):
    return Count(base, candidate)


@pytest.mark.parametrize(
    ("candidate", "says"), [((1010.0,) * 3, "more"), ((990.0,) * 3, "fewer"), ((1001.0,) * 3, "same")]
)
def test_one_per_cent_more_is_seen_if_the_count_is_repeatable(candidate, says):
    assert count(candidate=candidate).says == says


def test_a_varying_count_has_its_own_threshold():
    poor = count(base=(1000.0, 1010.0, 1005.0), candidate=(1020.0, 1020.0, 1020.0))
    assert poor.poor
    assert poor.spread == pytest.approx(0.01, rel=0.01)
    assert poor.threshold == pytest.approx(3 * poor.spread)
    assert poor.says == "same"
    assert not count().poor


@pytest.mark.parametrize(
    ("candidate", "written"),
    [
        (1012.3, "+1.23\u202f%"),
        (987.7, "\u22121.23\u202f%"),
        (1000.01, "+0.00\u202f%"),
        (999.99, "+0.00\u202f%"),
        (1000.0, "+0.00\u202f%"),
    ],
)
def test_a_change_is_written_with_its_sign_and_nothing_without_a_minus(candidate, written):
    assert write_count(count(candidate=(candidate,) * 3)) == written


@pytest.mark.parametrize(
    ("status", "ratio", "disagrees"),
    [
        ("slower", 1.0, True),
        ("slower", 0.9, True),
        ("slower", 1.1, False),
        ("faster", 1.0, True),
        ("faster", 0.9, False),
        ("unchanged", 1.0, False),
        ("unchanged", 1.01, False),  # too little for time to see
        ("unchanged", 1.03, True),
        ("unchanged", 0.96, True),
        ("inconclusive", 1.1, False),
    ],
)
def test_time_and_count_disagree_if_timing_would_have_seen_the_change(status, ratio, disagrees):
    assert count(candidate=(1000.0 * ratio,) * 3).disagrees(status) == disagrees


def test_one_time_instructions_are_not_part_of_an_operation():
    once = 5_000 + 100 * 7
    assert slope(once, once + 100 * 7, 100) == 7


# Under valgrind

COUNTED = Operation("add", "total + number", "total, number = 1, 1", counted=True)


def sides(base="", candidate=""):
    return {BASE: Side("old", sys.executable, {}, base), CANDIDATE: Side("new", sys.executable, {}, candidate)}


@counting
def test_the_same_work_takes_the_same_instructions_in_each_process_and_more_work_takes_more():
    operation = Operation("call", "f()")
    both = sides("def f():\n    pass", "def f():\n    f.attribute\nf.attribute = 1")
    counts, failed = count_all([attempt(operation, both)], both, lambda *_: None)
    found = counts["call"]
    assert failed == {}
    assert not found.poor
    assert found.says == "more"
    assert 20 < found.base[0] < 2_000


@counting
def test_only_the_loop_is_counted():
    slow = "for _ in range(100_000): pass"
    both = sides("pass", slow)
    counts, _ = count_all([attempt(COUNTED, both)], both, lambda *_: None)
    assert counts["add"].says == "same"


@pytest.fixture(scope="module")
def counted_gate():
    """Run a gate with an operation that can be counted, one that cannot, and one that fails under valgrind."""
    threads = Operation("threads", "pass", counted=False)
    fails = Operation("fails", "pass", "import os; assert 'PYTHONMALLOC' not in os.environ")
    return run((COUNTED, threads, fails), sides(), Plan("few", 6, 6), count=True)


@counting
def test_a_gate_shows_counts_next_to_times_except_for_uncountable_operations(counted_gate):
    assert list(counted_gate.counts) == ["add"]
    assert counted_gate.counts["add"].says == "same"
    assert table(counted_gate).loc["add", "instructions"] == write_count(counted_gate.counts["add"])
    assert table(counted_gate).loc["threads", "instructions"] == quantity.MISSING
    made = document(counted_gate, 0)
    jsonschema.validate(json.loads(json.dumps(made)), SCHEMA, jsonschema.Draft202012Validator)
    assert {entry["name"]: bool(entry["instructions"]) for entry in made["operations"]} == {
        "add": True,
        "threads": False,
        "fails": False,
    }


@counting
def test_an_operation_that_fails_under_valgrind_is_named_and_the_others_are_counted(counted_gate):
    assert list(counted_gate.counts) == ["add"]
    assert any(note.startswith("the instructions of fails were not counted: ") for note in counted_gate.notes)


@counting
def test_a_worker_outside_of_valgrind_refuses_to_count():
    with (
        WorkerProcess("mine", Statement("pass")) as worker,
        pytest.raises(WorkerError, match="this process does not run under callgrind"),
    ):
        worker.ask({"do": "instructions", "hooks": str(hooks()), "repeats": 1, "warmup": 1, "loops": [1]})


# Without the tools


def test_without_the_tools_there_is_a_message_and_times_are_measured(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(module.sys, "platform", "darwin")
    path = tmp_path / "operations.toml"
    path.write_text("[operation.empty]\nstatement = 'pass'\n", encoding="utf-8")
    pythons = ["--base-python", sys.executable, "--candidate-python", sys.executable]
    assert main([*pythons, "--operations", str(path), "--quick", "--count"]) in (0, 1)
    out, said = capsys.readouterr()
    assert "--count is ignored: instructions are counted under valgrind, which needs Linux" in said
    assert "instructions" not in out


def test_missing_tools_are_named(monkeypatch):
    monkeypatch.setattr(module.sys, "platform", "linux")
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    assert "apt-get install valgrind" in unavailable()
    monkeypatch.setattr(module.shutil, "which", lambda _: "/usr/bin/valgrind")
    monkeypatch.setattr(module, "hooks", lambda: None)
    assert "pip install pytest-codspeed" in unavailable()


def test_a_file_without_a_count_is_named(tmp_path):
    with pytest.raises(WorkerError, match="callgrind.1 has no count by callgrind"):
        total(tmp_path / "callgrind.1")
    (tmp_path / "callgrind.2").write_text("events: Ir\nsummary: 0\ntotals: 4711\n", encoding="utf-8")
    assert total(tmp_path / "callgrind.2") == 4711


def test_reading_the_kit_does_not_need_pytest_codspeed():
    code = "import sys, evenhand.gate.__main__; sys.exit('pytest_codspeed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

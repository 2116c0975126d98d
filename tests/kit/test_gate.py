"""A gate with real processes: one-sided operations, failures and interruptions; no test judges a time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
from made_runs import made_result

import evenhand as bench
from evenhand import Archive
from evenhand.gate import BASE, CANDIDATE, QUICK, Operation, Plan, Side, run
from evenhand.gate.__main__ import main
from evenhand.gate.interleaving import Sampled, Trial, measure
from evenhand.gate.report import document, markdown, sentence, table
from evenhand.measure.round import core_of
from evenhand.measure.timing_loop import Calibration

SCHEMA = json.loads(Path(bench.__file__).with_name("schema").joinpath("gate-1.json").read_text(encoding="utf-8"))
FEW = Plan("few", 6, 14, timeout=30.0)
BYTES = Operation("bytes", "[bytes(size) for index in range(n)]", kind="bytes", size=100)
EMPTY = Operation("empty", "pass")
linux_or_mac = pytest.mark.skipif(sys.platform == "win32", reason="memray, which counts bytes, does not run on Windows")


def sides(base="", candidate=""):
    """Make both sides in this environment, each with its own prelude."""
    return {BASE: Side("old", sys.executable, {}, base), CANDIDATE: Side("new", sys.executable, {}, candidate)}


def outcome(operation, base="", candidate="", plan=FEW):
    """Return the outcome of one operation."""
    [found] = run((operation,), sides(base, candidate), plan).outcomes
    return found


def valid(gate):
    """Validate the gate's document, and return it."""
    made = json.loads(json.dumps(document(gate, gate.exit_status()), allow_nan=False))
    jsonschema.validate(made, SCHEMA, jsonschema.Draft202012Validator)
    return made


# Statuses with exactly known results


@linux_or_mac
def test_more_bytes_are_slower_and_fewer_are_faster_by_the_fresh_counts():
    more, fewer = outcome(BYTES, "size = 100", "size = 200"), outcome(BYTES, "size = 200", "size = 100")
    assert (more.status, fewer.status) == ("slower", "faster")
    assert more.finding.stage == fewer.finding.stage == 2
    assert more.finding.ratio.value > 1.4
    assert more.base.value == fewer.candidate.value


@linux_or_mac
def test_the_same_bytes_are_unchanged_and_leave_no_slowdown_possible():
    found = outcome(BYTES, "size = 100", "size = 100")
    assert (found.status, found.finding.stage, found.finding.largest_slowdown) == ("unchanged", 1, 0)


@pytest.mark.parametrize("missing", ["", "import no_such_module", "import os; os.no_such_name", "f = 3"])
def test_an_operation_of_the_candidate_only_is_new_and_one_of_the_base_only_is_gone(missing):
    operation = Operation("call", "f()")
    assert outcome(operation, missing, "f = int").status == "new"
    assert outcome(operation, "f = int", missing).status == "gone"


def test_the_reason_of_a_new_operation_is_one_line_that_names_the_side():
    reason = outcome(Operation("call", "f()"), "", "f = int").reason
    assert reason == "the statement of 'call (base)' failed in its worker: NameError: name 'f' is not defined"


@pytest.mark.parametrize("breaking", ["1 / 0", "import os; os._exit(3)"])
def test_an_operation_that_raises_or_dies_on_one_side_failed_and_is_not_gone(breaking):
    found = outcome(Operation("call", "f()"), "f = int", f"def f():\n    {breaking}")
    assert found.status == "failed"
    assert "'call (candidate)'" in found.reason
    assert "\n" not in found.reason


def test_an_operation_that_runs_on_no_side_failed():
    assert outcome(Operation("call", "f()")).status == "failed"


def test_an_operation_that_fails_later_is_named_and_the_others_go_on(tmp_path):
    # Each process leaves a file; the third one, the first of the first round, finds two and dies.
    dying = f"""
import os, pathlib
folder = pathlib.Path({str(tmp_path)!r})
if len(list(folder.iterdir())) == 2:
    os._exit(7)
(folder / str(os.getpid())).touch()
"""
    gate = run((Operation("dies", "pass", dying), EMPTY), sides(), FEW)
    first, second = gate.outcomes
    assert first.status == "failed"
    assert "died (status 7)" in first.reason
    assert second.finding is not None
    assert gate.exit_status() == 2


def test_a_worker_that_hangs_is_ended_after_the_timeout_and_named(monkeypatch, tmp_path):
    class Timer(threading.Timer):
        """A timer whose time has passed once the statement hangs, however slow the other worker is."""

        def run(self):
            while not (tmp_path / "hangs").exists() and not self.finished.wait(0.01):
                pass
            if not self.finished.is_set():
                self.function()

    replaced = SimpleNamespace(Event=threading.Event, Timer=Timer)
    monkeypatch.setattr("evenhand.measure.process.threading", replaced)
    hang = (
        f"import pathlib, time\ndef sleep(n):\n    pathlib.Path({str(tmp_path)!r}, 'hangs').touch()\n    time.sleep(n)"
    )
    found = outcome(Operation("hangs", "sleep(600)"), "sleep = int", hang, Plan("x", 6, 6, timeout=1.0))
    assert found.status == "failed"
    assert "the worker of 'hangs (candidate)' did not answer within 1 s" in found.reason


def test_bytes_that_cannot_be_counted_here_are_not_judged(monkeypatch):
    monkeypatch.setattr("evenhand.gate.interleaving.count", lambda *_: {"counted": {"missing": "no memray here"}})
    gate = run((BYTES,), sides("size = 1", "size = 1"), FEW)
    assert (gate.outcomes[0].status, gate.outcomes[0].reason) == ("not judged", "no memray here")
    assert gate.exit_status() == 0
    assert gate.exit_status(strict=True) == 3


# Rounds and stages


def made(costs):
    """Make the results of one stage with exact costs in every round."""
    results = {
        name: made_result(name, "gate", {BASE: base, CANDIDATE: candidate}, rounds=FEW.second)
        for name, (base, candidate) in costs.items()
    }
    return Sampled(results, {}, FEW.second, interrupted=False)


def staged(monkeypatch, *stages):
    """Replace the stages of a gate by chosen results, and return the names of the operations in each."""
    asked, turns = [], iter(stages)

    def measured(trials, *_):
        asked.append(list(trials))
        found = next(turns)
        if isinstance(found, type):
            raise found
        return found

    monkeypatch.setattr("evenhand.gate.gate.attempt", lambda operation, *_: Trial(operation))
    monkeypatch.setattr("evenhand.gate.gate.measure", measured)
    return asked


PAIR = (Operation("one", "pass"), Operation("two", "pass"))


def test_only_suspects_are_measured_again_and_only_the_fresh_rounds_decide(monkeypatch):
    asked = staged(monkeypatch, made({"one": (100, 130), "two": (100, 100)}), made({"one": (100, 100)}))
    gate = run(PAIR, sides(), FEW)
    assert asked == [["one", "two"], ["one"]]
    assert [(found.status, found.finding.stage) for found in gate.outcomes] == [("unchanged", 2), ("unchanged", 1)]
    assert gate.outcomes[0].candidate.value == pytest.approx(100)


def test_a_slowdown_that_the_fresh_rounds_confirm_is_reported(monkeypatch):
    staged(monkeypatch, made({"one": (100, 130), "two": (100, 100)}), made({"one": (100, 110)}))
    gate = run(PAIR, sides(), FEW)
    assert gate.outcomes[0].status == "slower"
    assert gate.outcomes[0].finding.ratio.value == pytest.approx(1.1)
    assert gate.exit_status() == 1


def test_a_gate_that_was_stopped_in_its_second_stage_keeps_the_decisions_of_the_first(monkeypatch):
    staged(monkeypatch, made({"one": (100, 130), "two": (100, 100)}), KeyboardInterrupt)
    gate = run(PAIR, sides(), FEW)
    assert not gate.complete
    assert gate.exit_status() == 130
    assert [found.status for found in gate.outcomes] == ["not judged", "unchanged"]
    assert gate.outcomes[0].finding.ratio.value == pytest.approx(1.3)
    assert valid(gate)["complete"] is False


def stop_at(wanted):
    """Return a progress callable that stops the gate at a step, as Ctrl-C does."""

    def progress(what, done, total):
        if (what, done) == wanted:
            raise KeyboardInterrupt

    return progress


def test_a_gate_that_was_stopped_in_its_first_stage_keeps_whole_rounds_and_judges_nothing():
    # Two rounds of both operations, and one more of the first.
    gate = run((EMPTY, replace(EMPTY, name="other")), sides(), FEW, stop_at(("first stage", 5)))
    assert not gate.complete
    assert [found.status for found in gate.outcomes] == ["not judged", "not judged"]
    assert {result.samples["round"].max() for result in gate.stages[0].values()} == {1}
    assert "stopped early" in sentence(gate, gate.exit_status())
    assert valid(gate)["exit_status"] == 130


def test_a_gate_that_was_stopped_before_it_measured_says_so():
    gate = run((EMPTY,), sides(), FEW, stop_at(("trying both sides", 0)))
    assert gate.outcomes[0].reason == "it was stopped before its first round"
    assert valid(gate)["complete"] is False


def test_every_operation_has_a_round_before_any_has_its_second(monkeypatch):
    order = []

    def sample_round(trial, _, index, *__):
        order.append((index, trial.operation.name))
        return []

    monkeypatch.setattr("evenhand.gate.interleaving.sample_round", sample_round)
    measure({name: Trial(Operation(name, "pass")) for name in "ab"}, sides(), 2, lambda *_: None)
    assert order == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]


def test_a_plan_sets_the_slices_of_a_round():
    gate = run((EMPTY,), sides(), replace(FEW, slices=4))
    [result] = gate.stages[0].values()
    assert (result.settings["slices"], sorted(set(result.samples["sample"]))) == (4, [0, 1, 2, 3])
    assert valid(gate)["plan"] == {"name": "few", "first_rounds": 6, "second_rounds": 14, "slices": 4}


def test_both_sides_run_the_same_loops_in_turn():
    [result] = run((EMPTY,), sides(), FEW).stages[0].values()
    samples = result.samples[result.samples["quantity"] == "slice_ns"]
    assert samples["loops"].nunique() == 1
    assert samples[samples["round"] == 0]["contender"].tolist()[:4] == [BASE, CANDIDATE, CANDIDATE, BASE]


def test_an_operation_that_runs_only_once_has_a_process_for_each_timing():
    once = Operation("import", "assert not seen; seen.append(1)", "seen = []", kind="fresh")
    [result] = run((once,), sides(), FEW).stages[0].values()
    assert set(result.samples["loops"]) == {1}
    assert len(result.samples) == 6 * 2 * 4


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system pins no process")
def test_workers_are_pinned_to_one_core_if_the_operation_allows_it():
    cores = len(os.sched_getaffinity(0))
    pinned = Operation("pinned", "pass", "import os; assert len(os.sched_getaffinity(0)) == 1")
    free = Operation("free", "pass", f"import os; assert len(os.sched_getaffinity(0)) == {cores}", pinned=False)
    trials = {
        operation.name: Trial(operation, dict.fromkeys((BASE, CANDIDATE), Calibration()))
        for operation in (pinned, free)
    }
    assert measure(trials, sides(), 1, lambda *_: None).failed == {}


def test_rounds_go_from_core_to_core(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 1}, raising=False)
    assert [core_of(index) for index in range(4)] == [1, 3, 1, 3]


# Reports


def test_the_table_begins_with_the_urgent_statuses(monkeypatch):
    operations = (*PAIR, Operation("three", "pass"), Operation("four", "pass"))
    first = made({"one": (100, 100), "two": (100, 110), "three": (100, 90), "four": (100, 150)})
    staged(monkeypatch, first, made({"two": (100, 110), "three": (100, 90), "four": (100, 150)}))
    gate = run(operations, sides(), FEW)
    assert list(table(gate).index) == ["four", "two", "three", "one"]
    assert list(table(gate)["status"]) == ["slower", "slower", "faster", "unchanged"]
    assert table(gate).loc["one", "remark"] == "at most 0\u202f% slower"
    assert sentence(gate, 1) == "2 slower, 1 faster, 1 unchanged (exit status 1)"


def test_the_comment_for_a_pull_request_folds_away_unchanged_operations(monkeypatch):
    staged(monkeypatch, made({"one": (100, 130), "two": (100, 100)}), made({"one": (100, 110)}))
    text = markdown(run(PAIR, sides(), FEW), 1)
    assert text.startswith("### Gate: 1 slower, 1 unchanged (exit status 1)\n\n`old` → `new`\n")
    before, _, folded = text.partition("<details><summary>1 unchanged</summary>")
    assert "| one | slower |" in before
    assert "| two | unchanged |" in folded


def test_the_document_of_each_status_fits_its_schema(monkeypatch):
    staged(monkeypatch, made({"one": (100, 130), "two": (100, 100)}), made({"one": (100, 110)}))
    entries = {entry["name"]: entry for entry in valid(run(PAIR, sides(), FEW))["operations"]}
    assert (entries["one"]["status"], entries["one"]["stage"]) == ("slower", 2)
    assert entries["two"]["largest_slowdown"] == 0
    monkeypatch.undo()
    for base, candidate in (("", "f = int"), ("f = int", ""), ("", "")):
        valid(run((Operation("call", "f()"),), sides(base, candidate), FEW))


# The command


@pytest.fixture
def operations(tmp_path):
    """Write an operations file with one operation."""
    path = tmp_path / "operations.toml"
    path.write_text("[operation.empty]\nstatement = 'pass'\n", encoding="utf-8")
    return path


def command(operations, *further):
    """Return the arguments of a gate between this environment and itself."""
    pythons = ["--base-python", sys.executable, "--candidate-python", sys.executable]
    return [*pythons, "--operations", str(operations), "--quick", *further]


def test_a_stop_before_the_first_round_ends_with_a_sentence(operations, monkeypatch, capsys):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Side, "ask", stop)
    assert main(command(operations)) == 130
    assert capsys.readouterr().err == "gate: stopped before anything was measured\n"


def test_the_command_writes_json_markdown_and_the_archive(operations, tmp_path, capsys):
    places = {"json": tmp_path / "new" / "gate.json", "markdown": tmp_path / "gate.md", "archive": tmp_path / "runs"}
    flags = [text for name, place in places.items() for text in (f"--{name}", str(place))]
    status = main(command(operations, "--base-name", "v1", *flags))
    out = capsys.readouterr().out
    found = json.loads(places["json"].read_text(encoding="utf-8"))
    jsonschema.validate(found, SCHEMA, jsonschema.Draft202012Validator)
    assert (found["exit_status"], found["base"]["label"], found["plan"]["name"]) == (status, "v1", "gate-quick")
    assert places["markdown"].read_text(encoding="utf-8").startswith("### Gate: ")
    [archived] = Archive(places["archive"]).runs()
    assert archived.document["profile"] == "gate-quick"
    assert archived.results["gate, stage 1/empty"].samples["round"].nunique() == QUICK.first
    assert out.rstrip().endswith(f"(exit status {status})")


def test_json_on_standard_output_comes_alone(operations, capsys):
    main(command(operations, "--json", "-"))
    jsonschema.validate(json.loads(capsys.readouterr().out), SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    ("further", "sentence"),
    [
        (["--only", "emty"], "gate: there is no operation 'emty'; similar: empty"),
        (["--quik"], "unknown argument '--quik'; did you mean --quick?"),
        (["--timeout", "0"], "--timeout: '0' is not a finite number above 0"),
        (["--operations", "nowhere.toml"], "gate: nowhere.toml cannot be read (No such file"),
        (["--json", "OPERATIONS"], "an input of this command; name another file"),
        (["--markdown", "OPERATIONS"], "an input of this command; name another file"),
        (["--json", "a", "--markdown", "a"], "--json and --markdown name the same place, a; name two places"),
        (["--markdown", "a/run.json", "--archive", "a"], "--markdown a/run.json would look like part of a run"),
    ],
)
def test_a_wrong_call_gets_one_sentence_and_status_2(operations, capsys, further, sentence):
    further = [str(operations) if word == "OPERATIONS" else word for word in further]
    try:
        status = main(command(operations, *further))
    except SystemExit as ended:
        status = ended.code
    out, said = capsys.readouterr()
    assert (status, out, said.count("\n")) == (2, "", 1)
    assert sentence in said


@pytest.fixture
def asking(operations, tmp_path, monkeypatch):
    """Write an operations file with a build hook."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    operations.write_text(
        "build_info = 'mine:build_facts'\n" + operations.read_text(encoding="utf-8"), encoding="utf-8"
    )
    return operations


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("{'profile': 'debug'}", "gate: base is a debug build, which is not worth measuring"),
        ("1 / 0", "gate: base has no mine:build_facts: ZeroDivisionError: division by zero"),
    ],
)
def test_a_side_that_cannot_be_measured_ends_with_status_2(asking, tmp_path, capsys, answer, sentence):
    (tmp_path / "mine.py").write_text(f"def build_facts():\n    return {answer}\n", encoding="utf-8")
    assert main(command(asking)) == 2
    assert sentence in capsys.readouterr().err


def test_a_missing_interpreter_ends_with_status_2(asking, tmp_path, capsys):
    assert main([*command(asking), "--base-python", str(tmp_path / "python")]) == 2
    assert "gate: the interpreter of base does not answer" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_keeps_the_rounds_so_far_and_marks_them(operations, tmp_path):
    written, begun = tmp_path / "gate.json", tmp_path / "begun"
    text = f'[operation.marked]\nstatement = "pass"\nbefore = """open({str(begun)!r}, "a").write("x")"""\n'
    operations.write_text(text, encoding="utf-8")
    gate = [sys.executable, "-m", "evenhand.gate", *command(operations, "--json", str(written))]
    with subprocess.Popen(gate, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        # Two processes try whether it runs, and two more are its first round.
        while not begun.exists() or len(begun.read_text()) < 4:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped early" in out
    found = json.loads(written.read_text(encoding="utf-8"))
    assert found["complete"] is False
    assert {entry["status"] for entry in found["operations"]} == {"not judged"}

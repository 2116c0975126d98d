"""Evidence about the gate: the archive of decisions, and the rates counted from it."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
from made_runs import made_result

from evenhand.gate import BASE, CANDIDATE, QUICK, Gate, Operation, Operations, Plan, Side, SideError
from evenhand.gate.findings import Finding
from evenhand.gate.gate import Outcome
from evenhand.gate.interleaving import Trial
from evenhand.gate.trust import Rate, append, injection, other_tools, rates, read, work
from evenhand.gate.trust.__main__ import main
from evenhand.gate.trust.busy_cores import neighbours
from evenhand.gate.trust.injection import Burning, correct, interpolate
from evenhand.gate.trust.rules import RULES
from evenhand.gate.trust.work import INJECTED, TASKS, Task, Work, next_task
from evenhand.judge.statistics import ratio_interval
from evenhand.measure.process import WorkerError
from evenhand.measure.timing_loop import Calibration

SESSION = {
    "kind": "session",
    "session": "s",
    "started": "2026-01-01T00:00:00+00:00",
    "conditions": {"cpu": "Quick 1"},
    "build": {"commit": "a" * 40},
    "plan": {"name": "gate-quick", "first_rounds": 8, "second_rounds": 20, "slices": 10},
}
CALIBRATION = {"kind": "calibration", "session": "s", "operation": "one", "target": 1.05, "amount": 7, "ratio": 1.048}


def gate_line(injected=1.0, variant="quiet", session="s", **operations):
    """Return a decision as a line of the archive."""
    told = {
        name: {"status": status, "ratio": ratio, "first": first, "second": None}
        for name, (status, ratio, first) in operations.items()
    }
    about = {"session": session, "started": "2026-01-02T00:00:00+00:00", "variant": variant, "injected": injected}
    return {"kind": "gate", **about, "operations": told}


def rounds_of(random, count=8, ratio=1.0, pace=100.0, noise=0.02):
    """Simulate the rounds of one stage, with a pace of the machine that both sides share."""
    paces = pace * np.exp(random.normal(0, 0.01, count))
    own = np.exp(noise * (random.gamma(2.0, 1.0, (2, count)) - 2.0))
    return {"base": list(paces * own[0]), "candidate": list(ratio * paces * own[1])}


@pytest.fixture
def archive(tmp_path):
    """Make an archive with a session and one decision."""
    path = tmp_path / "new" / "trust.jsonl"
    append(path, SESSION)
    append(path, gate_line(one=("unchanged", 1.01, None)))
    return path


# The archive


def test_each_line_is_added_and_none_is_changed(archive):
    before = archive.read_bytes()
    append(archive, gate_line(one=("slower", 1.1, None)))
    assert archive.read_bytes().startswith(before)
    assert [gate["operations"]["one"]["status"] for gate in read(archive).gates] == ["unchanged", "slower"]


def test_a_damaged_line_is_named_and_later_lines_are_read(archive):
    with archive.open("a", encoding="utf-8") as file:
        file.write('{"schema":1,"kind":"ga')  # the process was killed while writing
    append(archive, gate_line(one=("slower", 1.1, None)))
    found = read(archive)
    assert len(found.gates) == 2
    assert found.refused == ("line 3 of trust.jsonl is damaged",)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{}", "is foreign: its kind is unknown"),
        ("[1]", "is foreign: its kind is unknown"),
        ('{"kind":"gate","schema":2}', "has schema 2; this version reads 1"),
        ('{"kind":"gate","schema":1,"session":"s"}', "has no usable 'started'"),
        (json.dumps({"schema": 1, **gate_line(session="other")}), "belongs to a session that is missing"),
    ],
)
def test_a_foreign_or_newer_line_is_refused_alone(archive, line, why):
    with archive.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    append(archive, gate_line(one=("unchanged", 1.0, None)))
    found = read(archive)
    assert len(found.gates) == 2
    assert found.refused == (f"line 3 of trust.jsonl {why}",)


def test_the_evidence_of_todays_archive_is_read_whole():
    path = Path(__file__).parents[2] / "docs" / "archive" / "trust.jsonl"
    found = read(path)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert found.refused == ()
    assert len(found.identical) == sum(line["kind"] == "identical" for line in lines) > 0
    assert len(found.gates) == sum(line["kind"] == "gate" for line in lines) > 0


def test_a_missing_archive_is_empty(tmp_path):
    assert read(tmp_path / "nowhere").gates == ()


# Rates


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(0, 100, 0.0, 0.0362), (1, 100, 0.00025, 0.0545), (90, 100, 0.824, 0.951), (100, 100, 0.9638, 1.0)],
)
def test_the_interval_of_a_rate_is_clopper_and_pearsons(count, of, low, high):
    assert Rate(count, of).interval == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def test_a_rate_without_decisions_is_marked():
    assert str(Rate(0, 0)) == "not measured"
    assert str(Rate(1, 100)) == "1.00\u202f% (0.0253 to 5.45)"


def evidence_of(tmp_path, *lines):
    path = tmp_path / "trust.jsonl"
    for line in (SESSION, *lines):
        append(path, line)
    return read(path)


def test_a_whole_gate_counts_once_however_many_operations_alarm(tmp_path):
    found = evidence_of(
        tmp_path,
        gate_line(one=("slower", 1.1, None), two=("faster", 0.9, None)),
        gate_line(one=("unchanged", 1.0, None), two=("inconclusive", 1.0, None)),
        gate_line(variant="loaded", one=("slower", 1.1, None)),
        gate_line(injected=1.05, one=("slower", 1.1, None)),
    )
    assert rates.whole_gates(found, "quiet") == Rate(1, 2)
    assert rates.whole_gates(found, "loaded") == Rate(1, 1)


def test_only_slower_counts_as_found(tmp_path):
    statuses = ["slower", "inconclusive", "unchanged", "faster"]
    found = evidence_of(tmp_path, *(gate_line(injected=1.05, one=(status, 1.0, None)) for status in statuses))
    assert rates.found(found, "quiet", 1.05) == rates.found(found, "quiet", 1.05, "one") == Rate(1, 4)
    assert rates.found(found, "quiet", 1.05, "two") == Rate(0, 0)


def test_the_bias_is_against_the_calibration_of_the_same_session(tmp_path):
    other = {**SESSION, "session": "t"}
    found = evidence_of(
        tmp_path,
        CALIBRATION,
        other,
        gate_line(injected=1.05, one=("slower", 1.058, None)),
        gate_line(injected=1.05, session="t", one=("slower", 2.0, None)),
    )
    assert rates.errors(found, "quiet", 1.05, "one") == [pytest.approx(math.log(1.058 / 1.048))]


# Coverage


def test_intervals_cover_the_true_value_as_often_as_stated(tmp_path):
    random = np.random.default_rng(1)
    lines = [gate_line(one=("unchanged", 1.0, rounds_of(random))) for _ in range(60)]
    found = evidence_of(tmp_path, *lines)
    assert 0.9 <= rates.live_coverage(found, "quiet").value <= 1
    drawn = rates.simulated_coverage(found, "quiet", 20, "one")
    assert drawn.of == rates.DRAWS
    assert 0.92 <= drawn.value <= 0.98


def test_biased_rounds_show_as_bad_coverage(tmp_path):
    random = np.random.default_rng(2)
    lines = [gate_line(one=("unchanged", 1.0, rounds_of(random, ratio=1.1))) for _ in range(20)]
    found = evidence_of(tmp_path, *lines)
    assert rates.simulated_coverage(found, "quiet", 20, "one").value < 0.1
    assert rates.live_coverage(found, "quiet").value < 0.3


def test_too_few_rounds_to_draw_from_make_no_coverage(tmp_path):
    random = np.random.default_rng(3)
    found = evidence_of(tmp_path, gate_line(one=("unchanged", 1.0, rounds_of(random))))
    assert rates.simulated_coverage(found, "quiet", 20, "one") == Rate(0, 0)


# Other tools


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_rule_finds_a_clear_change_and_none_in_equal_samples(rule):
    random = np.random.default_rng(4)
    old = 100 * np.exp(random.normal(0, 0.01, 24))
    assert rule(old, 1.3 * old)
    assert not rule(old, old)


def test_rules_differ_in_the_changes_that_they_ignore():
    random = np.random.default_rng(5)
    old, new = (100 * level * np.exp(random.normal(0, 0.01, 24)) for level in (1.0, 1.03))
    told = {name: rule(old, new) for name, rule in RULES.items()}
    assert told["pyperf, t-test"]
    assert told["Criterion, bootstrap"]
    assert not told["pytest-benchmark, median 5 %"]
    assert not told["asv, factor 1.1"]
    assert not RULES["Criterion, bootstrap"](old, old * 1.005)


def test_the_machine_changes_successive_runs_but_not_interleaved_ones(tmp_path):
    random = np.random.default_rng(6)
    lines = []
    for run in range(12):
        pace = 100.0 * (1.3 if run % 2 else 1.0)
        lines += [gate_line(one=("unchanged", 1.0, rounds_of(random, pace=pace))) for _ in range(3)]
    found = evidence_of(tmp_path, *lines)
    apart, alive = (other_tools.called(found, "quiet", apart=apart) for apart in (True, False))
    assert apart["pyperf, t-test"] == Rate(11, 11)
    assert alive["pyperf, t-test"].of == 12
    assert alive["pyperf, t-test"].value <= 0.25
    # The rule of 5 % on the median finds only the half that became slower.
    assert apart["pytest-benchmark, median 5 %"].count == 6


# Work


def test_the_task_furthest_behind_comes_next(tmp_path):
    tasks = (Task("quiet", 1.0, 2), Task("quiet", 1.05, 1))
    empty = evidence_of(tmp_path)
    assert next_task(empty, tasks) == tasks[0]
    one = evidence_of(tmp_path, gate_line(one=("unchanged", 1.0, None)))
    assert next_task(one, tasks) == tasks[1]
    both = evidence_of(tmp_path, gate_line(injected=1.05, one=("slower", 1.0, None)))
    assert next_task(both, tasks) == tasks[0]


OPERATIONS = Operations((Operation("one", "f()", "f = int"),), burn="steps = {amount}")


def made_gate(operations, sides, plan, progress=None):
    """Return the result of a gate without findings."""
    del progress
    result = made_result("one", "gate", {BASE: 123.456, CANDIDATE: 123.789})
    ratio = ratio_interval([1.01] * 8, [1.0] * 8)
    outcome = Outcome(operations[0], "unchanged", Finding("unchanged", ratio, ratio, 1))
    started = "2026-01-02T00:00:00+00:00"
    return Gate(sides, plan, (outcome,), ({"one": result}, {}), {}, started, 1.0, complete=True)


@pytest.fixture
def working(tmp_path, monkeypatch):
    """Make work with instant gates and calibrations, and a list of the gates' arguments."""
    given = []

    def run(operations, sides, plan, progress):
        given.append({name: side.statement(operations[0]).setup.splitlines()[-1] for name, side in sides.items()})
        return made_gate(operations, sides, plan, progress)

    def calibrate(operation, _, targets, __):
        for target in targets:
            yield {"kind": "calibration", "operation": operation.name, "target": target, "amount": 7, "ratio": target}

    monkeypatch.setattr(work, "run", run)
    monkeypatch.setattr(work, "calibrate", calibrate)
    sides = {name: Burning(name, sys.executable, {"sha": "x"}, burn=OPERATIONS.burn) for name in (BASE, CANDIDATE)}
    made = Work(OPERATIONS, sides, tmp_path / "trust.jsonl")
    return made, given


def gather(made, count, tasks):
    """Run a number of gates."""
    clock = iter(range(10_000))
    real = time.monotonic
    time.monotonic = lambda: float(next(clock))
    try:
        return made.gather(count, tasks)
    finally:
        time.monotonic = real


def test_every_decision_is_archived_with_the_measurements_of_each_round(working):
    made, given = working
    assert gather(made, 4, (Task("quiet", 1.0, 1), Task("quiet", 1.05, 1))) > 1
    found = read(made.archive)
    assert len(found.gates) == len(given)
    assert {gate["injected"] for gate in found.gates} == {1.0, 1.05}
    told = found.gates[0]["operations"]["one"]
    assert (told["status"], told["stage"], told["ratio"]) == ("unchanged", 1, 1.01)
    assert told["first"] == {"base": [123.5] * 8, "candidate": [123.8] * 8}
    assert told["second"] is None


def test_identical_builds_burn_nothing_and_otherwise_only_the_candidate_burns_the_calibrated_amount(working):
    made, given = working
    gather(made, 3, (Task("quiet", 1.0, 1),))
    assert given[0] == {BASE: "steps = 0", CANDIDATE: "steps = 0"}
    gather(made, 3, (Task("quiet", 1.05, 1),))
    assert given[-1] == {BASE: "steps = 0", CANDIDATE: "steps = 7"}


def test_work_continues_the_same_session_with_its_calibrations(working):
    made, _ = working
    gather(made, 3, TASKS)
    gather(made, 3, TASKS)
    found = read(made.archive)
    assert len(found.sessions) == 1
    assert len(found.calibrations) == len(INJECTED)


def test_another_build_is_another_session(working):
    made, _ = working
    gather(made, 3, TASKS)
    for side in made.sides.values():
        side.build["sha"] = "y"
    gather(made, 3, TASKS)
    assert len(read(made.archive).sessions) == 2


def test_decisions_about_another_version_are_kept_and_not_counted(working):
    made, _ = working
    for side in made.sides.values():
        side.build["version"] = "1.0"
    gather(made, 3, (Task("quiet", 1.05, 1),))
    for side in made.sides.values():
        side.build["version"] = "2.0"
    assert not made.evidence().gates
    gather(made, 3, (Task("quiet", 1.0, 1),))
    whole = read(made.archive)
    assert whole.versions == ("1.0", "2.0")
    assert {gate["injected"] for gate in whole.gates} == {1.05, 1.0}
    assert {gate["injected"] for gate in made.evidence().gates} == {1.0}
    assert len(whole.of_version("1.0").calibrations) == len(INJECTED)


def test_another_plan_is_another_session(working):
    made, _ = working
    gather(made, 3, TASKS)
    gather(replace(made, plan=replace(made.plan, slices=3)), 3, TASKS)
    assert [session["plan"]["slices"] for session in read(made.archive).sessions.values()] == [made.plan.slices, 3]


def test_decisions_with_another_plan_are_kept_and_not_counted(working):
    made, _ = working
    gather(made, 3, (Task("quiet", 1.0, 1),))
    changed = replace(made, plan=replace(made.plan, slices=3))
    assert made.evidence().gates
    assert not changed.evidence().gates
    assert read(made.archive).gates


def test_a_session_names_the_machine_class_and_no_path(working):
    made, _ = working
    gather(made, 3, TASKS)
    [session] = read(made.archive).sessions.values()
    assert {"cpu", "usable_cores", "Python"} <= set(session["conditions"])
    del session["conditions"]["distribution"]  # its name may have a slash: Debian GNU/Linux forky/sid
    assert "/" not in json.dumps(session["conditions"])
    assert session["plan"] == QUICK.document()


def test_a_gate_that_was_stopped_is_not_kept(working, monkeypatch):
    made, _ = working

    def stopped(*arguments):
        gate = made_gate(*arguments)
        return Gate(**{**vars(gate), "complete": False})

    monkeypatch.setattr(work, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        gather(made, 3, TASKS)
    assert read(made.archive).gates == ()


@pytest.mark.parametrize(
    ("operations", "builds", "sentence"),
    [
        (Operations(OPERATIONS.operations), ("x", "x"), "has no way to burn work"),
        (OPERATIONS, ("x", "y"), "are different builds"),
    ],
)
def test_unsuitable_sides_are_refused(tmp_path, monkeypatch, operations, builds, sentence):
    asked = iter(builds)
    monkeypatch.setattr(Side, "ask", lambda label, python, _: Side(label, python, {"sha": next(asked)}))
    with pytest.raises(SideError, match=sentence):
        Work.of(operations, {BASE: "a", CANDIDATE: "b"}, tmp_path / "x", lambda *_: None)


def test_a_build_that_cannot_burn_ends_with_status_2(tmp_path, capsys):
    path = tmp_path / "operations.toml"
    path.write_text(
        "burn = 'from math import no_such; {amount}'\n[operation.add]\nstatement = '1 + 1'\n", encoding="utf-8"
    )
    flags = ["--base-python", sys.executable, "--candidate-python", sys.executable, "--operations", str(path)]
    assert main([*flags, "--archive", str(tmp_path / "trust.jsonl"), "--minutes", "0.01"]) == 2
    assert capsys.readouterr().err.startswith("trust: the setup of 'add (base)' failed in its worker: ImportError")


# Calibrating


def test_the_amount_is_between_the_known_ones():
    seen = [(0, 1.0), (1, 1.0), (2, 1.01), (4, 1.03), (8, 1.08), (16, 1.2)]
    assert interpolate(seen, 1.03) == 4
    assert 4 < interpolate(seen, 1.05) < 8
    assert interpolate(seen, 2.0) == 16


def test_an_amount_that_misses_is_corrected_towards_the_target():
    assert correct(10, 1.025, 1.05) == pytest.approx(20, abs=1)
    assert correct(20, 1.1, 1.05) == pytest.approx(10, abs=1)
    assert correct(10, 1.0, 1.05) == 20  # never more than twice as much at once


def test_the_nearest_tried_amount_is_kept_with_its_ratio(monkeypatch):
    def sample(_, __, ___, amount, *____):
        return np.full(8, 100 * (1 + amount / 400)), np.full(8, 100.0)

    monkeypatch.setattr(injection, "sample", sample)
    found = injection.settle(8, 1.05, Operation("one", "1"), {}, None, lambda *_: None)
    assert found["amount"] == pytest.approx(20, abs=2)
    assert found["ratio"] == pytest.approx(1 + found["amount"] / 400, abs=1e-4)


def test_an_operation_that_fails_during_calibration_is_named():
    sides = {name: Burning(name, sys.executable, {}, burn="steps = {amount}") for name in (BASE, CANDIDATE)}
    trial = Trial(Operation("divides", "1 / 0"), dict.fromkeys(sides, Calibration()))
    with pytest.raises(WorkerError, match="ZeroDivisionError"):
        injection.sample(trial.operation, sides, trial, 7, 6, lambda *_: None)


# Neighbours


@pytest.mark.parametrize(("variant", "count"), [("quiet", 0), ("loaded", max((os.cpu_count() or 1) - 1, 1))])
def test_neighbours_run_during_a_measurement_and_end_with_it(variant, count):
    before = set(psutil.Process().children())
    started = set()

    def fail():
        started.update(set(psutil.Process().children()) - before)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), neighbours(variant, 1):
        fail()
    assert len(started) == count
    assert not any(process.is_running() for process in started)


def test_a_neighbour_that_comes_and_goes_is_busy_at_times():
    before = set(psutil.Process().children())
    with neighbours("neighbour", 1):
        children = set(psutil.Process().children()) - before
        assert len(children) == os.cpu_count()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not all(child.cpu_times().user > 0.05 for child in children):
            time.sleep(0.05)
        assert all(child.cpu_times().user > 0.05 for child in children)


def test_the_plan_of_the_evidence_is_that_of_the_quick_gate():
    assert Work.__dataclass_fields__["plan"].default == QUICK == Plan("gate-quick", 9, 20, slices=10)

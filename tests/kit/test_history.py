"""The history: its store, refused runs, series and steps."""

from __future__ import annotations

import json
import math
import sys
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from made_history import history_run, made_series, renamed, revision, stepped
from made_runs import made_run

import evenhand as bench
from evenhand import Archive, ArchiveError
from evenhand.gate import Operation, OperationError, Operations, Side
from evenhand.gate.history import add, changes, index, measure, read, series
from evenhand.gate.history.__main__ import main
from evenhand.gate.history.commit import OPERATION, REFERENCE, without_paths

SCHEMA = json.loads(Path(bench.__file__).with_name("schema").joinpath("run-1.json").read_text(encoding="utf-8"))

searching = pytest.mark.skipif(
    find_spec("ruptures") is None, reason="ruptures, which finds steps, has no wheels for this Python"
)

# The store


@pytest.fixture
def store(tmp_path):
    """Make a store of three commits, with two runs of the second."""
    folder = tmp_path / "runs"
    for run in (
        history_run(0, {"one": 50.0}),
        history_run(1, {"one": 50.0}),
        history_run(1, {"one": 51.0}, hours=2),
        history_run(2, {"one": 50.0}),
    ):
        add(folder, run)
    return folder


def commits(found):
    return [int(run.document["revision"]["commit"][:7], 16) for run in found]


def test_the_index_is_small_and_names_every_run_with_its_commit_and_machine(store):
    document = json.loads((store / "index.json").read_text(encoding="utf-8"))
    assert [entry["id"] for entry in document["runs"]] == Archive(store).names()
    assert [entry["commit"] for entry in document["runs"]] == [revision(number).commit for number in (0, 1, 1, 2)]
    [machine] = document["machines"]
    assert {entry["machine"] for entry in document["runs"]} == {machine}
    assert document["machines"][machine] == read([store]).runs[0].conditions()


def test_two_runs_of_one_commit_are_both_kept(store):
    assert commits(read([store])) == [0, 1, 1, 2]


def test_runs_are_in_the_order_of_their_commits_not_of_their_measurement(store):
    late = history_run(0, {"one": 50.0}, hours=1_000)
    add(store, late)
    assert commits(read([store])) == [0, 0, 1, 1, 2]
    assert Archive(store).names()[-1] == late.id


def test_a_run_is_added_once(store):
    run = read([store]).runs[0]
    with pytest.raises(ArchiveError, match="already exists"):
        add(store, run)


def test_damaged_foreign_or_newer_runs_are_refused_alone(store, tmp_path):
    torn, newer, foreign = Archive(store).names()[:3]
    (store / torn / "samples.parquet").unlink()
    document = json.loads((store / newer / "run.json").read_text(encoding="utf-8"))
    (store / newer / "run.json").write_text(json.dumps(document | {"schema": 2}), encoding="utf-8")
    add(store, made_run())
    (store / "holidays").mkdir()
    found = read([store])
    assert commits(found) == [1, 2]
    assert foreign in {run.id for run in found}
    said = sorted(found.refused.values())
    assert [f"{torn} is damaged: samples.parquet is missing; remove it, or measure again"] == [
        text for text in said if torn in text
    ]
    assert any(text.startswith(f"{newer} has schema 2") for text in said)
    assert any("is not a run of a history: it has no revision" in text for text in said)
    assert any(text.startswith("holidays is not a run") for text in said)
    assert len(said) == 4


def test_an_incomplete_run_is_named_and_left_out(store):
    run = history_run(3, {"one": 50.0}, complete=False)
    add(store, run)
    found = read([store])
    assert commits(found) == [0, 1, 1, 2]
    assert found.refused == {run.id: f"{run.id} is incomplete: it was stopped; measure its commit again"}


@pytest.mark.parametrize("time", ["yesterday", ""])
def test_a_commit_with_an_invalid_time_is_named_and_left_out(store, time):
    run = history_run(3, {"one": 50.0})
    add(store, renamed(run, revision=run.document["revision"] | {"committed": time}))
    assert read([store]).refused[run.id].startswith(f"{run.id} has the commit time {time!r}")


def test_a_clock_that_went_back_is_mentioned_and_changes_no_order(store):
    early = history_run(3, {"one": 50.0}, hours=-1_000)
    add(store, early)
    found = read([store])
    assert commits(found) == [0, 1, 1, 2, 3]
    assert found.notes == (f"{early.id} was measured before its commit was made: a clock went back",)


def test_an_index_that_does_not_match_is_mentioned_and_rebuilt(store):
    Archive(store).add(history_run(3, {"one": 50.0}))
    assert read([store]).notes == ("the index of runs does not match its runs; rebuild it",)
    index(store)
    assert read([store]).notes == ()


def test_several_stores_are_read_as_one(store, tmp_path):
    other = tmp_path / "other"
    add(other, history_run(5, {"one": 50.0}))
    add(other, read([store]).runs[0])  # the same run in both is one run
    assert commits(read([store, other])) == [0, 1, 1, 2, 5]


def test_a_missing_store_is_empty(tmp_path):
    assert read([tmp_path / "nowhere"]).runs == ()


def test_other_machines_have_separate_series(store):
    run = history_run(3, {"one": 50.0})
    add(store, renamed(run, machine=run.document["machine"] | {"cpu": "Slow 1"}))
    assert [len(runs) for runs in read([store]).classes().values()] == [4, 1]


# Series


def test_the_pace_of_the_machine_does_not_affect_a_series():
    runs = [history_run(number, {"one": 50.0}, pace=pace) for number, pace in enumerate((70.0, 100.0, 250.0))]
    [one] = series(runs)
    assert [one.over_oldest(point).value for point in one.points] == pytest.approx([1.0] * 3)


def test_a_value_is_a_ratio_to_the_oldest_commit_whose_noise_is_in_the_interval():
    runs = [
        history_run(0, {"one": 50.0}),
        *(history_run(1, {"one": cost}, hours=cost) for cost in (99.0, 100.0, 101.0)),
    ]
    [one] = series([*runs, history_run(1, {"one": 100.0}, hours=9)])
    oldest, newest = (one.over_oldest(point) for point in one.points)
    assert (oldest.value, oldest.low, oldest.high) == (1.0, 1.0, 1.0)
    assert newest.value == pytest.approx(2.0)
    assert math.log(newest.high / newest.low) == pytest.approx(2 * 1.959964 * one.noise * math.sqrt(1 + 1 / 4))


def test_a_commit_of_several_runs_is_their_median():
    runs = [history_run(0, {"one": 50.0}), *(history_run(1, {"one": cost}, hours=cost) for cost in (49.0, 50.0, 57.0))]
    [one] = series(runs)
    assert [len(point.runs) for point in one.points] == [1, 3]
    assert one.over_oldest(one.points[1]).value == pytest.approx(1.0)


def test_the_noise_is_that_between_runs_of_a_commit_and_not_of_a_step():
    quiet = series(stepped(8, 4, 2.0, 0.01, seed=5))
    assert {one.operation: one.noise for one in quiet}["moves"] == pytest.approx(0.01, rel=0.6)


def test_differences_between_commits_are_not_noise_if_their_runs_agree():
    back_and_forth = made_series([[100.0 + 20 * (number % 2)] * 2 for number in range(10)])
    assert back_and_forth.noise == pytest.approx(1e-3)


def test_without_repeats_the_noise_comes_from_neighbouring_commits_but_not_from_a_step():
    runs = stepped(12, 6, 2.0, 0.01, seed=6, repeats=1)
    assert {one.operation: one.noise for one in series(runs)}["moves"] == pytest.approx(0.01, rel=0.8)


def test_an_operation_whose_spread_hides_five_per_cent_is_unstable():
    loud, quiet = series(stepped(8, 9, 1.0, 0.06, seed=7)), series(stepped(8, 9, 1.0, 0.005, seed=7))
    assert [one.unstable for one in loud] == [True, True]
    assert [one.unstable for one in quiet] == [False, False]
    assert loud[0].hidden > 0.05 > quiet[0].hidden


def test_bytes_are_a_series_without_a_reference():
    runs = [history_run(number, {}, sizes={"point": size}) for number, size in enumerate((64.0, 64.0, 72.0))]
    [one] = series(runs)
    assert [one.over_oldest(point).value for point in one.points] == pytest.approx([1.0, 1.0, 72 / 64])


def test_values_of_a_statement_that_changed_are_left_out():
    runs = [history_run(number, {"one": 50.0}) for number in range(3)]
    results = runs[0].document["results"]
    other = {OPERATION: {"statement": "y", "fingerprint": "y"}, REFERENCE: results[0]["contenders"][REFERENCE]}
    first = renamed(runs[0], results=[results[0] | {"contenders": other}])
    [one] = series([first, *runs[1:]])
    assert [point.subject for point in one.points] == ["Commit 1", "Commit 2"]


def test_a_new_operation_begins_later_and_a_removed_one_ends_earlier():
    runs = [history_run(0, {"gone": 1.0}), history_run(1, {"gone": 1.0, "new": 2.0}), history_run(2, {"new": 2.0})]
    found = {one.operation: [point.subject for point in one.points] for one in series(runs)}
    assert found == {"new": ["Commit 1", "Commit 2"], "gone": ["Commit 0", "Commit 1"]}


# Steps


@searching
@pytest.mark.parametrize(("at", "size"), [(4, 1.1), (2, 1.2), (6, 0.8), (7, 1.3), (1, 0.7)])
def test_a_step_is_found_at_its_commit_and_nowhere_else(at, size):
    [change] = changes(series(stepped(9, at, size, 0.01, seed=8 + at)))
    assert change.operation == "moves"
    assert (change.before.subject, change.after.subject) == (f"Commit {at - 1}", f"Commit {at}")
    assert change.verdict == ("slower" if size > 1 else "faster")
    assert change.ratio.value == pytest.approx(size, rel=0.03)


@searching
def test_steps_are_rarely_found_without_a_change():
    random = np.random.default_rng(100)
    made = [made_series(np.exp(random.normal(0, 0.01, (10, 2)))) for _ in range(300)]
    assert len(changes(made)) <= 6


@searching
def test_real_steps_are_mostly_found():
    random = np.random.default_rng(101)
    levels = np.where(np.arange(10) < 5, 1.0, 1.05)[:, None]
    found = [changes([made_series(levels * np.exp(random.normal(0, 0.01, (10, 2))))]) for _ in range(100)]
    assert sum([change.after.subject for change in steps] == ["Commit 5"] for steps in found) >= 90


@searching
def test_a_step_in_a_history_with_one_run_per_commit_is_found():
    [change] = changes(series(stepped(16, 8, 1.15, 0.01, seed=9, repeats=1)))
    assert change.after.subject == "Commit 8"


@searching
def test_up_and_down_again_are_two_changes():
    levels = [50.0] * 4 + [60.0] * 4 + [50.0] * 4
    random = np.random.default_rng(10)
    runs = [
        history_run(number, {"one": level * float(np.exp(random.normal(0, 0.01)))}, hours=1 + repeat)
        for number, level in enumerate(levels)
        for repeat in range(2)
    ]
    found = changes(series(runs))
    assert {(change.after.subject, change.verdict) for change in found} == {
        ("Commit 4", "slower"),
        ("Commit 8", "faster"),
    }


@searching
def test_changes_are_listed_by_their_size_against_the_noise():
    runs = []
    random = np.random.default_rng(11)
    for number in range(10):
        for repeat in range(2):
            costs = {"loud": (50.0, 1.4, 0.04), "quiet": (50.0, 1.1, 0.002)}
            noisy = {
                name: level * (step if number >= 5 else 1) * float(np.exp(random.normal(0, noise)))
                for name, (level, step, noise) in costs.items()
            }
            runs.append(history_run(number, noisy, hours=1 + repeat))
    assert [change.operation for change in changes(series(runs))] == ["quiet", "loud"]


@searching
def test_exact_bytes_change_by_their_exact_difference():
    runs = [history_run(number, {}, sizes={"point": 64.0 if number < 3 else 72.0}) for number in range(6)]
    [change] = changes(series(runs))
    assert (change.after.subject, change.ratio.value) == ("Commit 3", pytest.approx(72 / 64))


@searching
def test_a_certain_step_of_one_per_cent_is_not_reported():
    assert changes(series(stepped(12, 6, 1.01, 0.0002, seed=12))) == []


@searching
def test_too_few_commits_have_no_steps():
    assert changes(series(stepped(3, 1, 2.0, 0.001, seed=13))) == []


# Measuring

OPERATIONS = Operations(
    (
        Operation("add", "one + one", "one = 1"),
        Operation("import", "import colorsys", kind="fresh"),
        Operation("missing", "no_such_name"),
    ),
    reference={"time": "1 + 1", "fresh": "import wave"},
)


def test_a_commit_is_measured_alongside_the_reference_and_failing_operations_are_left_out(tmp_path):
    side = Side(
        "mine", sys.executable, {"commit": "unknown", "version": "1", "profile": "release", "extension_sha256": ""}
    )
    run = measure(OPERATIONS, side, revision(7), rounds=6)
    add(tmp_path, run)
    [again] = read([tmp_path])
    assert list(again.results) == ["operations/add", "operations/import"]
    assert list(again.results["operations/add"].contenders) == [REFERENCE, OPERATION]
    failed = "the statement of 'missing (operation)' failed in its worker"
    assert again.document["left_out"] == {"missing": f"{failed}: NameError: name 'no_such_name' is not defined"}
    assert again.document["build"]["commit"] == again.document["revision"]["commit"] == revision(7).commit
    # One sample per round: the median of its slices.
    samples = again.results["operations/add"].samples
    assert len(samples) == 2 * 6
    jsonschema.validate(json.loads(again.to_json()), SCHEMA, jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "path", ["/home/me/lib/rust_daq/__init__.py", r"C:\\Users\\me\\rust_daq\\__init__.py", "/work/x"]
)
def test_the_reason_for_leaving_out_has_no_path(path):
    assert without_paths(f"ImportError: cannot import name 'Batch' from 'rust_daq' ({path})") == (
        "ImportError: cannot import name 'Batch' from 'rust_daq'"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="memray, which counts bytes, does not run on Windows")
def test_bytes_are_counted_without_a_reference():
    counted = Operations((Operation("bytes", "[bytes(100) for _ in range(n)]", kind="bytes", size=50),))
    run = measure(counted, Side("mine", sys.executable), revision(7), rounds=6)
    [one] = series([run])
    assert one.points[0].runs[0].value > 100


def test_an_interrupted_run_is_incomplete():
    def stop(what, done, _):
        if (what, done) == ("rounds", 1):
            raise KeyboardInterrupt

    run = measure(OPERATIONS, Side("mine", sys.executable), revision(7), rounds=6, progress=stop)
    assert not run.complete


def test_a_kind_without_a_reference_is_refused():
    with pytest.raises(OperationError, match="no reference for operations of the kind 'fresh'"):
        measure(Operations(OPERATIONS.operations, reference={"time": "1"}), Side("x", sys.executable), revision(0))


def test_the_command_adds_as_many_runs_as_are_asked_for(tmp_path, capsys):
    path = tmp_path / "operations.toml"
    path.write_text("[reference]\ntime = '1'\n[operation.add]\nstatement = '1 + 1'\n", encoding="utf-8")
    about = ["--commit", "ab" * 20, "--committed", "2026-01-01T00:00:00+00:00", "--subject", "Say -- it"]
    flags = ["--python", sys.executable, "--operations", str(path), "--store", str(tmp_path / "runs"), "--rounds", "6"]
    assert main(["measure", *flags, *about]) == 0
    assert capsys.readouterr().out.count("added ") == 2
    assert [run.document["revision"]["subject"] for run in read([tmp_path / "runs"])] == ["Say -- it"] * 2
    (tmp_path / "runs" / "index.json").unlink()
    assert main(["index", str(tmp_path / "runs")]) == 0
    assert "has 2 runs of 1 classes of machines" in capsys.readouterr().out
    assert read([tmp_path / "runs"]).notes == ()


def test_a_stop_outside_the_rounds_ends_with_a_sentence(tmp_path, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    path = tmp_path / "operations.toml"
    path.write_text("[reference]\ntime = '1'\n[operation.add]\nstatement = '1 + 1'\n", encoding="utf-8")
    monkeypatch.setattr(Side, "ask", stop)
    flags = ["--python", sys.executable, "--operations", str(path), "--store", str(tmp_path)]
    assert main(["measure", *flags, "--commit", "a", "--committed", "b", "--subject", "c"]) == 130
    assert capsys.readouterr().err == "history: stopped; a run that was not complete is discarded\n"


def test_a_wrong_file_of_operations_ends_with_status_2(tmp_path, capsys):
    flags = ["--python", sys.executable, "--operations", "nowhere.toml", "--store", str(tmp_path)]
    assert main(["measure", *flags, "--commit", "a", "--committed", "b", "--subject", "c"]) == 2
    assert capsys.readouterr().err.startswith("history: nowhere.toml cannot be read")

"""A run compared with earlier ones: their spread is the noise, and the false discovery rate is controlled."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from made_history import renamed
from made_runs import made_result, made_run

from evenhand import Archive
from evenhand.cli.commands import main
from evenhand.gate.history import Previous
from evenhand.gate.history.previous import DISCOVERY_RATE, Judged

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = [f"op{number}" for number in range(30)]


def run_at(hour, costs, **further):
    """Make a run at an hour."""
    started = (BEGIN + timedelta(hours=hour)).isoformat(timespec="seconds")
    return made_run(made_result(costs=costs, started=started), **further)


def noisy(random, levels, noise=0.02):
    return {name: 100 * level * float(np.exp(random.normal(0, noise))) for name, level in levels.items()}


def verdicts(previous, column="cost_ns"):
    return {each.address[1]: previous.verdict(each) for each in previous.numbers if each.address[3] == column}


def test_a_run_is_compared_with_the_medians_of_the_latest_ones_before_it():
    runs = [run_at(hour, {"one": cost}) for hour, cost in enumerate((1.0, 100.0, 101.0, 102.0, 103.0, 104.0, 105.0))]
    later = run_at(9, {"one": 1.0})
    found = Previous.of(run_at(7, {"one": 110.0}), [*runs, later], 6)
    [cost] = [each for each in found.numbers if each.address[3] == "cost_ns"]
    assert len(found.earlier) == 6
    assert cost.median == pytest.approx(102.5)
    assert cost.ratio(0.95).value == pytest.approx(110 / 102.5)


def test_a_number_outside_the_spread_is_slower_and_one_inside_is_not():
    random = np.random.default_rng(1)
    levels = dict.fromkeys(NAMES[:6], 1.0)
    runs = [run_at(hour, noisy(random, levels)) for hour in range(12)]
    found = Previous.of(run_at(12, noisy(random, levels | {"op0": 1.3, "op1": 0.7})), runs, 12)
    told = verdicts(found)
    assert (told["op0"], told["op1"]) == ("slower", "faster")
    assert not {"slower", "faster"} & {told[name] for name in NAMES[2:6]}


def test_a_change_that_the_spread_hides_is_inconclusive():
    random = np.random.default_rng(2)
    runs = [run_at(hour, noisy(random, {"one": 1.0}, 0.2)) for hour in range(12)]
    assert verdicts(Previous.of(run_at(12, {"one": 115.0}), runs, 12)) == {"one": "inconclusive"}


def test_few_reported_changes_are_false():
    random, run = np.random.default_rng(3), made_run()
    called = wrong = missed = 0
    for _ in range(300):
        numbers = []
        for place in range(40):
            earlier = np.exp(random.normal(0, 0.02, 12))
            shift = 1.15 if place < 8 else 1.0
            numbers.append(
                Judged(("r", str(place), None, "x_ns"), shift * float(np.exp(random.normal(0, 0.02))), tuple(earlier))
            )
        previous = Previous(run, (), {})
        previous.__dict__["numbers"] = numbers
        changed = [previous.verdict(each) in {"slower", "faster"} for each in numbers]
        called, wrong, missed = called + sum(changed), wrong + sum(changed[8:]), missed + 8 - sum(changed[:8])
    assert wrong / called <= DISCOVERY_RATE
    assert missed / (8 * 300) <= 0.1


def test_fewer_than_six_runs_judge_nothing():
    runs = [run_at(hour, {"one": 100.0}) for hour in range(5)]
    found = Previous.of(run_at(6, {"one": 200.0}), runs, 10)
    assert verdicts(found) == {"one": "not judged"}
    assert "a verdict takes 6 runs" in found.sentence


def test_runs_that_repeat_to_the_last_digit_still_have_some_noise():
    runs = [run_at(hour, {"one": 100.0}) for hour in range(8)]
    assert verdicts(Previous.of(run_at(9, {"one": 100.0}), runs, 8)) == {"one": "no difference shown"}
    assert verdicts(Previous.of(run_at(9, {"one": 110.0}), runs, 8)) == {"one": "slower"}


def test_other_machines_profiles_and_pythons_are_not_comparable_and_their_differences_are_named():
    runs = [run_at(hour, {"one": 100.0}) for hour in range(3)]
    machine = runs[0].document["machine"]
    other = [
        renamed(runs[0], machine=machine | {"cpu": "Slow 1"}),
        renamed(runs[1], machine=machine | {"python": "3.99.1"}),
    ]
    found = Previous.of(run_at(4, {"one": 100.0}), [*other, runs[2], run_at(3, {"one": 1.0}, profile="full")], 10)
    assert [run.id for run in found.earlier] == [runs[2].id]
    here = ".".join(machine["python"].split(".")[:2])
    assert found.refusals == [
        f"not comparable: 1 run: cpu is Slow 1 there and {machine['cpu']} here",
        f"not comparable: 1 run: Python is 3.99 there and {here} here",
        "not comparable: 1 run: profile is full there and quick here",
    ]


def test_an_incomplete_run_is_not_compared():
    runs = [run_at(0, {"one": 100.0}, complete=False), run_at(1, {"one": 100.0})]
    assert len(Previous.of(run_at(2, {"one": 100.0}), runs, 10).earlier) == 1


def test_values_of_a_changed_statement_are_not_compared():
    changed = made_result(contenders={name: {"statement": "x", "fingerprint": name} for name in ("one", "two")})
    before = [run_at(hour, {"one": 100.0, "two": 50.0}) for hour in range(-8, 0)]
    found = Previous.of(made_run(changed), before, 8)
    assert {len(each.earlier) for each in found.numbers} == {0}
    assert set(verdicts(found).values()) == {"not judged"}


# The command


@pytest.fixture
def archive(tmp_path):
    made = Archive(tmp_path / "runs")
    for hour in range(8):
        made.add(run_at(hour, {"one": 100.0 + hour % 3, "two": 50.0}))
    made.add(run_at(9, {"one": 150.0, "two": 50.0}))
    return made


def test_the_command_prints_verdicts_and_their_basis(archive, capsys):
    (archive.folder / "holidays").mkdir()
    assert main(["compare", "latest", "--history", "8", "--archive", str(archive.folder)]) == 0
    out, said = capsys.readouterr()
    assert "first/made" in out
    assert "slower" in out
    assert "compared with the medians of 8 earlier runs with the same class of machine, profile and Python" in out
    assert "at most one in 20 verdicts of faster or slower is false" in out
    assert said.startswith("left out: holidays is not a run")


def test_the_command_as_json(archive, capsys):
    assert main(["compare", "latest", "--history", "6", "--json", "--archive", str(archive.folder)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["earlier"]) == 6
    rows = {(row["contender"], row["quantity"]): row["verdict"] for row in found["rows"]}
    assert rows == {("one", "cost_ns"): "slower", ("two", "cost_ns"): "no difference shown"}
    assert found["refused"] == {}


def test_a_run_without_earlier_ones_has_a_message(archive, capsys):
    first = archive.names()[0]
    assert main(["compare", first, "--history", "6", "--archive", str(archive.folder)]) == 0
    assert "no earlier run can be compared with this one" in capsys.readouterr().out


@pytest.mark.parametrize("further", [[], ["latest", "--history", "3"]])
def test_a_second_run_or_a_history_is_required(archive, capsys, further):
    with pytest.raises(SystemExit) as ended:
        main(["compare", "latest", *further, "--archive", str(archive.folder)])
    assert ended.value.code == 2
    assert "compare takes RUN_A and RUN_B, or RUN_A and --history N" in capsys.readouterr().err

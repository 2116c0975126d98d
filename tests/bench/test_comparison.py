"""`compare`: what it makes of its samples, and how it takes them."""

from __future__ import annotations

import json

import pytest
from made_runs import made_result

from rust_daq import bench
from rust_daq.bench import Settings
from rust_daq.bench.result import restored
from rust_daq.bench.round import turns


def test_the_first_contender_is_the_baseline_and_ratios_are_against_it():
    result = made_result(costs={"one": 100.0, "two": 50.0})
    assert result.baseline == "one"
    assert result.ratio("two").value == pytest.approx(0.5)
    assert result.ratio("one", "two").value == pytest.approx(2.0)


@pytest.mark.parametrize(("cost", "verdict"), [(50.0, "faster"), (200.0, "slower"), (101.0, "no difference shown")])
def test_the_verdict_follows_the_samples(cost, verdict):
    result = made_result(costs={"one": 100.0, "two": cost})
    assert result.verdict("two") == verdict
    assert result.to_pandas().loc["two", "verdict"] == verdict
    assert result.table().loc["two", "verdict"] == verdict
    assert result.sentence("two").endswith(verdict)


def test_cost_and_rate_are_per_operation():
    row = made_result(costs={"one": 100.0}).to_pandas().loc["one"]
    assert row["cost_ns"] == pytest.approx(100)
    assert row["operations_per_second"] == pytest.approx(1e7)


def test_the_fastest_is_named_where_it_can_be_told_from_the_next():
    assert made_result(costs={"one": 100.0, "two": 50.0}).facts()["fastest"] == "two"
    assert made_result(costs={"one": 100.0, "two": 99.9}).facts()["fastest"] == "no clear winner between two and one"


def test_with_few_rounds_nothing_is_judged_and_no_winner_named():
    whole = made_result()
    few = made_result(samples=whole.samples[whole.samples["round"] < 5])
    assert few.verdict("two") == "not judged"
    assert few.facts()["fastest"].startswith("not judged in this profile")


def test_a_restored_result_is_the_same_result():
    result = made_result()
    again = restored(json.loads(result.to_json()), result.samples)
    assert again.document() == result.document()
    assert again.table().equals(result.table())


def test_a_round_goes_forward_then_backward():
    order = [contender for _, contender in turns(["a", "b", "c"], 0, 2)]
    assert order == ["a", "b", "c", "c", "b", "a"]


def test_the_first_one_is_rotated_from_round_to_round():
    assert [turns(["a", "b", "c"], index, 1)[0][1] for index in range(4)] == ["a", "b", "c", "a"]


def test_every_contender_has_every_slice_of_every_round():
    result = bench.compare({"one": "1 + 1", "two": lambda: 2}, settings=Settings(rounds=2))
    counts = result.samples.groupby(["contender", "round"]).size()
    assert set(counts) == {result.settings["slices"]}
    assert result.settings["rounds"] == 2
    assert result.samples["value"].gt(0).all()


def test_the_empty_loop_is_a_small_part_and_its_share_is_kept():
    record = bench.compare({"one": "[x, x]"}, setup="x = 1", settings=Settings(rounds=1)).contenders["one"]
    assert record["repeats"] > 1
    assert 0 < record["empty_loop_share"] <= 0.02


def test_that_a_call_is_included_is_said():
    result = bench.compare({"called": lambda: 1, "text": "1"}, settings=Settings(rounds=1))
    assert "the time of called includes the call of a function" in result.notes


def test_the_statement_and_its_setup_are_kept_as_text():
    record = bench.compare({"one": "a"}, setup="a = 1", settings=Settings(rounds=1)).contenders["one"]
    assert (record["statement"], record["setup"]) == ("a", "a = 1")


def test_what_the_collector_did_is_said():
    settings = bench.compare({"one": "1"}, settings=Settings(rounds=1)).settings
    assert settings["collector"].startswith("on, after gc.collect() and gc.freeze()")


def test_slices_are_those_of_the_settings():
    result = bench.compare({"one": "1 + 1"}, settings=Settings(rounds=1, slices=3))
    assert (len(result.samples), result.settings["slices"]) == (3, 3)


def test_a_statement_of_many_operations_is_told_for_one_of_them():
    result = made_result(costs={"one": 100.0, "two": 300.0}, settings={"slices": 2, "rounds": 8, "items": 100})
    assert result.cost("two").value == pytest.approx(3.0)
    assert result.difference("two").value == pytest.approx(2.0)
    assert result.to_pandas().loc["two", "difference_ns"] == pytest.approx(2.0)


def test_the_number_of_operations_belongs_to_what_was_measured():
    assert bench.compare({"one": "1"}, items=5, settings=Settings(rounds=1)).settings["items"] == 5


@pytest.mark.parametrize("items", [0, 1.5, True])
def test_a_number_of_operations_that_is_none_is_refused(items):
    with pytest.raises(ValueError, match="items is "):
        bench.compare({"one": "1"}, items=items)


def test_a_result_knows_how_long_it_took():
    assert bench.compare({"one": "1 + 1"}, settings=Settings(rounds=1)).settings["took_ns"] > 0


def test_rounds_are_those_that_the_seconds_allow():
    result = bench.compare({"one": "1 + 1"}, settings=Settings(rounds=50, seconds=1e-6))
    assert result.settings["rounds"] == 1

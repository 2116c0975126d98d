"""`compare`: its sampling, and the numbers from the samples."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_runs import made_result

import evenhand as bench
from evenhand import Settings, decide
from evenhand.judge.statistics import ratio_interval, two_groups
from evenhand.results import quantity
from evenhand.results.result import restored


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


def test_the_fastest_is_named_if_its_verdict_is_clear():
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


def test_every_contender_has_every_slice_of_every_round():
    result = bench.compare({"one": "1 + 1", "two": lambda: 2}, settings=Settings(rounds=2))
    timed = result.samples[result.samples["quantity"] == "slice_ns"]
    counts = timed.groupby(["contender", "round"]).size()
    assert set(counts) == {result.settings["slices"]}
    assert result.settings["rounds"] == 2
    assert result.samples["value"].gt(0).all()


def test_the_empty_loop_is_a_small_part_and_its_share_is_kept():
    record = bench.compare({"one": "[x, x]"}, setup="x = 1", settings=Settings(rounds=1)).contenders["one"]
    assert record["repeats"] > 1
    assert 0 < record["empty_loop_share"] <= 0.02


def test_an_included_call_is_mentioned():
    result = bench.compare({"called": lambda: 1, "text": "1"}, settings=Settings(rounds=1))
    assert "the time of called, text includes a function call" in result.remarks()
    assert "the time of called, text includes a function call" in result.table_notes()


def test_the_statement_and_its_setup_are_kept_as_text():
    record = bench.compare({"one": "a"}, setup="a = 1", settings=Settings(rounds=1)).contenders["one"]
    assert (record["statement"], record["setup"]) == ("a", "a = 1")


def test_the_state_of_the_collector_is_recorded():
    settings = bench.compare({"one": "1"}, settings=Settings(rounds=1)).settings
    assert settings["collector"].startswith("on, after gc.collect() and gc.freeze()")


def test_slices_are_those_of_the_settings():
    result = bench.compare({"one": "sorted(x)"}, setup="x = [3, 1, 2]", settings=Settings(rounds=1, slices=3))
    assert (result.timings, result.settings["slices"]) == (3, 3)


def test_a_statement_with_many_operations_has_times_per_operation():
    result = made_result(costs={"one": 100.0, "two": 300.0}, settings={"slices": 2, "rounds": 8, "items": 100})
    assert result.cost("two").value == pytest.approx(3.0)
    assert result.difference("two").value == pytest.approx(2.0)
    assert result.to_pandas().loc["two", "difference_ns"] == pytest.approx(2.0)


def test_the_number_of_operations_belongs_to_what_was_measured():
    assert bench.compare({"one": "1"}, items=5, settings=Settings(rounds=1)).settings["items"] == 5


def test_a_result_knows_how_long_it_took():
    assert bench.compare({"one": "1 + 1"}, settings=Settings(rounds=1)).settings["took_ns"] > 0


def test_rounds_are_those_that_the_seconds_allow():
    result = bench.compare({"one": "1 + 1"}, settings=Settings(rounds=50, seconds=1e-6))
    assert result.settings["rounds"] == 1


def in_rounds(one, two):
    """Make a comparison with chosen costs in each round."""
    made = made_result(rounds=len(one))
    costs = {"one": one, "two": two}
    rows = made.samples.itertuples(index=False)
    return replace(made, samples=made.samples.assign(value=[1_000 * costs[row.contender][row.round] for row in rows]))


def test_a_ratio_that_differs_from_the_quotient_of_the_costs_is_explained():
    made = in_rounds([100.0, 200.0, 300.0], [300.0, 100.0, 200.0])
    assert made.ratio("two").value == pytest.approx(2 / 3)
    assert made.cost("two").value == made.cost("one").value
    [note] = made.table_notes()
    assert note.startswith("the ratio of two is the median of the rounds' ratios; it differs")


def test_a_ratio_that_is_the_quotient_of_the_costs_is_not_explained():
    assert in_rounds([100.0, 200.0, 300.0], [105.0, 210.0, 330.0]).table_notes() == ()


def test_the_printed_interval_decides():
    random = np.random.default_rng(3)
    costs = {f"contender {place}": 100.0 + place for place in range(5)}
    made = made_result(costs=costs, rounds=12)
    made = replace(made, samples=made.samples.assign(value=made.samples["value"] * random.lognormal(0, 0.05, 120)))
    ratio = made.ratio("contender 2")
    assert ratio.level == pytest.approx(1 - 0.05 / 4)
    row, text = made.to_pandas().loc["contender 2"], quantity.ratio(ratio)
    assert (row["ratio"], row["ratio_low"], row["ratio_high"]) == (ratio.value, ratio.low, ratio.high)
    assert text in made.table().loc["contender 2"].to_list()
    assert f" {text} times" in made.sentence("contender 2")
    assert made.verdict("contender 2") == decide(ratio)
    alone = ratio_interval(made.costs["contender 2"], made.costs["contender 0"])
    assert ratio.high - ratio.low > alone.high - alone.low


@pytest.mark.parametrize(("rounds", "verdict"), [(6, "not judged"), (7, "faster")])
def test_three_that_are_judged_together_take_seven_rounds(rounds, verdict):
    made = made_result(costs={"one": 100.0, "two": 50.0, "three": 40.0, "four": 30.0}, rounds=rounds)
    assert made.verdict("four") == verdict
    assert np.isnan(made.to_pandas().loc["four", "ratio_low"]) == (verdict == "not judged")


def test_a_cost_that_is_the_same_in_both_halves_of_its_rounds_does_not_drift():
    assert not [remark for remark in made_result().remarks() if "changes within a round" in remark]


def test_different_numbers_of_copies_are_mentioned():
    made = made_result()
    copies = {"one": {"repeats": 200}, "two": {"repeats": 1}}
    kept = {name: record | copies[name] for name, record in made.contenders.items()}
    remarks = replace(made, contenders=kept).remarks()
    assert any("copies of the statement in the loop: one 200, two 1" in remark for remark in remarks)


# What a reader sees


def test_print_and_repr_are_the_table_with_its_notes():
    made = made_result(notes=("a neighbour was busy",))
    assert str(made) == repr(made)
    assert repr(made).splitlines()[0] == "comparison: made"
    assert all(line in repr(made) for line in made.table().to_string().splitlines())
    assert repr(made).splitlines()[-1] == "a neighbour was busy"
    assert len(repr(made)) < 1_000


def test_the_timings_of_a_comparison_are_its_slices():
    made = made_result()
    assert made.timings == 2 * 8 * 2
    assert made.document()["timings"] == made.timings
    alongside = made.samples.assign(quantity="empty_ns")
    assert replace(made, samples=pd.concat([made.samples, alongside])).timings == made.timings


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        ([1.0, 1.1, 2.0, 2.2], (1.05, 2.1)),
        ([2.2, 1.0, 2.0, 1.1], (1.05, 2.1)),
        ([1.0, 1.0, 1.2, 1.2], None),
        ([1.0, 1.0, 1.21, 1.21], (1.0, 1.21)),
        ([1.0, 1.0, 1.0, 3.0], None),
        ([1.0, 3.0, 3.0, 3.0], None),
        ([1.0, 1.0, 3.0], None),
        ([0.0, 0.0, 3.0, 3.0], None),
        ([1.0, 1.0, np.nan, 3.0], None),
        # The largest gap is on the log scale: 1 to 2 is more than 10 to 13.
        ([1.0, 1.0, 2.0, 2.0, 10.0 / 4, 13.0 / 4], (1.0, 2.25)),
    ],
)
def test_two_groups_of_rounds_are_those_on_both_sides_of_the_largest_gap(values, groups):
    assert two_groups(values) == (None if groups is None else pytest.approx(groups))


def test_modes_name_the_contenders_with_two_groups_of_rounds():
    [sentence] = in_rounds([100.0, 100.0, 100.0, 100.0], [50.0, 100.0, 50.0, 100.0]).modes()
    assert sentence == "the rounds of “two” fall into two groups, around 50.0\u202fns and 100\u202fns"
    assert made_result().modes() == ()

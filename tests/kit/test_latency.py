"""`latency`: percentiles of single calls, with the clock alongside."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import evenhand as bench
from evenhand import Latency, Settings
from evenhand.results.latency import CLOCK, COMPARED, FLOOR_MARK
from evenhand.results.result import SAMPLE_COLUMNS, restored


def result(rounds=8, calls=10_000, compared=COMPARED, **times):
    """Make a latency with chosen times, where one call in fifty takes ten times as long and the clock 50 ns."""
    times = times or {"one": 1_000.0, "two": 2_000.0}
    rows = [
        (contender, "call_ns", 1, index, 0, 1, value, count)
        for contender, time in (times | {CLOCK: 50.0}).items()
        for index in range(rounds)
        for value, count in ((time, calls - calls // 50), (10 * time, calls // 50))
    ]
    return Latency(
        name="made",
        example="first",
        contenders={name: {"statement": "pass", "fingerprint": "0"} for name in (*times, CLOCK)},
        settings={"calls": calls, "rounds": rounds, "compared": list(compared)},
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started="2026-01-02T03:04:05+00:00",
    )


def test_percentiles_are_those_of_the_calls():
    row = result().to_pandas().loc["one"]
    assert (row["p50_ns"], row["p95_ns"], row["p99_ns"], row["max_ns"]) == (1_000, 1_000, 10_000, 10_000)


def test_ratios_and_verdicts_are_per_percentile():
    row = result().to_pandas().loc["two"]
    assert row["p99_ratio"] == pytest.approx(2)
    assert row["p99_verdict"] == "slower"
    assert result().sentence("two", "p50") == "the p50 of two is 2.00 times that of one: slower"


def test_the_clock_is_a_row_that_is_not_compared():
    made = result()
    assert list(made.to_pandas().index) == ["one", "two", CLOCK]
    assert pd.isna(made.to_pandas().loc[CLOCK, "p99_ratio"])
    assert made.table().loc[CLOCK, "p99, verdict"] == "–"  # noqa: RUF001
    assert not any(FLOOR_MARK in cell for cell in made.table().loc[CLOCK])


def test_a_percentile_that_was_not_to_be_compared_is_not_judged():
    made = result(compared=("p50", "p99"))
    assert made.verdict("two", "p99") == "slower"
    assert made.verdict("two", "p95") == "not judged"


def test_the_ratio_in_the_table_is_that_of_the_highest_compared_percentile():
    assert list(result(compared=("p50", "p99")).in_ratio()) == [("one", "p99"), ("two", "p99")]


@pytest.mark.parametrize(("time", "marked"), [(150.0, True), (151.0, False)])
def test_a_percentile_within_three_times_the_clocks_is_marked(time, marked):
    made = result(one=time)
    assert made.at_floor("one", "p50") is marked
    assert (FLOOR_MARK in made.table().loc["one", "p50"]) is marked
    assert any("at the clock's floor" in note for note in made.table_notes()) is marked


def test_a_p999_needs_ten_thousand_calls_per_round():
    assert "p99.9" in result(calls=10_000).table().columns
    few = result(calls=9_999)
    assert "p99.9" not in few.table().columns
    assert pd.isna(few.to_pandas().loc["one", "p99_9_ns"])


def test_the_maximum_has_no_ratio():
    assert not [column for column in result().to_pandas().columns if column.startswith("max_") and column != "max_ns"]


def test_with_few_rounds_nothing_is_judged():
    assert result(rounds=5).verdict("two", "p50") == "not judged"


def test_a_restored_result_is_the_same_result():
    made = result()
    again = restored(json.loads(made.to_json()), made.samples)
    assert again.document() == made.document()


def test_every_call_of_every_round_is_counted_and_the_clock_is_measured_alongside():
    made = bench.latency({"one": "1 + 1"}, calls=1_001, settings=Settings(rounds=2))
    counts = made.samples.groupby(["contender", "round"])["count"].sum()
    assert set(counts) == {1_001}
    assert set(made.samples["contender"]) == {"one", CLOCK}

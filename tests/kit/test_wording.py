"""Sentences that compare: the run selects one of several wordings."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from made_runs import STARTED, made_result, made_run

import evenhand as bench
from evenhand.measure.memory import EMPTY
from evenhand.results.result import FLOOR_MARK, SAMPLE_COLUMNS

WORDS = "| faster: less | slower: more | no difference shown: the same | inconclusive: unclear | not judged: unjudged"


def result(kind: type, rows: list[tuple[Any, ...]], **settings: Any) -> Any:
    """Make a result of a kind from samples: contender, quantity, size, round, value."""
    names = {row[0]: {"statement": row[0], "fingerprint": row[0]} for row in rows}
    samples = [(name, what, size, index, 0, 1, value, 1) for name, what, size, index, value in rows]
    frame = pd.DataFrame(samples, columns=list(SAMPLE_COLUMNS))
    return kind("made", "first", names, {"rounds": 8, **settings}, frame, STARTED)


def observed(columns: dict[str, tuple[float, float]], sizes: list[int] | None = None) -> bench.Observed:
    """Make an `Observed` of two contenders, "new" and "old", with the same numbers in each of eight rounds."""
    rows = [
        (name, column, size, index, value)
        for column, values in columns.items()
        for name, value in zip(("new", "old"), values, strict=True)
        for size in sizes or [1]
        for index in range(8)
    ]
    return result(bench.Observed, rows, columns=list(columns), compared=list(columns), sizes=sizes)


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ({"two": 50.0}, "less"),
        ({"two": 150.0}, "more"),
        ({"two": 101.0}, "the same"),
    ],
)
def test_the_wording_of_the_verdict_is_chosen(costs: dict[str, float], words: str) -> None:
    run = made_run(made_result(costs={"one": 100.0, **costs}))
    assert bench.Wording.parse(f"first/made/two vs one {WORDS}").sentence(run) == words


def test_an_undecided_comparison_has_its_own_wording() -> None:
    rows = [("one", "slice_ns", 1, index, 100.0) for index in range(8)]
    rows += [("two", "slice_ns", 1, index, 50.0 if index % 2 else 200.0) for index in range(8)]
    wording = bench.Wording.parse(f"first/made/two vs one {WORDS}")
    assert wording.sentence(made_run(result(bench.Comparison, rows))) == "unclear"
    few = [row for row in rows if row[3] < 2]
    assert wording.sentence(made_run(result(bench.Comparison, few))) == "unjudged"


@pytest.mark.parametrize("column", ["", "/cost_ns"])
def test_a_comparison_is_named_with_its_column_or_without(column: str) -> None:
    run = made_run()
    assert bench.Wording.parse(f"first/made/two{column} vs one | faster: {{this}}, {{other}}").sentence(run) == (
        "50.0\u202fns, 100\u202fns"
    )


@pytest.mark.parametrize("cost", [50.0, 200.0])
def test_outcomes_may_share_a_wording(cost: float) -> None:
    run = made_run(made_result(costs={"one": 100.0, "two": cost}))
    assert bench.Wording.parse("first/made/two vs one | faster, slower: {ratio}").sentence(run).startswith(("0.5", "2"))


def test_a_higher_rate_is_faster() -> None:
    run = made_run(observed({"done_per_second": (2e6, 1e6)}))
    wording = bench.Wording.parse("first/made/new/done_per_second vs old | faster: {this}, {other}, {ratio}")
    assert wording.sentence(run) == "2.00\u202fM/s, 1.00\u202fM/s, 0.500"


def test_a_size_is_part_of_the_path() -> None:
    run = made_run(observed({"took_ns": (1.0, 2.0)}, sizes=[10, 100]))
    assert bench.Wording.parse(f"first/made/new/100/took_ns vs old {WORDS}").sentence(run) == "less"


def test_batches_percentiles_bytes_and_tails_are_named_alike() -> None:
    batches = [(name, "batch_ns", size, index, cost) for name, cost in (("new", 5.0), ("old", 9.0))
               for size in (10, 100) for index in range(8)]  # fmt: skip
    calls = [(name, "call_ns", 1, index, cost) for name, cost in (("clock", 1.0), ("new", 90.0), ("old", 50.0))
             for index in range(8)]  # fmt: skip
    counts = [(name, "heap_bytes", 10, index, count) for name, count in (("new", 80.0), ("old", 160.0), ("", 0.0))
              for index in range(8)]  # fmt: skip
    tails = {name: {"p99_ns": cost, "rounds": {"p99_ns": [cost] * 8}} for name, cost in (("a", 7.0), ("b", 7.0))}
    for made, path, words in (
        (result(bench.Throughput, batches, sizes=[10, 100], asked=[10, 100]), "first/made/new/100", "less"),
        (result(bench.Latency, calls, calls=1_000), "first/made/new/p99_ns", "more"),
        (result(bench.Footprint, counts, sizes=[10], runs=8), "first/made/new/10", "less"),
    ):
        assert bench.Wording.parse(f"{path} vs old {WORDS}").sentence(made_run(made)) == words
    run = made_run(tails=tails)
    assert bench.Wording.parse(f"tails/a/p99_ns vs b {WORDS}").sentence(run) == "the same"


def test_a_contender_may_have_a_slash_in_its_name() -> None:
    run = made_run(made_result(costs={"a": 1.0, "a/b": 2.0, "c": 1.0}))
    assert bench.Wording.parse(f"first/made/a/b vs c {WORDS}").sentence(run) == "more"


@pytest.mark.parametrize(
    ("costs", "sentence"),
    [
        (50.0, "In this run “two” takes less time than “one” (ratio 0.500)"),
        (200.0, "In this run “two” takes more time than “one” (ratio 2.00)"),
        (100.0, "In this run “two” and “one” show no difference (ratio 1.00)"),
    ],
)
def test_an_outcome_without_a_wording_has_a_sentence(costs: float, sentence: str) -> None:
    run = made_run(made_result(costs={"one": 100.0, "two": costs}))
    assert bench.Wording.parse("first/made/two vs one").sentence(run) == sentence


def test_a_generated_sentence_has_the_form_of_the_wordings() -> None:
    run = made_run(made_result(costs={"one": 100.0, "two": 200.0}))
    found = [bench.Wording.parse(f"first/made/two vs one | faster: {words}").sentence(run) for words in ("it", "It.")]
    assert [(text[0], text[-1]) for text in found] == [("i", ")"), ("I", ".")]


def test_a_number_that_is_missing_was_not_measured() -> None:
    run = made_run(observed({"took_ns": (math.nan, 2.0)}))
    wording = bench.Wording.parse("first/made/new/took_ns vs old | faster: less")
    assert wording.sentence(run) == "this profile does not measure “new” against “old”"


def test_the_numbers_of_a_cut_result_are_dashes_and_show_no_gain() -> None:
    made = made_result()
    cut = replace(made, settings={"slices": 2, "rounds": 0, "cut": True}, samples=made.samples[:0], pace=())
    run = made_run(cut)
    one, two = list(made.contenders)[:2]
    pair = bench.Pair(f"first/made/{two}", one)
    assert pair.outcome(run) == "not measured"
    assert pair.written(run) == ("–", "–")  # noqa: RUF001
    assert pair.gain(run) == "no gain shown: not measured"
    assert run.value(f"first/made/{two}/cost_ns") == ("cost_ns", None)
    assert not [path for path in run.paths() if path.startswith(f"first/made/{two}")]
    assert f"“{two}”" in bench.Wording.parse(f"first/made/{two} vs {one} | faster: So it is.").sentence(run)


def test_a_result_that_is_missing_is_an_error_unless_that_is_worded() -> None:
    run = made_run()
    with pytest.raises(KeyError, match="no result 'first/gone'; similar: first/made"):
        bench.Wording.parse("first/gone/two vs one | faster: less").sentence(run)
    assert bench.Wording.parse("first/gone/two vs one | not measured: left out").sentence(run) == "left out"
    with pytest.raises(KeyError, match="no result"):
        bench.Wording.parse("frist/made/two vs one | not measured: left out").sentence(run)


def test_a_number_that_was_not_to_be_compared_is_an_error() -> None:
    made = observed({"took_ns": (1.0, 2.0), "lost": (1.0, 2.0)})
    made.settings["compared"].remove("lost")
    with pytest.raises(ValueError, match="'lost' is not compared in first/made, which has took_ns; name it in"):
        bench.Wording.parse("first/made/new/lost vs old").sentence(made_run(made))


def test_numbers_without_a_ratio_say_so() -> None:
    run = made_run(observed({"lost": (0.0, 2.0)}))
    assert bench.Wording.parse("first/made/new/lost vs old").sentence(run) == (
        "This run does not judge “new” against “old”: one of the numbers is 0, so there is no ratio"
    )


def test_an_unjudged_number_with_an_interval_is_at_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.Comparison, "verdict", lambda *_: "not judged")
    assert "cannot be distinguished from an empty statement" in bench.Wording.parse("first/made/two vs one").sentence(
        made_run()
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("first/made/two", "'first/made/two' names no pair; write: example/result/contender/column vs other"),
        ("first/made/two vs one | quicker: x", "'quicker: x' is no wording; write one of faster, slower"),
        ("first/made/two vs one | faster:", "is no wording"),
        ("first/made/two vs one | faster: x | faster: y", "'faster' has two wordings"),
        ("first/made/two vs one | faster: {that}", "has a placeholder other than {this}, {other} and {ratio}"),
        ("first/made/two vs three", "first/made has no contender 'three'; there are: one, two"),
        ("first/made/four vs one", "first/made has no contender 'four'; there are: one, two"),
    ],
)
def test_a_wrong_form_is_an_error_that_says_what_to_write(text: str, said: str) -> None:
    with pytest.raises((KeyError, ValueError)) as caught:
        bench.Wording.parse(text).sentence(made_run())
    assert said in caught.value.args[0]


@pytest.mark.parametrize(
    ("cost", "gain"),
    [
        (50.0, "factor 2.00"),
        (200.0, "no gain shown: factor 0.500, slower"),
        (101.0, "no gain shown: factor 0.990, no difference shown"),
    ],
)
def test_a_gain_is_written_only_if_there_is_one(cost: float, gain: str) -> None:
    run = made_run(made_result(costs={"one": 100.0, "two": cost}))
    assert bench.Pair("first/made/two", "one").gain(run) == gain


@pytest.mark.parametrize(("held", "gain"), [((50.0, 50.0), "2.00"), ((50.0, 51.0), "1.98 (1.96 to 2.00)")])
def test_a_gain_of_bytes_says_that_they_were_counted(held: tuple[float, float], gain: str) -> None:
    rows = [("one", "heap_bytes", 10, index, 100.0) for index in range(2)]
    rows += [("two", "heap_bytes", 10, index, value) for index, value in enumerate(held)]
    run = made_run(result(bench.Footprint, rows, sizes=[10], runs=2))
    assert bench.Pair("first/made/two/10/per_point_bytes", "one").gain(run) == f"factor {gain}, counted"


@pytest.mark.parametrize(("empty", "gain"), [(16.0, "factor 2.00, counted"), (17.0, "no gain shown: not judged")])
def test_a_count_near_that_of_an_empty_statement_is_not_judged(empty: float, gain: str) -> None:
    rows = [
        (name, "heap_bytes", 10, index, held) for name, held in (("one", 100.0), ("two", 50.0)) for index in range(2)
    ]
    made = result(bench.Footprint, rows, sizes=[10], runs=2)
    alongside = pd.DataFrame([(EMPTY, "heap_bytes", 0, 0, 0, 1, empty, 1)], columns=list(SAMPLE_COLUMNS))
    made = replace(made, samples=pd.concat([made.samples, alongside], ignore_index=True))
    assert bench.Pair("first/made/two/10/per_point_bytes", "one").gain(made_run(made)) == gain
    marked = empty > 16
    assert (FLOOR_MARK in made.table().loc[("two", 10), "heap, held"]) is marked
    assert [note[0] for note in made.remarks()] == [FLOOR_MARK] * marked


@pytest.mark.parametrize(("clock", "words"), [(16.0, "less"), (17.0, "unjudged")])
def test_a_tail_near_the_clocks_is_not_judged(clock: float, words: str) -> None:
    times = {"clock, busy thread": clock, "attach, busy thread": 50.0, "round trip, busy thread": 100.0}
    tails = {name: {"p99_ns": value, "rounds": {"p99_ns": [value] * 8}} for name, value in times.items()}
    pair = "tails/attach, busy thread/p99_ns vs round trip, busy thread"
    assert bench.Wording.parse(f"{pair} {WORDS}").sentence(made_run(tails=tails)) == words


def test_too_few_rounds_show_no_gain() -> None:
    rows = [(name, "slice_ns", 1, 0, cost) for name, cost in (("one", 100.0), ("two", 50.0))]
    run = made_run(result(bench.Comparison, rows))
    assert bench.Pair("first/made/two", "one").gain(run) == "no gain shown: not judged"


def test_a_ratio_that_varies_is_written_with_its_interval() -> None:
    costs = {"one": [100.0] * 8, "two": [50.0, 51.0, 52.0, 50.0, 51.0, 52.0, 50.0, 51.0]}
    rows = [(name, "slice_ns", 1, index, cost) for name, found in costs.items() for index, cost in enumerate(found)]
    run = made_run(result(bench.Comparison, rows))
    wording = bench.Wording.parse("first/made/two vs one | faster: {ratio}")
    assert wording.sentence(run) == "0.510 (0.500 to 0.520)"
    assert bench.Pair("first/made/two", "one").gain(run) == "factor 1.96 (1.92 to 2.00)"

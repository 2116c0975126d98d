"""`observe`: the numbers that work reports about itself."""

from __future__ import annotations

import dataclasses
import json
import math

import pandas as pd
import pytest

import evenhand as bench
from evenhand import Observed, Settings
from evenhand.results.figure import blank
from evenhand.results.result import SAMPLE_COLUMNS, restored


def result(rounds=8, sizes=None, compared=("busy_ns",), **facts):
    """Make an observation in which each contender reports the same numbers each round."""
    facts = facts or {"one": {"busy_ns": 1e6, "lost": 0}, "two": {"busy_ns": 3e6, "lost": 5}}
    rows = [
        (contender, column, size, index, 0, 1, float(value), 1)
        for contender, numbers in facts.items()
        for size in sizes or [1]
        for index in range(rounds)
        for column, value in numbers.items()
    ]
    return Observed(
        name="made",
        example="first",
        contenders={name: {"statement": "{}", "fingerprint": "0"} for name in facts},
        settings={"columns": ["busy_ns", "lost"], "compared": list(compared), "sizes": sizes, "rounds": rounds},
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started="2026-01-02T03:04:05+00:00",
    )


def test_a_number_is_the_median_over_rounds_with_its_unit_at_the_end():
    row = result().to_pandas().loc["two"]
    assert (row["busy_ns"], row["busy_low_ns"], row["busy_high_ns"]) == (3e6, 3e6, 3e6)
    assert (row["lost"], row["lost_low"], row["lost_high"]) == (5, 5, 5)


def test_compared_numbers_have_a_ratio_and_a_verdict():
    frame = result().to_pandas()
    assert frame.loc["two", "busy_ratio"] == pytest.approx(3)
    assert frame.loc["two", "busy_verdict"] == "slower"
    assert frame.loc["one", "busy_verdict"] == "baseline"
    assert "lost_ratio" not in frame


def searched(step):
    """Make an observation of searched rates, the same in each round, with a step."""
    made = result(
        compared=("highest_per_second",), one={"highest_per_second": 100.0}, two={"highest_per_second": 200.0}
    )
    settings = made.settings | {"columns": ["highest_per_second"], "steps": {"highest_per_second": step}}
    return dataclasses.replace(made, settings=settings)


def test_a_number_from_a_search_has_no_interval_narrower_than_its_step():
    made = searched(1.1)
    found, ratio = made.number("two", "highest_per_second"), made.ratio("two", "highest_per_second")
    assert (found.value, found.low, found.high) == pytest.approx((200, 200, 220))
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx((2, 2 / 1.1, 2 * 1.1))
    assert made.verdict("two", "highest_per_second") == "faster"
    assert searched(2.5).verdict("two", "highest_per_second") == "inconclusive"
    assert result().number("two", "busy_ns").high == 3e6


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ({"n": 0.9}, "steps has 0.9 for 'n'"),
        ({"n": math.nan}, "steps has nan for 'n'"),
        ({"n": 10**400}, "steps has 1000"),
        ({"m": 1.1}, "steps"),
    ],
)
def test_a_step_that_is_no_factor_of_a_column_is_refused(steps, sentence):
    with pytest.raises(ValueError, match=sentence):
        bench.observe({"one": "{'n': 1}"}, columns=["n"], steps=steps)


def test_rates_are_per_second_in_tables_and_one_contender_has_no_ratio_to_itself():
    assert list(searched(1.1).table().columns) == ["highest per second", "highest, ratio to one"]
    alone = result(compared=("highest_per_second",), one={"highest_per_second": 100.0})
    alone = dataclasses.replace(alone, settings=alone.settings | {"columns": ["highest_per_second"]})
    assert list(alone.table().columns) == ["highest per second"]


def test_many_numbers_of_a_single_contender_are_listed_below_one_another():
    facts = {f"Point.call_{index}_ns": float(index + 1) for index in range(20)}
    rows = [("one", column, 1, index, 0, 1, value, 1) for column, value in facts.items() for index in range(8)]
    table = Observed(
        name="made",
        example="first",
        contenders={"one": {"statement": "{}", "fingerprint": "0"}},
        settings={"columns": list(facts), "compared": [], "sizes": None, "rounds": 8},
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started="2026-01-02T03:04:05+00:00",
    ).table()
    assert list(table.index) == [column.removesuffix("_ns") for column in facts]
    assert table.loc["Point.call_4", "one"].startswith("5")


def test_numbers_that_differ_only_in_their_unit_have_their_own_columns_ratios_and_facts():
    facts = {"one": {"read_ns": 100.0, "read_bytes": 100.0}, "two": {"read_ns": 50.0, "read_bytes": 300.0}}
    made = result(compared=("read_ns", "read_bytes"), **facts)
    made = dataclasses.replace(made, settings=made.settings | {"columns": ["read_ns", "read_bytes"]})
    row, table = made.to_pandas().loc["two"], made.table().loc["two"]
    assert (row["read_ns_ratio"], row["read_bytes_ratio"]) == (pytest.approx(0.5), pytest.approx(3))
    assert (row["read_ns_verdict"], row["read_bytes_verdict"]) == ("faster", "slower")
    assert (table["read ns"], table["read bytes"]) == ("50.0\u202fns", "300\u202fB")
    assert table["read ns, ratio to one"] == "0.500: faster"
    assert {"read_ns_noise_floor", "read_bytes_noise_floor"} <= set(made.facts())


def test_more_per_second_is_faster():
    facts = {"one": {"made_per_second": 10.0}, "two": {"made_per_second": 30.0}}
    made = observe(
        {name: repr(numbers) for name, numbers in facts.items()},
        ["made_per_second"],
        compared=["made_per_second"],
        rounds=6,
    )
    assert made.number("two", "made_per_second").value == 30
    assert made.ratio("two", "made_per_second").value == pytest.approx(3)
    assert made.verdict("two", "made_per_second") == "faster"
    assert made.verdict("one", "made_per_second", to="two") == "slower"


def test_there_is_no_ratio_to_zero():
    made = result(one={"busy_ns": 0.0, "lost": 0}, two={"busy_ns": 1.0, "lost": 0})
    assert math.isnan(made.ratio("two", "busy_ns").value)


def test_a_number_that_is_unknown_in_one_round_is_unknown():
    made = result(one={"busy_ns": math.nan, "lost": 0})
    assert math.isnan(made.number("one", "busy_ns").value)
    assert made.table().loc["one", "busy"] == "–"  # noqa: RUF001


def test_few_rounds_have_no_interval_and_are_not_judged():
    row = result(rounds=3).to_pandas().loc["two"]
    assert math.isnan(row["busy_low_ns"])
    assert row["busy_verdict"] == "not judged"


def test_the_table_writes_units_and_ratios():
    table = result().table()
    assert list(table.columns) == ["busy", "busy, ratio to one", "lost"]
    assert list(table.loc["two"]) == ["3.00\u202fms", "3.00: slower", "5"]
    assert table.loc["one", "busy, ratio to one"] == "1"


def test_sizes_are_rows():
    frame = result(sizes=[10, 20]).to_pandas()
    assert list(frame.index) == [("one", 10), ("one", 20), ("two", 10), ("two", 20)]


def test_the_label_of_sizes_is_in_the_table_and_on_the_axis():
    facts = "{'p99_ns': n, 'p99_9_ns': n}"
    made = observe({"one": facts}, ["p99_ns", "p99_9_ns"], sizes=[3, 5], size_label="rows")
    assert list(made.table().index.names) == ["contender", "rows"]
    assert list(made.table().columns) == ["p99", "p99.9"]
    _, ax = blank("figure")
    made.draw(ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("rows", "99th percentile, ns\n(less is better)")


@pytest.mark.parametrize("sizes", [None, [10, 20]])
def test_it_is_drawn_and_restored(sizes):
    made = result(sizes=sizes)
    assert made.plot() is not None
    again = restored(json.loads(made.to_json()), made.samples)
    pd.testing.assert_frame_equal(again.to_pandas(), made.to_pandas())


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ({10: 3e6, 20: 3e6, 30: 1e6}, "not shown to be faster at any measured size"),
        ({10: 3e6, 20: 1e5, 30: 1e5}, "faster from 20 on"),
        ({10: 1e5, 20: 3e6, 30: 1e5}, "faster from 30 on"),
        ({10: 1e5, 20: 1e5, 30: 1e5}, "faster from 10 on"),
    ],
)
def test_it_says_from_which_size_on_a_contender_is_faster(times, words):
    made = result(sizes=list(times))
    rows = made.samples[["contender", "quantity", "size"]].itertuples(index=False)
    slowest = [1e6 if row.contender == "one" else times[row.size] for row in rows]
    made = dataclasses.replace(made, samples=made.samples.assign(value=slowest))
    assert made.facts()["two"] == {"busy_faster": words}


def test_with_few_rounds_no_size_is_faster():
    assert result(rounds=3, sizes=[10, 20]).faster("two", "busy_ns").startswith("not judged in this profile")


def setup():
    import itertools
    import os

    calls = itertools.count(1)
    return {"calls": calls, "os": os}


def observe(contenders, columns=("busy_ns",), rounds=2, **further):
    settings = Settings(example="first")
    return bench.observe(contenders, columns=list(columns), setup=setup, settings=settings, rounds=rounds, **further)


def test_each_round_runs_each_contender_once_in_its_own_process():
    facts = "{'call': next(calls), 'process': os.getpid()}"
    made = observe({"one": facts, "two": facts}, ("call", "process"), rounds=3)
    assert (made.rounds["call"] == 1).all()
    assert made.rounds["process"].nunique() == 6


def test_the_requested_rounds_are_made():
    settings = Settings(example="first", rounds=2)
    for rounds, made in ((None, 2), (1, 1), (3, 3)):
        observed = bench.observe({"one": "{'busy_ns': 1}"}, columns=["busy_ns"], rounds=rounds, settings=settings)
        assert observed.rounds.index.get_level_values("round").nunique() == made


@pytest.mark.parametrize(("compared", "made"), [([], 1), (["busy_ns"], 6)])
def test_only_compared_numbers_make_the_rounds_of_a_verdict(compared, made):
    settings = Settings(example="first", seconds=1e-6, judges=True)
    facts = {"one": "{'busy_ns': 1}"}
    observed = bench.observe(facts, columns=["busy_ns"], compared=compared, settings=settings)
    assert observed.rounds.index.get_level_values("round").nunique() == made


def test_the_order_turns_and_the_first_one_rotates():
    import time

    made = observe(dict.fromkeys("abc", "{'now': __import__('time').time_ns()}"), ("now",), rounds=4)
    order = made.samples.sort_values("value").groupby("round")["contender"].agg("".join)
    # Each pair of rounds goes forward and backward, and the next one begins with another.
    assert list(order) == ["abc", "cba", "bca", "acb"]
    assert made.samples["value"].max() < time.time_ns()


def test_the_size_is_n_and_callables_take_it():
    def facts(n):
        return {"busy_ns": 2 * n}

    made = observe({"text": "{'busy_ns': n}", "call": facts}, sizes=[3, 5])
    assert [made.number(name, "busy_ns", size).value for name in ("text", "call") for size in (3, 5)] == [3, 5, 6, 10]


def test_none_is_an_unknown_number():
    assert math.isnan(observe({"one": "{'busy_ns': None}"}).number("one", "busy_ns").value)


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("3", "'one' failed in its worker: TypeError: it returns int; return a mapping"),
        ("{'lost': 3}", "it reports no busy_ns; it has lost"),
        ("{'busy_ns': 'long'}", "busy_ns is 'long', which is not a number"),
        ("{'busy_ns': True}", "busy_ns is True, which is not a number"),
        ("{'busy_ns': [1]}", r"busy_ns is \[1\], which is not a number"),
        ("{'busy_ns': 10**400}", "busy_ns does not fit into a float; report it in a larger unit, or as None"),
        ("1 / 0", "ZeroDivisionError"),
        ("os._exit(3)", r"the worker of 'one' died \(status 3\)"),
    ],
)
def test_work_that_reports_no_numbers_is_named(statement, words):
    with pytest.raises(bench.WorkerError, match=words):
        observe({"one": statement})


def test_work_that_hangs_is_ended():
    with pytest.raises(bench.WorkerError, match="did not answer within 0.2 s"):
        observe({"one": "__import__('time').sleep(60)"}, timeout=0.2)


@pytest.mark.parametrize("sizes", [None, [1]])
def test_a_statement_without_a_value_is_refused(sizes):
    with pytest.raises(ValueError, match="'one' is not an expression"):
        observe({"one": "x = 3"}, sizes=sizes)

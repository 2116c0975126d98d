"""The common behaviour of all kinds of measurement: awaiting, refusing code that never runs, judging."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from made_machine import WORK
from made_runs import made_result

import evenhand as bench
from evenhand import Latency, Observed, Settings, Statement, Throughput, decide
from evenhand.judge.decision import fewest_rounds
from evenhand.results import quantity
from evenhand.results.latency import CLOCK
from evenhand.results.paced import SCHEDULER, Paced
from evenhand.results.result import SAMPLE_COLUMNS
from evenhand.runs.recorder import Recorder

QUICK = Settings(rounds=1)
CALLS = {
    "compare": lambda made: bench.compare(made, settings=QUICK),
    "latency": lambda made: bench.latency(made, calls=100, settings=QUICK),
    "throughput": lambda made: bench.throughput(made, sizes=[10], settings=QUICK),
    "observe": lambda made: bench.observe(made, columns=["busy_ns"], settings=QUICK),
    "paced": lambda made: bench.paced(made, rate=1_000, duration=0.01, settings=QUICK),
    "footprint": lambda made: bench.footprint(made, sizes=[10], runs=1, settings=QUICK),
}
"""Each kind of measurement, as short as it can be."""


@pytest.mark.parametrize("call", CALLS)
def test_a_statement_awaits_in_one_event_loop(call):
    # The second execution fails where it is in another loop than the first.
    setup = "import asyncio\nloops = set()\nasync def f():\n    loops.add(asyncio.get_running_loop())\n"
    setup += "    assert len(loops) == 1\n    return {'busy_ns': 1}"
    assert CALLS[call]({"one": Statement("await f()", setup)}).baseline == "one"


@pytest.mark.parametrize("call", CALLS)
def test_a_coroutine_that_never_runs_is_refused(call):
    with pytest.raises(bench.WorkerError, match=r"makes a coroutine that never runs; .*: 'await f\(\)'"):
        CALLS[call]({"one": Statement("f()", "async def f(): pass")})


@pytest.mark.parametrize("call", CALLS)
def test_a_generator_that_never_runs_is_refused(call):
    with pytest.raises(bench.WorkerError, match=r"makes a generator that never runs; .*: 'for item in f\(\): pass'"):
        CALLS[call]({"one": Statement("f()", "def f(): yield 1")})


# Enough rounds, and the one interval


def frame(rows):
    return pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS))


def spread(index, factor):
    """Return a number of a round: the second contender's is larger, by a factor that varies from round to round."""
    return factor * (100.0 + index) * (1 + 0.01 * (index % 3) * (factor > 1))


def made(kind, rounds, names=("one", "two", "three")):
    """Make a result of a kind, with one more judged number for each contender except the first."""
    given = {"name": "made", "example": "first", "started": "2026-01-02T03:04:05+00:00"}
    kept = {name: {"statement": name, "fingerprint": name} for name in names}
    factors = {name: 2.0 if place else 1.0 for place, name in enumerate(names)}
    each = [(name, index, spread(index, factor)) for name, factor in factors.items() for index in range(rounds)]
    if kind == "comparison":
        rows = [(name, "slice_ns", 1, index, 0, 1_000, 1_000 * value, 1) for name, index, value in each]
        return replace(made_result(), contenders=kept, samples=frame(rows)), ()
    if kind == "latency":
        rows = [(name, "call_ns", 1, index, 0, 1, 1_000 * value, 10_000) for name, index, value in each]
        rows += [(CLOCK, "call_ns", 1, index, 0, 1, 10.0, 10_000) for index in range(rounds)]
        settings = {"calls": 10_000, "rounds": rounds, "compared": ["p99"]}
        return Latency(contenders=kept | {CLOCK: {}}, settings=settings, samples=frame(rows), **given), ("p99",)
    if kind == "throughput":
        rows = [(name, "batch_ns", size, index, 0, 1, size * v, 1) for name, index, v in each for size in (1, 10)]
        return Throughput(contenders=kept, settings={"sizes": [10]}, samples=frame(rows), **given), (10,)
    if kind == "observed":
        rows = [(name, "busy_ns", 1, index, 0, 1, value, 1) for name, index, value in each]
        settings = {"columns": ["busy_ns"], "compared": ["busy_ns"], "sizes": None, "rounds": rounds}
        return Observed(contenders=kept, settings=settings, samples=frame(rows), **given), ("busy_ns",)
    rows = [(name, "response_ns", 1, index, 0, 1, value, 1_000) for name, index, value in each]
    rows += [(SCHEDULER, "response_ns", 1, index, 0, 1, 1.0, 1_000) for index in range(rounds)]
    rows += [(name, "late", 1, index, 0, 1, 0.0, 1) for name in (*names, SCHEDULER) for index in range(rounds)]
    settings = {"rate": 1.0, "duration": 1, "arrivals": 1_000, "rounds": rounds, "compared": ["p99"]}
    return Paced(contenders=kept, settings=settings, samples=frame(rows), **given), ("p99",)


KINDS = ("comparison", "latency", "throughput", "observed", "paced")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("contenders", [2, 3, 7])
def test_the_fewest_rounds_judge_and_fewer_do_not(kind, contenders):
    names = [f"contender {place}" for place in range(contenders)]
    fewest = fewest_rounds(contenders - 1)
    for rounds, verdict in ((fewest - 1, "not judged"), (fewest, "slower")):
        found, key = made(kind, rounds, names)
        assert found.judged == contenders - 1
        assert found.verdict(names[1], *key) == verdict
        assert math.isnan(found.ratio(names[1], *key).low) == (verdict == "not judged")


@pytest.mark.parametrize("kind", KINDS)
def test_the_printed_interval_is_the_one_that_decides(kind):
    found, key = made(kind, 12)
    ratio = found.ratio("two", *key)
    assert ratio.level == pytest.approx(1 - 0.05 / 2)
    assert ratio.high > ratio.low
    assert found.verdict("two", *key) == decide(ratio)
    rows = found.to_pandas().reset_index()
    row = rows[rows["contender"] == "two"].iloc[0]
    stem = {"latency": "p99_ratio", "observed": "busy_ratio", "paced": "p99_ratio"}.get(kind, "ratio")
    assert (row[stem], row[f"{stem}_low"], row[f"{stem}_high"]) == (ratio.value, ratio.low, ratio.high)
    text = quantity.ratio(ratio)
    assert any(text in str(cell) for cell in found.table().to_numpy().ravel())
    if kind in {"comparison", "latency"}:
        assert text in found.sentence("two", *key)


@pytest.mark.parametrize("kind", KINDS)
def test_a_ratio_that_differs_from_the_quotient_of_the_two_numbers_is_explained(kind):
    found, _ = made(kind, 9)
    assert not any("median of the rounds' ratios" in note for note in found.table_notes())
    # The same numbers in another order: the medians stay, and the ratios of the rounds do not.
    factors = {"one": (1, 2, 4), "two": (4, 1, 2), "three": (1, 2, 4)}
    samples = found.samples.assign(
        value=[
            row.value * factors.get(row.contender, (1, 1, 1))[row.round % 3]
            for row in found.samples.itertuples(index=False)
        ]
    )
    notes = [note for note in replace(found, samples=samples).table_notes() if "rounds' ratios" in note]
    assert [note.partition(" is ")[0] for note in notes] == ["the ratio of two"]


@pytest.mark.parametrize("kind", KINDS)
def test_two_groups_of_rounds_are_mentioned_for_a_steady_number(kind):
    found, _ = made(kind, 8)
    twice = found.samples.assign(value=found.samples["value"] * found.samples["round"].map(lambda index: 1 + index % 2))
    sentences = replace(found, samples=twice).modes()
    assert len(sentences) == (kind != "paced")
    assert found.modes() == ()
    if sentences:
        assert sentences[0].startswith("the rounds of “one”, “two”, “three” fall into two groups, for “")


@pytest.mark.parametrize("kind", KINDS)
def test_print_is_the_table(kind):
    found, _ = made(kind, 8)
    assert repr(found).startswith(f"{kind}: made\n{found.table().to_string()}")


def test_the_timings_of_calls_are_all_of_them():
    found, _ = made("latency", 8)
    assert found.timings == 8 * 4 * 10_000


# On a machine of the tests' own


def test_every_call_is_counted_in_the_timings(machine):
    result = bench.latency({"one": "work(900)"}, setup=WORK, calls=1_000, settings=Settings(rounds=3))
    assert result.timings == 2 * 3 * 1_000
    del machine


def test_a_stopped_call_of_any_kind_keeps_its_rounds(machine):
    class Stopping(Recorder):
        def progress(self, what, done, total):
            del what, total
            if done == 2:
                raise KeyboardInterrupt

    settings = Settings(rounds=4, recorder=Stopping())
    for call, further in (
        (bench.compare, {}),
        (bench.latency, {"calls": 100}),
        (bench.throughput, {"sizes": [2]}),
        (bench.observe, {"columns": ["busy_ns"]}),
    ):
        with pytest.raises(bench.Interrupted) as stopped:
            call({"one": "{'busy_ns': work(900) or 1}"}, setup=WORK, settings=settings, **further)
        result = stopped.value.result
        assert result.settings["rounds"] == 2
        assert result.notes[0] == "incomplete: stopped after 2 of 4 rounds"
    del machine

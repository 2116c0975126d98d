"""Pacing with a simulated clock, and the content of a paced result."""

import math
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from evenhand import WorkerError
from evenhand.measure.capacity import HELD, NOT_HELD, STEPS, caught_up, search
from evenhand.measure.settings import Settings
from evenhand.measure.worker import bucket, pace
from evenhand.results.paced import Paced, paced, rounds_of
from evenhand.results.result import FLOOR_MARK, SAMPLE_COLUMNS, restored

MILLISECOND = 1_000_000


class Clock:
    """A clock that moves only during work and sleep."""

    def __init__(self, oversleep=0):
        self.now = 5_000
        self.oversleep = oversleep
        self.sleeps = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.now += round(seconds * 1e9) + self.oversleep

    def work(self, *nanoseconds):
        """Return a statement whose calls take these times; all further calls take the last one."""
        times = list(nanoseconds)

        def call():
            self.now += times.pop(0) if len(times) > 1 else times[0]

        return call


def run(clock, call, arrivals, rate=1_000):
    return pace(call, rate, arrivals, clock, clock.sleep)


def test_a_response_counts_from_the_moment_it_was_due_and_not_from_the_late_wake_up():
    clock = Clock(oversleep=300)
    assert list(run(clock, clock.work(70), 3)["responses"]) == [70, 370, 370]


def test_deadlines_are_absolute_so_that_late_wake_ups_do_not_add_up():
    clock = Clock(oversleep=100_000)
    run(clock, clock.work(0), 1_000)
    assert clock.now == 5_000 + 999 * MILLISECOND + 100_000


def test_a_late_wake_up_serves_all_due_arrivals_without_sleeping_between():
    clock = Clock()
    answer = run(clock, clock.work(int(3.5 * MILLISECOND), 1_000), 6)
    # Arrivals 1, 2 and 3 came while 0 was served, and waited behind it.
    waited = [int(3.5 * MILLISECOND) - index * MILLISECOND for index in range(4)]
    expected = [time + 1_000 * index for index, time in enumerate(waited)]
    assert list(answer["responses"])[:4] == expected
    assert len(clock.sleeps) == 2


def test_an_arrival_done_after_the_next_one_was_due_is_late():
    clock = Clock()
    answer = run(clock, clock.work(int(1.2 * MILLISECOND), 100), 4)
    assert answer["late"] == 1


def test_an_arrival_done_exactly_when_the_next_one_is_due_is_not_late():
    clock = Clock()
    assert run(clock, clock.work(MILLISECOND), 4)["late"] == 0


def test_a_statement_twice_too_slow_misses_half_of_the_arrivals():
    clock = Clock()
    answer = run(clock, clock.work(2 * MILLISECOND), 100)
    assert (len(answer["responses"]), len(answer["waited"])) == (50, 50)


def test_a_missed_arrival_counts_with_its_waiting_time_until_the_end():
    clock = Clock()
    answer = run(clock, clock.work(2 * MILLISECOND), 4)
    assert list(answer["waited"]) == [2 * MILLISECOND, MILLISECOND]


def test_a_call_that_is_done_after_the_end_of_the_run_is_missed():
    clock = Clock()
    answer = run(clock, clock.work(10, 5 * MILLISECOND), 3)
    assert (list(answer["responses"]), len(answer["waited"])) == ([10], 2)


def test_no_call_begins_after_the_end_of_the_run():
    clock, calls = Clock(), []
    call = clock.work(2 * MILLISECOND)
    run(clock, lambda: (calls.append(clock.now), call()), 4)
    assert len(calls) == 2


@pytest.mark.parametrize("cost", [1, 999_999, 1_000_001, 3_700_000, 10**12])
def test_every_arrival_is_served_or_missed(cost):
    clock = Clock(oversleep=40)
    answer = run(clock, clock.work(cost), 57)
    assert len(answer["responses"]) + len(answer["waited"]) == 57


def test_a_statement_below_the_capacity_is_without_backlog_near_the_end():
    clock = Clock()
    assert caught_up(run(clock, clock.work(900_000), 100)["idle"], 0.1)


def test_a_stall_in_the_first_half_of_a_burst_does_not_make_a_rate_too_high():
    clock = Clock()
    assert caught_up(run(clock, clock.work(10 * MILLISECOND, 100_000), 100)["idle"], 0.1)


def test_a_statement_above_the_capacity_has_a_growing_backlog():
    clock = Clock()
    assert not caught_up(run(clock, clock.work(1_100_000), 100)["idle"], 0.1)


def test_a_backlog_that_begins_in_the_first_half_and_never_ends_is_growing():
    clock = Clock()
    assert not caught_up(run(clock, clock.work(*[10] * 30, 1_100_000), 100)["idle"], 0.1)


@pytest.mark.parametrize("cost", [50_000, 333_333, 4_000_000])
def test_the_search_finds_the_capacity_of_a_known_server(cost):
    def holds(rate):
        clock = Clock()
        return caught_up(run(clock, clock.work(cost), 400, rate)["idle"], 400 / rate)

    capacity = 1e9 / cost
    tried = list(search(holds, 0.5 * capacity, 1.25 * capacity))
    assert max(rate for rate, held in tried if held) == pytest.approx(capacity, rel=0.015)


def test_the_search_takes_a_number_of_steps_that_no_answer_changes():
    for answer in (True, False):
        assert len(list(search(lambda rate, answer=answer: answer, 1.0, 2.0))) == STEPS


@pytest.mark.parametrize("value", [0, 1, 2_047, 2_048, 2_049, 123_456_789, 10**12 + 1])
def test_the_histogram_never_shortens_a_response_and_lengthens_it_by_a_thousandth_at_most(value):
    assert value <= bucket(value) <= value * 1.001


def result(responses, waited=(), *, arrivals=20_000, rounds=1, rate=1_000.0, compared=("p99",), empty=0.01):
    """Make a result of two contenders and the scheduler from (nanoseconds, count) pairs; its times are a share."""
    rows = []
    for name, factor in (("a", 1), ("b", 2), ("scheduler", empty)):
        for index in range(rounds):
            rows += [(name, "response_ns", 1, index, 0, 1, factor * v + index, count) for v, count in responses]
            if name == "b":
                rows += [(name, "waited_ns", 1, index, 0, 1, float(v), count) for v, count in waited]
            rows.append((name, "late", 1, index, 0, 1, 3.0, 1))
        rows.append((name, "held_per_second", 1, 0, 0, 1, 4_000.0, 1))
        rows.append((name, "not_held_per_second", 1, 0, 1, 1, 5_000.0, 1))
    return Paced(
        name="paced",
        example="example",
        contenders={"a": {}, "b": {}},
        settings={
            "rate": rate,
            "duration": arrivals / rate,
            "arrivals": arrivals,
            "rounds": rounds,
            "compared": list(compared),
        },
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started="2026-01-01T00:00:00+00:00",
    )


def test_percentiles_are_of_arrivals_and_not_of_distinct_times():
    frame = result([(100.0, 19_000), (900.0, 1_000)]).to_pandas()
    assert list(frame.loc["a", ["p50_ns", "p95_ns", "p99_ns", "max_ns"]]) == [100.0, 100.0, 900.0, 900.0]


def test_a_missed_arrival_weighs_in_the_percentiles():
    frame = result([(100.0, 10_000)], [(5e9, 10_000)]).to_pandas()
    assert frame.loc["b", "p95_ns"] == 5e9


def test_the_effective_rate_counts_served_arrivals():
    assert result([(100.0, 15_000)], [(5e9, 5_000)]).effective("b") == 750.0


def test_headroom_is_the_highest_sustained_rate_over_the_target():
    assert result([(100.0, 20_000)]).headroom("a") == 4.0


def test_a_capacity_is_as_wide_as_the_last_step_of_its_search():
    made = result([(100.0, 20_000)])
    found = made.capacity_range("a")
    tried = made.samples[made.samples["quantity"].isin([HELD, NOT_HELD]) & (made.samples["contender"] == "a")]["value"]
    assert (found.value, found.low) == (4_000.0, 4_000.0)
    assert found.high == min(rate for rate in tried if rate > 4_000.0)
    assert made.table().loc["a", "headroom"] == f"4.00 (4.00 to {found.high / 1_000:.2f})"
    assert f"headroom is {made.table().loc['a', 'headroom']}" in made.sentence("a")


def test_the_scheduler_is_always_a_row():
    assert "scheduler" in result([(100.0, 20_000)]).to_pandas().index


@pytest.mark.parametrize(("empty", "marked"), [(0.7, True), (0.6, False)])
def test_a_percentile_within_three_times_the_schedulers_is_marked_and_not_judged(empty, marked):
    # That of b is 2 / 0.7 = 2.9 times the scheduler's, or 3.3 times.
    made = result([(1e6, 20_000)], rounds=6, empty=empty)
    made = replace(made, contenders={"b": {}, "a": {}})  # the baseline is the one that is farther
    assert bool(made.to_pandas().loc["b", "p99_at_floor"]) is marked
    assert (FLOOR_MARK in made.table().loc["b", "p99"]) is marked
    assert FLOOR_MARK in made.table().loc["a", "p99"]
    assert FLOOR_MARK not in made.table().loc["scheduler", "p99"]
    assert ("cannot be distinguished from the" in made.sentence("b")) is marked
    assert made.verdict("a", "p99") == "not judged"
    assert made.table().loc["a", "p99, ratio to b"].endswith(": not judged")
    assert made.remarks()[0].startswith(f"{FLOOR_MARK} at the scheduler's floor")


def test_a_percentile_far_from_the_schedulers_has_no_mark():
    made = result([(1e6, 20_000)], rounds=6)
    assert (made.remarks(), made.verdict("b", "p99")) == ((), "slower")
    assert made.table().loc["b", "p99, ratio to a"].endswith(": slower")
    assert "exceeds the 10.0\u202fµs of an empty statement" in made.sentence("b")


@pytest.mark.parametrize(("arrivals", "known"), [(9_999, False), (10_000, True)])
def test_a_percentile_needs_ten_arrivals_beyond_it(arrivals, known):
    frame = result([(100.0, arrivals)], arrivals=arrivals).to_pandas()
    assert math.isnan(frame.loc["a", "p99_9_ns"]) != known


@pytest.mark.parametrize(("rounds", "verdict"), [(5, "not judged"), (6, "slower")])
def test_below_six_rounds_nothing_is_judged(rounds, verdict):
    assert result([(1e6, 20_000)], rounds=rounds).to_pandas().loc["b", "p99_verdict"] == verdict


def test_a_lower_bound_is_marked_in_the_sentence():
    assert "at least" in result([(100.0, 10_000)], [(5e9, 10_000)]).sentence("b")


def test_a_restored_result_has_the_same_summary():
    made = result([(1e6, 20_000)], rounds=6)
    again = restored(made.document(), made.samples.copy())
    pd.testing.assert_frame_equal(made.to_pandas(), again.to_pandas())


def test_a_duration_too_short_for_one_arrival_is_refused():
    with pytest.raises(ValueError, match="pace for at least 10 s"):
        paced({"nothing": "pass"}, rate=0.1, duration=1)


def test_more_arrivals_than_a_run_can_store_are_refused():
    with pytest.raises(ValueError, match="pace for at most"):
        paced({"nothing": "pass"}, rate=1e9, duration=15)


def test_a_statement_keeps_its_state_from_call_to_call():
    # The warm-up's 20 calls and those of the run: the 31st fails.
    setup = "calls = []\ndef call():\n    calls.append(1)\n    assert len(calls) <= 30"
    with pytest.raises(WorkerError, match="AssertionError"):
        paced({"counted": "call()"}, rate=1_000, duration=0.05, setup=setup)


def test_a_paced_run_serves_real_workers():
    made = paced({"nothing": "pass"}, rate=200, duration=0.1, settings=Settings(example="test"))
    assert list(made.to_pandas()["arrivals"]) == [20, 20]


@pytest.mark.skipif(sys.platform == "win32", reason="sends SIGINT to one process")
def test_a_stop_before_the_end_ends_the_worker(tmp_path):
    (tmp_path / "script.py").write_text(
        "import evenhand as bench\n"
        f"setup = '''import os, pathlib, time\n"
        f"pathlib.Path({str(tmp_path)!r}, f'{{os.getpid()}}.pid').touch()'''\n"
        "bench.paced({'slow': 'time.sleep(60)'}, rate=1000, duration=1, setup=setup)\n"
    )
    process = subprocess.Popen([sys.executable, tmp_path / "script.py"], stderr=subprocess.DEVNULL)
    while not (pids := list(tmp_path.glob("*.pid"))):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids[0].stem), 0)


@pytest.mark.parametrize(
    ("due", "compared", "contenders", "rounds"),
    [
        (15_000, 1, 2, 6),
        (6_000, 1, 2, 6),
        (5_999, 1, 2, 1),
        (10, 1, 2, 1),
        (6_000, 1, 1, 6),
        (8_000, 2, 4, 8),
        (7_999, 2, 4, 1),
    ],
)
def test_the_duration_is_split_into_the_rounds_of_a_verdict_where_each_keeps_the_arrivals_of_a_p99(
    due, compared, contenders, rounds
):
    assert rounds_of(due, ["p99", "p95"][:compared], contenders) == rounds


def test_more_rounds_than_arrivals_are_refused():
    with pytest.raises(ValueError, match="5 arrivals are too few for 7 rounds"):
        paced({"nothing": "pass"}, rate=5, duration=1, rounds=7)


def test_a_percentile_that_the_arrivals_do_not_support_has_no_verdict():
    made = result([(1e6, 2_000)], arrivals=2_000, rounds=6, compared=("p99", "p99_9")).to_pandas()
    assert made.loc["b", "p99_verdict"] != "not judged"
    assert "p99_9_verdict" not in made.columns

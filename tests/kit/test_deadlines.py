"""Work that measures itself: its deadlines, its response times, and the highest rate that it sustains."""

from __future__ import annotations

import itertools
import math
import time

import pytest

import evenhand as bench
from rust_daq import Pipeline


def test_deadlines_are_one_period_apart_and_never_early():
    given = []
    for due in bench.deadlines(500, 0.02):
        assert time.perf_counter_ns() >= due
        given.append(due)
    assert len(given) == 10
    assert {later - earlier for earlier, later in itertools.pairwise(given)} == {2_000_000}


def test_a_missed_deadline_is_yielded_immediately():
    due = bench.deadlines(1000, 0.05)
    first = next(due)
    time.sleep(0.02)
    begin = time.perf_counter_ns()
    passed = list(itertools.takewhile(lambda instant: instant < begin, due))
    # They stay at their original times and are not moved.
    assert passed[:10] == [first + number * 1_000_000 for number in range(1, 11)]


def test_responses_are_summarised_as_in_a_report():
    numbers = bench.responses([1e6] * 99 + [5e6], 1000)
    assert numbers == {
        "processed": 100,
        "processed_per_second": pytest.approx(100 / 0.104),
        "p50_ns": 1e6,
        "p95_ns": 1e6,
        "p99_ns": 1e6,
        "p99_9_ns": 5e6,
        "max_ns": 5e6,
    }
    assert set(numbers) <= set(Pipeline([]).run().as_dict())


def test_a_backlog_lowers_the_rate_at_which_work_is_done():
    waits = [1e6 * number for number in range(1, 101)]  # each point takes twice its period
    assert bench.responses(waits, 1000)["processed_per_second"] == pytest.approx(502.5, abs=0.1)


@pytest.mark.parametrize("limit", [11, 777, 99_000])
def test_the_highest_sustainable_rate_is_at_most_one_step_above(limit):
    found = bench.highest_rate(lambda rate: rate <= limit, 10, 100_000)
    assert found <= limit <= found * bench.search_step(10, 100_000) * (1 + 1e-9)


def test_the_highest_rate_is_found_within_the_step_of_the_search():
    found = bench.highest_rate(lambda rate: rate <= 777, 10, 100_000)
    assert found == pytest.approx(777, rel=10_000 ** (1 / 128) - 1)
    assert found <= 777


def test_a_rate_is_sustained_if_one_of_two_tries_was():
    tries = itertools.count()

    def second_try(rate):
        del rate
        return next(tries) % 2 == 1

    assert bench.highest_rate(second_try, 10, 1000) > 900
    assert math.isnan(bench.highest_rate(lambda _: False, 10, 1000, tries=1))


def test_there_may_be_no_sustainable_rate():
    assert math.isnan(bench.highest_rate(lambda _: False, 10, 1000))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: next(bench.deadlines(0, 1)), ValueError, "rate must be a finite number of hertz above 0, got 0"),
        (lambda: next(bench.deadlines(10, -1)), ValueError, "seconds must be"),
        (lambda: next(bench.deadlines("fast", 1)), TypeError, "rate must be a number of hertz, got str"),
        (lambda: next(bench.deadlines(10, 0.01)), ValueError, "no whole arrival"),
        (lambda: bench.responses([], 10), ValueError, "times_ns is empty"),
        (lambda: bench.responses([1.0], math.nan), ValueError, "rate must be"),
        (lambda: bench.highest_rate(bool, 10, 10), ValueError, "low is 10 and high is 10"),
        (lambda: bench.highest_rate(bool, 0, 10), ValueError, "low must be"),
        (lambda: bench.highest_rate(bool, 1, math.inf), ValueError, "high must be"),
        (
            lambda: bench.highest_rate(bool, 1, 10, tries=0),
            ValueError,
            "tries must be a whole number of at least 1, got 0",
        ),
    ],
)
def test_an_invalid_rate_or_time_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()

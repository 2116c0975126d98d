"""The timing loop: the same for contenders with similar costs, despite noise in their calibration."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_machine import WORK, MadeWorker

from evenhand.measure.statement import Statement
from evenhand.measure.timing_loop import (
    CALIBRATION_SECONDS,
    SLICE_SECONDS,
    Calibration,
    Timing,
    differing_copies,
    sample_slices,
    shared,
    slices_within,
    tried,
)

COSTS = st.floats(0.05, 1e8)
EMPTY = st.floats(5.0, 200.0)


def timing(cost, empty=20.0):
    return Timing(empty, cost, cost)


def trials(costs, empty=20.0):
    return {f"contender {place}": timing(cost, empty) for place, cost in enumerate(costs)}


@given(cost=COSTS, noise=st.lists(st.floats(1.0, 1.49), min_size=2, max_size=6), empty=EMPTY, others=st.lists(COSTS))
def test_identical_contenders_have_the_same_loop_whatever_the_noise_of_their_calibration(cost, noise, empty, others):
    known = trials([cost * times for times in noise], empty) | {
        f"other {place}": timing(other, empty) for place, other in enumerate(others)
    }
    found = shared(known)
    loops = {(found[name].repeats, found[name].loops) for name in known if name.startswith("contender")}
    assert len(loops) == 1


@given(cost=st.floats(1.0, 1e3), factor=st.floats(1.0, 9.9), empty=EMPTY)
def test_contenders_within_a_factor_of_ten_have_the_same_copies_whatever_another_one_costs(cost, factor, empty):
    first, second, _ = shared(trials([cost, cost * factor, 4e6], empty)).values()
    assert first.repeats == second.repeats


def test_copies_differ_if_one_number_does_not_fit_all():
    cheap, expensive = shared(trials([20.0, 4e6])).values()
    assert (cheap.repeats, expensive.repeats) == (49, 1)
    # A contender between two distant ones joins them, as long as the copies fit into the slice.
    chain = shared(trials([20.0 * 8**place for place in range(6)]))
    assert {found.repeats for found in chain.values()} == {int(5e6 / (20 * 8**5))}


@given(costs=st.lists(st.floats(1.0, 1e8), min_size=1, max_size=6), empty=EMPTY)
def test_the_loop_is_a_small_part_of_the_cheapest_and_the_most_expensive_fits_its_slice(costs, empty):
    known = trials(costs, empty)
    for name, found in shared(known).items():
        cost = known[name].cost
        # 200 copies are the most; where fewer suffice, the loop is small, unless the slice is full.
        whole = found.repeats * cost + empty
        near = [other for other in costs if cost <= other]
        full = (found.repeats + 1) * max(near) > SLICE_SECONDS * 1e9
        assert empty / whole <= 0.02 + 1e-9 or found.repeats == 200 or full
        assert found.repeats == 1 or found.repeats * cost <= SLICE_SECONDS * 1e9


@given(costs=st.lists(COSTS, min_size=1, max_size=6))
def test_a_slice_is_as_long_as_was_planned_or_one_execution(costs):
    for found in shared(trials(costs)).values():
        single = found.loops == 1
        assert found.loops * (found.repeats * found.wall + found.empty) <= SLICE_SECONDS * 1e9 * 8 or single


def test_a_contender_without_cost_does_not_decide_for_the_others():
    found = shared({"nothing": timing(0.0), "some": timing(200.0)})
    assert found["some"].repeats == shared({"some": timing(200.0)})["some"].repeats


def test_separately_timed_executions_have_one_copy():
    assert {found.repeats for found in shared(trials([10.0, 20.0]), alone=True).values()} == {1}


def test_different_numbers_of_copies_are_mentioned_with_the_numbers():
    [note] = differing_copies({"one": {"repeats": 200}, "two": {"repeats": 1}})
    assert "one 200, two 1" in note
    assert not differing_copies({"one": {"repeats": 2}, "two": {"repeats": 2}, "old": {}})


# Calibration


def test_a_calibration_finds_the_times_of_the_loop_and_of_an_execution(machine):
    found = tried(MadeWorker(machine, "mine", Statement("work(3_000)", WORK)))
    assert (found.empty, found.cost, found.wall) == pytest.approx((machine.loop, 3_000, 3_000), rel=0.01)


def test_one_disturbed_timing_does_not_affect_the_calibration(machine):
    worker = MadeWorker(machine, "mine", Statement("work(3_000)", WORK))
    undisturbed = tried(worker)
    asked = []
    for disturbed in range(2 + 3 * 10):
        calls = 0

        def interfere(nanoseconds, threads=1, disturbed=disturbed):
            nonlocal calls
            extra = 250_000_000 if calls == disturbed else 0
            calls += 1
            machine.now += int(nanoseconds) + extra
            machine.spent += int(nanoseconds) * threads

        machine.work = interfere
        asked.append(shared({"mine": tried(worker)})["mine"])
    usual = shared({"mine": undisturbed})["mine"]
    assert {(found.repeats, found.loops) for found in asked} == {(usual.repeats, usual.loops)}


def test_one_time_work_of_a_first_execution_does_not_decide(machine):
    setup = f"{WORK}\nmade = []\ndef once():\n    work(3_000 if made else 80_000_000)\n    made.append(1)"
    assert tried(MadeWorker(machine, "mine", Statement("once()", setup))).cost == pytest.approx(3_000, rel=0.01)


def test_a_statement_longer_than_a_slice_is_executed_three_times_to_try_it_and_once_a_slice(machine):
    setup = f"{WORK}\nseen = []"
    worker = MadeWorker(machine, "mine", Statement("work(20_000_000); seen.append(1)", setup))
    found = shared({"mine": tried(worker)})["mine"]
    assert len(worker.worker.namespace["seen"]) == 3
    assert (found.repeats, found.loops) == (1, 1)
    slices = slices_within(20, [found])
    samples = sample_slices({"mine": worker}, {"mine": found}, 0, slices)
    # One more to warm up.
    assert len(worker.worker.namespace["seen"]) == 3 + 1 + slices
    assert [sample.value for sample in samples if sample.quantity == "slice_ns"] == [20e6 + machine.loop] * slices


@given(seconds=st.floats(1e-6, 1e3), most=st.sampled_from([2, 4, 20]))
def test_there_are_at_least_two_slices_and_fewer_if_they_are_long(seconds, most):
    slices = slices_within(most, [Calibration(wall=seconds * 1e9)])
    assert 2 <= slices <= most
    assert slices % 2 == 0
    if seconds <= SLICE_SECONDS:
        assert slices == most


def test_three_short_slices_are_three():
    assert slices_within(3, [Calibration(wall=1.0)]) == 3


def test_a_calibration_tries_for_its_stated_time(machine):
    tried(MadeWorker(machine, "mine", Statement("work(3_000)", WORK)))
    [request] = [request for _, request in machine.requests if request["do"] == "calibrate"]
    assert request["seconds"] == CALIBRATION_SECONDS
    assert math.isfinite(machine.now)

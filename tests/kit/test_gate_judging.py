"""Judgement of a gate: simulated whole gates with a known true difference and fixed seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evenhand import Estimate
from evenhand.gate.findings import Finding, judge_first, judge_second, suspects
from evenhand.judge.statistics import holm_levels, ratio_interval, ratio_p_value

SEED = 81
OPERATIONS = 8
FIRST, SECOND = 20, 40


def rounds_of(rng, count, ratio=1.0, noise=0.02):
    """Simulate rounds of candidate and base: independent skewed noise on a machine whose pace drifts for both."""
    pace = np.exp(np.cumsum(rng.normal(0, 0.1, count)))
    own = np.exp(noise * (rng.gamma(2.0, 1.0, (2, count)) - 2.0))
    return 100 * ratio * pace * own[0], 100 * pace * own[1]


def gate(rng, ratios, first=FIRST, second=SECOND):
    """Simulate a whole gate, and return the status of each operation."""
    screened = {str(index): rounds_of(rng, first, ratio) for index, ratio in enumerate(ratios)}
    statuses = {name: judge_first(*pair).status for name, pair in screened.items()}
    fresh = {name: rounds_of(rng, second, ratios[int(name)]) for name in suspects(screened)}
    return statuses | {name: finding.status for name, finding in judge_second(fresh).items()}


def test_hardly_any_whole_gate_of_identical_builds_raises_an_alarm():
    rng = np.random.default_rng(SEED)
    alarms = [not {"slower", "faster"}.isdisjoint(gate(rng, [1.0] * OPERATIONS).values()) for _ in range(50)]
    assert sum(alarms) <= 2


def test_a_quick_gate_of_identical_builds_raises_hardly_any_alarm():
    rng = np.random.default_rng(SEED + 1)
    alarms = [not {"slower", "faster"}.isdisjoint(gate(rng, [1.0] * 4, 8, 20).values()) for _ in range(100)]
    assert sum(alarms) <= 4


def test_five_per_cent_are_found_among_unchanged_operations():
    rng = np.random.default_rng(SEED + 2)
    gates = [gate(rng, [1.0, 1.0, 1.05]) for _ in range(40)]
    assert np.mean([found["2"] == "slower" for found in gates]) >= 0.9
    assert all(found[name] != "slower" for found in gates for name in "01")


def test_a_speedup_is_reported_as_faster():
    rng = np.random.default_rng(SEED + 3)
    assert gate(rng, [0.9, 1.0])["0"] == "faster"


def test_one_per_cent_is_never_called_slower_however_sure():
    rng = np.random.default_rng(SEED + 4)
    found = judge_second({"one": rounds_of(rng, 200, 1.01, 0.001)})["one"]
    assert found.corrected.low > 1
    assert found.status == "unchanged"
    assert 0.01 <= found.largest_slowdown < 0.02


def test_only_suspects_are_measured_again():
    new, old = np.linspace(100, 101, 20), np.full(20, 100.0)
    assert suspects({"shifted": (new + 1, old), "same": (old, old), "around": (np.roll(new, 3) - 0.5, old)}) == [
        "shifted"
    ]


def test_too_few_rounds_suspect_and_judge_nothing():
    # The screening's interval takes three rounds, any verdict six.
    few = (np.full(2, 110.0), np.full(2, 100.0))
    assert suspects({"one": few}) == []
    assert judge_first(*few).status == "not judged"


def test_wide_intervals_are_inconclusive_and_say_how_many_rounds_would_decide():
    new, old = 100 * np.exp(np.linspace(-0.2, 0.2, 20)), np.full(20, 100.0)
    found = judge_first(new, old)
    assert found.status == "inconclusive"
    assert found.largest_slowdown is None
    assert found.rounds_needed > 20


def test_an_alarm_needs_the_interval_at_the_level_of_the_whole_gate():
    # Certain enough alone at 95 %, but not among forty operations without a change.
    rng = np.random.default_rng(SEED + 5)
    doubtful = (100 * np.exp(0.03 + rng.normal(0, 0.062, 20)), np.full(20, 100.0))
    others = {str(index): rounds_of(rng, 20) for index in range(40)}
    alone, among = judge_second({"one": doubtful})["one"], judge_second({"one": doubtful, **others})["one"]
    assert alone.ratio == among.ratio
    assert among.ratio.low > 1
    assert among.corrected.low < 1
    assert among.corrected.low < alone.corrected.low
    assert among.status == "inconclusive"


def test_unchanged_is_judged_for_each_operation_alone():
    # Within 5 % at 95 %, and not at the level that an alarm among forty would take.
    rng = np.random.default_rng(SEED + 9)
    steady = (100 * np.exp(rng.normal(0, 0.055, 20)), np.full(20, 100.0))
    others = {str(index): rounds_of(rng, 20) for index in range(40)}
    found = judge_second({"one": steady, **others})["one"]
    assert found.corrected.high > 1.05 or found.corrected.low < 1 / 1.05
    assert found.status == "unchanged"


# Holm


def test_holm_corrects_the_smallest_fully_and_stops_at_the_first_failure():
    levels = holm_levels([0.04, 0.001, 0.3, 0.012], 0.95)
    assert levels[1] == pytest.approx(1 - 0.05 / 4)
    assert levels[3] == pytest.approx(1 - 0.05 / 3)
    # 0.04 is not below 0.05 / 2, so it and all later ones fail.
    assert levels[0] == pytest.approx(1 - 0.05 / 2)
    assert levels[2] == pytest.approx(1 - 0.05 / 2)


def test_holm_alone_corrects_nothing():
    assert holm_levels([0.2], 0.99) == [pytest.approx(0.99)]
    assert holm_levels([], 0.99) == []


def test_holm_keeps_the_error_of_the_family_where_some_differ():
    rng = np.random.default_rng(SEED + 6)
    alarms = 0
    for _ in range(4_000):
        # Three true null hypotheses and two clearly false ones.
        p_values = [*rng.uniform(size=3), 1e-9, 1e-9]
        levels = holm_levels(p_values, 0.95)
        alarms += any(p < 1 - level for p, level in zip(p_values[:3], levels[:3], strict=True))
    assert 0.03 <= alarms / 4_000 <= 0.055


def test_a_p_value_is_the_level_at_which_the_interval_begins_to_hold_one():
    rng = np.random.default_rng(SEED + 7)
    new, old = rounds_of(rng, 20, 1.02)
    p = ratio_p_value(new, old)
    assert 0 < p < 1
    assert ratio_interval(new, old, 1 - p * 1.1).low > 1
    assert ratio_interval(new, old, 1 - p * 0.9).low <= 1


@pytest.mark.parametrize("level", [0.05, 0.2, 0.5])
def test_p_values_of_no_difference_are_no_smaller_than_by_chance(level):
    rng = np.random.default_rng(SEED + 8)
    p_values = [ratio_p_value(*rounds_of(rng, 20)) for _ in range(200)]
    assert level / 4 < np.mean(np.asarray(p_values) < level) <= level + 0.02


def test_too_few_rounds_have_no_p_value():
    assert math.isnan(ratio_p_value([1.0] * 5, [1.0] * 5))


# The content of a finding


def estimate(value, low, high, rounds=20):
    return Estimate(value, low, high, 0.95, rounds)


def test_only_inconclusive_findings_need_rounds_and_only_unchanged_ones_have_a_largest_slowdown():
    found = estimate(1.0, 0.97, 1.03)
    unchanged = Finding("unchanged", found, found, 1)
    slower = Finding("slower", found, found, 2)
    assert (unchanged.rounds_needed, slower.rounds_needed, slower.largest_slowdown) == (None, None, None)
    assert unchanged.largest_slowdown == pytest.approx(0.03)

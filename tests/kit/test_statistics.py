"""Statistics compared with known true values, by simulation with fixed seeds."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from evenhand.judge.decision import decide, fewest_rounds
from evenhand.judge.statistics import (
    RESAMPLES,
    corrected_level,
    exact_place,
    median_interval,
    median_intervals,
    ratio_interval,
    weighted_quantiles,
)
from evenhand.judge.statistics import SEED as SEED_OF_RESAMPLES

SEED = 20_261
TRIES = 400


def rounds_of(rng, count, ratio=1.0, noise=0.02):
    """Simulate two contenders: independent skewed noise on a machine whose pace drifts for both."""
    pace = np.exp(np.cumsum(rng.normal(0, 0.1, count)))
    own = np.exp(noise * (rng.gamma(2.0, 1.0, (2, count)) - 2.0))
    return 100 * ratio * pace * own[0], 100 * pace * own[1]


def simulated(count, ratio=1.0, level=0.95, noise=0.02):
    """Estimate the ratios of many simulated pairs."""
    rng = np.random.default_rng(SEED + count)
    return [ratio_interval(*rounds_of(rng, count, ratio, noise), level) for _ in range(TRIES)]


@pytest.mark.parametrize(("count", "least"), [(6, 0.90), (12, 0.92), (20, 0.92)])
def test_an_interval_covers_the_true_value_as_often_as_stated(count, least):
    covered = np.mean([found.low <= 1.3 <= found.high for found in simulated(count, 1.3)])
    assert least <= covered <= 0.99


def test_identical_code_is_rarely_judged_faster_or_slower():
    verdicts = [decide(found) for found in simulated(20)]
    assert np.mean([verdict in {"faster", "slower"} for verdict in verdicts]) <= 0.01


def test_identical_code_mostly_shows_no_difference():
    assert np.mean([decide(found) == "no difference shown" for found in simulated(20)]) >= 0.9


def test_five_per_cent_more_are_found():
    assert np.mean([decide(found) == "slower" for found in simulated(20, 1.05)]) >= 0.9


def test_shared_drift_does_not_affect_the_ratio():
    new, old = np.linspace(50, 500, 12) * 2, np.linspace(50, 500, 12)
    found = ratio_interval(new, old)
    assert (found.low, found.value, found.high) == pytest.approx((2, 2, 2))


def test_one_outlying_round_does_not_move_the_estimate():
    new, old = np.full(9, 110.0), np.full(9, 100.0)
    new[4] = 100_000
    assert ratio_interval(new, old).value == pytest.approx(1.1)


@pytest.mark.parametrize("count", range(1, 6))
def test_fewer_than_six_rounds_have_an_estimate_and_no_interval(count):
    found = median_interval(np.arange(count) + 1.0)
    assert found.value == np.median(np.arange(count) + 1.0)
    assert not found.has_interval


def test_six_rounds_have_an_interval():
    assert median_interval([1, 2, 3, 4, 5, 6]).has_interval


def test_no_rounds_have_no_estimate():
    assert math.isnan(median_interval([]).value)


def test_a_round_without_a_number_leaves_no_estimate():
    assert math.isnan(median_interval([1, 2, 3, 4, 5, float("nan")]).value)


def test_the_same_rounds_give_the_same_interval():
    rounds = np.random.default_rng(SEED).normal(100, 5, 12)
    assert median_interval(rounds) == median_interval(rounds)


@pytest.mark.parametrize("count", [6, 7, 20, 41])
def test_many_intervals_at_once_are_those_of_each_set_of_rounds(count):
    rows = np.random.default_rng(count).normal(size=(5, count))
    low, high = median_intervals(rows, 0.9)
    each = [median_interval(np.sort(row), 0.9) for row in rows]
    np.testing.assert_allclose(low, [one.low for one in each], rtol=1e-12)
    np.testing.assert_allclose(high, [one.high for one in each], rtol=1e-12)


def test_a_higher_level_makes_a_wider_interval():
    rounds = np.random.default_rng(SEED).normal(100, 5, 20)
    plain, corrected = median_interval(rounds, 0.95), median_interval(rounds, corrected_level(0.95, 5))
    assert corrected.low < plain.low < plain.high < corrected.high


def test_corrected_intervals_are_valid_together():
    rng = np.random.default_rng(SEED)
    judged, together = 5, []
    for _ in range(150):
        pairs = [rounds_of(rng, 20) for _ in range(judged)]
        found = [ratio_interval(*pair, corrected_level(0.95, judged)) for pair in pairs]
        together.append(all(one.low <= 1 <= one.high for one in found))
    assert np.mean(together) >= 0.9


def test_one_ratio_needs_no_correction():
    assert corrected_level(0.95, 1) == pytest.approx(0.95)
    assert corrected_level(0.95, 0) == pytest.approx(0.95)


@pytest.mark.parametrize("count", [20, 41])
def test_an_interval_is_that_of_scipy_where_it_is_the_wider_one(count):
    rounds = np.sort(np.random.default_rng(SEED + count).normal(size=count))
    rng = np.random.default_rng(SEED_OF_RESAMPLES)
    given = {"confidence_level": 0.8, "n_resamples": RESAMPLES, "method": "percentile", "rng": rng}
    expected = scipy.stats.bootstrap((rounds,), np.median, **given).confidence_interval
    place = exact_place(count, 0.8)
    low, high = min(expected.low, rounds[place]), max(expected.high, rounds[-1 - place])
    found = median_interval(rounds, 0.8)
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-12)


def test_an_interval_does_not_depend_on_the_order_of_the_rounds():
    rounds = np.random.default_rng(SEED).laplace(size=41)
    assert median_interval(rounds, 0.9999) == median_interval(rounds[::-1], 0.9999)


@given(
    st.dictionaries(st.integers(0, 10**9), st.integers(1, 50), min_size=1, max_size=20),
    st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_a_quantile_of_a_histogram_is_that_of_its_values_written_out(histogram, shares):
    written_out = np.repeat(list(histogram), list(histogram.values()))
    expected = np.quantile(written_out, shares, method="inverted_cdf")
    assert list(weighted_quantiles(list(histogram), list(histogram.values()), shares)) == list(expected)


@pytest.mark.parametrize(("share", "value"), [(0.0, 10), (0.5, 10), (0.51, 20), (0.75, 20), (0.76, 30), (1.0, 30)])
def test_a_quantile_is_the_smallest_value_that_the_share_does_not_exceed(share, value):
    assert weighted_quantiles([20, 10, 30], [1, 2, 1], [share]) == [value]


@pytest.mark.parametrize("judged", [1, 2, 3, 4, 6, 8, 12])
@pytest.mark.parametrize("further", [0, 1, 2, 3])
def test_intervals_of_identical_code_exclude_1_no_oftener_than_stated(judged: int, further: int) -> None:
    # Without a difference each pattern of signs is as likely as any other.
    count, level = fewest_rounds(judged) + further, corrected_level(0.95, judged)
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=count)))
    low, high = median_intervals(signs * np.arange(1, count + 1), level)
    assert np.mean((low > 0) | (high < 0)) <= 1 - level

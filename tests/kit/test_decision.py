"""The one decision function, on both sides of each of its limits."""

import math

import pytest

from evenhand import Estimate, decide
from evenhand.judge.decision import fewest_rounds, rounds_needed


def verdict(value, low, high):
    """Decide on a ratio."""
    return decide(Estimate(value, low, high, 0.95, 12))


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        ((0.8, 0.7, 0.9), "faster"),
        ((1.2, 1.1, 1.3), "slower"),
        ((0.98, 0.97, 0.99), "no difference shown"),
        ((1.02, 1.01, 1.03), "no difference shown"),
        ((1.0, 0.96, 1.04), "no difference shown"),
        ((1.0, 0.8, 1.04), "inconclusive"),
        ((1.0, 0.96, 1.2), "inconclusive"),
        ((1.1, 0.99, 1.2), "inconclusive"),
        ((1.02, 1.001, 1.2), "inconclusive"),
        ((1.03, 1.01, 1.04), "slower"),
    ],
)
def test_the_verdict_follows_interval_and_effect(ratio, expected):
    assert verdict(*ratio) == expected


def test_the_same_effect_up_and_down_is_judged_alike():
    effect = 1.0251
    assert verdict(effect, 1.001, 1.2) == "slower"
    assert verdict(1 / effect, 1 / 1.2, 1 / 1.001) == "faster"


def test_without_an_interval_nothing_is_judged():
    assert verdict(0.5, math.nan, math.nan) == "not judged"


def estimate(value, low, high, rounds=20):
    return Estimate(value, low, high, 0.95, rounds)


@pytest.mark.parametrize(
    ("found", "needed"),
    [
        # No effect, 10 % either way: half as wide, four times the rounds, and a little more for 1.05.
        (estimate(1.0, 1 / 1.1, 1.1), math.ceil(20 * (math.log(1.1) / math.log(1.05)) ** 2)),
        # A plain effect: the interval has to leave 1.
        (estimate(1.2, 0.9, 1.6), math.ceil(20 * (math.log(1.2 / 0.9) / math.log(1.2)) ** 2)),
        (estimate(1 / 1.2, 1 / 1.6, 1 / 0.9), math.ceil(20 * (math.log(1.2 / 0.9) / math.log(1.2)) ** 2)),
        # Just wide enough already: one more at least.
        (estimate(1.06, 1.0, 1.12), 21),
    ],
)
def test_the_rounds_needed_follow_the_width_of_the_interval(found, needed):
    assert rounds_needed(found) == needed


def test_without_an_interval_nothing_says_how_many_rounds_are_needed():
    assert rounds_needed(estimate(1.0, math.nan, math.nan)) is None


@pytest.mark.parametrize(
    ("judged", "rounds"), [(1, 6), (2, 7), (3, 7), (4, 8), (6, 8), (7, 9), (12, 9), (13, 10), (0, 6)]
)
def test_the_fewest_rounds_follow_from_what_is_judged_together(judged, rounds):
    assert fewest_rounds(judged) == rounds


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_is_a_probability(level):
    with pytest.raises(ValueError, match=f"level must be a probability between 0 and 1, got {level}"):
        fewest_rounds(level=level)


@pytest.mark.parametrize("judged", range(1, 200))
def test_the_fewest_rounds_are_the_first_that_fall_on_one_side_rarely_enough(judged):
    rounds = fewest_rounds(judged)
    assert 2 ** (1 - rounds) <= 0.05 / judged < 2 ** (2 - rounds)


def test_a_lower_level_takes_fewer_rounds():
    assert (fewest_rounds(level=0.80), fewest_rounds(8, 0.99)) == (4, 11)


@pytest.mark.parametrize("step", [49.0, 98.0, 103.0])
def test_a_result_one_step_from_1_is_not_put_to_one_side_by_rounding(step):
    assert 1 / step * step < 1
    found = Estimate(0.01, 0.001, 1 / step, 0.95, 7).coarsened(step, step)
    assert found.high == 1
    assert decide(found) == "inconclusive"

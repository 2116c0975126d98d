"""The judging profiles: each allows every measuring call the rounds of a verdict."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from evenhand.judge.decision import FEWEST_ROUNDS
from evenhand.measure.timing_loop import SLICES
from evenhand.results.footprint import FEWEST_RUNS
from evenhand.results.paced import COMPARED, rounds_of

PROFILES = tomllib.loads((Path(__file__).parents[2] / "conf" / "profiles.toml").read_text(encoding="utf-8"))["profile"]
JUDGED = [name for name, profile in PROFILES.items() if profile.get("judged", True)]


def test_only_quick_is_not_judged():
    assert set(PROFILES) - set(JUDGED) == {"quick"}


@pytest.mark.parametrize("name", JUDGED)
def test_a_judged_profile_allows_six_rounds_of_every_kind(name):
    profile = PROFILES[name]
    options = profile["options"]
    assert profile["rounds"] >= FEWEST_ROUNDS
    assert options["repeats"] >= FEWEST_ROUNDS
    assert options["runs"] >= FEWEST_RUNS
    assert rounds_of(round(options["rate"] * options["duration"]), COMPARED, 2) >= FEWEST_ROUNDS


@pytest.mark.parametrize("name", JUDGED)
def test_a_judged_profile_times_enough_calls_for_a_p999(name):
    assert PROFILES[name]["options"]["samples"] >= 10_000


@pytest.mark.parametrize("name", JUDGED)
def test_a_judged_profile_has_a_round_go_forward_and_backward_several_times(name):
    slices = PROFILES[name].get("slices", SLICES)
    assert slices >= 4
    assert slices % 2 == 0

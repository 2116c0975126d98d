"""`throughput`: rates of batches, and the line through their times."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pandas as pd
import pytest

import evenhand as bench
from evenhand import Settings, Throughput
from evenhand.results import quantity
from evenhand.results.result import SAMPLE_COLUMNS, restored

LADDER = (1, 10, 100, 1_000, 10_000, 100_000)


def result(rounds=8, sizes=(1_000, 10_000, 100_000), steeper=1.0, **lines):
    """Make a throughput whose batches take exactly a + b n, and those of 100,000 `steeper` times as long."""
    lines = lines or {"one": (500.0, 100.0), "two": (500.0, 200.0)}
    rows = [
        (contender, "batch_ns", size, index, 0, 1, (a + b * size) * (steeper if size == LADDER[-1] else 1), 1)
        for contender, (a, b) in lines.items()
        for index in range(rounds)
        for size in LADDER
    ]
    return Throughput(
        name="made",
        example="first",
        contenders={name: {"statement": "pass", "fingerprint": "0"} for name in lines},
        settings={"sizes": list(sizes), "rounds": rounds},
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started="2026-01-02T03:04:05+00:00",
    )


def test_a_rate_is_points_over_the_median_time():
    row = result().to_pandas().loc[("one", 1_000)]
    assert row["median_ns"] == pytest.approx(100_500)
    assert row["points_per_second"] == pytest.approx(1_000 * 1e9 / 100_500)
    assert row["sd_ns"] == pytest.approx(0)


def test_batches_are_compared_at_each_size():
    made = result()
    assert made.ratio("two", 100_000).value == pytest.approx(2, rel=1e-3)
    assert made.verdict("two", 100_000) == "slower"


def test_the_fit_finds_the_line():
    fit = result().fit().loc["one"]
    assert fit["fixed_ns"] == pytest.approx(500)
    assert fit["point_ns"] == pytest.approx(100)
    assert fit["knee_points"] == pytest.approx(5)
    assert fit["largest_residual"] == pytest.approx(0, abs=1e-9)


def test_a_cost_is_never_fitted_below_zero():
    assert result(one=(0.0, 100.0)).fit().loc["one", "fixed_ns"] == 0


def test_the_residual_of_the_line_is_shown():
    assert result(steeper=2.0).fit().loc["one", "largest_residual"] > 0.1


@pytest.mark.parametrize(("steeper", "known"), [(1.0, True), (1.1, True), (2.0, False)])
def test_a_line_that_misses_a_time_by_more_than_a_tenth_has_no_knee(steeper, known):
    made = result(steeper=steeper)
    fit = made.fit().loc["one"]
    assert (fit["largest_residual"] <= 0.1) == known
    assert math.isfinite(fit["knee_points"]) == known
    assert (made.fit_table().loc["one", "knee (a/b), items"] != quantity.MISSING) == known


@pytest.mark.parametrize(("steeper", "verdict"), [(1.0, "no difference shown"), (1.5, "slower")])
def test_the_scaling_is_that_of_a_point_from_ten_thousand_to_a_hundred_thousand(steeper, verdict):
    made = result(steeper=steeper)
    assert made.scaling("one").value == pytest.approx(steeper, rel=0.01)
    assert made.facts()["one"]["scaling_verdict"] == verdict
    assert made.fit_table().loc["one", "verdict"] == verdict


@pytest.mark.parametrize(("share", "verdict"), [(0.4, "slower"), (0.6, "not judged")])
def test_the_scaling_at_the_floor_is_not_judged(share, verdict):
    made = result(steeper=2.0)
    small = made.samples[(made.samples["contender"] == "one") & (made.samples["size"] == 10_000)]
    empty = small.assign(quantity="empty_ns", value=share * small["value"])
    made = replace(made, samples=pd.concat([made.samples, empty], ignore_index=True))
    assert made.scaling_verdict("one") == made.facts()["one"]["scaling_verdict"] == verdict
    assert made.fit_table().loc["one", "verdict"] == verdict
    assert bench.Scaling("two", "one").verdict(made) == (
        "not judged" if share > 0.5 else made.scaling_verdict("two", "one")
    )
    assert made.scaling_verdict("two") == "slower"


def test_the_scaling_of_one_over_that_of_another():
    made = result(steeper=1.5)
    assert made.scaling("one", "two").value == pytest.approx(1.0, rel=0.01)


def test_without_the_large_size_there_is_no_scaling():
    with pytest.raises(ValueError, match="the scaling needs one of 100000"):
        result(sizes=(1_000,)).scaling("one")


def test_a_restored_result_is_the_same_result():
    made = result()
    assert restored(json.loads(made.to_json()), made.samples).document() == made.document()


def test_batches_of_every_size_are_made_in_every_round():
    made = bench.throughput({"text": "[0] * n", "called": lambda n: [0] * n}, sizes=(50,), settings=Settings(rounds=2))
    assert set(made.samples["size"]) == {1, 10, 50}
    assert set(made.samples.groupby(["contender", "size"])["round"].nunique()) == {2}
    assert list(made.to_pandas().index) == [("text", 50), ("called", 50)]


def test_repeats_are_the_rounds():
    made = bench.throughput({"one": "[0] * n"}, sizes=(10,), repeats=1)
    assert made.settings["rounds"] == 1
    assert math.isnan(made.to_pandas().loc[("one", 10), "sd_ns"])

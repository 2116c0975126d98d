"""The scorecard: every comparison as the run judges it, and the losses named first."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from made_runs import made_result, made_run

import scorecard
from evenhand import Pair
from evenhand.results.quantity import MISSING
from evenhand.results.verdict_chip import with_chip
from scorecard import Comparison

POINTS = {"rust_daq.DataPoint": 100.0, "dict": 200.0, "dataclass, slots": 50.0, "msgspec.Struct": 101.0}
EVERY = [comparison for group in scorecard.GROUPS.values() for comparison in group]
GALLERY = Path(__file__).parents[2] / "gallery"


@pytest.fixture
def run():
    """Make a run that only made points."""
    return made_run(made_result("ready", "benchmark_datapoint", POINTS, rounds=12))


def test_a_row_has_both_numbers_the_ratio_and_the_verdict(run):
    frame = scorecard.table(run, "One point").frame
    assert list(frame.columns) == ["this package", "compared with", "ratio (95 % interval)", "verdict"]
    made = frame.loc["make a point"]
    assert list(made["verdict"]) == ["faster", "slower", "no difference shown"]
    assert [text.replace("\u202f", " ") for text in made["compared with"]] == [
        "dict: 200 ns",
        "dataclass with slots: 50.0 ns",
        "msgspec.Struct: 101 ns",
    ]
    assert made["ratio (95 % interval)"].iloc[1] == "2.00"


def test_a_result_missing_in_the_run_is_a_row_that_says_so(run):
    frame = scorecard.table(run, "Files").frame
    assert set(frame["verdict"]) == {"not measured"}
    assert set(frame["this package"]) == {MISSING}


def test_the_losses_are_named_before_the_tables(run):
    text = scorecard.Summary(run)._repr_html_().replace("\u202f", " ")
    assert "this package is faster or smaller in 1; slower or larger in 1; no difference is shown in 1;" in text
    assert text.count("<li>") == 1
    assert (
        '<li><a href="gallery/benchmark_datapoint.html">make a point</a>: '
        "dataclass with slots 50.0 ns, this package 100 ns</li>" in text
    )


@pytest.mark.parametrize("count", [1, 3])
def test_comparisons_without_a_decision_are_counted(count):
    counts = Counter({"slower": 2, "inconclusive": count, "not judged": count, "not measured": count})
    rest = f"{count} inconclusive; {count} not judged; {count} not measured."
    assert scorecard.sentence(counts, counts.total()).endswith(f"slower or larger in 2; {rest}")


def test_a_run_that_decides_nothing_says_so():
    few = made_run(made_result("ready", "benchmark_datapoint", POINTS, rounds=2))
    text = scorecard.Summary(few)._repr_html_()
    assert text == (
        f"<p>This run decides none of these {len(EVERY)} comparisons: it has too few rounds, "
        "or its intervals are too wide.</p>"
    )


def test_fewer_bytes_are_not_called_faster(monkeypatch, run):
    bytes_of = Comparison("store", "dict", "any/kept/mine/100/per_point_bytes vs dict")
    monkeypatch.setattr(Pair, "outcome", lambda *_: "faster")
    assert bytes_of.verdict(run) == "smaller"
    assert Comparison("make", "dict", "any/made/mine vs dict").verdict(run) == "faster"
    for verdict in ("smaller", "larger"):
        assert f'data-verdict="{verdict}"' in (with_chip(verdict) or "")


@pytest.mark.parametrize("others", [("dict", "dataclass", "msgspec", "NumPy", "SciPy", "bottleneck", "HDF5")])
def test_each_package_that_a_reader_would_use_instead_is_in_it(others):
    known = " ".join(comparison.other for comparison in EVERY)
    assert [other for other in others if other not in known] == []


@pytest.mark.parametrize("comparison", EVERY, ids=lambda found: f"{found.operation}, {found.other}")
def test_a_comparison_names_an_example_of_the_gallery(comparison):
    assert (GALLERY / f"{comparison.pair.example}.py").is_file()

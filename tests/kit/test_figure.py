"""Figures of every kind of result, and the message without matplotlib."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from made_runs import made_result
from matplotlib.figure import Figure
from test_latency import result as latency
from test_observed import result as observed
from test_throughput import result as throughput

from evenhand import Estimate, FigureMarkup
from evenhand.results.curves import apart, curves, slower_than
from evenhand.results.figure import blank, form_of
from evenhand.results.latency import CLOCK
from evenhand.results.quantity import MISSING
from evenhand.results.rows import Row, bars, dots, spans

mpl.use("agg")


@pytest.mark.parametrize("result", [made_result(), latency(), throughput(), throughput(sizes=(1_000,))])
def test_a_result_draws_its_contenders_and_its_axis_has_one_unit(result):
    ax = result.plot()
    words = {text.get_text() for text in (*ax.get_yticklabels(), *ax.texts)}
    assert set(result.contenders) <= words
    ax.figure.canvas.draw()
    label = ax.get_xlabel() if "better" in ax.get_xlabel() else ax.get_ylabel()
    assert re.search(r", (ns|µs)\s\(less is better\)$", label)
    axis = ax.xaxis if "better" in ax.get_xlabel() else ax.yaxis
    ticks = [text.get_text() for text in axis.get_ticklabels()]
    assert [tick for tick in ticks if not re.fullmatch(r"[\d.\u202f]*", tick)] == []
    assert ax.figure.patch.get_alpha() == 0


def names(ax):
    """The names of the rows from the top down."""
    return [
        text.get_text() for _, text in sorted(zip(ax.get_yticks(), ax.get_yticklabels(), strict=True), reverse=True)
    ]


def test_contenders_are_sorted_and_the_baseline_is_marked():
    result = made_result(costs={"one": 100.0, "two": 50.0, "three": 300.0})
    ax = result.plot()
    assert names(ax) == ["two", "one", "three"]
    assert [text.get_text() for text in ax.get_yticklabels() if text.get_weight() == "bold"] == ["one"]
    assert [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--" or line.is_dashed()] == [100.0]
    assert "baseline" in {text.get_text() for text in ax.texts}


def test_the_best_rate_comes_first():
    _, ax = blank()
    dots(
        ax,
        {"slow": Row(1.0, "1"), "quick": Row(3.0, "3"), "none": Row(math.nan, MISSING)},
        unit="_per_second",
        label="rate",
    )
    assert names(ax) == ["quick", "slow", "none"]


@pytest.mark.parametrize(("most", "scale"), [(1_900.0, "linear"), (2_100.0, "log")])
def test_a_range_beyond_a_factor_of_twenty_makes_the_axis_logarithmic(most, scale):
    ax = made_result(costs={"one": 100.0, "two": most}).plot()
    assert ax.get_xscale() == scale
    if scale == "linear":
        assert ax.get_xlim()[0] == 0


def test_each_round_has_a_dot_and_the_median_its_interval():
    _, ax = blank()
    dots(ax, {"one": Row(2.0, "2 ns", low=1.5, high=3.0, rounds=[1.0, 2.0, 4.0])}, unit="_ns", label="time")
    assert [1.0, 2.0, 4.0] in [list(line.get_xdata()) for line in ax.lines]
    [interval] = [collection for collection in ax.collections if len(collection.get_segments())]
    assert interval.get_segments()[0][:, 0].tolist() == [1.5, 3.0]


def test_multiples_of_the_baseline_are_lines_with_their_names():
    ax = made_result(costs={"one": 100.0, "two": 150.0}).plot(multiples=[1, 2])
    assert [line.get_xdata()[0] for line in ax.lines if line.is_dashed()] == [100.0, 200.0]
    assert {"1\u00d7", "2\u00d7"} <= {text.get_text() for text in ax.texts}


def lost():
    """Rows of large counts, and of 0."""
    _, ax = blank()
    rows = {"a": Row(0.0, "0"), "pyarrow, file, flushed, else as a stream": Row(155_000.0, "155 000")}
    dots(ax, rows, unit="", label="n")
    return ax


def test_few_numbers_are_along_an_axis():
    """The font of a page is wider than that of matplotlib, so long numbers would touch each other."""
    ax = lost()
    low, high = ax.get_xlim()
    assert 4 <= sum(low <= tick <= high for tick in ax.get_xticks()) <= 7


def test_a_number_at_the_edge_is_drawn_whole():
    assert [line.get_clip_on() for line in lost().lines if line.get_marker() == "D"] == [False, False]


def test_bars_begin_at_zero():
    _, ax = blank()
    bars(ax, {"one": Row(30.0, "30 B"), "two": Row(100.0, "100 B")}, unit="_bytes", label="memory", baseline="one")
    assert ax.get_xlim()[0] == 0
    assert ax.get_xlabel() == "memory, B (less is better)"


def test_before_and_after_are_joined_and_sorted_by_the_number_after():
    _, ax = blank()
    both = {
        "slow": {"before": estimate(50.0), "after": estimate(40.0)},
        "quick": {"before": estimate(90.0), "after": estimate(10.0)},
    }
    spans(ax, both, unit="_ns", label="time")
    assert names(ax) == ["quick", "slow"]
    segments = [segment[:, 0].tolist() for lines in ax.collections for segment in lines.get_segments() if segment.size]
    assert [10.0, 90.0] in segments
    assert [40.0, 50.0] in segments
    assert "quick before 90.0 ns, after 10.0 ns".replace(" ns", "\u202fns") in form_of(ax).described()


def estimate(value):
    """A number without an interval."""
    return Estimate(value, math.nan, math.nan, 0.95, 1)


def test_several_numbers_of_an_observation_share_its_rows():
    made = observed(one={"busy_ns": 1e6, "idle_ns": 2e6}, two={"busy_ns": 3e6, "idle_ns": 5e6})
    made = replace(made, settings=made.settings | {"columns": ["busy_ns", "idle_ns"]})
    ax = made.plot(columns=made.columns)
    assert sorted(names(ax)) == sorted(made.contenders)
    assert len(ax.get_legend().get_texts()) == 2
    with pytest.raises(ValueError, match="columns"):
        made.plot(columns=["another"])


DOLLARS = ("^a$|b$", "$HOME and $USER")


@pytest.mark.parametrize("draw", ["rows", "curves", "spans"])
def test_a_name_with_dollar_signs_is_no_formula(draw):
    numbers = {name: {DOLLARS[0]: estimate(1.0 + place)} for place, name in enumerate(DOLLARS)}
    figure, ax = blank()
    if draw == "rows":
        made_result(costs=dict.fromkeys(DOLLARS, 100.0)).draw(ax)
    elif draw == "curves":
        curves(ax, {name: ([1, 10], [1, 2]) for name in DOLLARS}, x=("", "$x$ $"), y=("_ns", "$y$ $"))
    else:
        spans(ax, numbers, unit="_ns", label="$x$ $")
    markup = FigureMarkup(figure)
    for drawing in (markup.desk, markup.phone):
        words = " ".join(ET.fromstring(drawing).itertext())
        assert [name for name in DOLLARS if name not in words] == []


def test_a_number_that_begins_with_an_underscore_is_in_the_legend():
    _, ax = blank()
    spans(ax, {"row": {"_before": estimate(2.0), "after": estimate(1.0)}}, unit="_ns", label="time")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["_before", "after"]


@pytest.mark.parametrize("draw", [dots, bars])
def test_numbers_below_0_are_within_the_axis(draw):
    _, ax = blank()
    draw(ax, {"below": Row(-5e9, "-5 s"), "above": Row(-1e9, "-1 s")}, unit="_ns", label="drift")
    low, high = ax.get_xlim()
    assert low <= -5e9 < -1e9 <= high
    assert ax.get_xlabel() == "drift, s (less is better)"


def test_an_unknown_baseline_is_not_marked():
    figure, ax = blank()
    dots(ax, {"one": Row(math.nan, MISSING), "two": Row(2.0, "2 ns")}, unit="_ns", label="time", baseline="one")
    figure.canvas.draw()
    assert "baseline" not in {text.get_text() for text in ax.texts}


def test_a_curve_is_named_at_its_last_known_point():
    _, ax = blank()
    series = {"known": ([1, 10], [5, 6]), "ends": ([1, 10], [2, math.nan]), "none": ([1, 10], [math.nan, math.nan])}
    curves(ax, series, x=("", "n"), y=("_ns", "time"))
    places = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert all(math.isfinite(place) for place in places.values())
    assert places["ends"] < places["known"]


@pytest.mark.parametrize(
    ("sizes", "columns", "sentence"),
    [
        (None, ["busy_ns", "lost"], "columns has numbers with different units: busy_ns, lost; draw a figure for each"),
        ([10, 20], ["busy_ns", "idle_ns"], "columns names busy_ns, idle_ns, but over sizes a figure shows one number"),
    ],
)
def test_numbers_that_fit_no_common_figure_are_refused(sizes, columns, sentence):
    made = observed(sizes=sizes)
    made = replace(made, settings=made.settings | {"columns": columns})
    with pytest.raises(ValueError, match=sentence):
        made.plot(columns=columns)


def test_many_numbers_share_a_row():
    _, ax = blank()
    spans(ax, {"row": {str(number): estimate(number + 1.0) for number in range(20)}}, unit="_ns", label="time")
    assert len(ax.get_legend().get_texts()) == 20


def test_a_distribution_says_how_many_calls_are_slower():
    made = latency(calls=10_000)  # one call in fifty takes ten times as long
    _, ax = blank()
    made.draw(ax)
    one = next(line for line in ax.lines if line.get_label() == "one")
    inverse, times = one.get_xdata(), one.get_ydata()
    assert times[inverse < 49].max() == 1_000
    assert times[inverse > 51].min() == 10_000
    assert inverse.max() == pytest.approx(80_000 / 10)  # ten of the calls of all rounds are slower
    assert len(inverse) < 60
    clock = next(line for line in ax.lines if line.get_label() == CLOCK)
    assert clock.is_dashed()


def test_the_percentiles_of_a_distribution_are_on_its_axis_and_in_its_description():
    _, ax = blank()
    latency().draw(ax)
    assert [text.get_text().split("\n")[-1] for text in ax.get_xticklabels()] == ["all", "p90", "p99", "p99.9"]
    assert "one p50 1.00\u202fµs" in form_of(ax).described()


def test_names_at_the_ends_of_curves_do_not_touch():
    places = apart([0.5, 0.52, 0.5, 0.9, 0.1], 0.1)
    ordered = sorted(places)
    assert all(upper - lower >= 0.1 - 1e-9 for lower, upper in pairwise(ordered))
    assert places[3:] == [0.9, 0.1]
    assert places[0] < places[1]


def test_a_distribution_of_few_calls_is_drawn():
    _, ax = blank()
    slower_than(ax, {"few": (np.array([5.0]), np.array([3]))}, calls="calls", label="time", texts={"few": ""})
    assert [text.get_text() for text in ax.get_xticklabels()] == ["all"]


def test_a_result_draws_into_given_axes():
    ax = Figure().subplots()
    assert made_result().plot(ax) is ax


def test_without_matplotlib_there_is_a_message_and_no_figure(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    assert made_result().plot() is None
    assert "matplotlib is not installed" in capsys.readouterr().err

"""A call that the budget of a build cut: it starts no process, and its result has no numbers wherever one looks."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

import evenhand as bench
from evenhand.results.quantity import NOT_MEASURED
from evenhand.results.result import Result, restored

SETTINGS = bench.Settings(cut=frozenset({"left"}), options={})
# A statement that fails if anybody runs it.
NEVER = {"one": "1 / 0", "two": "2 / 0"}
GIVEN = {"name": "left", "settings": SETTINGS}
CALLS: dict[str, Callable[[], Any]] = {
    "compare": lambda: bench.compare(NEVER, **GIVEN),
    "latency": lambda: bench.latency(NEVER, calls=10_000, **GIVEN),
    "throughput": lambda: bench.throughput(NEVER, sizes=[10, 100], **GIVEN),
    "footprint": lambda: bench.footprint(NEVER, sizes=[10, 100], **GIVEN),
    "observe": lambda: bench.observe(NEVER, columns=["a_ns"], compared=["a_ns"], sizes=[1, 2], **GIVEN),
    "paced": lambda: bench.paced(NEVER, rate=1_000.0, duration=1.0, **GIVEN),
}


@pytest.fixture(params=CALLS.values(), ids=CALLS)
def result(request: pytest.FixtureRequest) -> Result:
    """Make a call of each kind that was cut."""
    made: Result = request.param()
    return made


def test_it_has_its_contenders_and_no_samples(result: Result) -> None:
    assert result.cut
    assert set(NEVER) <= set(result.contenders)
    assert (len(result.samples), result.timings, result.pace, result.notes) == (0, 0, (), ())


def test_it_has_no_numbers(result: Result) -> None:
    assert math.isnan(result.estimate("one").value)
    assert math.isnan(result.ratio_of("two", "one").value)
    assert result.facts() == {}
    for frame in (result.to_pandas(), result.table()):
        assert frame.columns.empty
        assert set(NEVER) <= set(frame.index)


def test_it_says_so_as_text_as_html_and_as_a_figure(result: Result) -> None:
    assert repr(result).endswith(f"left: {NOT_MEASURED}")
    assert f"left: {NOT_MEASURED}." in result._repr_html_()
    assert result.figure()._repr_html_() == f'<p class="bench-note">Figure: {NOT_MEASURED}.</p>'
    axes = result.plot()
    assert axes is not None
    assert [text.get_text() for text in axes.texts] == [NOT_MEASURED]


def test_it_leaves_the_size_of_a_given_figure_as_it_is() -> None:
    from matplotlib.figure import Figure

    whole = Figure(figsize=(4.0, 3.0))
    bench.compare(NEVER, **GIVEN).plot(whole.subplots())
    assert list(whole.get_size_inches()) == [4.0, 3.0]
    drawn = bench.FigureMarkup(whole)._repr_html_()
    assert re.search(rf"<text[^>]*fill: currentColor[^>]*>{NOT_MEASURED}", drawn)


def test_a_run_keeps_it_and_has_no_value_for_its_numbers(result: Result) -> None:
    document = result.document()
    assert (document["rows"], document["facts"]) == ([], {})
    again = restored(document, result.samples)
    assert again.cut
    assert again.document() == document
    run = bench.Run.of([result], profile="default")
    assert run.cut("interactive/left/one/cost_ns")
    assert run.value("interactive/left/one/cost_ns") == ("cost_ns", None)


def test_the_fit_of_a_cut_throughput_is_not_measured() -> None:
    cut = bench.throughput(NEVER, sizes=[10_000, 100_000], **GIVEN)
    assert NOT_MEASURED in bench.TableMarkup(cut.fit_table(), "The fit")._repr_html_()
    assert math.isnan(cut.scaling("two").value)
    assert cut.scaling_verdict("two") == cut.verdict("two", 10_000) == "not judged"


def test_others_are_measured() -> None:
    settings = bench.Settings(rounds=1, cut=frozenset({"left"}))
    assert not bench.compare({"one": "1", "two": "2"}, name="made", settings=settings).cut


def test_the_difference_of_cut_costs_is_unknown_and_a_figure_of_pairs_can_have_it() -> None:
    cut = bench.compare(NEVER, **GIVEN)
    assert math.isnan(cut.difference("two").value)
    made = bench.Estimate(2.0, 1.0, 3.0, 0.95, 8)
    pairs = {"cut": {name: cut.cost(name) for name in NEVER}, "made": dict.fromkeys(NEVER, made)}
    for shown in (pairs, {"cut": pairs["cut"]}):
        assert "cut" in bench.FigureMarkup(bench.dumbbells(shown, label="time").figure)._repr_html_()

"""Figures: drawn for every kind of result, left out with a sentence where matplotlib is missing."""

from __future__ import annotations

import re
import sys

import matplotlib as mpl
import pytest
from made_runs import made_result
from test_latency import result as latency
from test_throughput import result as throughput

from evenhand.results.figure import bars

mpl.use("agg")


@pytest.mark.parametrize("result", [made_result(), latency(), throughput(), throughput(sizes=(1_000,))])
def test_a_result_draws_its_contenders_and_names_its_unit(result):
    ax = result.plot()
    words = {text.get_text() for text in ax.get_yticklabels()} | {
        text.get_text() for text in (ax.get_legend().get_texts() if ax.get_legend() else [])
    }
    assert set(result.contenders) <= words
    ax.figure.canvas.draw()
    ticks = [text.get_text() for axis in (ax.xaxis, ax.yaxis) for text in axis.get_ticklabels()]
    assert any(re.fullmatch(r"[\d.]+\u202f(ns|µs)", tick) for tick in ticks)
    assert "better" in ax.get_xlabel() + ax.get_ylabel()
    assert ax.figure.patch.get_alpha() == 0


def test_a_number_stands_beyond_its_interval():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    spread = [[1.0, 10.0], [2.0, 900.0]]
    bars(ax, {"sure": 30.0, "unsure": 100.0}, first="sure", unit="_ns", label="time", spread=spread)
    assert [text.xy[0] for text in ax.texts] == [32.0, 1000.0]


def test_a_result_draws_where_it_is_told():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert made_result().plot(ax) is ax


def test_without_matplotlib_there_is_a_sentence_and_no_figure(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    assert made_result().plot() is None
    assert "matplotlib is not installed" in capsys.readouterr().err

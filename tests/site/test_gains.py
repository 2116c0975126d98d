"""The table of "Fix what is slow": the largest gain of the run first, and every entry of the page in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from made_runs import made_result, made_run

import gains
from gains import ELSEWHERE, Entry

PAGE = (Path(__file__).parents[2] / "docs" / "slow.md").read_text(encoding="utf-8")
ENTRIES = (
    Entry("a loss", "1-a-loss", "choose"),
    Entry("no gain", "2-no-gain", "wait", "first/same/new vs old"),
    Entry("small", "3-small", "hurry", "first/small/new vs old"),
    Entry("large", "4-large", "hurry more", "first/large/new vs old"),
)


@pytest.fixture
def run(monkeypatch):
    """Make a run in which one fix gains a factor of two, one a factor of ten, and one nothing."""
    monkeypatch.setattr(gains, "ENTRIES", ENTRIES)
    costs = {"same": 100.0, "small": 50.0, "large": 10.0}
    return made_run(*(made_result(name, costs={"old": 100.0, "new": new}) for name, new in costs.items()))


def test_the_largest_gain_is_first_and_fixes_without_one_are_last(run):
    frame = gains.table(run).frame
    assert list(frame.index) == ["large", "small", "no gain", "a loss"]
    assert list(frame["gain"]) == ["factor 10.0", "factor 2.00", frame["gain"].iloc[2], ELSEWHERE]
    assert frame["gain"].iloc[2].startswith("no gain shown: ")


def test_a_row_has_the_numbers_before_and_after_and_leads_to_its_entry(run):
    table = gains.table(run)
    assert [text.replace("\u202f", " ") for text in table.frame.loc["small", ["before", "after"]]] == [
        "100 ns",
        "50.0 ns",
    ]
    assert '<a href="#3-small">small</a>' in table._repr_html_()


def test_a_run_with_too_few_rounds_shows_no_gain(monkeypatch):
    monkeypatch.setattr(gains, "ENTRIES", ENTRIES[3:])
    few = made_run(made_result("large", costs={"old": 100.0, "new": 10.0}, rounds=2))
    assert list(gains.table(few).frame["gain"]) == ["no gain shown: not judged"]


def test_each_entry_of_the_page_is_in_the_table_and_the_other_way_round():
    headings = re.findall(r"^## (\d+\. .*)$", PAGE, re.MULTILINE)
    anchors = [heading.lower().replace(". ", "-").replace(",", "").replace(" ", "-") for heading in headings]
    assert [entry.anchor for entry in gains.ENTRIES] == anchors


def test_the_figure_shows_the_share_of_the_cost_that_each_fix_leaves(run):
    label = gains.figure(run).label.replace("\u202f", " ")
    assert "hurry more before 1, after 0.100" in label
    assert "hurry before 1, after 0.500" in label
    assert "wait before 1, after 1" in label
    assert "choose" not in label


def test_a_run_that_measured_none_of_the_fixes_has_no_figure(run, monkeypatch):
    monkeypatch.setattr(gains, "ENTRIES", ENTRIES[:1])
    assert gains.figure(run) is None

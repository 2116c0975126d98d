"""A figure of several results: what it refuses, and what it shows."""

import math

import pytest

import evenhand as bench
from evenhand.results.figure import form_of

BEFORE, AFTER = (bench.Estimate(value, math.nan, math.nan, 0.95, 1) for value in (90.0, 10.0))


def test_each_row_shows_its_numbers_under_their_names():
    ax = bench.dumbbells(
        {"slow": {"before": AFTER, "after": BEFORE}, "quick": {"before": BEFORE, "after": AFTER}}, label="time"
    )
    assert [label.get_text() for label in ax.get_yticklabels()] == ["quick", "slow"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["before", "after"]
    assert "quick before 90.0\u202fns, after 10.0\u202fns" in form_of(ax).described()


def test_a_row_without_a_text_is_refused():
    with pytest.raises(ValueError, match="texts must have a text for each row, but has none for 'two'"):
        bench.dumbbells({"one": {"n": BEFORE}, "two": {"n": AFTER}}, label="time", texts={"one": "1"})


def test_a_page_finds_the_source_of_the_figure():
    ax = bench.dumbbells({"one": {"before": BEFORE, "after": AFTER}}, label="time", source="example/name")
    assert ax.get_figure().get_gid() == "example/name"


@pytest.mark.parametrize(
    ("rows", "unit", "sentence"),
    [
        ({}, "_ns", "rows must have at least one row"),
        ({"one": {}}, "_ns", "rows must have at least one row"),
        (
            {"one": {"before": BEFORE}, "two": {"after": AFTER}},
            "_ns",
            r"all rows must have the numbers \['before'\], but 'two' has \['after'\]",
        ),
        ({"one": {"before": BEFORE}}, "ns", "unit must be one of '_ns', .*, got 'ns'"),
    ],
)
def test_rows_that_do_not_fit_one_another_are_refused(rows, unit, sentence):
    with pytest.raises(ValueError, match=sentence):
        bench.dumbbells(rows, label="time", unit=unit)

"""A table as HTML: walked by a screen reader, safe against what a name holds."""

import pandas as pd

from rust_daq.bench import TableMarkup


def html(frame, caption="cost", notes=()):
    """The markup of a frame."""
    return TableMarkup(frame, caption, notes)._repr_html_()


def test_headers_say_what_they_head():
    text = html(pd.DataFrame({"time": ["3 ns"]}, index=pd.Index(["dict"], name="contender")))
    assert '<th scope="col" class="bench-words">contender</th><th scope="col">time</th>' in text
    assert '<th scope="row" class="bench-words">dict</th><td>3 ns</td>' in text


def test_a_name_with_markup_in_it_stays_text():
    text = html(pd.DataFrame({"time": ["<b>"]}, index=["<i>"]), caption="a & b", notes=["x < y"])
    assert "<b>" not in text
    assert "<i>" not in text
    assert "a &amp; b" in text
    assert "x &lt; y" in text


def test_rows_of_two_names_have_a_header_for_each():
    index = pd.MultiIndex.from_tuples([("dict", 10)], names=["contender", "size"])
    text = html(pd.DataFrame({"time": ["3 ns"]}, index=index))
    assert text.count('<th scope="row"') == 2


def test_a_column_of_words_is_told_from_one_of_numbers():
    text = html(pd.DataFrame({"time": ["3 ns", "–"], "verdict": ["faster", "–"]}, index=["a", "b"]))  # noqa: RUF001
    assert "<td>3 ns</td>" in text
    assert '<td class="bench-words">faster</td>' in text

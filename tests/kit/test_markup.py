"""A table as HTML: for screen readers, and with escaped names."""

import pandas as pd
from bs4 import BeautifulSoup
from made_runs import made_result

from evenhand import TableMarkup


def html(frame, caption="cost", notes=()):
    """Return the markup of a frame."""
    return TableMarkup(frame, caption, notes)._repr_html_()


def test_headers_have_a_scope():
    text = html(pd.DataFrame({"time": ["3 ns"]}, index=pd.Index(["dict"], name="contender")))
    assert '<th scope="col" class="bench-words">contender</th><th scope="col">time</th>' in text
    assert '<th scope="row" class="bench-words">dict</th><td data-sort="3">3 ns</td>' in text


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


def test_a_column_of_words_is_distinguished_from_one_of_numbers():
    text = html(pd.DataFrame({"time": ["3 ns", "–"], "verdict": ["faster", "–"]}, index=["a", "b"]))  # noqa: RUF001
    assert '<td data-sort="3">3 ns</td>' in text
    chip = '<span class="bench-chip" data-verdict="faster">faster</span>'
    assert f'<td class="bench-words bench-brief">{chip}</td>' in text


def test_signed_numbers_are_aligned_and_sorted_as_numbers():
    text = html(pd.DataFrame({"error": ["+0.2 % (0.5 %)", "\u22121.5 % (0.4 %)"]}, index=["a", "b"]))
    assert '<th scope="col">error</th>' in text
    assert '<td data-sort="0.2">' in text
    assert '<td data-sort="-1.5">' in text


def test_words_that_need_more_than_a_line_may_wrap():
    text = html(pd.DataFrame({"why": ["no", "because it was stopped"]}, index=["a", "b"]))
    assert '<td class="bench-words">no</td>' in text


def test_a_number_has_its_value_in_the_common_unit_of_its_column():
    text = html(pd.DataFrame({"time": ["1.42 ms", "186 ns", "\u2013"]}, index=["a", "b", 1000]))
    assert '<td data-sort="1.42e+06">1.42 ms</td>' in text
    assert '<td data-sort="186">186 ns</td>' in text
    assert "<td>\u2013</td>" in text
    assert 'data-sort="1000">1\u202f000</th>' in text


def test_a_table_names_the_result_it_shows():
    assert 'data-source="first/made"' in made_result()._repr_html_()
    assert "data-source" not in html(pd.DataFrame({"time": ["3 ns"]}))


def test_notes_are_outside_the_scrolling_room():
    text = html(pd.DataFrame({"time": ["3 ns"]}), notes=["disturbed"])
    assert text.index("</table></div>") < text.index("disturbed")
    assert "tabindex" not in text


def test_a_linked_name_of_several_words_may_go_on_in_the_next_line():
    frame = pd.DataFrame({"measured in": ["two_words"]}, index=["a"])
    assert ">two_<wbr>words</a>" in TableMarkup(frame, "Costs", links={"two_words": "page.html"})._repr_html_()


def test_a_long_name_in_a_head_may_go_on_in_the_next_line():
    frame = pd.DataFrame({"ratio to my_package.Point": ["1.02"]}, index=["my_package.Point"])
    text = html(frame)
    assert text.count("my_<wbr>package.<wbr>Point</th>") == 2
    assert BeautifulSoup(text, "html.parser").td.get_text() == "1.02"


def test_a_verdict_is_a_chip_that_leaves_the_words_as_they_are():
    frame = pd.DataFrame({"verdict": ["holds", "inconclusive: 3 < 4 rounds", "faster than before"]})
    soup = BeautifulSoup(html(frame), "html.parser")
    cells = soup.select("td")
    assert [cell.get_text() for cell in cells] == list(frame["verdict"])
    assert [chip["data-verdict"] for chip in soup.select(".bench-chip")] == ["holds", "inconclusive"]
    assert cells[2].span is None


def test_a_ratio_comes_before_the_chip_of_its_verdict():
    frame = pd.DataFrame({"of a dict": ["1", "0.74 (0.72 to 0.76): faster", "not measured"]})
    cells = BeautifulSoup(html(frame), "html.parser").select("td")
    assert [cell.get_text() for cell in cells] == list(frame["of a dict"])
    assert [chip.get_text() for chip in cells[1].select(".bench-chip")] == ["faster"]
    assert cells[0].span is cells[2].span is None


def test_a_name_that_reads_like_a_verdict_stays_a_name():
    frame = pd.DataFrame({"measurement": ["larger"], "p99, verdict": ["faster"]})
    soup = BeautifulSoup(html(frame), "html.parser")
    assert [chip.get_text() for chip in soup.select(".bench-chip")] == ["faster"]


def test_a_drawing_is_in_the_cell_of_its_row_and_column():
    frame = pd.DataFrame({"time": ["3 ns", "4 ns"], "other": ["a", "b"]})
    text = TableMarkup(frame, "Costs", drawings={"time": ["<svg id='x'></svg>", ""]})._repr_html_()
    assert "<td data-sort=\"3\"><span><svg id='x'></svg>3 ns</span></td>" in text
    assert text.count("<svg") == 1

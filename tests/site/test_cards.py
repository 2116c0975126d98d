"""Tables whose rows are cards on a phone: each cell names its column, the deciding one is marked."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from evenhand.sphinx.cards import FIRST, MANY, deciding, labelled
from tiny_project import Project

TITLES = ("contender", "time", "ratio to dict", "verdict")


def table(titles: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    """Return the markup of a table."""
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<table class="bench-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def test_each_cell_names_its_column_and_the_deciding_one_is_marked() -> None:
    soup = BeautifulSoup(labelled(f"<p>text</p>{table(TITLES, ('dict', '3 ns', '1', 'baseline'))}<p>"), "html.parser")
    assert soup.p.get_text() == "text"
    assert "bench-cards" in soup.table["class"]
    cells = soup.select("tbody td")
    assert [cell.get("data-label") for cell in cells] == [None, *TITLES[1:]]
    assert [cell.get_text() for cell in soup.select(".bench-decides")] == ["baseline"]


@pytest.mark.parametrize(
    ("titles", "place"),
    [
        (TITLES, 3),
        (("what", "before", "after", "gain"), 3),
        (("contender", "p99, ratio to dict", "p99"), 1),
        (("contender", "size", "heap, peak", "per item (heap)"), 3),
        (("recording", "kills", "rows lost", "wrong rows"), 2),
        (("verdict", "claims", "share"), None),
    ],
)
def test_the_title_shows_which_column_decides(titles: tuple[str, ...], place: int | None) -> None:
    assert deciding(titles) == place


@pytest.mark.parametrize(
    "markup",
    [
        table(("name", "value"), ("a", "1")),
        table(TITLES),
        table(TITLES, ("one cell for all columns",)),
        "<table><tbody><tr><td>a</td><td>b</td><td>c</td></tr></tbody></table>",
    ],
)
def test_a_table_that_is_narrow_empty_or_irregular_stays_as_it_is(markup: str) -> None:
    assert labelled(markup) == markup


def test_a_title_that_may_break_is_one_word_in_a_card() -> None:
    markup = table(("contender", "time", "ratio to a.<wbr>B"), ("dict", "3 ns", "1"))
    assert 'data-label="ratio to a.B"' in labelled(markup)


def test_many_columns_are_marked() -> None:
    titles = tuple("abcdefg")
    assert "bench-wide" in labelled(table(titles, titles))
    assert "bench-wide" not in labelled(table(titles[:6], titles[:6]))
    assert "bench-widest" not in labelled(table(titles, titles))
    titles = tuple("abcdefghijk")
    assert "bench-widest" in labelled(table(titles, titles))


def test_tables_of_prose_and_of_cells_are_labelled(project: Project) -> None:
    project.write("docs/other.md", "# Other\n\n| what | before | gain |\n| --- | --- | --- |\n| a | 1 | 2 |\n")
    project.example_with_table()
    assert project.build().status == 0
    assert '<td class="bench-decides" data-label="gain">' in project.page("other")
    assert 'data-label="verdict"' in project.page("gallery/first")


def test_a_row_that_names_a_group_is_not_a_card() -> None:
    group = '<tr><th scope="rowgroup" colspan="4">these</th></tr>'
    markup = table(TITLES, ("dict", "3 ns", "1", "baseline")).replace("<tbody>", f"<tbody>{group}")
    soup = BeautifulSoup(labelled(markup), "html.parser")
    assert "bench-cards" in soup.table["class"]
    assert [cell.get("data-label") for cell in soup.select("tbody tr:first-child > *")] == [None]


def test_a_long_table_marks_the_rows_after_the_first_cards_and_offers_all() -> None:
    rows = [(f"row {number}", "3 ns", "1", "baseline") for number in range(MANY + 1)]
    soup = BeautifulSoup(labelled(table(TITLES, *rows)), "html.parser")
    later = [row.td.get_text() for row in soup.select("tr.bench-later")]
    assert later == [row[0] for row in rows[FIRST:]]
    box = soup.select_one("table.bench-long + label.bench-all")
    assert box.input["type"] == "checkbox"
    assert str(len(rows)) in box.get_text()


def test_a_table_of_a_dozen_rows_or_of_groups_shows_all_its_cards() -> None:
    rows = [(f"row {number}", "3 ns", "1", "baseline") for number in range(MANY + 1)]
    group = '<tr><th scope="rowgroup" colspan="4">these</th></tr>'
    for markup in (table(TITLES, *rows[:MANY]), table(TITLES, *rows).replace("<tbody>", f"<tbody>{group}")):
        assert "bench-all" not in labelled(markup)
        assert "bench-later" not in labelled(markup)

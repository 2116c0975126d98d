"""Each number of a run has a row on a page of its example, and numbers in sentences lead there."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

from evenhand.sphinx.numbers import bounds, of_run
from evenhand.sphinx.roles import parts_of
from tiny_project import Project

ENTRY = {
    "example": "first",
    "name": "made",
    "settings": {"rounds": 6, "took_ns": 9.0},
    "facts": {"slope": {"dict": 0.5}},
    "rows": [
        {
            "contender": "a b",
            "size": 10,
            "cost_ns": 3.0,
            "cost_low_ns": 2.0,
            "cost_high_ns": 4.0,
            "rounds": 6,
            "verdict": "faster",
            "sentence": "It is faster.",
            "at_floor": False,
            "mean_ns": None,
        }
    ],
}
DOCUMENT = {"results": [ENTRY], "tails": {"attach": {"p50_ns": 20, "rounds": {"p50_ns": [20, 21]}}}}


def row(project: Project, link: Tag, page: str) -> Tag:
    """The row that a link leads to."""
    there, _, anchor = str(link["href"]).partition("#")
    assert there == page
    found = BeautifulSoup(project.page("run/first"), "html.parser").find(id=anchor)
    assert isinstance(found, Tag)
    return found


def test_a_number_has_its_interval_and_its_rounds() -> None:
    number = of_run(DOCUMENT)["first/made/a b/10/cost_ns"]
    assert (number.page, number.anchor) == ("run/first", "made/a_b/10/cost_ns")
    assert number.title == "interval 2.00\u202fns to 4.00\u202fns, 6 rounds, address made/a_b/10/cost_ns"


def test_what_is_no_number_and_no_verdict_has_no_row() -> None:
    columns = {path.rpartition("/")[2] for path in of_run(DOCUMENT) if path.startswith("first/made/a b/")}
    assert columns == {"cost_ns", "cost_low_ns", "cost_high_ns", "rounds", "verdict"}


def test_the_ends_of_an_interval_belong_to_the_number_between_them() -> None:
    found = of_run(DOCUMENT)
    assert found["first/made/a b/10/cost_low_ns"] is found["first/made/a b/10/cost_ns"]
    assert bounds("points_per_second") == ("points_low_per_second", "points_high_per_second")
    assert bounds("ratio") == ("ratio_low", "ratio_high")


def test_facts_and_what_no_example_measured_are_numbers_too() -> None:
    found = of_run(DOCUMENT)
    assert found["first/made/slope/dict"].value == 0.5
    assert found["first/made/took_ns"].value == 9.0
    assert found["tails/attach/p50_ns"].page == "run/numbers"
    assert not any(path.endswith("/rounds/p50_ns") for path in found)


def test_a_number_in_a_sentence_leads_to_its_row(project: Project) -> None:
    assert project.build().status == 0
    page = BeautifulSoup(project.page("gallery/first"), "html.parser")
    [link] = page.select("p:-soup-contains('Text') a.measured-link")
    found = row(project, link, "../run/first.html")
    assert found.get_text(" ", strip=True).startswith("one/ cost_ ns 100")
    assert "interval" in link["title"]


def test_a_sentence_that_compares_leads_to_both_numbers(project: Project) -> None:
    words = "first/made/one vs two | faster: It takes {this}, not {other}."
    project.write("docs/other.md", f"# Other\n\n{{verdict}}`{words}`\n")
    assert project.build().status == 0
    links = BeautifulSoup(project.page("other"), "html.parser").select(".verdict a.measured-link")
    assert [link.get_text() for link in links] == ["100\u202fns", "200\u202fns"]
    assert [row(project, link, "run/first.html")["id"] for link in links] == ["made/one/cost_ns", "made/two/cost_ns"]


def test_only_whole_numbers_of_a_sentence_are_links() -> None:
    parts = [part.astext() for part in parts_of("It takes 1.25, not 25 or 250.", [("25", "a")])]
    assert parts == ["It takes 1.25, not ", "25", " or 250."]


def test_two_numbers_that_read_the_same_lead_to_their_own_rows() -> None:
    links = [
        part for part in parts_of("It takes 5, that 5, and 5 again.", [("5", "one"), ("5", "two")]) if part.children
    ]
    assert [link["number"] for link in links] == ["one", "two", "two"]


def test_a_builder_that_makes_no_site_has_plain_numbers(project: Project) -> None:
    project.build()
    assert project.build("text").status == 0
    assert "100" in (project.folder / "text" / "index.txt").read_text(encoding="utf-8")

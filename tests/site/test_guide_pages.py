"""The pages of the guide: the chooser has a card for each, old addresses lead on, and the parts keep their names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "guide.md").read_text(encoding="utf-8")


def headings(page: str) -> list[str]:
    """The headings of a page."""
    return re.findall(r"^#+ (.*)$", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE)


def test_each_page_of_the_guide_has_a_card_in_the_chooser():
    listed = GUIDE.partition("{toctree}")[2].split("```")[0].split()[1:]
    linked = re.findall(r"^:link: (\S+)\n:link-type: doc$", GUIDE, re.MULTILINE)
    assert sorted(linked) == sorted(listed)
    assert len(listed) == 11


def test_each_card_asks_a_question():
    titles = re.findall(r"^:::\{grid-item-card\} (.*)$", GUIDE, re.MULTILINE)
    assert titles
    assert [title for title in titles if "?" not in title] == []


@pytest.mark.parametrize(
    "fragment",
    [
        "methodology",
        "the-rules",
        "in-rust-criterion",
        "running-it",
        "reading-the-results",
        "what-survives",
        "before-you-share",
    ],
)
def test_a_fragment_of_the_former_first_page_leads_to_a_card(fragment: str):
    assert GUIDE.count(f'<span id="{fragment}"></span>') == 1


@pytest.mark.parametrize(
    ("page", "heading"),
    [
        ("methodology", "Methodology"),
        ("methodology", "Interpretation: reading the results"),
        ("reproduce", "Running the benchmarks"),
        ("reproduce", "The machine and the run"),
        ("slow", "Tuning guidance"),
        ("slow", "Known bottlenecks"),
        ("choose", "What survives a kill"),
        ("gate", "History"),
        ("claims", "Claims and verdicts"),
    ],
)
def test_a_part_keeps_the_name_by_which_it_is_found(page: str, heading: str):
    assert heading in headings(page)


def test_the_four_commands_are_as_they_always_were():
    page = (DOCS / "reproduce.md").read_text(encoding="utf-8")
    for command in (
        "benchmark_datapoint.py --samples 50000",
        "benchmark_throughput.py --repeats 7",
        "benchmark_memory.py --runs 5",
        "compare_alternatives.py --samples 40000 --repeats 7 --runs 5 \\\n    --rate 1000 --duration 15 --json",
    ):
        assert f"python {command}" in page


@pytest.mark.parametrize("page", ["claims", "gate", "methodology", "reproduce", "criterion", "own", "pythons"])
def test_a_page_ends_in_an_action(page: str):
    last = headings(page)[-1].split()[0]
    assert last in {"Check", "Use", "Next", "Download", "Publish", "Compare"}

"""The site as plain text."""

from __future__ import annotations

import pytest

from plain import markdown, summary
from tiny_project import Project

PLACE = "https://example.org/en/latest/"


def test_numbers_tables_and_figures_are_in_the_text(project: Project) -> None:
    project.example_with_table()
    assert project.build(html_baseurl=PLACE).status == 0
    whole = (project.folder / "html" / "llms-full.txt").read_text(encoding="utf-8")
    assert "One takes 100\u202fns." in whole
    assert "| one | 100\u202fns |" in whole
    assert "[time per operation" in whole
    assert "{measured}" not in whole
    assert ":measured:" not in whole


def test_pages_are_in_the_order_of_reading_once_each(project: Project) -> None:
    project.build(html_baseurl=PLACE)
    listed = (project.folder / "html" / "llms.txt").read_text(encoding="utf-8")
    places = [listed.index(f"]({PLACE}{name}.html)") for name in ("index", "other", "gallery/index", "gallery/first")]
    assert places == sorted(places)
    assert listed.count(f"({PLACE}other.html)") == 1
    assert ": No number here." in listed


def test_a_page_that_was_not_rewritten_is_included(project: Project) -> None:
    project.build(html_baseurl=PLACE)
    before = (project.folder / "html" / "llms-full.txt").read_text(encoding="utf-8")
    project.build(html_baseurl=PLACE, measuring_reuse=True)
    assert (project.folder / "html" / "llms-full.txt").read_text(encoding="utf-8") == before


def test_links_are_absolute_and_screen_elements_are_removed() -> None:
    body = (
        '<h1>A<a class="headerlink" href="#a">#</a></h1><p><a href="../b.html">b</a></p><details class="provenance">x'
        '</details><div class="highlight-python notranslate"><div class="highlight"><pre>a = 1\n</pre></div></div>'
    )
    text = markdown(body, f"{PLACE}gallery/a.html")
    assert text == f"# A\n\n[b]({PLACE}b.html)\n\n```python\na = 1\n```"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("# X\n\nFirst one. Second.", "First one."),
        ("# X\n\nclass rust\\_daq.DataPoint(*a*)\n: One value. More.", "One value."),
        ("# X\n\n| a |\n\n`tracemalloc` sees 1.5. Not all.", "`tracemalloc` sees 1.5."),
        ("# X", ""),
    ],
)
def test_a_page_is_listed_with_its_first_sentence(text: str, first: str) -> None:
    assert summary(text) == first

"""The page for missing addresses, the list of existing ones, and moved pages."""

from __future__ import annotations

import pytest

from addresses import absolute
from tiny_project import Project

PLACE = "https://example.org/en/latest/"


def test_addresses_begin_with_the_path_of_the_site() -> None:
    text = (
        '<link href="_static/a.css"><a href="gallery/index.html">'
        '<script src="./b.js"></script><form action="search.html">'
    )
    assert absolute(text, "/en/latest/") == (
        '<link href="/en/latest/_static/a.css"><a href="/en/latest/gallery/index.html">'
        '<script src="/en/latest/b.js"></script><form action="/en/latest/search.html">'
    )


def test_absolute_addresses_stay() -> None:
    text = (
        '<a href="#main"><a href="https://example.org/x"><img src="data:,x">'
        '<meta content="width=device-width"><a href="/x">'
    )
    assert absolute(text, "/en/latest/") == text


def test_the_lost_page_and_the_list_are_written(project: Project) -> None:
    assert project.build(html_baseurl=PLACE).status == 0
    assert 'href="/en/latest/gallery/index.html"' in project.page("404")
    listed = (project.folder / "html" / "sitemap.xml").read_text(encoding="utf-8")
    assert f"<loc>{PLACE}other.html</loc>" in listed
    assert f"<loc>{PLACE}gallery/first.html</loc>" in listed
    assert "404" not in listed
    assert "search.html" not in listed


def test_pages_that_were_not_rewritten_are_listed_too(project: Project) -> None:
    project.build(html_baseurl=PLACE)
    before = (project.folder / "html" / "sitemap.xml").read_text(encoding="utf-8")
    project.build(html_baseurl=PLACE, measuring_reuse=True)
    assert (project.folder / "html" / "sitemap.xml").read_text(encoding="utf-8") == before


def test_an_old_address_leads_to_the_new_page_without_a_script(project: Project) -> None:
    moved = {"old": "other", "far/older": "other#part"}
    project.write("docs/other.md", "# Other & more\n\n(part)=\n## Part\n\nText.\n")
    assert project.build(html_baseurl=PLACE, moved_pages=moved).status == 0
    page = project.page("old")
    assert '<meta http-equiv="refresh" content="0; url=other.html">' in page
    assert '<a href="other.html">Other &amp; more</a>' in page
    assert f'<link rel="canonical" href="{PLACE}other.html">' in page
    assert '<meta name="robots" content="noindex">' in page
    assert "<script" not in page
    assert '<a href="../other.html#part">' in project.page("far/older")
    assert f'<link rel="canonical" href="{PLACE}other.html">' in project.page("far/older")


def test_an_old_address_is_not_listed_and_is_rewritten_even_alone(project: Project) -> None:
    project.build(html_baseurl=PLACE, moved_pages={"old": "other"})
    (project.folder / "html" / "old.html").unlink()
    project.build(html_baseurl=PLACE, moved_pages={"old": "other"}, measuring_reuse=True)
    assert "This page has moved" in project.page("old")
    assert "old.html" not in (project.folder / "html" / "sitemap.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("moved", "said"),
    [
        ({"old": "nowhere"}, "moved_pages: 'old' leads to 'nowhere', and there is no such page"),
        ({"old": "nowhere#part"}, "moved_pages: 'old' leads to 'nowhere#part', and there is no such page"),
        ({"old": "other#nowhere"}, "moved_pages: 'old' leads to 'other#nowhere', and 'other' has no such anchor"),
        ({"other": "index"}, "moved_pages: 'other' is still a page; delete the page or the entry"),
    ],
)
def test_a_move_that_leads_nowhere_or_hides_a_page_stops_the_build(project: Project, moved, said) -> None:
    outcome = project.build(html_baseurl=PLACE, moved_pages=moved)
    assert outcome.status != 0
    assert said in outcome.said

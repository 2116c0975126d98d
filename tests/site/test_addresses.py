"""The page for addresses that lead nowhere, and the list of those that lead somewhere."""

from __future__ import annotations

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


def test_what_is_whole_already_stays() -> None:
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


def test_pages_that_were_not_written_again_are_listed_too(project: Project) -> None:
    project.build(html_baseurl=PLACE)
    before = (project.folder / "html" / "sitemap.xml").read_text(encoding="utf-8")
    project.build(html_baseurl=PLACE, measuring_reuse=True)
    assert (project.folder / "html" / "sitemap.xml").read_text(encoding="utf-8") == before

"""Without scripts a page names the parts of its site, because the menu of the theme does not open."""

from __future__ import annotations

from bs4 import BeautifulSoup

from tiny_project import Project


def test_a_page_leads_to_the_parts_of_the_site_without_scripts(project: Project) -> None:
    assert project.build(html_theme="pydata_sphinx_theme").status == 0
    for name, start in (("index", "gallery/"), ("gallery/first", "")):
        soup = BeautifulSoup(project.page(name), "html.parser")
        links = {link["href"]: link.get_text() for link in soup.select("noscript nav.without-scripts a")}
        assert links[f"{start}index.html"] == "Examples"

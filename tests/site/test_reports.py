"""Criterion's reports as pages of the site."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from evenhand.sphinx import reports
from tiny_project import Project

SVG = """<svg width="450" height="300" viewBox="0 0 450 300" xmlns="http://www.w3.org/2000/svg">
<text x="1" y="2" fill="#000000">0.5</text><polyline stroke="#1f78b4" points="1,2 3,4"/></svg>"""
PAGE = """<!DOCTYPE html>
<html><head><title>batch/100 - Criterion.rs</title><style>body { width: 960px }</style></head>
<body><div class="body"><h2>batch/100</h2>
<section class="plots"><table width="100%"><tbody><tr>
<td><a href="pdf.svg"><img src="pdf_small.svg" alt="PDF of Slope" width="450" height="300" /></a></td>
</tr></tbody></table></section>
<h4>Additional Statistics:</h4>
<table><thead><tr><th></th><th title="0.95" class="ci-bound">Lower bound</th></tr></thead>
<tbody><tr><td>Mean</td><td class="ci-bound">1 ns</td></tr></tbody></table>
<ul><li><a href="SD.svg">Std. Dev.</a></li><li><a href="gone.svg">Gone</a></li></ul>
<p><a href="../../report/index.html">All</a> <a href="../../lost/index.html">Lost</a>
<a href="https://example.org/book">the book</a></p>
</div></body></html>"""
INDEX = """<html><body><div class="body"><h2>Criterion.rs Benchmark Index</h2>
<ul><li><a href="../batch/report/index.html">batch</a></li>
<ul><li><a href="../batch/report/index.html">100</a></li></ul></ul>
<section><a href="../batch/report/index.html"><h4>batch/100</h4></a></section></div></body></html>"""


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Write the reports of one benchmark and their index, as Criterion does."""
    folder = tmp_path / "criterion"
    report = folder / "batch" / "report"
    report.mkdir(parents=True)
    (folder / "report").mkdir()
    (report / "index.html").write_text(PAGE)
    for name in ("pdf", "pdf_small", "SD"):
        (report / f"{name}.svg").write_text(SVG)
    (folder / "report" / "index.html").write_text(INDEX)
    (report / "sample.json").write_text("{}")
    return folder


def framed(path: Path) -> tuple[str, BeautifulSoup]:
    """Return a report in its frame."""
    title, body = reports.framed(path, [("../criterion.html", "Inside Rust")])
    return title, BeautifulSoup(body, "html.parser")


def test_a_report_keeps_its_title_and_leads_back(output: Path) -> None:
    title, soup = framed(output / "batch" / "report" / "index.html")
    assert title == soup.h1.get_text() == "batch/100"
    assert soup.nav.a["href"] == "../criterion.html"


def test_a_name_is_safe_in_html(output: Path) -> None:
    path = output / "batch" / "report" / "index.html"
    path.write_text(PAGE.replace("<h2>batch/100</h2>", "<h2>Vec&lt;i32&gt; &amp; more</h2>"))
    title, soup = framed(path)
    assert title == soup.h1.get_text() == "Vec<i32> & more"


def test_a_plot_is_in_the_page_in_its_text_colour_with_an_explanation(output: Path) -> None:
    _, soup = framed(output / "batch" / "report" / "index.html")
    figure = soup.select_one(".report-plots figure")
    assert figure.svg["viewbox"] == "0 0 450 300"  # in small letters, as this parser reads it
    assert figure.svg["aria-label"] == "Distribution of times"
    assert "currentColor" in str(figure.svg)
    assert "#1f78b4" in str(figure.svg)
    assert "how long" in figure.figcaption.get_text()


def test_no_sentence_asks_to_click_on_a_plot(output: Path) -> None:
    path = output / "batch" / "report" / "index.html"
    words = "<p>The line shows the mean. Click on the plot for a larger view\nshowing the outliers.</p></div>"
    path.write_text(PAGE.replace("</div>", words))
    _, soup = framed(path)
    assert soup.select("p")[-1].get_text() == "The line shows the mean."


def test_a_further_plot_opens_at_its_name(output: Path) -> None:
    _, soup = framed(output / "batch" / "report" / "index.html")
    [more] = soup.select("details.report-more")
    assert more.summary.get_text() == "Standard deviation"
    assert more.svg


def test_no_link_is_broken_or_leaves_the_frame(output: Path) -> None:
    _, soup = framed(output / "batch" / "report" / "index.html")
    assert [link["href"] for link in soup.select("p a")] == ["../../report/index.html", "https://example.org/book"]
    assert "Gone" in soup.get_text()
    assert "Lost" in soup.get_text()
    assert "svg" not in {link["href"].rpartition(".")[2] for link in soup.find_all("a")}


def test_a_linked_heading_has_its_text_once(output: Path) -> None:
    _, soup = framed(output / "report" / "index.html")
    assert soup.h2.get_text() == "batch/100"


def test_a_table_of_statistics_has_the_sites_style(output: Path) -> None:
    _, soup = framed(output / "batch" / "report" / "index.html")
    [table] = soup.select(".bench-room > table.bench-table")
    assert [cell.get_text() for cell in table.select("thead th[scope=col]")] == ["statistic", "lower bound"]
    assert table.select_one("tbody th[scope=row]").get_text() == "Mean"
    assert soup.h2.get_text() == "Additional Statistics"


def test_the_index_is_valid_html(output: Path) -> None:
    _, soup = framed(output / "report" / "index.html")
    assert soup.select("ul > ul") == []
    assert soup.select("li > ul > li")
    assert soup.select("a h2") == []
    assert soup.select_one("h2 > a").get_text() == "batch/100"


def test_a_report_is_a_page_of_the_site(project: Project, output: Path) -> None:
    project.write(
        "docs/criterion.md", "---\norphan: true\n---\n# Inside\n\n{shipped}`all <criterion/report/index.html>`\n"
    )
    project.build()
    kept = project.folder / "build" / "criterion"
    output.rename(kept)
    assert project.build(measuring_reuse=True).status == 0
    text = project.page("criterion/batch/report/index")
    assert '<a href="../../../criterion.html">Inside</a>' in text
    assert "profile default" in text
    assert "width: 960px" not in text
    assert 'href="criterion/report/index.html"' in project.page("criterion")


def test_each_plot_is_also_a_file(project: Project, output: Path) -> None:
    project.build()
    output.rename(project.folder / "build" / "criterion")
    assert project.build(measuring_reuse=True).status == 0
    page = project.folder / "html" / "criterion" / "batch" / "report" / "index.html"
    links = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select(".report figcaption a[download]")
    assert [link["aria-label"] for link in links] == ["SVG of Distribution of times", "SVG of Standard deviation"]
    for link in links:
        text = (page.parent / link["href"]).read_text(encoding="utf-8")
        assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
        assert 'fill="#ffffff"' in text


def test_the_titles_of_a_wide_plot_keep_away_from_its_labels(tmp_path: Path) -> None:
    path = tmp_path / "violin.svg"
    label = '<text x="95" y="9" text-anchor="end">batch_roundtrip/1000</text>'
    title = '<text x="9" y="91" dy="0.76em" text-anchor="middle" transform="rotate(270, 9, 91)">Input</text>'
    below = '<text x="528" y="195" dy="-0.5ex" text-anchor="middle">Average time</text>'
    path.write_text(f'<svg width="960" height="204" viewBox="0 0 960 204">{title}{label}{below}</svg>')
    drawn = reports.plot(BeautifulSoup("", "html.parser"), path, "Violin").svg
    left, _, width, height = map(int, drawn["viewBox"].split())
    vertical, _, under = drawn.find_all("text")
    assert left < int(vertical["x"]) < 95 - 8 * len("batch_roundtrip/1000") - 16
    assert vertical["transform"] == f"rotate(270, {vertical['x']}, 91)"
    assert left + width == 960
    assert int(under["y"]) - 195 == height - 204 > 0


@pytest.mark.parametrize("width", [450, 960])
@pytest.mark.parametrize("anchor", ["start", "middle"])
@pytest.mark.parametrize("text", ["900.0", "100000", "Estimated mean", "batch_roundtrip/1000"])
def test_a_label_at_the_right_edge_of_a_plot_has_room(tmp_path: Path, width: int, anchor: str, text: str) -> None:
    path = tmp_path / "lines.svg"
    label = f'<text x="{width - 10}" y="157" dy="0.76em" text-anchor="{anchor}">{text}</text>'
    path.write_text(f'<svg width="{width}" height="204" viewBox="0 0 {width} 204">{label}</svg>')
    drawn = reports.plot(BeautifulSoup("", "html.parser"), path, "Lines").svg
    left, _, wide, _ = map(int, drawn["viewBox"].split())
    drawn_width = TextPath((0, 0), text, size=16, prop=FontProperties(family="DejaVu Sans")).get_extents().x1
    assert left + wide >= width - 10 + {"start": 1, "middle": 1 / 2}[anchor] * drawn_width


def test_only_files_for_readers_are_kept(project: Project, output: Path) -> None:
    folder = project.folder / "build"
    config = SimpleNamespace(measuring_folder=str(folder), measuring_criterion=str(output), measuring_reuse=False)
    reports.keep(SimpleNamespace(builder=SimpleNamespace(name="html"), config=config))
    kept = {path.name for path in (folder / "criterion").rglob("*") if path.is_file()}
    assert kept == {"index.html", "pdf.svg", "pdf_small.svg", "SD.svg"}

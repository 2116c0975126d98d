"""The built site, read as files."""

from __future__ import annotations

import hashlib
import itertools
import re

import pandas as pd
import pytest

import rust_daq
from site_folder import ROOT, Page, SiteFolder

pytestmark = pytest.mark.acceptance

GENERATED = {"404.html", "genindex.html", "py-modindex.html", "search.html"}
UNFILLED = re.compile(r"^(nan|none|null|inf|-inf|nat)?$", re.IGNORECASE)


def test_every_page_of_docs_and_every_example_exists(site: SiteFolder) -> None:
    docs = ROOT / "docs"
    sources = [path.relative_to(docs) for path in docs.rglob("*.md")]
    expected = {path.with_suffix(".html").as_posix() for path in sources if path.parts[0] not in {"archive", "gallery"}}
    expected |= {f"gallery/{path.stem}.html" for path in (ROOT / "gallery").glob("*.py")}
    expected |= {"gallery/index.html", "search.html", "criterion/report/index.html"}
    assert expected - site.pages.keys() == set()


def test_no_page_says_that_its_run_lacks_a_result(site: SiteFolder) -> None:
    lacking = [name for name, page in site.pages.items() if re.search("bench-absent|not in this run", str(page.soup))]
    assert lacking == []


def test_every_link_inside_the_site_works(site: SiteFolder) -> None:
    broken = []
    for page in site.pages.values():
        for address in [*page.links(), *page.loads()]:
            found = site.target(page, address) if not address.startswith("data:") else None
            if found is not None and not found[0].is_file():
                broken.append(f"{page.name}: {address}")
    assert broken == []


def test_every_anchor_is_on_its_page(site: SiteFolder) -> None:
    by_path = {page.path.resolve(): page for page in site.pages.values()}
    broken = []
    for page in site.pages.values():
        for address in page.links():
            found = site.target(page, address)
            if (
                found
                and found[1]
                and found[0].resolve() in by_path
                and found[1] not in by_path[found[0].resolve()].anchors
            ):
                broken.append(f"{page.name}: {address}")
    assert broken == []


def test_an_old_address_leads_to_an_existing_page(site: SiteFolder) -> None:
    by_path = {page.path.resolve(): page for page in site.pages.values()}
    for name, page in site.moved.items():
        [found] = {site.target(page, address) for address in page.links()}
        there = by_path[found[0].resolve()]
        assert not found[1] or found[1] in there.anchors, name
        assert page.soup.find("meta", attrs={"http-equiv": "refresh"})["content"].endswith(page.soup.a["href"])


def test_no_page_links_to_an_old_address(site: SiteFolder) -> None:
    old = {page.path.resolve() for page in site.moved.values()}
    for page in site.pages.values():
        found = [site.target(page, address) for address in page.links()]
        assert [target for target in found if target and target[0].resolve() in old] == [], page.name


def test_nothing_is_loaded_from_another_host(site: SiteFolder) -> None:
    assert list(site.foreign()) == []


def test_no_page_shows_a_traceback(site: SiteFolder) -> None:
    mark = "Traceback (most recent call last)"

    def shown(page: Page) -> int:
        # In the reference an example may show an error.
        return page.text.count(mark) - sum(part.get_text(" ").count(mark) for part in page.soup.select("div.doctest"))

    assert [name for name, page in site.pages.items() if shown(page)] == []


def test_no_page_shows_a_role_that_was_not_resolved(site: SiteFolder) -> None:
    raw = re.compile(r"\{(measured|verdict|shipped|remedies)\}|:(measured|verdict|shipped):`")
    assert [name for name, page in site.pages.items() if page.ours and raw.search(page.prose)] == []


def test_every_cell_of_a_measured_table_is_filled(site: SiteFolder) -> None:
    tables = [(page, table) for page in site.pages.values() for table in page.soup.select("table.bench-table")]
    assert tables
    # The cell above the row names is always empty.
    unfilled = [
        f"{page.name}: {row.get_text(' ')}"
        for page, table in tables
        for row in table.select("tbody tr")
        for cell in row.find_all("td")
        if UNFILLED.match(cell.get_text(strip=True))
    ]
    assert unfilled == []


def test_every_measured_number_is_filled(site: SiteFolder) -> None:
    numbers = [(page.name, span.get_text()) for page in site.pages.values() for span in page.soup.select(".measured")]
    assert numbers
    assert [(name, text) for name, text in numbers if UNFILLED.match(text.strip())] == []


def test_every_page_names_its_run(site: SiteFolder) -> None:
    def named(page: Page) -> bool:
        strip = page.soup.select_one(".run-strip")
        return (
            strip is not None and strip["data-run"] == site.run["id"] and site.run["machine"]["cpu"] in strip.get_text()
        )

    assert [name for name, page in site.pages.items() if not named(page)] == []


def test_the_run_was_made_by_the_extension_that_is_installed(site: SiteFolder) -> None:
    assert site.run["build"]["extension_sha256"] == rust_daq.build_info()["extension_sha256"]


def test_the_shipped_samples_are_those_of_the_run(site: SiteFolder) -> None:
    samples = pd.read_parquet(site.folder / "run" / "samples.parquet")
    measured = {f"{entry['example']}/{entry['name']}" for entry in site.run["results"] if entry["samples"]}
    assert set(samples["result"]) == measured


def test_every_example_left_a_result(site: SiteFolder) -> None:
    examples = {path.stem for path in (ROOT / "gallery").glob("*.py")}
    assert examples - {entry["example"] for entry in site.run["results"]} == set()


def test_every_criterion_benchmark_has_its_report(site: SiteFolder) -> None:
    reports = {f"criterion/{name}/report/index.html" for name in site.run["criterion"]}
    assert reports - site.pages.keys() == set()


def test_every_criterion_page_leads_back_and_says_what_its_plots_mean(site: SiteFolder) -> None:
    reports = [page for name, page in site.pages.items() if name.startswith("criterion/")]
    assert reports
    for page in reports:
        back = site.target(page, page.soup.select_one(".report-ways a")["href"])
        assert back is not None
        assert back[0] == (site.folder / "criterion.html").resolve()
        assert [
            str(plot)[:100] for plot in page.soup.select(".report-plot") if len(plot.figcaption.get_text()) < 40
        ] == []


def test_every_figure_and_table_is_followed_by_its_provenance(site: SiteFolder) -> None:
    shown_somewhere = 0
    for name, page in site.pages.items():
        found = page.soup.select(".bench-result, .bench-figure, details.provenance")
        for shown, strip in itertools.zip_longest(found, found[1:]):
            if shown.name == "details":
                continue
            shown_somewhere += 1
            assert strip is not None, name
            assert strip.name == "details", name
            assert shown.get("data-source", "") in strip.get_text(), name
    assert shown_somewhere


def test_the_site_has_no_path_or_name_of_the_machine(site: SiteFolder) -> None:
    text = (site.folder / "run" / "run.json").read_text(encoding="utf-8")
    assert str(ROOT) not in text
    shown = [
        name for name, page in site.pages.items() if page.ours and str(ROOT) in page.path.read_text(encoding="utf-8")
    ]
    assert shown == []


def test_the_downloaded_script_is_the_one_in_the_gallery(site: SiteFolder) -> None:
    def digest(data: bytes) -> str:
        return hashlib.sha256(data).hexdigest()

    shipped = {path.stem: digest(path.read_bytes()) for path in (site.folder / "_downloads").rglob("*.py")}
    assert shipped == {path.stem: digest(path.read_bytes()) for path in (ROOT / "gallery").glob("*.py")}


def test_every_figure_and_table_of_a_run_offers_its_numbers(site: SiteFolder) -> None:
    offered = {"table": 0, "figure": 0}
    for name, page in site.pages.items():
        for shown in page.soup.select(".bench-result[data-source], .bench-figure[data-source]"):
            strip = shown.find_next(class_="bench-strip")
            kinds = {link.get_text() for link in strip.select(".bench-files a[download]")} if strip else set()
            assert kinds >= ({"CSV", "JSON"} if shown.name == "div" else {"SVG"}), f"{name}: {shown['data-source']}"
            offered["table" if shown.name == "div" else "figure"] += 1
    assert all(offered.values())


def test_every_page_leads_to_the_project_and_to_the_form_for_a_wrong_number(site: SiteFolder) -> None:
    for name, page in site.pages.items():
        links = {link.get_text(strip=True): link["href"] for link in page.soup.select(".page-links a")}
        assert links.keys() >= {"Repository", "Report a wrong number"}, name
        assert site.run["id"] in links["Report a wrong number"], name
        source = links.get("Edit this page", "").partition("/edit/main/")[2]
        assert not source or (ROOT / source).is_file(), name
        assert bool(source) == (page.ours and name not in GENERATED), name


def test_a_link_to_the_package_index_says_so_while_the_package_is_not_there(site: SiteFolder) -> None:
    awaited = "not on the package index yet" in site.pages["index.html"].prose
    for name, page in site.pages.items():
        links = page.soup.select("header a[href*='pypi.org'], .page-links a[href*='pypi.org']")
        assert len(links) >= 2, name
        said = {link.get("title") or link.get_text(strip=True) for link in links}
        assert {"no release yet" in text for text in said} == {awaited}, name


def test_names_of_the_reference_lead_to_their_lines(site: SiteFolder) -> None:
    for name in ("api/batch.html", "api/bench.html"):
        lines = [link["href"] for link in site.pages[name].soup.select("dt.sig a[href*='/blob/']")]
        assert lines, name
        assert all("#L" in line for line in lines)


def test_the_index_of_the_reference_has_a_sentence_for_each_name(site: SiteFolder) -> None:
    rows = site.pages["api/index.html"].soup.select("table.api-index tr")
    names = [row.td.get_text(strip=True) for row in rows]
    assert {"Batch", "compare", "storage.open_recording"} <= set(names)
    assert len(names) == len(set(names))
    without = [row.td.get_text(strip=True) for row in rows if not row.find_all("td")[1].get_text(strip=True)]
    assert without == []


def test_types_of_other_projects_lead_to_their_documentation(site: SiteFolder) -> None:
    pages = [page for name, page in site.pages.items() if name.startswith("api/")]
    hosts = {link["href"].split("/")[2] for page in pages for link in page.soup.select("a.external[href]")}
    assert {"docs.python.org", "numpy.org"} <= hosts

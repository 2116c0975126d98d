"""Search: what readers look for leads to the page that answers it; decisions and changes come last."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from site_folder import ROOT

pytestmark = pytest.mark.acceptance

WORDS = tomllib.loads((ROOT / "conf" / "search.toml").read_text(encoding="utf-8"))
ASKED = [
    "8 channels 10 kHz",
    "power failure",
    "install",
    "own binding",
    "last commit slower",
    "Parquet",
    "crash",
    "thread safe",
]
LAST = ("changelog.html", "contributing/")


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """An empty page."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def results(page: Page, address: str, query: str) -> list[str]:
    """The pages that a search finds, best first."""
    page.goto(f"{address}search.html?q={quote(query)}")
    page.locator("#search-results .search-summary, #search-results > p").first.wait_for()
    page.wait_for_function("!document.querySelector('#search-progress')?.textContent.trim()")
    below = urlsplit(address).path
    links = page.locator("#search-results li > a").evaluate_all("links => links.map(link => link.pathname)")
    return [path.removeprefix(below) for path in links]


def test_the_words_that_readers_asked_for_are_searched_here() -> None:
    assert set(ASKED) <= {word for words in WORDS.values() for word in words}


@pytest.mark.parametrize(("name", "query"), [(name, word) for name, words in WORDS.items() for word in words])
def test_what_readers_search_for_is_found_first(page: Page, address: str, name: str, query: str) -> None:
    assert results(page, address, query)[0] == f"{name}.html"


def test_other_words_of_the_same_question_are_found_first(page: Page, address: str) -> None:
    assert results(page, address, "failure of power")[0] == "gallery/storage.html"
    assert results(page, address, "crashes")[0] == "gallery/storage.html"


@pytest.mark.parametrize("query", ["batch", "writer", "install"])
def test_decisions_and_changes_come_last(page: Page, address: str, query: str) -> None:
    found = results(page, address, query)
    late = [path.startswith(LAST) for path in found]
    assert True in late
    assert late == sorted(late)


def test_code_is_not_searched(page: Page, address: str) -> None:
    assert "datetime.fromtimestamp" in (ROOT / "gallery" / "benchmark_datapoint.py").read_text(encoding="utf-8")
    assert "gallery/benchmark_datapoint.html" not in results(page, address, "fromtimestamp")


def test_the_text_around_a_hit_is_without_the_strips_of_the_page(page: Page, address: str) -> None:
    results(page, address, "pace")  # a word of the strips
    page.locator("#search-results p.context").first.wait_for()
    texts = page.locator("#search-results p.context").all_inner_texts()
    assert [text for text in texts if "Measured 20" in text or "checked: " in text] == []

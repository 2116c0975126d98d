"""The main pages in a real browser: on a phone and a desktop, light and dark."""

from __future__ import annotations

import functools
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from site_folder import SiteFolder

pytestmark = pytest.mark.acceptance

PAGES = [
    "index.html",
    "guide.html",
    "tuning.html",
    "bottlenecks.html",
    "criterion.html",
    "machine.html",
    "gallery/index.html",
    "gallery/benchmark_datapoint.html",
    "gallery/benchmark_throughput.html",
    "gallery/benchmark_memory.html",
    "gallery/compare_alternatives.html",
    "api/datapoint.html",
    "api/bench.html",
    "criterion/report/index.html",
]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Quiet(SimpleHTTPRequestHandler):
    """Serves the site without a line for each request."""

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site: SiteFolder) -> Iterator[str]:
    """The site, served on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site.folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium from the system's packages, or the one that `RUST_DAQ_CHROMIUM` names."""
    found = os.environ.get("RUST_DAQ_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail("there is no Chromium; install it (apt-get install chromium) or name it in RUST_DAQ_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(params=[(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")], ids=lambda p: f"{p[0]}-{p[1]}")
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """An empty page of a width, of a reader who prefers light or dark."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_whole_quiet_and_within_its_width(page: Page, address: str, name: str) -> None:
    said: list[str] = []
    foreign: list[str] = []

    def asked(request: Request) -> None:
        if urlsplit(request.url).scheme != "data" and not request.url.startswith(address):
            foreign.append(request.url)

    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", asked)
    response = page.goto(address + name, wait_until="load")
    assert response is not None
    assert response.ok
    assert said == []
    assert foreign == []
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_reader(browser: Browser, address: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)
    opened = context.new_page()
    opened.goto(address + "index.html")
    assert opened.evaluate("document.documentElement.dataset.theme") == scheme
    context.close()


def test_a_wide_table_scrolls_in_its_own_room_and_takes_the_focus(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    opened = context.new_page()
    opened.goto(address + "gallery/benchmark_datapoint.html")
    unreachable = opened.evaluate("""
        [...document.querySelectorAll("table.bench-table")].map(table => {
            let room = table.parentElement;
            while (room && !["auto", "scroll"].includes(getComputedStyle(room).overflowX)) room = room.parentElement;
            return room && (room.scrollWidth <= room.clientWidth || room.tabIndex >= 0) ? null : table.textContent;
        }).filter(text => text !== null)
    """)
    assert unreachable == []
    context.close()


def test_search_finds_a_word_of_the_guide(browser: Browser, address: str) -> None:
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(address + "search.html?q=bottlenecks")
    opened.wait_for_selector("#search-results li a")
    assert opened.locator("#search-results li a", has_text="bottlenecks").count() >= 1
    context.close()

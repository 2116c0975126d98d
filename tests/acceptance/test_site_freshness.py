"""Facts that only the reader's browser can know: old numbers, or a newer run on the site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page

from site_folder import SiteFolder

pytestmark = pytest.mark.acceptance

PAGES = ["index.html", "gallery/gil.html", "criterion/report/index.html"]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open an empty page."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def opened(page: Page, site: SiteFolder, address: str, *, days: float) -> None:
    """Open a page `days` days after its numbers were measured; its commit is irrelevant here."""
    page.clock.set_fixed_time(datetime.fromisoformat(site.run["measured"]) + timedelta(days=days))
    with page.expect_response("**/run/identity.json"):
        page.goto(address)


def reasons(page: Page) -> list[str]:
    """Return the reasons in the banner, except for a build that reused an older commit's run."""
    return [
        line.get_attribute("data-reason") for line in page.locator("#freshness p:not(:text('pages are made'))").all()
    ]


@pytest.mark.parametrize("name", PAGES)
def test_fresh_numbers_have_no_banner(page: Page, site: SiteFolder, address: str, name: str) -> None:
    opened(page, site, address + name, days=1)
    assert reasons(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_old_numbers_say_so(page: Page, site: SiteFolder, address: str, name: str) -> None:
    opened(page, site, address + name, days=400)
    assert reasons(page) == ["old"]
    assert page.locator("#freshness").is_visible()
    assert "400 days ago" in page.locator("#freshness").inner_text()


def test_a_page_of_another_run_than_the_site_ships_says_so(page: Page, site: SiteFolder, address: str) -> None:
    page.route("**/run/identity.json", lambda route: route.fulfill(json={"run": "another", "written": "2030-01-01"}))
    opened(page, site, address + "index.html", days=1)
    page.locator("#freshness p", has_text="Load the page again").wait_for()
    assert reasons(page) == ["build"]


def test_a_page_without_a_connection_has_no_new_banner(page: Page, site: SiteFolder, address: str) -> None:
    page.route("**/run/identity.json", lambda route: route.abort())
    page.clock.set_fixed_time(datetime.fromisoformat(site.run["measured"]) + timedelta(days=1))
    page.goto(address + "index.html")
    assert reasons(page) == []

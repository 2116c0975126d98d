"""Tables at the widths of a desktop and a phone: no column is hidden."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from site_folder import SiteFolder

pytestmark = pytest.mark.acceptance

BEYOND = """() => [...document.querySelectorAll("article table")].filter(table => {
    const room = table.parentElement.getBoundingClientRect();
    return table.offsetWidth && table.getBoundingClientRect().right > room.right + 1;
}).map(table => table.textContent.trim().slice(0, 80))"""
CARDS = """() => [...document.querySelectorAll("article table")].filter(table => table.offsetWidth).map(table => {
    const row = [...(table.tBodies[0]?.rows ?? [])].find(row => !row.querySelector("[scope=rowgroup]"));
    const columns = table.tHead?.rows[0]?.cells.length ?? 0;
    if (!row || columns < 3 || table.closest(".adviser-answer")) return null;
    const titles = [...table.tHead.rows[0].cells].map(cell => cell.textContent.trim());
    const shown = [...row.cells].sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top);
    const decides = row.querySelector(".bench-decides");
    return {
        rows: new Set(shown.map(cell => Math.round(cell.getBoundingClientRect().top))).size === columns,
        named: shown.slice(1).every(cell => cell.dataset.label || !titles[cell.cellIndex]),
        first: shown[0] === row.cells[0],
        second: !decides || shown[1] === decides,
        caption: table.textContent.trim().slice(0, 60),
    };
}).filter(card => card)"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open an empty page."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def on_each_page(page: Page, site: SiteFolder, address: str, script: str) -> dict[str, list[Any]]:
    """Return the result of a script on each page with a table."""
    found = {}
    for name, each in site.pages.items():
        if each.soup.select_one("article table"):
            page.goto(address + name, wait_until="domcontentloaded")
            found[name] = page.evaluate(script)
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_no_table_hides_a_column(page: Page, site: SiteFolder, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    found = on_each_page(page, site, address, BEYOND)
    assert found
    assert {name: tables for name, tables in found.items() if tables} == {}


def test_on_a_phone_a_row_is_a_card_with_the_deciding_column_second(page: Page, site: SiteFolder, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    found = on_each_page(page, site, address, CARDS)
    cards = [{"page": name} | card for name, shown in found.items() for card in shown]
    assert len(cards) > len(site.pages) / 2
    assert [card for card in cards if not (card["rows"] and card["named"] and card["first"] and card["second"])] == []


def test_text_keeps_its_measure_where_a_table_is_wider(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1600, "height": 900})
    page.goto(address + "gallery/compare_alternatives.html")
    widths = page.evaluate("""() => [
        Math.max(...[...document.querySelectorAll("article p")].map(text => text.offsetWidth)),
        Math.max(...[...document.querySelectorAll("article table")].map(table => table.offsetWidth)),
        parseFloat(getComputedStyle(document.documentElement).fontSize),
    ]""")
    text, table, letter = widths
    assert text <= 46 * letter
    assert table > text

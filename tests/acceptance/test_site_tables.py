"""Tables at the widths of a desktop and a phone; `test_site_browser` checks those of each page when it opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser, Page

import evenhand
from evenhand.sphinx.cards import FIRST, labelled
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


def columns_beyond(page: Page) -> list[str]:
    """Return the first words of each table that hides a column."""
    found: list[str] = page.evaluate(BEYOND)
    return found


def cards(page: Page) -> list[dict[str, Any]]:
    """Return how a phone shows the first row of each table."""
    found: list[dict[str, Any]] = page.evaluate(CARDS)
    return found


def card_faults(page: Page) -> list[dict[str, Any]]:
    """Return the tables of an open page whose row is not a card with the deciding column second."""
    return [card for card in cards(page) if not (card["rows"] and card["named"] and card["first"] and card["second"])]


def test_each_table_of_a_page_is_checked(page: Page, site: SiteFolder, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    name = "gallery/compare_alternatives.html"
    page.goto(address + name)
    tables = site.pages[name].soup.select("article table.bench-table")
    assert len(cards(page)) >= len(tables) > 0


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


def show_long_table(page: Page) -> None:
    """Show a table of twenty rows, with times that fall from row to row, in a page without a theme."""
    static = Path(evenhand.__file__).parent / "sphinx" / "static"
    frame = pd.DataFrame({"time": [f"{20 - row} ns" for row in range(20)], "verdict": ["faster"] * 20})
    frame.index = pd.Index([f"row {row}" for row in range(20)], name="contender")
    page.set_content(labelled(evenhand.TableMarkup(frame, "Made")._repr_html_()))
    page.add_style_tag(path=static / "evenhand-tables.css")
    page.add_script_tag(path=static / "evenhand-tables.js")


def visible_rows(page: Page) -> list[str]:
    """Return the names of the rows that are shown."""
    return [row.inner_text().strip() for row in page.locator("tbody th").all() if row.is_visible()]


def test_a_sorted_table_shows_its_first_rows_on_a_phone(page: Page) -> None:
    show_long_table(page)
    page.get_by_role("button", name="time").click()
    page.set_viewport_size({"width": 390, "height": 900})
    assert visible_rows(page) == [f"row {row}" for row in range(19, 19 - FIRST, -1)]


def test_names_with_numbers_are_sorted_by_them(page: Page) -> None:
    show_long_table(page)
    page.get_by_role("button", name="contender").click()
    assert visible_rows(page) == [f"row {row}" for row in range(20)]


def test_a_button_that_the_keyboard_reaches_on_a_phone_is_visible(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    show_long_table(page)
    page.keyboard.press("Tab")
    button = page.get_by_role("button", name="contender")
    assert button.evaluate("it => it === document.activeElement")
    assert button.evaluate("""it => {
        const { x, y, width, height } = it.getBoundingClientRect();
        return it.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    }""")

"""The gallery of the built site: each page answers first, and each card says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from evenhand.results.quantity import NOT_MEASURED
from site_folder import Page, SiteFolder

pytestmark = pytest.mark.acceptance

WITHOUT_A_FIGURE = {"gallery/reference.html"}
"""Its results are tables of single calls."""
HIGHEST = 1_500
"""Pixels above the advice of a page, at 1,280 px."""


@pytest.fixture(scope="module")
def examples(site: SiteFolder) -> dict[str, Page]:
    """The pages of the examples, by their addresses."""
    return {n: page for n, page in site.pages.items() if n.startswith("gallery/") and n != "gallery/index.html"}


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """An empty page of a reader at a desk."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def has_a_figure(name: str, page: Page) -> bool:
    """Return whether an example has one at its top: a profile with a budget may have cut its call."""
    return name not in WITHOUT_A_FIGURE and f"Figure: {NOT_MEASURED}" not in page.soup.get_text()


def test_every_example_opens_with_its_answer_its_figure_and_what_to_do(examples: dict[str, Page]) -> None:
    for name, page in examples.items():
        below = page.soup.h1.find_next_sibling()
        assert below["class"] == ["in-short"], name
        parts = [part for part in below.find_all(recursive=False) if "in-short-title" not in part.get("class", ())]
        assert parts[0].select(".verdict, .measured"), name
        assert parts[-1].name == "p", name
        figures = below.select("figure.bench-figure")
        assert len(figures) == has_a_figure(name, page), name


def test_no_figure_of_an_example_is_shown_twice(examples: dict[str, Page]) -> None:
    for name, page in examples.items():
        drawn = [str(svg) for svg in page.soup.select(".bench-desk svg")]
        assert len(set(drawn)) == len(drawn), name


def test_every_card_of_the_gallery_has_the_answer_of_its_page(site: SiteFolder, examples: dict[str, Page]) -> None:
    cards = site.pages["gallery/index.html"].soup.select(".example-card")
    assert len(cards) == len(examples)
    for card in cards:
        name = f"gallery/{card.a['href']}"
        opening = examples[name].soup.select_one(".in-short")
        assert card.select_one(".example-card-answer").get_text() == opening.find_all("p")[1].get_text(), name
        assert bool(card.select("svg")) == has_a_figure(name, examples[name]), name


def test_the_advice_of_an_example_is_on_the_second_screen_at_most(
    tab: Tab, address: str, examples: dict[str, Page]
) -> None:
    low = {}
    for name in examples:
        tab.goto(address + name)
        low[name] = tab.locator(".in-short > p:last-child").evaluate("each => each.getBoundingClientRect().bottom")
    assert {name: where for name, where in low.items() if where > HIGHEST} == {}


def test_folded_code_opens_by_keyboard(tab: Tab, address: str) -> None:
    tab.goto(address + "gallery/imports.html")
    folded = tab.locator("details.preparation").first
    assert not folded.locator("pre").is_visible()
    folded.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert folded.locator("pre").is_visible()

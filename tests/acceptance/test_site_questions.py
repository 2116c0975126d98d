"""Five questions of a newcomer with a phone: each is answered one tap from the first page, within two screens."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.acceptance

WIDTH, HEIGHT = 390, 844
SCREENS = 2
"""How far a reader scrolls within ten seconds, in screens."""
QUESTIONS = [
    ("Can I go point by point at 10 kHz?", "gallery/rates.html", "with one for each point"),
    ("Are samples lost when the consumer is too slow?", "gallery/pipeline.html", "were dropped"),
    ("what survives a crash or a power failure?", "gallery/storage.html", "where the power may fail"),
    ("Is my last commit slower?", "gate.html", "--base HEAD~1"),
    ("Measure my own package", "own.html", "python -m evenhand time"),
]


@pytest.mark.parametrize(("link", "page", "answer"), QUESTIONS)
def test_a_newcomer_finds_the_answer_behind_one_tap(
    browser: Browser, address: str, link: str, page: str, answer: str
) -> None:
    context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, has_touch=True)
    phone = context.new_page()
    phone.goto(address)
    phone.locator("article a", has_text=link).first.tap()
    phone.wait_for_url(f"**/{page}")
    found = phone.locator("article").get_by_text(answer).first
    assert found.is_visible()
    assert found.bounding_box()["y"] < SCREENS * HEIGHT
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_scripts_a_phone_has_colours_ways_and_a_note(browser: Browser, address: str, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, java_script_enabled=False, color_scheme=scheme
    )
    phone = context.new_page()
    phone.goto(address + "choose.html")
    note = phone.locator("article noscript p")  # by its place: the text of a noscript element is not searched
    assert note.is_visible()
    assert "form needs a script" in note.inner_text()
    phone.locator('nav.without-scripts a[href="gallery/index.html"]').click()
    assert phone.url.endswith("gallery/index.html")
    phone.goto(address)
    ink, ground = phone.locator(".ways a").first.evaluate(
        "link => [getComputedStyle(link).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert ink == ground  # the words of the first button have the colour of the page
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    context.close()

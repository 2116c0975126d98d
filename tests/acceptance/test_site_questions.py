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

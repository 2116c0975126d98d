"""Criterion's reports in a browser: their plots can be read in both themes, and saved."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from site_folder import SiteFolder

pytestmark = pytest.mark.acceptance

LEAST = 3.0
"""The contrast that a part of a drawing needs (WCAG 1.4.11)."""
DATA = """() => {
  const ink = getComputedStyle(document.querySelector(".report")).color;
  const drawn = [...document.querySelectorAll(".report svg :is(circle, rect, polyline, polygon, path, line)")];
  const colours = new Set();
  for (const part of drawn) {
    const style = getComputedStyle(part);
    if (style.fill === ink || style.stroke === ink) continue;  // axes, grid and words
    const shown = (colour, own) => colour === "none" ? "" : `${colour} ${own * style.opacity}`;
    colours.add([shown(style.fill, style.fillOpacity), shown(style.stroke, style.strokeOpacity)].join("|"));
  }
  return [getComputedStyle(document.body).backgroundColor, [...colours]];
}"""


def channels(colour: str) -> list[float]:
    """Return red, green and blue of a computed colour, from 0 to 1."""
    return [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]


def luminance(colour: list[float]) -> float:
    """Return the relative luminance as WCAG defines it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(colour: str, ground: str) -> float:
    """Return the contrast of ``rgb(...) opacity`` on a ground."""
    rgb, _, opacity = colour.rpartition(" ")
    below = channels(ground)
    mixed = [
        float(opacity) * part + (1 - float(opacity)) * other for part, other in zip(channels(rgb), below, strict=True)
    ]
    dark, light = sorted((luminance(mixed), luminance(below)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_part_of_a_plot_differs_from_its_ground(
    browser: Browser, address: str, site: SiteFolder, theme: str
) -> None:
    context = browser.new_context(color_scheme=theme)
    page = context.new_page()
    reports = [name for name in site.pages if name.startswith("criterion/") and name != "criterion/report/index.html"]
    faint = {}
    for name in reports:
        page.goto(address + name)
        ground, colours = page.evaluate(DATA)
        assert colours, name
        for colour in colours:
            best = max(contrast(part, ground) for part in colour.split("|") if part)
            if best < LEAST:
                faint[name, colour] = best
    context.close()
    assert faint == {}


def test_a_plot_is_saved_as_a_separate_drawing(browser: Browser, address: str, site: SiteFolder) -> None:
    name = next(name for name in site.pages if name.startswith("criterion/") and name != "criterion/report/index.html")
    page = browser.new_page()
    page.goto(address + name)
    with page.expect_download() as saved:
        page.locator(".report a[download]").first.click()
    text = saved.value.path().read_text(encoding="utf-8")
    assert text.startswith("<svg")
    assert "currentColor" not in text or 'color="#' in text.partition(">")[0]
    page.close()


@pytest.mark.parametrize("report", ["batch_roundtrip/report", "batch_roundtrip/1000/report"])
def test_the_labels_of_a_plot_are_whole(browser: Browser, address: str, report: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{address}criterion/{report}/index.html")
    page.evaluate("() => document.querySelectorAll('.report details').forEach(more => more.open = true)")
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".report svg text")].filter(text => {
             const room = text.ownerSVGElement.getBoundingClientRect(), box = text.getBoundingClientRect();
             return box.left < room.left - 1 || box.right > room.right + 1;
           }).map(text => text.textContent.trim())"""
    )
    page.close()
    assert cut == []

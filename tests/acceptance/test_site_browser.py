"""Every page in a browser: complete, without errors, within its width and accessible, at both widths and themes.

The rules of accessibility that depend on colours are checked in both themes, all others in the light one, because the
themes differ in nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request

from site_folder import ROOT
from test_site_tables import card_faults, columns_beyond

pytestmark = pytest.mark.acceptance

WIDTHS = (1280, 390)
FAULTS = {"moderate", "serious", "critical"}
REDIRECT = 'http-equiv="refresh"'
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
CONTRAST, LINKS = "color-contrast", "link-in-text-block"
# Only violations are read: axe describes all other elements only if it is asked to.  Preloading would request style
# sheets again, at wrong addresses.
OPTIONS = {"resultTypes": ["violations"], "preload": False}
RULES = {
    "light": OPTIONS | {"runOnly": {"type": "tag", "values": LEVELS}, "rules": {CONTRAST: {"enabled": False}}},
    "dark": OPTIONS | {"runOnly": {"type": "rule", "values": [LINKS]}},
}
CHECK = "options => axe.run(options).then(found => found.violations)"
CHECK_CONTRAST = """async ([options, earlier]) => {
  // Elements that look the same have the same contrast.  One is checked for all, and all if axe has no decision.
  // Looks of earlier pages are not checked again (true), or all at once, because axe had no decision (false).
  const looks = new Map(earlier);
  const known = new Map();
  const grounds = element => {
    if (element && !known.has(element)) {
      const style = getComputedStyle(element);
      const own = [style.backgroundColor, style.backgroundImage, style.opacity, style.filter, style.mixBlendMode];
      known.set(element, [...own, style.position, style.zIndex, grounds(element.parentElement)].join("|"));
    }
    return known.get(element);
  };
  const look = element => {
    const style = getComputedStyle(element);
    const ink = [style.color, style.fontSize, style.fontWeight, style.textShadow];
    return [...ink, element.className, grounds(element)].join("|");
  };
  const alike = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    if (![...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())) continue;
    // Axe judges neither hidden text nor, if the contrast is low, single characters.
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    const key = look(element), others = alike.get(key) ?? [];
    if (element.textContent.trim().length > 1) others.unshift(element); else others.push(element);
    alike.set(key, others);
  }
  const run = async include => include.length ? await axe.run({ include }, options) : { passes: [], violations: [] };
  const elements = rules => new Set(rules.flatMap(rule => rule.nodes.map(node => node.element)));
  const fresh = [...alike].filter(([key]) => !looks.has(key));
  const open = [...alike].filter(([key]) => looks.get(key) === false);
  const found = await run([...fresh.map(([, [first]]) => first), ...open.flatMap(([, all]) => all)]);
  const good = elements(found.passes), bad = elements(found.violations);
  const undecided = fresh.filter(([, [first]]) => !good.has(first) && !bad.has(first));
  const rest = await run(undecided.flatMap(([, [, ...others]]) => others));
  const faults = [...found.violations, ...rest.violations].map(({ id, impact, nodes }) => (
    { id, impact, nodes: nodes.map(({ html }) => ({ html })) }
  ));
  return [faults, fresh.filter(([, [first]]) => !bad.has(first)).map(([key, [first]]) => [key, good.has(first)])];
}"""
CONTRASTS = {
    "runOnly": {"type": "rule", "values": [CONTRAST]},
    "preload": False,
    "elementRef": True,
    "selectors": False,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Name every page of the built site, without redirects; without a site, the fixture `site` fails."""
    if "name" in metafunc.fixturenames:
        folder = Path(os.environ.get("RUST_DAQ_SITE", ROOT / "build" / "docs" / "html"))
        pages = [path for path in sorted(folder.rglob("*.html")) if REDIRECT not in path.read_text(encoding="utf-8")]
        found = [path.relative_to(folder).as_posix() for path in pages]
        metafunc.parametrize("name", [name for name in found if not name.startswith("_static/")])


@pytest.fixture(scope="module", params=["light", "dark"])
def context(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """Make the context of a reader who prefers light, and of one who prefers dark."""
    opened = browser.new_context(color_scheme=request.param)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def looks(context: BrowserContext) -> dict[str, bool]:
    """Hold the looks of text in a theme: whether the contrast is enough, or axe cannot decide; see `CHECK_CONTRAST`."""
    return {}


def accessibility_faults(page: Page, theme: str, looks: dict[str, bool]) -> list[str]:
    """Return the faults that axe, which was loaded into the page, finds there, and add the page's looks."""
    contrasts, fresh = page.evaluate(CHECK_CONTRAST, [CONTRASTS, list(looks.items())])
    looks.update(fresh)
    found = page.evaluate(CHECK, RULES[theme]) + contrasts
    return [
        f"{fault['id']}: {node['html'][:200]}"
        for fault in found
        if fault["impact"] in FAULTS
        for node in fault["nodes"]
    ]


def test_a_page_opens_completely_without_errors_within_its_width_and_accessible(
    context: BrowserContext, address: str, name: str, looks: dict[str, bool], request: pytest.FixtureRequest
) -> None:
    theme = request.node.callspec.params["context"]
    said: list[str] = []
    foreign: list[str] = []

    def asked(request: Request) -> None:
        if urlsplit(request.url).scheme != "data" and not request.url.startswith(address):
            foreign.append(request.url)

    page = context.new_page()
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", asked)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        if theme == "light" or width == WIDTHS[0]:
            response = page.goto(address + name, wait_until="load")
            assert response is not None
            assert response.ok
            page.evaluate(Axe().axe_script)
        beyond = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert beyond <= 0, f"at {width} pixels it is {beyond} too wide"
        assert page.evaluate("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)") == []
        assert columns_beyond(page) == []
        if width == WIDTHS[-1]:
            assert card_faults(page) == []
        faults = [f"at {width} pixels: {fault}" for fault in accessibility_faults(page, theme, looks)]
        assert faults == []
    assert said == []
    assert foreign == []
    page.close()


def test_the_theme_follows_the_reader(context: BrowserContext, address: str, request: pytest.FixtureRequest) -> None:
    page = context.new_page()
    page.goto(address + "index.html")
    scheme = request.node.callspec.params["context"]
    assert page.evaluate("document.documentElement.dataset.theme") == scheme
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor").removeprefix("rgb(").split(",")[0]
    assert (int(ground) > 127) is (scheme == "light")
    page.close()


def test_a_figure_uses_the_text_colour_of_the_page_and_keeps_its_data_colours(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(address + "index.html")
    ink, text, data = page.evaluate("""() => {
        const drawn = document.querySelector(".bench-desk svg");
        const fill = (element) => getComputedStyle(element).fill;
        return [fill(drawn.querySelector("text")), getComputedStyle(document.querySelector("article p")).color,
                [...drawn.querySelectorAll("path, use")].map(fill)];
    }""")
    assert ink == text
    assert "rgb(0, 114, 178)" in data
    page.close()

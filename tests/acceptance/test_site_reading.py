"""Reading the site: search, copying, downloads, sorting, printing, keyboard, and no scripts."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from site_folder import ROOT, SiteFolder

pytestmark = pytest.mark.acceptance


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """Open an empty page for a reader at a desktop, who allows the site to write to the clipboard."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=[])
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """Open an empty page for a reader with a phone."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    yield context.new_page()
    context.close()


def test_a_wide_table_scrolls_in_its_own_room_and_takes_the_focus(phone: Page, address: str) -> None:
    phone.goto(address + "gallery/benchmark_datapoint.html")
    unreachable = phone.evaluate("""
        [...document.querySelectorAll("table.bench-table")].map(table => {
            let room = table.parentElement;
            while (room && !["auto", "scroll"].includes(getComputedStyle(room).overflowX)) room = room.parentElement;
            return room && (room.scrollWidth <= room.clientWidth || room.tabIndex >= 0) ? null : table.textContent;
        }).filter(text => text !== null)
    """)
    assert unreachable == []


def test_a_phone_shows_the_figure_for_phones_with_readable_text(phone: Page, address: str) -> None:
    phone.goto(address + "index.html")
    assert phone.locator(".bench-phone svg").first.is_visible()
    assert not phone.locator(".bench-desk svg").first.is_visible()
    sizes = phone.evaluate("""
        [...document.querySelectorAll(".bench-phone svg text")]
            .map(text => parseFloat(getComputedStyle(text).fontSize) * text.ownerSVGElement.getScreenCTM().a)
    """)
    assert sizes
    assert min(sizes) >= 11, "pixels of the screen"


def test_search_finds_a_word_and_its_result_leads_there(page: Page, address: str) -> None:
    page.goto(address + "search.html?q=bottlenecks")
    found = page.locator("#search-results li a", has_text="bottlenecks")
    found.first.wait_for()
    found.first.click()
    page.wait_for_url("**/slow.html#known-bottlenecks*")


def test_the_search_button_opens_a_field_that_takes_words(page: Page, address: str) -> None:
    page.goto(address + "index.html")
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input[type=search]").wait_for()
    page.keyboard.type("metadata")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=metadata*")


def copied(page: Page, block: str) -> str:
    """Return the text that the copy button of a code block puts on the clipboard."""
    place = page.locator(block).first
    place.scroll_into_view_if_needed()
    place.hover()
    place.locator("button.copybtn").click()
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_a_copied_block_of_an_example_is_its_source(page: Page, address: str) -> None:
    page.goto(address + "gallery/imports.html")
    text = copied(page, "article section > .highlight-Python, article section > .highlight-python")
    assert text.strip() in (ROOT / "gallery" / "imports.py").read_text(encoding="utf-8")
    compile(text, "copied", "exec")


def test_a_copied_example_of_the_reference_runs(page: Page, address: str) -> None:
    page.goto(address + "api/batch.html")
    text = copied(page, "article .highlight-pycon, article .doctest, article .highlight-default")
    assert ">>>" not in text
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, f"{text}\n{ended.stderr}"


def test_a_copied_command_has_no_prompt(page: Page, address: str) -> None:
    page.goto(address + "gate.html")
    assert copied(page, "article .highlight-sh").splitlines()[0].split()[0] == "nox"


def test_downloads_of_an_example_open(page: Page, address: str) -> None:
    page.goto(address + "gallery/gil.html")
    opened = {}
    for link in page.locator(".sphx-glr-footer a").all():
        with page.expect_download() as download:
            link.click()
        opened[download.value.suggested_filename] = download.value.path()
    assert set(opened) == {"gil.py", "gil.ipynb", "gil.zip"}
    compile(opened["gil.py"].read_text(encoding="utf-8"), "gil.py", "exec")
    assert json.loads(opened["gil.ipynb"].read_text(encoding="utf-8"))["cells"]
    with zipfile.ZipFile(opened["gil.zip"]) as packed:
        assert packed.testzip() is None
        assert {"gil.py", "gil.ipynb"} <= set(packed.namelist())


def test_the_run_can_be_downloaded(page: Page, address: str, site: SiteFolder) -> None:
    page.goto(address + "reproduce.html")
    links = {link.inner_text(): link.get_attribute("href") for link in page.locator("article a.shipped").all()}
    assert page.request.get(address + links["run.json"]).json()["id"] == site.run["id"]
    assert page.request.get(address + links["samples.parquet"]).body()[:4] == b"PAR1"


def test_a_long_table_sorts_by_the_values_of_its_numbers(page: Page, address: str) -> None:
    page.goto(address + "gallery/benchmark_datapoint.html")
    table = page.locator("table.bench-table").first
    header = table.locator("thead th").nth(1)

    def numbers() -> list[float]:
        cells = table.locator("tbody tr > :nth-child(2)").all()
        return [float(cell.get_attribute("data-sort")) for cell in cells]

    before = numbers()
    header.locator("button").click()
    assert header.get_attribute("aria-sort") == "ascending"
    assert numbers() == sorted(before)
    header.locator("button").press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert numbers() == sorted(before, reverse=True)
    assert table.locator("[aria-sort]").count() == 1


def test_the_strip_below_a_figure_opens_by_keyboard_and_has_the_governor(page: Page, address: str) -> None:
    page.goto(address + "index.html")
    strip = page.locator("details.provenance").first
    assert "Measured" in strip.locator("summary").inner_text()
    assert not strip.locator("dl").is_visible()
    strip.locator("summary").focus()
    page.keyboard.press("Enter")
    told = strip.locator("dl").inner_text()
    for label in ("governor", "load at start", "rounds and samples", "rustc", "commit", "measured"):
        assert label in told


def test_the_keyboard_reaches_the_text_first(page: Page, address: str) -> None:
    page.goto(address + "guide.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    page.wait_for_url("**/guide.html#main-content")


def test_examples_follow_one_another_in_the_order_of_the_questions(page: Page, address: str) -> None:
    page.goto(address + "gallery/index.html")
    shown = page.locator(".example-card-title a").all_inner_texts()
    page.goto(address + "gallery/benchmark_datapoint.html")
    followed = [page.locator("h1").inner_text()]
    for _ in shown[1:]:
        page.locator("a.right-next").click()
        page.wait_for_load_state()
        followed.append(page.locator("h1").inner_text())
    assert [title.rstrip("#").strip() for title in followed] == shown


def test_criterions_reports_are_reached_and_left(phone: Page, address: str) -> None:
    phone.goto(address + "criterion.html")
    phone.locator("article a", has_text="index of all reports").click()
    phone.locator("article li a", has_text="attach").first.click()
    phone.locator(".report-plot svg").first.wait_for()
    assert "Measured" in phone.locator("details.provenance > summary").inner_text()
    assert phone.locator(".report-plot figcaption").first.inner_text()
    phone.locator(".report-ways a", has_text="Inside Rust").click()
    phone.wait_for_url("**/criterion.html")


def test_without_scripts_a_page_is_readable_and_has_its_date(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    for name in ("index.html", "gallery/gil.html", "api/batch.html"):
        page.goto(address + name)
        assert page.locator("article h1").is_visible()
        assert page.locator("article p").first.is_visible()
        assert page.locator(".run-strip", has_text="measured").is_visible()
    page.goto(address + "index.html")
    assert page.locator(".bench-figure svg").first.is_visible()
    assert page.locator("details.provenance > summary").first.is_visible()
    page.locator("details.provenance > summary").first.click()
    assert page.locator("details.provenance dl").first.is_visible()
    context.close()


def test_on_paper_a_dark_page_has_dark_ink_and_no_screen_elements(browser: Browser, address: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(address + "gallery/gil.html")
    page.emulate_media(media="print")
    for selector in ("#pst-header", ".bd-sidebar-primary", ".prev-next-footer"):
        assert not page.locator(selector).first.is_visible()
    ink, ground = page.evaluate("""() => [getComputedStyle(document.querySelector("article p:not([class])")).color,
                                          getComputedStyle(document.body).backgroundColor]""")
    # In multi-column layouts a browser cuts off content beyond the first sheets.
    assert page.evaluate("getComputedStyle(document.querySelector('.bd-main')).display") == "block"
    assert ink == "rgb(17, 17, 17)"
    assert ground == "rgb(255, 255, 255)"
    assert page.locator(".bench-figure svg").first.is_visible()
    context.close()


def test_the_page_for_missing_addresses_works_at_any_depth(page: Page, address: str) -> None:
    for lost in ("nowhere.html", "gallery/deep/er/nowhere.html"):
        response = page.goto(address + lost)
        assert response is not None
        assert response.status == 404
        assert page.locator("h1").inner_text().startswith("There is no such page")
        assert page.evaluate("getComputedStyle(document.querySelector('.bd-header')).display") == "flex"
        page.locator("article a", has_text="Gallery").click()
        page.wait_for_url("**/gallery/index.html")


def test_a_number_in_a_sentence_leads_to_its_row_with_interval_and_rounds(phone: Page, address: str) -> None:
    phone.goto(address + "index.html")
    link = phone.locator("article p a.measured-link").first
    number = link.inner_text()
    link.click()
    phone.wait_for_url("**/run/*.html#**")
    row = phone.locator("tr:target")
    assert row.is_visible()
    assert row.locator("td").first.inner_text().endswith(number)
    assert row.locator("[data-label=interval]").is_visible()
    assert row.locator("[data-label=rounds]").is_visible()


def test_a_copy_button_has_a_name(page: Page, address: str) -> None:
    page.goto(address + "start.html")
    buttons = page.locator("button.copybtn")
    assert buttons.count()
    assert page.get_by_role("button", name="Copy").count() == buttons.count()


def test_a_table_is_a_stop_of_the_keyboard_only_while_it_scrolls(page: Page, address: str) -> None:
    stops = """() => [...document.querySelectorAll(".bench-room:not([aria-live])")].filter(room => room.clientWidth)
        .map(room => [room.scrollWidth > room.clientWidth + 1, room.tabIndex >= 0, room.role === "group"])"""
    page.goto(address + "gallery/compare_alternatives.html")
    assert not [found for found in page.evaluate(stops) if any(found)]
    page.set_viewport_size({"width": 620, "height": 900})
    page.wait_for_function("[...document.querySelectorAll('.bench-room')].some(room => room.tabIndex === 0)")
    assert not [found for found in page.evaluate(stops) if len(set(found)) > 1]
    page.set_viewport_size({"width": 1600, "height": 900})
    page.wait_for_function("![...document.querySelectorAll('.bench-room')].some(room => room.tabIndex === 0)")


@pytest.mark.parametrize("name", ["gallery/compare_alternatives.html", "slow.html", "api/batch.html", "claims.html"])
def test_on_paper_nothing_is_cut_off_and_tables_repeat_their_heads(browser: Browser, address: str, name: str) -> None:
    # The width of a sheet of A4 without its margins, in the pixels that a browser prints with.
    context = browser.new_context(viewport={"width": 673, "height": 1000})
    page = context.new_page()
    page.goto(address + name)
    page.emulate_media(media="print")
    beyond = page.evaluate("""() => [...document.querySelectorAll("article :is(p, li, pre, td, th, svg, h1, h2)")]
        .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
        .map(element => element.outerHTML.slice(0, 120))""")
    assert beyond == []
    heads = page.evaluate("[...document.querySelectorAll('article thead')].map(head => getComputedStyle(head).display)")
    assert set(heads) <= {"table-header-group"}
    context.close()


def test_offline_an_open_page_still_answers(phone: Page, address: str) -> None:
    said: list[str] = []
    phone.on("pageerror", lambda error: said.append(str(error)))
    phone.goto(address + "choose.html")
    phone.wait_for_load_state("networkidle")
    phone.context.set_offline(True)
    before = phone.locator(".adviser-answer").inner_text()
    phone.locator("form.adviser [name=rate]").fill("0.001")
    assert phone.locator(".adviser-answer").inner_text() != before
    assert said == []


def test_without_images_every_figure_and_link_is_still_there(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route("**/*.{png,svg,jpg,ico,woff2}", lambda route: route.abort())
    page.goto(address + "index.html")
    assert page.locator(".bench-figure svg").first.is_visible()
    assert page.locator("header a.navbar-brand").first.get_attribute("href")
    assert "rust-daq" in page.locator("header a.navbar-brand").first.inner_text()
    unnamed = page.evaluate("[...document.images].filter(image => !image.alt).map(image => image.src)")
    assert unnamed == []
    context.close()


def test_without_script_a_phone_shows_cards_numbers_and_files(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(address + "gallery/benchmark_datapoint.html")
    row = page.locator("table.bench-cards tbody tr").first
    tops = [cell.bounding_box()["y"] for cell in row.locator("td").all()]
    assert len(set(tops)) == len(tops)
    assert page.locator(".bench-files a").first.is_visible()
    page.locator("article p a.measured-link").first.click()
    assert "/run/" in page.url
    page.goto(address + "search.html")
    assert "JavaScript" in page.locator("main").inner_text()
    context.close()

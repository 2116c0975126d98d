"""The pages with answers: claims that change with their data, and the adviser, which agrees with Python."""

from __future__ import annotations

import dataclasses
import math
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from evenhand import Estimate, Pair, Run
from evenhand.results.quantity import spaced
from rust_daq import advise
from site_folder import ROOT, SiteFolder

sys.path.append(str(ROOT / "docs"))

import gains
import scorecard
import tables
from claims import CLAIMS

pytestmark = pytest.mark.acceptance

SEED = 20_261_125
CASES = 60
UNKNOWN = Estimate(math.nan, math.nan, math.nan, math.nan, 0)
NOTHING = advise.Measured({}, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, {}, {})
"""A result from which no number is looked up."""


@pytest.fixture(scope="module")
def run(build_folder: Path) -> Run:
    """Return the run of the site."""
    return Run.load(build_folder / "run")


# Claims


def rows(soup: BeautifulSoup) -> dict[str, list[str]]:
    """Return the cells of each claim's row, by its sentence."""
    claims = {spaced(claim.sentence): claim.sentence for claim in CLAIMS}
    found = {}
    for row in soup.select("table.bench-table tbody tr"):
        if (sentence := spaced(row.th.get_text())) in claims:
            found[claims[sentence]] = [cell.get_text() for cell in row.find_all("td")]
    return found


def test_every_claim_is_on_its_page_as_this_run_judges_it(site: SiteFolder, run: Run) -> None:
    shown = rows(site.pages["claims.html"].soup)
    assert list(shown) == [claim.sentence for claim in CLAIMS]
    for claim in CLAIMS:
        assert shown[claim.sentence] == [spaced(text) for text in list(claim.row(run).values())[1:-1]]


def remedies(name: str) -> list[Pair]:
    """Return the pairs in a page's tables of remedies, in the order of its source."""
    source = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    tables = re.findall(r"^```\{remedies\}.*?\n(.*?)^```$", source, re.MULTILINE | re.DOTALL)
    return [Pair.parse(line.rpartition("|")[2]) for table in tables for line in table.splitlines()]


def test_a_remedy_is_shown_with_the_gain_that_the_run_has(site: SiteFolder, run: Run) -> None:
    table_rows = site.pages["slow.html"].soup.select("table.remedies tbody tr")
    shown = [row.find_all("td")[-1].get_text(strip=True) for row in table_rows]
    assert shown
    assert shown == [pair.gain(run) for pair in remedies("slow")]
    if run.document["profile"] != "quick":
        assert "no gain shown: not judged" not in shown


def test_the_symptoms_are_in_the_order_of_their_gains(site: SiteFolder, run: Run) -> None:
    table = site.pages["slow.html"].soup.select_one("table.bench-table")
    factors = {spaced(entry.symptom): entry.factor(run) for entry in gains.ENTRIES}
    shown = [row.th.get_text() for row in table.select("tbody tr")]
    assert set(shown) == set(factors)
    assert [factors[symptom] for symptom in shown] == sorted(factors.values(), reverse=True)


def test_the_known_bottlenecks_have_their_anchor_and_table(site: SiteFolder) -> None:
    section = site.pages["slow.html"].soup.find(id="known-bottlenecks")
    heads = [head.get_text() for head in section.select("table.remedies thead th")]
    assert heads[:3] == ["area", "observation", "mitigation"]


def test_a_profile_that_judges_leaves_no_claim_unjudged_that_it_measures(site: SiteFolder, run: Run) -> None:
    made = [claim for claim in CLAIMS if not run.cut(claim.measurement)]
    unjudged = [claim.sentence for claim in made if claim.judge(run).outcome.startswith("not judged")]
    assert unjudged == [] or site.run["profile"] == "quick"


def test_an_undecided_claim_has_a_reason(site: SiteFolder) -> None:
    page = site.pages["claims.html"].soup
    verdicts = {sentence: verdict for sentence, (verdict, *_) in rows(page).items()}
    for sentence, verdict in verdicts.items():
        plain = verdict in {"holds", "does not hold", "not judged in this profile"}
        assert plain or verdict.startswith("inconclusive: "), sentence
    notes = [note.get_text() for note in page.select(".bench-note")]
    few = "not judged in this profile" in verdicts.values()
    reason = re.compile(r"Not judged: .*(too few for an interval|not measured in this profile)")
    assert few == any(map(reason.match, notes))


def widened(run: Run, key: str, contender: str, factor: float) -> Run:
    """Return the run with enough rounds, and with a contender that takes `factor` times as long."""
    result = run[key]
    first = result.samples[result.samples["round"] == 0]
    samples = [first.assign(round=index) for index in range(12)]
    for index, sample in enumerate(samples):
        mine = sample["contender"] == contender
        # Vary the rounds slightly.
        sample.loc[mine, "value"] = sample.loc[mine, "value"] * factor * (1 + index / 1000)
    import pandas as pd

    changed = dataclasses.replace(result, samples=pd.concat(samples), settings={**result.settings, "rounds": 12})
    return Run(run.document, {**run.results, key: changed})


@pytest.mark.parametrize(("factor", "outcome"), [(0.01, "holds"), (100.0, "does not hold")])
def test_a_verdict_on_the_page_changes_with_its_measurement(run: Run, factor: float, outcome: str) -> None:
    doctored = widened(run, "benchmark_datapoint/ready", "rust_daq.DataPoint", factor)
    soup = BeautifulSoup(tables.forest(doctored)._repr_html_(), "html.parser")
    decided = [claim.sentence for claim in CLAIMS if claim.measurement == "benchmark_datapoint/ready"]
    assert [rows(soup)[sentence][0] for sentence in decided] == [outcome] * len(decided)


# The adviser


@pytest.fixture(scope="module")
def tab(browser: Browser, address: str) -> Iterator[Tab]:
    """Open the page with the adviser."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.goto(address + "choose.html")
    yield opened
    context.close()


def asked(tab: Tab, rate: float, channels: int, loss: int = 0, latency: int = 0) -> dict[str, str]:
    """Return the answers of the page; loss and latency by their place in the list."""
    form = tab.locator("form.adviser")
    form.locator("[name=rate]").fill(f"{rate:.10g}")
    form.locator("[name=channels]").fill(str(channels))
    form.locator("[name=loss]").select_option(str(loss))
    form.locator("[name=latency]").select_option(str(latency))
    lines = tab.locator(".adviser-answer tbody tr").evaluate_all(
        "rows => rows.map(row => [row.cells[0].textContent, row.cells[1].textContent])"
    )
    return dict(lines)


def test_the_page_answers_like_the_function(tab: Tab, run: Run) -> None:
    chance = random.Random(SEED)
    print("seed", SEED)
    measured = advise.Measured.of(run)
    for _ in range(CASES):
        rate = 10 ** chance.uniform(0, 6)
        channels = chance.randint(1, advise.CHANNELS[-1])
        loss, latency = chance.randrange(len(advise.LOSSES)), chance.randrange(len(advise.LATENCIES))
        expected = advise.advise(
            measured,
            rate=advise.step(float(f"{rate:.10g}"), advise.RATES),
            channels=int(advise.step(channels, advise.CHANNELS)),
            loss=advise.LOSSES[loss],
            latency=advise.LATENCIES[latency],
        )
        assert asked(tab, rate, channels, loss, latency) == expected.answers(), (rate, channels, loss, latency)
        assert tab.locator(".adviser-program pre").text_content() == expected.snippet
        assert tab.locator(".adviser-program").is_visible() == bool(expected.snippet)


@pytest.mark.parametrize("rate", advise.RATES)
def test_each_step_is_answered_exactly(tab: Tab, run: Run, rate: float) -> None:
    expected = advise.advise(run, rate=rate, channels=1, latency=advise.LATENCIES[2])
    assert asked(tab, rate, 1, 0, 2) == expected.answers()
    assert "next step" not in tab.locator(".adviser-answer caption").inner_text()


def test_a_rate_between_two_steps_is_answered_for_the_next_with_a_note(tab: Tab) -> None:
    asked(tab, 44_100, 3)
    caption = tab.locator(".adviser-answer caption").inner_text()
    assert caption == "For 50\u202fkHz, 4 channels, the next step above your request"


@pytest.mark.parametrize(("rate", "channels"), [(0.5, 1), (2e6, 1), (1_000, 17)])
def test_outside_the_measured_range_the_page_only_says_that(tab: Tab, rate: float, channels: int) -> None:
    found = asked(tab, rate, channels)
    assert found == advise.advise(NOTHING, rate=rate, channels=channels).answers()


@pytest.mark.parametrize(("rate", "channels"), [(-5.0, 1), (0.0, 1), (100.0, 0)])
def test_an_invalid_request_is_answered_with_the_required_input(tab: Tab, rate: float, channels: int) -> None:
    assert asked(tab, rate, channels) == {"verdict": "give a rate above 0 and a whole number of channels"}


def test_every_answer_links_to_the_measurement_behind_it(tab: Tab, site: SiteFolder) -> None:
    found = asked(tab, 10_000, 8)
    links = tab.locator(".adviser-answer tbody a").evaluate_all(
        "links => links.map(a => [a.textContent, a.getAttribute('href')])"
    )
    # With too few rounds, that is the whole answer.
    assert {key for key, _ in links} == (set(advise.NEEDED) if len(found) > 1 else set())
    assert all(page in site.pages for _, page in links)


def test_a_profile_that_judges_answers(run: Run, site: SiteFolder) -> None:
    assert advise.Measured.of(run).doubt == "" or site.run["profile"] == "quick"


def test_the_choice_is_in_the_address_and_found_again(tab: Tab, address: str) -> None:
    found = asked(tab, 44_100, 3, loss=1, latency=2)
    assert tab.url.endswith("#rate=44100&channels=3&loss=1&latency=2")
    kept = tab.url
    tab.goto(address + "index.html")
    tab.goto(kept)
    assert tab.locator("form.adviser [name=rate]").input_value() == "44100"
    lines = tab.locator(".adviser-answer tbody tr").evaluate_all(
        "rows => rows.map(row => [row.cells[0].textContent, row.cells[1].textContent])"
    )
    assert dict(lines) == found


def test_an_address_with_a_choice_that_is_not_offered_keeps_the_form(tab: Tab, address: str) -> None:
    tab.goto(address + "index.html")
    tab.goto(f"{address}choose.html#rate=1000&loss=99&other=1")
    assert tab.locator("form.adviser [name=rate]").input_value() == "1000"
    assert tab.locator("form.adviser [name=loss]").input_value() == "0"


def test_without_a_script_the_typical_cases_are_shown(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(address + "choose.html")
    assert not opened.locator("form.adviser").is_visible()
    assert opened.locator("table.bench-table:visible tbody tr").count() >= 5
    context.close()


def test_the_page_with_all_answers_is_small(site: SiteFolder) -> None:
    assert (site.folder / "choose.html").stat().st_size < 300_000


# The scorecard


def test_the_scorecard_is_complete_and_agrees_with_this_run(site: SiteFolder, run: Run) -> None:
    shown = []
    for table in site.pages["choose.html"].soup.select("table.bench-table"):
        if table.caption.get_text() in scorecard.GROUPS:
            shown += [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.select("tbody tr")]
    expected = [comparison for group in scorecard.GROUPS.values() for comparison in group]
    assert [row[-1] for row in shown] == [comparison.verdict(run) for comparison in expected]
    assert [row[0] for row in shown] == [spaced(comparison.operation) for comparison in expected]
    # Only cut calls and packages that are not installed may be missing.
    missing = [found for found in expected if found.outcome(run) == "not measured"]
    assert [found for found in missing if not run.cut(found.compared) and "h5py" not in found.compared] == []

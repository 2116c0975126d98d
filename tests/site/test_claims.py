"""Every claim of the guide with doctored data: confirmed, refuted and undecided."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

import forest
from claims import ASSERTIONS, CLAIMS, NOTES
from doctored import doctored
from evenhand import Claim, Missed

ROOT = Path(__file__).parents[2]
OPPOSITE = {"faster": 1.6, "slower": 0.6, "no difference shown": 1.6}
AS_EXPECTED = {"faster": 0.6, "slower": 1.6, "no difference shown": 1.0}
QUIET = 0.01


class DoctoredRun:
    """A run with one measurement and one noise floor."""

    def __init__(self, measured: Any, noise: float) -> None:
        self.measured = measured
        self.noise = noise

    def part(self, name: str) -> Any:
        """Return the measurement under any name."""
        del name
        return self.measured

    def cut(self, path: str) -> bool:
        """Say that nothing was cut."""
        del path
        return False

    def value(self, path: str) -> tuple[str, float]:
        """Return the noise floor."""
        return path.rpartition("/")[2], self.noise


def judged(claim: Claim, ratio: float, *, wide: bool = False, noise: float = QUIET) -> Any:
    """Judge a claim with this measured ratio."""
    return claim.judge(DoctoredRun(doctored(claim.reading, claim, ratio, wide), noise))


ids = [claim.sentence for claim in CLAIMS]


@pytest.mark.parametrize("claim", CLAIMS, ids=ids)
def test_a_claim_is_confirmed_by_its_data(claim):
    assert judged(claim, AS_EXPECTED[claim.expected]).outcome == "holds"


@pytest.mark.parametrize("claim", CLAIMS, ids=ids)
def test_a_claim_is_refuted_by_opposite_data(claim):
    found = judged(claim, OPPOSITE[claim.expected])
    assert (found.outcome, found.reason) == ("does not hold", "")


@pytest.mark.parametrize("claim", CLAIMS, ids=ids)
def test_a_claim_is_inconclusive_with_a_reason_if_the_rounds_disagree(claim):
    found = judged(claim, 1.0, wide=True)
    counted = isinstance(claim.reading, Missed)
    assert found.outcome == ("not judged in this profile" if counted else "inconclusive")
    assert re.search(
        "one round is too few" if counted else r"reaches beyond 5\u202f%; at most about [\d\u202f]+ rounds",
        found.reason,
    )


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if claim.noise and claim.expected in {"faster", "slower"}])
def test_an_effect_within_the_noise_floor_decides_nothing(claim):
    found = judged(claim, AS_EXPECTED[claim.expected], noise=0.8)
    assert found.outcome == "inconclusive"
    assert found.reason == "identical programs differed by 80.0\u202f% in this run, and this effect is no larger"


def test_no_two_claims_are_equal():
    assert len({claim.sentence for claim in CLAIMS}) == len(CLAIMS)


def test_every_example_that_a_claim_reads_exists():
    examples = {path.stem for path in (ROOT / "gallery").glob("*.py")} | {"tails"}
    named = {claim.example for claim in CLAIMS} | {claim.noise.split("/")[0] for claim in CLAIMS if claim.noise}
    assert named - examples == set()


# The page


class WholeRun(DoctoredRun):
    """A run that confirms each claim, except one that it refutes and one that stays undecided."""

    def __init__(self, refuted: Claim, open_: Claim) -> None:
        super().__init__(None, QUIET)
        self.refuted, self.open_ = refuted, open_


class Doctored(Claim):
    """A claim with its measurement."""

    def judge(self, run: Any) -> Any:
        """Judge it by the run."""
        if self == run.open_:
            return Claim.judge(self, DoctoredRun(doctored(self.reading, self, 1.0, True), QUIET))
        ratios = OPPOSITE if self == run.refuted else AS_EXPECTED
        return Claim.judge(self, DoctoredRun(doctored(self.reading, self, ratios[self.expected], False), QUIET))


def plot(monkeypatch: pytest.MonkeyPatch, assertion: str) -> BeautifulSoup:
    """Make the forest plot of a run that refutes the first claim of an assertion and cannot decide the second."""
    changed = {
        name: tuple(Doctored(*(getattr(claim, field.name) for field in fields(claim))) for claim in claims)
        for name, claims in ASSERTIONS.items()
    }
    monkeypatch.setattr(forest, "ASSERTIONS", changed)
    first, second = changed[assertion][:2]
    made = forest.Forest(WholeRun(first, second), {"benchmark_datapoint": "page.html"})
    return BeautifulSoup(forest.Answer(made)._repr_html_() + made._repr_html_(), "html.parser")


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> BeautifulSoup:
    """Make the forest plot of a run that does not confirm two claims of the first assertion."""
    return plot(monkeypatch, next(iter(ASSERTIONS)))


def test_the_page_opens_with_the_counts_and_with_the_assertions_by_outcome(page):
    others = len(CLAIMS) - 2
    assert page.p.get_text() == f"Of {len(CLAIMS)} claims, {others} are confirmed, 1 is refuted and 1 is inconclusive."
    confirmed, mixed = page.ul.find_all("li")
    assert len(confirmed.find_all("a")) == len(ASSERTIONS) - 1
    assert mixed.get_text() == f"Some claims hold: {next(iter(ASSERTIONS))}"
    assert {link["href"][1:] for link in page.ul.find_all("a")} == {body["id"] for body in page.find_all("tbody")}


def test_an_assertion_without_a_claim_that_holds_is_not_listed_with_those_that_have_one(monkeypatch):
    pair = next(name for name, claims in ASSERTIONS.items() if len(claims) == 2)
    _, last = plot(monkeypatch, pair).ul.find_all("li")
    assert last.get_text() == f"No claim holds, some are not decided: {pair}"


def test_each_claim_is_a_row_below_its_assertion(page):
    shown = {
        body.th.find(string=True): [row.th.get_text() for row in body.select("tr[data-verdict]")]
        for body in page.find_all("tbody")
    }
    assert shown == {name: [claim.sentence for claim in claims] for name, claims in ASSERTIONS.items()}


def test_the_filter_counts_what_the_rows_show(page):
    choices = {choice.input["value"]: int(choice.get_text().split()[-1]) for choice in page.select("label")}
    rows = Counter(row["data-verdict"] for row in page.select("tr[data-verdict]"))
    assert choices == {"all": len(CLAIMS), **rows}


def test_a_dot_is_in_the_shade_if_its_claim_is_confirmed(page):
    for row in page.select("tr[data-verdict]"):
        shade, dot = row.rect, float(row.circle["cx"])
        inside = float(shade["x"]) <= dot <= float(shade["x"]) + float(shade["width"])
        assert inside == (row["data-verdict"] == "holds") or row["data-verdict"] == "inconclusive", row.th.get_text()


def test_each_verdict_is_a_chip_and_only_a_number_is_a_link(page):
    assert [row.th.get_text() for row in page.select("tr[data-verdict]") if not row.select_one(".bench-chip")] == []
    links = [link.get_text() for link in page.select("tr[data-verdict] td a")]
    assert links
    assert [text for text in links if not re.search(r"\d", text)] == []


def test_a_missing_number_is_no_link(page, monkeypatch):
    monkeypatch.setattr(forest.quantity, "MISSING", page.select_one("tr[data-verdict] td a").get_text())
    claims = next(iter(forest.ASSERTIONS.values()))
    made = forest.Forest(WholeRun(*claims[:2]), {"benchmark_datapoint": "page.html"})
    first = BeautifulSoup(made._repr_html_(), "html.parser").select_one("tr[data-verdict]")
    assert first.a is None


def test_a_note_belongs_to_an_assertion():
    assert NOTES.keys() <= ASSERTIONS.keys()

"""Every claim of the guide, put to doctored data: it holds, it does not, and it cannot be told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from claims import ASSERTIONS, CLAIMS
from doctored import doctored
from evenhand import Claim, Missed

ROOT = Path(__file__).parents[2]
OPPOSITE = {"faster": 1.6, "slower": 0.6, "no difference shown": 1.6}
AS_EXPECTED = {"faster": 0.6, "slower": 1.6, "no difference shown": 1.0}
QUIET = 0.01


class DoctoredRun:
    """A run that holds one measurement and one noise floor."""

    def __init__(self, measured: Any, noise: float) -> None:
        self.measured = measured
        self.noise = noise

    def part(self, name: str) -> Any:
        """The measurement, whatever it is called."""
        del name
        return self.measured

    def value(self, path: str) -> tuple[str, float]:
        """The noise floor."""
        return path.rpartition("/")[2], self.noise


def judged(claim: Claim, ratio: float, *, wide: bool = False, noise: float = QUIET) -> Any:
    """What becomes of a claim whose measurement comes out so."""
    return claim.judge(DoctoredRun(doctored(claim.reading, claim, ratio, wide), noise))


ids = [claim.sentence for claim in CLAIMS]


@pytest.mark.parametrize("claim", CLAIMS, ids=ids)
def test_a_claim_holds_where_the_data_say_so(claim):
    assert judged(claim, AS_EXPECTED[claim.expected]).outcome == "holds"


@pytest.mark.parametrize("claim", CLAIMS, ids=ids)
def test_a_claim_does_not_hold_where_the_data_say_the_opposite(claim):
    found = judged(claim, OPPOSITE[claim.expected])
    assert (found.outcome, found.reason) == ("does not hold", "")


@pytest.mark.parametrize("claim", CLAIMS, ids=ids)
def test_a_claim_is_inconclusive_with_a_reason_where_the_rounds_disagree(claim):
    found = judged(claim, 1.0, wide=True)
    counted = isinstance(claim.reading, Missed)
    assert found.outcome == ("not judged in this profile" if counted else "inconclusive")
    assert re.search(
        "one round is too few" if counted else r"reaches beyond 5\u202f%; about [\d\u202f]+ rounds", found.reason
    )


@pytest.mark.parametrize("claim", [claim for claim in CLAIMS if claim.noise and claim.expected in {"faster", "slower"}])
def test_an_effect_within_the_noise_floor_decides_nothing(claim):
    found = judged(claim, AS_EXPECTED[claim.expected], noise=0.8)
    assert found.outcome == "inconclusive"
    assert found.reason == "identical programs differed by 80.0\u202f% in this run, and this effect is no larger"


def test_no_two_claims_say_the_same():
    assert len({claim.sentence for claim in CLAIMS}) == len(CLAIMS)


def test_every_example_that_a_claim_reads_exists():
    examples = {path.stem for path in (ROOT / "gallery").glob("*.py")} | {"tails"}
    named = {claim.example for claim in CLAIMS} | {claim.noise.split("/")[0] for claim in CLAIMS if claim.noise}
    assert named - examples == set()


def test_the_page_has_a_section_and_a_table_for_every_assertion():
    page = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", page, re.MULTILINE)
    assert [heading for heading in headings if heading != "Add one"] == list(ASSERTIONS)
    assert re.findall(r'^tables\.judged\(run, "(.*)"\)$', page, re.MULTILINE) == list(ASSERTIONS)

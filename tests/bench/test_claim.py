"""A claim's judgement follows its measurement."""

import pytest

from rust_daq.bench.claim import Claim
from rust_daq.bench.decision import Estimate

NAN = float("nan")


@pytest.mark.parametrize(
    ("ratio", "judgement"),
    [
        (Estimate(0.7, 0.65, 0.75, 0.95, 12), "holds"),
        (Estimate(1.4, 1.3, 1.5, 0.95, 12), "does not hold"),
        (Estimate(1.0, 0.98, 1.02, 0.95, 12), "does not hold"),
        (Estimate(0.9, 0.7, 1.2, 0.95, 12), "inconclusive"),
        (Estimate(0.7, NAN, NAN, 0.95, 3), "not judged in this profile"),
    ],
)
def test_a_claim_that_something_is_faster_follows_the_ratio(ratio, judgement):
    claim = Claim("A is faster than B.", "example/name", lambda result: result, "faster")
    assert claim.judge({"example/name": ratio})[0] == judgement


def test_a_row_shows_sentence_verdict_and_ratio():
    ratio = Estimate(0.7, 0.65, 0.75, 0.95, 12)
    row = Claim("A is faster than B.", "example/name", lambda result: result, "faster").row({"example/name": ratio})
    assert row["expectation"] == "A is faster than B."
    assert row["verdict"] == "holds"
    assert row["measured ratio"].startswith("0.7")

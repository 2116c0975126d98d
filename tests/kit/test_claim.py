"""A claim's judgement follows its measurement."""

import math
from dataclasses import replace

import pandas as pd
import pytest
from made_runs import made_result, made_run

from evenhand import Claim, Cost, Estimate
from evenhand.judge.decision import doubt
from evenhand.measure.statement import Statement
from evenhand.runs.run import Run

NAN = float("nan")
CLAIM = Claim("Two is faster than one.", "first/made", Cost("two", "one"), "faster", "noise/made/noise_floor")


def run(cost, again=100.0, rounds=8):
    """Make a run in which "two" costs `cost`, "one" costs 100, and "one again" costs `again`."""
    made = made_result(costs={"one": 100.0, "two": cost})
    made = made_result(costs={"one": 100.0, "two": cost}, samples=made.samples[made.samples["round"] < rounds])
    same = made_result("made", "noise", costs={"one": 100.0, "one, again": again})
    return made_run(made, same)


@pytest.mark.parametrize(
    ("measured", "outcome"),
    [
        (run(70.0), "holds"),
        (run(140.0), "does not hold"),
        (run(100.0), "does not hold"),
        (run(90.0, again=115.0), "inconclusive"),
        (run(70.0, rounds=3), "not judged in this profile"),
    ],
)
def test_a_claim_that_something_is_faster_follows_the_ratio(measured, outcome):
    assert CLAIM.judge(measured).outcome == outcome


def cut(name, example):
    """Make a result that the budget of a build cut."""
    made = made_result(name, example)
    return replace(made, settings={"slices": 2, "rounds": 0, "cut": True}, samples=made.samples[:0], pace=())


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ([cut("made", "first"), made_result("made", "noise")], "first/made is not measured in this profile"),
        (
            [made_result(costs={"one": 100.0, "two": 70.0}), cut("made", "noise")],
            "noise/made/noise_floor is not measured in this profile",
        ),
        (
            [cut("made", "first"), cut("made", "noise")],
            "first/made and noise/made/noise_floor are not measured in this profile",
        ),
    ],
)
def test_a_claim_whose_measurement_or_floor_was_cut_is_not_judged(results, reason):
    found = CLAIM.judge(made_run(*results))
    assert (found.outcome, found.number, found.reason) == ("not judged in this profile", "–", reason)  # noqa: RUF001


def test_a_row_shows_sentence_verdict_number_and_floor():
    row = CLAIM.row(run(70.0, again=102.0))
    assert row["claim"] == "Two is faster than one."
    assert row["verdict"] == "holds"
    assert row["measured (95 % interval)"].startswith("0.7")
    assert row["noise floor"] == "2.00\u202f%"
    assert row["measured in"] == "first"


def test_an_undecided_verdict_has_a_reason():
    row = CLAIM.row(run(90.0, again=115.0))
    assert (
        row["verdict"]
        == "inconclusive: identical programs differed by 15.0\u202f% in this run, and this effect is no larger"
    )


def test_a_claim_without_an_identical_pair_has_no_floor():
    claim = Claim("Two is faster than one.", "first/made", Cost("two", "one"), "faster")
    assert claim.row(run(70.0))["noise floor"] == "–"  # noqa: RUF001


def test_a_claim_on_a_share_is_judged_against_the_share_and_shows_the_ratio():
    claim = Claim("Two is more than half of one.", "first/made", Cost("two", "one", share=0.5), "slower")
    found = claim.judge(run(70.0))
    assert (found.outcome, found.number[:3]) == ("holds", "0.7")
    assert found.ratio.value == pytest.approx(1.4)


@pytest.mark.parametrize(("empty", "outcome"), [(34.0, "holds"), (36.0, "inconclusive")])
def test_a_claim_on_a_share_at_the_floor_is_not_decided(empty, outcome):
    made = made_result(costs={"one": 100.0, "two": 70.0})
    two = made.samples[made.samples["contender"] == "two"]
    alongside = two.assign(quantity="empty_ns", value=1_000 * empty)
    made = replace(made, samples=pd.concat([made.samples, alongside], ignore_index=True))
    claim = Claim("Two is more than half of one.", "first/made", Cost("two", "one", share=0.5), "slower")
    assert claim.judge(made_run(made)).outcome == outcome


def test_a_claim_on_a_missing_result_names_similar_ones():
    with pytest.raises(KeyError, match="no result 'first/mad'; similar: first/made"):
        Claim("No.", "first/mad", Cost("two", "one"), "faster").judge(run(70.0))


@pytest.mark.parametrize(
    ("ratio", "reason"),
    [
        (Estimate(0.7, 0.65, 0.75, 0.95, 12), ""),
        (Estimate(1.0, 0.98, 1.02, 0.95, 12), ""),
        (Estimate(0.7, NAN, NAN, 0.95, 3), "3 rounds are too few for an interval, which takes 6"),
        (
            Estimate(1.02, 1.005, 1.08, 0.95, 12),
            "the effect is below 2.5\u202f%, and the interval reaches beyond 5\u202f%",
        ),
    ],
)
def test_the_reason_of_a_doubt(ratio, reason):
    assert doubt(ratio) == reason


def test_the_missing_rounds_follow_from_the_width():
    # A half width of log 1.1 has to become one of log 1.05, which takes four times the rounds, nearly.
    assert "about 46 rounds" in doubt(Estimate(1.0, 1 / 1.1, 1.1, 0.95, 12))


def test_identical_contenders_are_those_of_one_statement():
    contenders = {
        name: {"statement": code, "fingerprint": Statement(code).fingerprint}
        for name, code in {"a": "1", "b": "2", "a, again": "1"}.items()
    }
    made = made_result(costs={"a": 100.0, "b": 300.0, "a, again": 104.0}, contenders=contenders)
    assert made.identical == [("a", "a, again")]
    assert made.facts()["noise_floor"] == pytest.approx(0.04)


def test_an_unknown_noise_floor_decides_nothing(monkeypatch):
    measured = run(70.0)
    monkeypatch.setattr(Run, "value", lambda *_: ("noise_floor", math.nan))
    judged = CLAIM.judge(measured)
    assert (judged.outcome, judged.reason) == ("inconclusive", "the noise floor is not known")

"""The cards of the first page: three numbers of the run, each with its spread."""

from __future__ import annotations

from made_runs import made_result, made_run

from home import CARDS, Card

COSTS = {"mine": 100.0, "theirs": 200.0}
CARD = Card("One costs", "first/made/mine", "cost_ns", {"theirs": "another"}, ("cost_low_ns", "cost_high_ns"))


def shown(run):
    return CARD.html(run).replace("\u202f", " ")


def test_a_card_has_its_number_its_spread_and_another_and_leads_to_the_measurement():
    text = shown(made_run(made_result(costs=COSTS)))
    assert text.startswith('<a class="number-card" href="gallery/first.html"><span>One costs</span>')
    assert '<strong class="measured">100 ns</strong>' in text
    assert "<small>95 % interval: 100 ns</small><small>another 200 ns</small>" in text


def test_a_card_of_few_rounds_says_that_it_has_no_interval():
    text = shown(made_run(made_result(costs=COSTS, rounds=2)))
    assert "<small>too few rounds for an interval</small>" in text


def test_a_card_whose_measurement_was_cut_says_so():
    cut = made_result(costs=COSTS, rounds=1, settings={"slices": 2, "rounds": 1, "cut": True})
    assert '<strong class="measured">not measured in this profile</strong></a>' in shown(made_run(cut))


def test_there_are_three():
    assert len(CARDS) == 3

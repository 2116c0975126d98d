"""The picture that networks show next to a link: the costs of a point, where the run has them."""

from __future__ import annotations

from dataclasses import replace

from made_runs import made_result, made_run

import card


def test_it_shows_the_cheapest_contenders_of_the_run() -> None:
    example, name = card.SHOWN.split("/")
    costs = {"slow": 30.0, "quick": 10.0}
    [axes] = card.draw(made_run(made_result(name, example, costs))).axes
    assert {label.get_text() for label in axes.get_yticklabels()} == set(costs)


def test_without_the_measurement_it_shows_the_title_alone() -> None:
    example, name = card.SHOWN.split("/")
    made = made_result(name, example)
    cut = replace(made, settings={"slices": 2, "rounds": 0, "cut": True}, samples=made.samples[:0], pace=())
    for run in (made_run(cut), made_run()):
        figure = card.draw(run)
        assert figure.axes == []
        assert "rust-daq" in [text.get_text() for text in figure.texts]

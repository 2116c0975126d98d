"""Pages of a run that lacks their results: each part names the missing result, and the rest of the page works."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_runs import made_result, made_run

import absence
import evenhand
import forest
import gains
import home
import scorecard
import survival
import tables
from adviser import AdviserForm, typical
from evenhand import Run
from evenhand.gate.survival import Evidence
from rust_daq import advise

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path for path in DOCS.glob("*.md") if "{code-cell}" in path.read_text(encoding="utf-8"))
CELL = re.compile(r"^```\{code-cell\} python\n(?:^:[^\n]*\n)*(.*?)^```$", re.MULTILINE | re.DOTALL)
BUILD = dict.fromkeys(("version", "commit", "dirty", "profile", "rustc", "pyo3", "extension_sha256"), "unknown")
TREE = {"commit": "unknown", "dirty": False}


@pytest.fixture
def run() -> Run:
    """Make a run with a result that no page shows."""
    further = {"took": {"examples_ns": 1, "course": [{"example": "else", "seconds": 1.0}]}, "tree": TREE}
    return made_run(made_result(example="else"), build=BUILD | {"target_features": []}, **further)


class Cells:
    """The code of a page, run cell after cell as a notebook does."""

    def __init__(self, path: Path) -> None:
        self.cells = CELL.findall(path.read_text(encoding="utf-8"))
        self.shown: list[str] = []

    def display(self, *outputs: Any) -> None:
        """Collect outputs as HTML."""
        self.shown += [output._repr_html_() if hasattr(output, "_repr_html_") else repr(output) for output in outputs]

    def execute(self) -> str:
        """Return the HTML of all outputs."""
        names: dict[str, Any] = {"display": self.display}
        for cell in self.cells:
            module = ast.parse(cell.replace("from IPython.display import display\n", ""))
            last = module.body.pop() if isinstance(module.body[-1], ast.Expr) else None
            exec(compile(module, "<cell>", "exec"), names)
            if last and (output := eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)) is not None:
                self.display(output)
        return "".join(self.shown)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_each_page_is_made_from_a_run_without_its_results(path, run, monkeypatch):
    monkeypatch.setattr(evenhand, "current_run", lambda: run)
    text = Cells(path).execute()
    assert text
    assert "None" not in re.sub("<[^>]*>", " ", text)


def test_a_crossing_that_was_cut_is_a_row_of_dashes():
    costs = {"one call for all": 10.0, "called from Python": 100.0}
    made = [made_result(name, "crossing", costs) for name in tables.CROSSINGS.values()]
    settings = {"slices": 2, "rounds": 0, "cut": True}
    cut = replace(made[0], settings=settings, samples=made[0].samples[:0], pace=())
    frame = tables.crossings(made_run(cut, *made[1:])).frame
    assert set(frame.iloc[0]) == {"–"}  # noqa: RUF001
    assert "–" not in set(frame.iloc[1])  # noqa: RUF001


def test_a_note_names_the_results_and_the_part_without_them(run):
    assert absence.lacking(run, ["else/made", "a/b", "criterion"]) == ["a/b", "criterion"]
    assert absence.note(["a/<b>"], "the table")._repr_html_() == (
        '<p class="bench-note bench-absent">This run lacks <code>a/&lt;b&gt;</code>, so the table is left out here.</p>'
    )


def test_the_cards_of_the_first_page_say_that_the_number_is_missing(run):
    assert home.Cards(run)._repr_html_().count('<strong class="measured">not in this run</strong></a>') == 3
    assert "benchmark_datapoint/ready" in home.figure(run)._repr_html_()


def test_a_card_leaves_out_a_contender_that_is_not_installed():
    alone = made_run(made_result("ready", "benchmark_datapoint", {"rust_daq.DataPoint": 100.0, "dict": 200.0}))
    assert "<small>a dict 200\u202fns</small>" in home.CARDS[0].html(alone)


def test_the_gains_say_that_they_were_not_measured(run):
    found = set(gains.table(run).frame["gain"])
    assert found == {"no gain shown: not in this run", gains.ELSEWHERE}
    assert gains.figure(run) is None


def test_the_scorecard_says_that_nothing_was_compared(run):
    count = sum(map(len, scorecard.GROUPS.values()))
    assert scorecard.Summary(run)._repr_html_() == f"<p>This run measured none of these {count} comparisons.</p>"


def test_claims_without_their_measurement_are_not_judged(run):
    found = tables.forest(run)
    text = found._repr_html_()
    assert f"Of {len(found.judged)} claims, {len(found.judged)} are not judged" in forest.Answer(found)._repr_html_()
    assert text.count("not in this run</span></td>") == len(found.judged)
    assert '<p class="bench-note">Not judged: the number is not in this run.</p>' in text
    assert text.count("<td>none is decided</td>") == text.count("<tbody")


def test_the_adviser_names_the_measurements_that_it_needs(run):
    for text in (AdviserForm(run)._repr_html_(), typical(run)._repr_html_()):
        assert "<form" not in text
        assert re.findall("<code>(.*?)</code>", text) == list(advise.NEEDED)


def test_archived_kills_stay_where_the_build_made_none(run):
    archived = survival.table(run, survival.evidence())
    assert "this build" not in set(archived.frame["killed in"])
    assert archived.source.startswith("archive: ")
    assert archived.notes[0] == "storage/survives is not in this run, so no row is of this build."
    assert "the table of kills is left out here" in survival.table(run, Evidence((), ()))._repr_html_()


def test_a_noise_floor_that_was_not_measured_says_so(run):
    assert set(tables.floors(run).frame["identical programs differed by"]) == {"not in this run"}

"""The pages that show archives: the history, with steps at the right commit, and the evidence for the gate."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from made_history import history_run, revision, stepped

from evenhand.gate.history import add
from evenhand.gate.trust import append
from tiny_project import Project

ROOT = Path(__file__).parents[2]
searching = pytest.mark.skipif(
    importlib.util.find_spec("ruptures") is None, reason="ruptures, which finds steps, has no wheels for this Python"
)


def counted_part() -> str:
    """The page "How it is measured" without the parts that show a run."""
    page = (ROOT / "docs" / "methodology.md").read_text(encoding="utf-8")
    return (
        page.partition("## Methodology")[0]
        + "## How far"
        + page.partition("\n## How far")[2].partition("\n(changes-to")[0]
    )


@pytest.fixture
def pages(project: Project) -> Project:
    """Make the tiny project with the two pages and empty stores."""
    for name in ("gate.md", "history.py", "trust.py", "days.py"):
        shutil.copy(ROOT / "docs" / name, project.folder / "docs" / name)
    project.write("docs/methodology.md", counted_part())
    project.write("docs/own.md", "# Own\n")
    index = (project.folder / "docs" / "index.md").read_text(encoding="utf-8")
    project.write("docs/index.md", index.replace("other\n", "other\nmethodology\ngate\nown\n"))
    project.overrides["extensions"] = ["evenhand.sphinx", "addresses", "spacing", "plain", "links", "feed"]
    project.overrides["measuring_archives"] = [str(project.folder / "docs" / "archive")]
    return project


@pytest.fixture
def history(pages: Project) -> Project:
    """Run only the cells of the page with the history, because each page with cells starts a kernel."""
    pages.overrides["nb_execution_excludepatterns"] = ["methodology.md"]
    return pages


@pytest.fixture
def evidence(pages: Project) -> Project:
    """Run only the cells of the page with the evidence."""
    pages.overrides["nb_execution_excludepatterns"] = ["gate.md"]
    return pages


def rows(page: str, caption: str) -> list[str]:
    """Return the rows of the table on the page whose caption begins with a text."""
    table = next(part for part in page.split("<table")[1:] if f"<caption>{caption}" in part)
    return table.split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[1:]


@searching
def test_a_step_is_shown_and_linked_at_its_commit(history: Project) -> None:
    for run in stepped(9, 5, 1.2, 0.01, seed=3):
        add(history.folder / "docs" / "archive" / "runs", run)
    assert history.build().status == 0
    page = history.page("gate")
    [change] = rows(page, "Changes found")
    commit = revision(5).commit
    assert f'href="https://github.com/rust-daq/rust-daq/commit/{commit}"' in change
    assert ">moves<" in change
    assert ">slower<" in change
    assert f">{commit[:7]} Commit 5<" in change
    assert len(rows(page, "The commits that were measured")) == 9
    assert ">2026-01-01 to 2026-01-09<" in rows(page, "The history on")[2]
    assert page.count('<figure class="bench-figure"') == 2
    assert 'href="changes.atom"' in page
    assert f"moves: slower since {commit[:7]}" in (history.folder / "html" / "changes.atom").read_text(encoding="utf-8")
    assert "1 change in 2 operations. The newest was first measured at <a " in page
    assert "moves, " + commit[:7] in page.partition("<figcaption>The 1 newest change")[0]


def test_archived_numbers_are_not_attributed_to_this_run(history: Project) -> None:
    run = history_run(0, {"one": 50.0})
    add(history.folder / "docs" / "archive" / "runs", run)
    assert history.build().status == 0
    page = history.page("gate")
    strips = page.split('<details class="provenance">')[1:]
    assert len(strips) == page.count('class="bench-result"') + page.count('class="bench-figure"')
    told = f"archive: 1 run, measured 2026-01-01, {run.document['machine']['cpu']}"
    assert all(strip.startswith(f"<summary>{told}") for strip in strips)
    # One run has no change, so there is no figure of the newest ones.
    assert "None\n" not in page


def test_an_unstable_operation_is_listed_with_the_change_that_it_can_hide(history: Project) -> None:
    random = np.random.default_rng(4)
    for number in range(5):
        for repeat in range(2):
            costs = {"loud": 50.0 * float(np.exp(random.normal(0, 0.1))), "quiet": 50.0}
            add(history.folder / "docs" / "archive" / "runs", history_run(number, costs, hours=1 + repeat))
    assert history.build().status == 0
    [unstable] = rows(history.page("gate"), "Unstable on")
    assert ">loud<" in unstable


def test_unreadable_runs_are_named_on_the_page(history: Project) -> None:
    store = history.folder / "docs" / "archive" / "runs"
    add(store, history_run(0, {"one": 50.0}))
    torn = add(store, history_run(1, {"one": 50.0}))
    (torn / "samples.parquet").unlink()
    assert history.build().status == 0
    assert any(f"{torn.name} is damaged" in row for row in rows(history.page("gate"), "Left out, or odd"))


def test_pages_of_empty_archives_say_so(pages: Project) -> None:
    assert pages.build().status == 0
    assert "No run is archived yet." in pages.page("gate")
    assert "Where and when the decisions were made: none." in pages.page("methodology")
    assert "No slowdown is archived yet." in pages.page("methodology")


def test_an_added_run_reaches_the_page_without_other_changes(history: Project) -> None:
    store = history.folder / "docs" / "archive"
    history.overrides["measuring_archives"] = [str(store)]
    add(store / "runs", history_run(0, {"one": 50.0}))
    assert history.build().status == 0
    add(store / "runs", history_run(1, {"one": 50.0}))
    history.overrides["measuring_reuse"] = True
    assert history.build().status == 0
    assert len(rows(history.page("gate"), "The commits that were measured")) == 2


def test_the_evidence_is_counted_and_dated(evidence: Project) -> None:
    archive = evidence.folder / "docs" / "archive" / "trust.jsonl"
    conditions = {"cpu": "Quick 1", "usable_cores": 2, "distribution": "Some Linux", "Python": "3.11"}
    plan = {"name": "gate-quick", "first_rounds": 8, "second_rounds": 20, "slices": 10}
    about = {"session": "s", "started": "2026-01-01T00:00:00+00:00"}
    build = {"commit": asdict(revision(1))["commit"]}
    append(archive, {"kind": "session", **about, "conditions": conditions, "build": build, "plan": plan})
    append(
        archive,
        {
            "kind": "calibration",
            "session": "s",
            "operation": "one",
            "target": 1.05,
            "amount": 9,
            "ratio": 1.049,
            "low": 1.047,
            "high": 1.051,
        },
    )
    random = np.random.default_rng(5)
    for injected, status, ratio in ((1.0, "unchanged", 1.0), (1.0, "slower", 1.03), (1.05, "slower", 1.05)):
        bases = [100 * np.exp(random.normal(0, 0.01, count)) for count in (8, 20)]
        first, second = ({"base": list(base), "candidate": list(ratio * base)} for base in bases)
        told = {
            "one": {
                "status": status,
                "stage": 1,
                "ratio": ratio,
                "low": 0.9,
                "high": 1.1,
                "first": first,
                "second": second,
            }
        }
        append(
            archive,
            {
                "kind": "gate",
                "session": "s",
                "started": "2026-01-03T00:00:00+00:00",
                "seconds": 1.0,
                "variant": "quiet",
                "injected": injected,
                "operations": told,
            },
        )
    append(archive, {"kind": "stranger"})
    assert evidence.build().status == 0
    page = evidence.page("methodology")
    assert (
        "<li>Gates of identical builds with an alarm: 1 of 2, 50.0\u202f% (1.26 to 98.7), with nothing next to it.</li>"
        in page
    )
    found = (
        "<li>Slowdowns with the target 5\u202f% (calibrated: 4.9 to 4.9\u202f%) that the gate found: 1 of 1, 100\u202f%"
    )
    assert f"{found} (2.50 to 100), with nothing next to it.</li>" in page
    assert "nothing next to it: 0\u202f% 50.0\u202f% (1.26 to 98.7), 5\u202f% 100\u202f% (2.50 to 100)" in page
    [session] = rows(page, "Where and when")
    assert "Quick 1" in session
    assert "2026-01-03" in session
    quiet = rows(page, "Identical code as base and candidate")[0]
    assert ">50.0\u202f% (1.26 to 98.7)<" in quiet
    [found] = rows(page, "Slowdowns found, over all operations")
    assert ">100\u202f% (2.50 to 100)<" in found
    assert ">1 of 1<" in rows(page, "Slowdowns found, each operation")[0]
    assert ">+0.1\u202f% (0.0\u202f%)<" in rows(page, "The estimates against the calibration")[0]
    assert "line 6 of trust.jsonl is foreign" in page

"""The history page names the site's commit, the commits that the history lacks, and the inputs in labels."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from made_history import history_run, made_series, revision

import history
from evenhand import Estimate
from evenhand.gate.history import Change, Store
from history import OPERATIONS, Line, commits_between, labels, state


def git(folder: Path, *arguments: str) -> str:
    """Run git with a neutral identity."""
    about = ["-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", "-C", str(folder), *about, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a repository of four commits."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    for number in range(4):
        git(folder, "commit", "--quiet", "--allow-empty", "--message", f"Commit {number}")
    return folder


def history_of(commit: str) -> Store:
    """Make a history whose newest run is of a commit."""
    run = history_run(0, {"one": 50.0})
    run.document["revision"]["commit"] = commit
    return Store((run,), {}, ())


def said(store: Store, site: str, folder: Path) -> str:
    return state(store, site, folder).data


def test_the_commits_that_the_history_lacks_are_counted(repository):
    oldest, _, _, newest = git(repository, "rev-list", "--reverse", "HEAD").split()
    text = said(history_of(oldest), newest, repository)
    assert f"This site was built from commit {newest[:7]}" in text
    assert f"The newest commit in the history is {oldest[:7]}. The history lacks the 3 commits from there" in text


def test_a_history_that_has_the_commit_of_the_site_lacks_nothing(repository):
    newest = git(repository, "rev-parse", "HEAD")
    assert said(history_of(newest), newest, repository) == (
        f"<p>This site was built from commit {newest[:7]}, the newest commit in the history.</p>"
    )


def test_a_distance_that_git_cannot_know_is_marked(repository, tmp_path):
    first, second = git(repository, "rev-list", "--reverse", "HEAD").split()[:2]
    unknown = "How many commits it lacks is not known"
    assert unknown in said(history_of(first), second, tmp_path)  # no repository
    assert unknown in said(history_of("0" * 40), second, repository)  # a missing commit
    older = said(history_of(second), first, repository)  # a commit that is not an ancestor
    assert unknown in older
    assert "or this site's commit does not descend from that one." in older
    assert "The commit of this site is not known." in said(history_of(first), "unknown", repository)


def test_a_shallow_clone_counts_nothing(repository, tmp_path):
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{repository}", str(shallow))
    last, newest = git(shallow, "rev-list", "--reverse", "HEAD").split()
    assert commits_between(last, newest, repository) == 1
    assert commits_between(last, newest, shallow) is None


def test_every_label_has_the_input_of_the_operation():
    found = labels()
    assert all(label.startswith(f"{name}: ") for name, label in found.items())
    assert len(found) > 40


def test_the_label_of_a_writer_has_its_sync_mode():
    writers = {name: label for name, label in labels().items() if "Writer" in name}
    assert len(writers) == 2
    assert all('sync="flush"' in label for label in writers.values())


def test_an_archived_operation_without_a_label_keeps_its_name(tmp_path):
    line = Line([history_run(number, {"gone": 50.0, "construct": 50.0}) for number in range(2)], labels(OPERATIONS))
    rows = list(line.newest().frame.index)
    assert rows == ["gone", labels()["construct"]]
    assert labels(tmp_path / "nowhere.toml") == {}


def test_the_page_shows_ratios_and_no_times():
    line = Line([history_run(number, {"one": 50.0}) for number in range(3)], {})
    [row] = line.newest().frame.to_dict("records")
    assert row["newest over oldest (95 % interval)"].startswith("1.00")
    assert not any(text.endswith(" ns") for text in map(str, row.values()))


def change(operation: str, number: int, ratio: float) -> Change:
    """A change of an operation at a commit."""
    before, after = made_series([[1.0]] * 3).points[number - 1 : number + 1]
    return Change(operation, before, after, Estimate(ratio, 0.99 * ratio, 1.01 * ratio, 0.95, 8), 9.0)


@pytest.fixture
def changed() -> Line:
    """Three commits with three changes."""
    line = Line([history_run(number, {"one": 50.0, "two": 20.0}) for number in range(3)], {})
    line.changes = [change("one", 1, 1.3), change("two", 2, 0.8), change("one", 2, 1.1)]
    return line


def test_the_bars_are_sorted_and_their_description_has_the_values(changed):
    first, last = (revision(number).commit[:7] for number in (1, 2))
    assert changed.recent().label.endswith(f"one, {first} 1.30, one, {last} 1.10, two, {last} 0.800")


def test_only_the_newest_changes_are_drawn(changed, monkeypatch):
    monkeypatch.setattr(history, "NEWEST", 2)
    assert revision(1).commit[:7] not in changed.recent().label
    assert "2 newest changes" in changed.recent().caption


def test_the_history_opens_with_what_its_newest_changes_did(changed):
    assert "3 changes in 2 operations." in changed.lead().data
    assert changed.lead().data.endswith("</a>: 1 operation faster and 1 operation slower.</p>")


def test_the_line_of_an_operation_has_a_point_for_each_commit_and_marks_its_changes(changed):
    soup = BeautifulSoup(changed.newest()._repr_html_(), "html.parser")
    one, two = soup.select("tbody svg")
    assert [len(line.polyline["points"].split()) for line in (one, two)] == [3, 3]
    assert [len(line.find_all("path")) for line in (one, two)] == [2, 1]

"""The Atom feed of the history."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from datetime import datetime
from itertools import product
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from made_history import history_run, revision

import feed
from evenhand import Archive
from evenhand.gate.history import read
from tiny_project import Project

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ruptures") is None, reason="ruptures, which finds steps, has no wheels for this Python"
)
ATOM = {"atom": feed.NAMESPACE}
PLACE = "https://example.org/docs/"


def stored(folder: Path, commits: int) -> list[Path]:
    """Make a store with a step at the third commit and one at the sixth, and return its folder."""
    random = np.random.default_rng(1)
    for number, hours in product(range(commits), (1, 2)):
        moves, odd = random.normal(1, 0.002, 2)
        costs = {"moves": moves * (60 if number >= 3 else 50), "a < b & c": odd * (90 if number >= 6 else 60)}
        Archive(folder).add(history_run(number, costs, hours=hours))
    return [folder]


def written(folders: list[Path]) -> ET.Element:
    """Write the feed of some stores and read it."""
    text = feed.document(
        feed.found(read(folders)), site=PLACE, repository="https://example.org/r", author="us", title="t", updated="now"
    )
    return ET.fromstring(text)


def test_each_change_is_an_entry_and_the_newest_comes_first(tmp_path: Path) -> None:
    found = written(stored(tmp_path, 9))
    entries = found.findall("atom:entry", ATOM)
    titles = [entry.findtext("atom:title", "", ATOM) for entry in entries]
    assert titles == [
        f"a < b & c: slower since {revision(6).commit[:7]}",
        f"moves: slower since {revision(3).commit[:7]}",
    ]
    times = [entry.findtext("atom:updated", "", ATOM) for entry in entries]
    assert times == [revision(6).committed, revision(3).committed]
    assert all(datetime.fromisoformat(time).tzinfo for time in times)
    assert [link.get("href") for link in found.findall("atom:link", ATOM)] == [
        f"{PLACE}changes.atom",
        f"{PLACE}gate.html#changes",
    ]
    assert "1.50" in entries[0].findtext("atom:summary", "", ATOM)


def test_an_entry_keeps_its_id_when_later_commits_are_added(tmp_path: Path) -> None:
    before, after = (
        {
            entry.findtext("atom:title", "", ATOM): entry.findtext("atom:id", "", ATOM)
            for entry in written(stored(tmp_path / str(commits), commits)).findall("atom:entry", ATOM)
        }
        for commits in (9, 11)
    )
    assert len(set(before.values())) == len(before) == 2
    assert after == before


def test_a_feed_without_changes_is_empty(tmp_path: Path) -> None:
    found = written([tmp_path / "none"])
    assert found.findall("atom:entry", ATOM) == []
    assert found.findtext("atom:updated", "", ATOM) == "now"


def test_each_class_of_machines_has_its_own_entries(tmp_path: Path) -> None:
    for run in [each for folder in stored(tmp_path / "one", 9) for each in Archive(folder).runs()]:
        other = {**run.document["machine"], "usable_cores": run.document["machine"]["usable_cores"] + 1}
        Archive(tmp_path / "one").add(replace(run, document={**run.document, "id": f"{run.id}-more", "machine": other}))
    ids = [entry.findtext("atom:id", "", ATOM) for entry in written([tmp_path / "one"]).findall("atom:entry", ATOM)]
    assert len(set(ids)) == len(ids) == 4


def test_every_page_names_the_feed_in_its_head(project: Project) -> None:
    project.overrides["extensions"] = ["evenhand.sphinx", "addresses", "spacing", "plain", "links", "feed"]
    assert project.build().status == 0
    assert (project.folder / "html" / "changes.atom").is_file()
    for name, address in {"other": "changes.atom", "gallery/first": "../changes.atom"}.items():
        head = project.page(name).partition("</head>")[0]
        assert f'<link rel="alternate" type="application/atom+xml" title="Changes of tiny" href="{address}">' in head

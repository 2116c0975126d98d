"""The store of a history: a folder of runs with a small index; runs are only ever added."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from evenhand.cli.outputs import write_whole
from evenhand.runs.archive import Archive
from evenhand.runs.run import Run

INDEX = "index.json"
SCHEMA = 1
MACHINE_PART = 8
"""Hexadecimal digits that name a class of machines in the index."""


@dataclass(frozen=True)
class Store:
    """The contents of one or several stores.

    Parameters
    ----------
    runs : tuple of Run
        The complete runs, by the time of their commits.
    refused : mapping of str to str
        Folders without a complete run of a history, each with the reason.
    notes : tuple of str
        Remarks on the runs that were read, each a sentence.
    """

    runs: tuple[Run, ...]
    refused: Mapping[str, str]
    notes: tuple[str, ...]

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def classes(self) -> dict[str, list[Run]]:
        """Group the runs by class of machine and Python, the largest group first."""
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            found.setdefault(machine_class(run), []).append(run)
        return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def machine_class(run: Run) -> str:
    """Return a short name of the conditions that runs of one series share."""
    conditions = json.dumps(run.conditions(), sort_keys=True)
    return hashlib.sha256(conditions.encode()).hexdigest()[:MACHINE_PART]


def add(folder: Path, run: Run) -> Path:
    """Add a run, and enter it into the index.

    Raises
    ------
    ArchiveError
        If the store already has a run with that id.
    """
    place = Archive(folder).add(run)
    index(folder)
    return place


def index(folder: Path) -> dict[str, Any]:
    """Rebuild the index from the runs in the folder."""
    listing = Archive(folder).runs()
    machines = {machine_class(run): run.conditions() for run in listing}
    document = {"schema": SCHEMA, "machines": machines, "runs": [entry(run) for run in listing]}
    write_whole(folder / INDEX, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return document


def entry(run: Run) -> dict[str, Any]:
    """Return a run's entry in the index."""
    revision = run.document.get("revision", {})
    return {
        "id": run.id,
        "measured": run.document["measured"],
        "commit": revision.get("commit", run.document["build"].get("commit")),
        "committed": revision.get("committed"),
        "machine": machine_class(run),
        "complete": run.complete,
    }


def read(folders: Sequence[Path]) -> Store:
    """Read the runs of one or several stores.

    Runs that are damaged, foreign or of a newer schema are listed as refused; the others are read.
    """
    runs: dict[str, Run] = {}
    refused: dict[str, str] = {}
    notes: list[str] = []
    for folder in folders:
        listing = Archive(folder).runs()
        refused |= listing.refused
        indexed = read_index(folder)
        for run in listing:
            if why := unfit(run):
                refused[run.id] = f"{run.id} {why}"
            else:
                runs[run.id] = run
        if listing.runs and indexed != {run.id for run in listing}:
            notes.append(f"the index of {folder.name} does not match its runs; rebuild it")
    ordered = sorted(runs.values(), key=place)
    return Store(tuple(ordered), refused, (*notes, *clocks(ordered)))


def read_index(folder: Path) -> set[str]:
    """Return the ids in the index; empty if the index is missing or unreadable."""
    try:
        document = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return {run["id"] for run in document["runs"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def unfit(run: Run) -> str:
    """Return why a run cannot be part of a history; empty if it can."""
    revision = run.document.get("revision")
    parts = ("commit", "committed", "subject")
    if not isinstance(revision, Mapping) or not all(isinstance(revision.get(part), str) for part in parts):
        return "is not a run of a history: it has no revision; move it out of the store"
    try:
        moment(run)
    except ValueError:
        return f"has the commit time {revision['committed']!r}, which is not an ISO 8601 time"
    return "" if run.complete else "is incomplete: it was stopped; measure its commit again"


def moment(run: Run) -> datetime:
    """Return the time of the run's commit."""
    return datetime.fromisoformat(run.document["revision"]["committed"]).astimezone()


def place(run: Run) -> tuple[datetime, str, str]:
    """Return a run's sort key: its commit, which the measuring machine's clock does not affect, then its own time."""
    return moment(run), run.document["revision"]["commit"], run.id


def clocks(runs: Sequence[Run]) -> list[str]:
    """List the runs that were measured before their commits were made, so a clock must have gone back."""
    early = [run.id for run in runs if datetime.fromisoformat(run.document["measured"]).astimezone() < moment(run)]
    return [f"{name} was measured before its commit was made: a clock went back" for name in early]

"""Where a history is kept: a folder of runs, to which runs are only ever added, with one small index."""

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
    """What was read.

    Parameters
    ----------
    runs : tuple of Run
        Those that are whole, by the time of their commits.
    refused : mapping of str to str
        Folders that hold no whole run of a history, each with the sentence that says why.
    notes : tuple of str
        What is odd about those that were read, each a sentence.
    """

    runs: tuple[Run, ...]
    refused: Mapping[str, str]
    notes: tuple[str, ...]

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def classes(self) -> dict[str, list[Run]]:
        """The runs by the class of machine and the Python that they were made on, the largest class first."""
        found: dict[str, list[Run]] = {}
        for run in self.runs:
            found.setdefault(machine_class(run), []).append(run)
        return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def machine_class(run: Run) -> str:
    """What has to be equal for two runs to stand in one line, as a short name."""
    told = json.dumps(run.conditions(), sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:MACHINE_PART]


def add(folder: Path, run: Run) -> Path:
    """Add a run, and enter it into the index.

    Raises
    ------
    ArchiveError
        If a run of that id is there already.
    """
    place = Archive(folder).add(run)
    index(folder)
    return place


def index(folder: Path) -> dict[str, Any]:
    """Write the index anew, from the runs that are there."""
    listing = Archive(folder).runs()
    machines = {machine_class(run): run.conditions() for run in listing}
    document = {"schema": SCHEMA, "machines": machines, "runs": [entry(run) for run in listing]}
    write_whole(folder / INDEX, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return document


def entry(run: Run) -> dict[str, Any]:
    """A run in the index."""
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

    What is torn, foreign or of a newer schema is named and hides nothing else.
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
            notes.append(f"the index of {folder.name} does not name the runs that are there; write it anew")
    ordered = sorted(runs.values(), key=place)
    return Store(tuple(ordered), refused, (*notes, *clocks(ordered)))


def read_index(folder: Path) -> set[str]:
    """The ids that the index names; none where there is no index that can be read."""
    try:
        document = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return {run["id"] for run in document["runs"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def unfit(run: Run) -> str:
    """Why a whole run is none of a history; empty when it is one."""
    revision = run.document.get("revision")
    parts = ("commit", "committed", "subject")
    if not isinstance(revision, Mapping) or not all(isinstance(revision.get(part), str) for part in parts):
        return "is no run of a history: it names no revision; move it out of the store"
    try:
        moment(run)
    except ValueError:
        return f"names {revision['committed']!r} as the time of its commit, which is none"
    return "" if run.complete else "is incomplete: it was stopped; measure its commit again"


def moment(run: Run) -> datetime:
    """When the run's commit was made."""
    return datetime.fromisoformat(run.document["revision"]["committed"]).astimezone()


def place(run: Run) -> tuple[datetime, str, str]:
    """Where a run stands: by its commit, which no clock of a measuring machine moves, then by its own time."""
    return moment(run), run.document["revision"]["commit"], run.id


def clocks(runs: Sequence[Run]) -> list[str]:
    """Say of which runs a clock must have gone back: they were measured before their commits were made."""
    early = [run.id for run in runs if datetime.fromisoformat(run.document["measured"]).astimezone() < moment(run)]
    return [f"{name} was measured before its commit was made: a clock went back" for name in early]

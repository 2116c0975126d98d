"""The archive of kills: a text file with a line for each killed writer; lines are only ever added.

Each line is a JSON document of a kind.  A ``session`` has the time, the machine and the versions of the writers; a
``kill`` has the remains of one file.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evenhand.gate.survival.remains import OPENED, TOGETHER, Remains, Survival
from evenhand.gate.trust.evidence import Kinds, append, parsed
from evenhand.runs.machine import machine
from evenhand.runs.run import Run

WANTED = 50
"""Kills of each version of a writer."""
REQUIRED: Kinds = {
    "session": {"session": str, "started": str, "conditions": dict, "versions": dict},
    "kill": {"session": str, "writer": str, "opened": str, "written": int, "read": int, "wrong": int},
}
"""The kinds of lines, with their required fields."""


@dataclass(frozen=True)
class Gathered:
    """The kills of one version of a writer.

    Parameters
    ----------
    writer, version : str
        The writer's name and version.
    survival : Survival
        The remains of its files.
    started : tuple of str
        The start times of the sessions.
    machines : tuple of str
        The processors of the machines.
    """

    writer: str
    version: str
    survival: Survival
    started: tuple[str, ...]
    machines: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """The contents of an archive of kills.

    Parameters
    ----------
    gathered : tuple of Gathered
        In the order of their first kills.
    refused : tuple of str
        Lines that are damaged, foreign or of a newer schema, each with the reason.
    """

    gathered: tuple[Gathered, ...]
    refused: tuple[str, ...]

    def kills(self, writer: str, version: str) -> int:
        """Return how often a version of a writer was killed."""
        found = [each for each in self.gathered if (each.writer, each.version) == (writer, version)]
        return sum(len(each.survival.kills) for each in found)


def read(path: Path) -> Evidence:
    """Read an archive; unusable lines are listed as refused, and the others are read."""
    sessions: dict[str, Mapping[str, Any]] = {}
    kills: dict[tuple[str, str], list[tuple[Remains, Mapping[str, Any]]]] = {}
    refused = []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    for number, text in enumerate(lines, 1):
        line, why = parsed(text, REQUIRED)
        if line is None:
            refused.append(f"line {number} of {path.name} {why}")
        elif line["kind"] == "session":
            sessions[line["session"]] = line
        elif line["writer"] not in sessions.get(line["session"], {"versions": {}})["versions"]:
            refused.append(f"line {number} of {path.name} belongs to a session that does not name its writer")
        elif line["opened"] not in OPENED:
            refused.append(f"line {number} of {path.name} has opened {line['opened']!r}, which is not one of {OPENED}")
        else:
            session = sessions[line["session"]]
            remains = Remains(line["opened"], line["written"], line["read"], line["wrong"])
            kills.setdefault((line["writer"], session["versions"][line["writer"]]), []).append((remains, session))
    gathered = tuple(
        Gathered(
            writer,
            version,
            Survival(tuple(remains for remains, _ in found)),
            tuple(dict.fromkeys(session["started"] for _, session in found)),
            tuple(dict.fromkeys(str(session["conditions"].get("cpu")) for _, session in found)),
        )
        for (writer, version), found in kills.items()
    )
    return Evidence(gathered, tuple(refused))


def gather(
    archive: Path,
    versions: Mapping[str, str],
    kill: Callable[[str, int, str], Survival],
    *,
    wanted: int = WANTED,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
) -> None:
    """Kill each writer until its version has `wanted` kills, and archive each kill.

    Parameters
    ----------
    archive : Path
        The file that lines are added to.
    versions : mapping of str to str
        The version of each writer.
    kill : callable
        Takes a writer, a number of kills and a seed, and kills the writer that often: see `survive`.
    wanted : int
        Kills of each version of a writer, including archived ones.
    progress : callable
        Receives the writer, its number of kills, and the wanted number.
    """
    known = read(archive)
    missing = {
        writer: count for writer, version in versions.items() if (count := wanted - known.kills(writer, version)) > 0
    }
    if not missing:
        return
    session = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    append(archive, session_line(session, {writer: versions[writer] for writer in missing}))
    for writer, count in missing.items():
        for done in range(wanted - count, wanted, TOGETHER):
            progress(writer, done, wanted)
            survival = kill(writer, min(TOGETHER, wanted - done), f"{writer} {versions[writer]} {done}")
            for remains in survival.kills:
                append(archive, {"kind": "kill", "session": session, "writer": writer, **asdict(remains)})


def session_line(session: str, versions: Mapping[str, str]) -> dict[str, Any]:
    """Return the line that begins a session."""
    conditions = Run.of([], profile="survival", machine=machine()).conditions()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "kind": "session",
        "session": session,
        "started": started,
        "conditions": conditions,
        "versions": dict(versions),
    }

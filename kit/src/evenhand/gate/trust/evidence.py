"""The archive of decisions: a text file with one line for each; lines are only ever added.

Each line is a JSON document of a kind.  A ``session`` has the build and the machine.  A ``calibration`` has the
slowdown of an operation by an amount of burnt work.  A ``gate`` has the decisions of one whole gate, and an
``identical`` those of a comparison of identical statements; both have the measurement of every round, so that any
rule can be applied to the same samples later.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evenhand.results.result import plain

SCHEMA = 1
Kinds = Mapping[str, Mapping[str, type | tuple[type, ...]]]
REQUIRED: Kinds = {
    "session": {"session": str, "started": str, "conditions": dict, "build": dict, "plan": dict},
    "calibration": {"session": str, "operation": str, "amount": int, "target": float, "ratio": float},
    "gate": {"session": str, "started": str, "variant": str, "injected": float, "operations": dict},
    "identical": {
        "session": str,
        "started": str,
        "variant": str,
        "statement": str,
        "verdicts": dict,
        "costs": dict,
    },
}
"""The kinds of lines, with their required fields."""


@dataclass(frozen=True)
class Evidence:
    """The contents of an archive of decisions.

    Parameters
    ----------
    sessions : mapping of str to mapping
        By name.
    calibrations, gates, identical : tuple of mapping
        In the order of the file.
    refused : tuple of str
        Lines that are damaged, foreign or of a newer schema, each with the reason.
    """

    sessions: Mapping[str, Mapping[str, Any]]
    calibrations: tuple[Mapping[str, Any], ...]
    gates: tuple[Mapping[str, Any], ...]
    identical: tuple[Mapping[str, Any], ...]
    refused: tuple[str, ...]

    @property
    def versions(self) -> tuple[str, ...]:
        """The measured package's versions with decisions, by the start of their first session."""
        decided = {line["session"] for line in (*self.gates, *self.identical)}
        return tuple(dict.fromkeys(version(known) for name, known in self.sessions.items() if name in decided))

    def of_version(self, wanted: str) -> Evidence:
        """Return the part of the evidence from builds of one version."""
        return self.of_sessions(lambda session: version(session) == wanted)

    def of_plans(self, plans: Sequence[Mapping[str, Any]]) -> Evidence:
        """Return the part of the evidence made with one of these plans: the numbers of rounds and slices."""
        return self.of_sessions(lambda session: session["plan"] in plans)

    def of_sessions(self, wanted: Callable[[Mapping[str, Any]], bool]) -> Evidence:
        """Return the sessions that are wanted, with their decisions."""
        sessions = {name: known for name, known in self.sessions.items() if wanted(known)}
        calibrations, gates, identical = (
            tuple(line for line in lines if line["session"] in sessions)
            for lines in (self.calibrations, self.gates, self.identical)
        )
        return Evidence(sessions, calibrations, gates, identical, self.refused)

    def of(self, variant: str, injected: float) -> list[Mapping[str, Any]]:
        """Return the gates of a variant with an injected slowdown; 1 means none."""
        return [gate for gate in self.gates if gate["variant"] == variant and gate["injected"] == injected]

    def truth(self, gate: Mapping[str, Any], operation: str) -> float | None:
        """Return the candidate's true slowdown, from the calibration of the gate's session."""
        if gate["injected"] == 1:
            return 1.0
        found = [
            calibration["ratio"]
            for calibration in self.calibrations
            if (calibration["session"], calibration["operation"], calibration["target"])
            == (gate["session"], operation, gate["injected"])
        ]
        return float(found[-1]) if found else None


def version(session: Mapping[str, Any]) -> str:
    """Return the version of a session's build; empty for a build that states none."""
    return str(session["build"].get("version", ""))


def append(path: Path, line: Mapping[str, Any]) -> None:
    """Add a whole line, which is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"schema": SCHEMA, **plain(line)}, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    with path.open("a+", encoding="utf-8") as file:
        # A process that was killed in the middle of a line has left it without an end.
        begun = file.tell() and not path.read_bytes().endswith(b"\n")
        file.write(f"{chr(10) if begun else ''}{text}\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> Evidence:
    """Read an archive; unusable lines are listed as refused, and the others are read."""
    sessions: dict[str, Mapping[str, Any]] = {}
    kinds: dict[str, list[Mapping[str, Any]]] = {"calibration": [], "gate": [], "identical": []}
    refused = []
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    for number, text in enumerate(lines, 1):
        line, why = parsed(text)
        if line is None:
            refused.append(f"line {number} of {path.name} {why}")
        elif line["kind"] == "session":
            sessions[line["session"]] = line
        elif line["session"] not in sessions:
            refused.append(f"line {number} of {path.name} belongs to a session that is missing")
        else:
            kinds[line["kind"]].append(line)
    calibrations, gates, identical = (tuple(kinds[kind]) for kind in ("calibration", "gate", "identical"))
    return Evidence(sessions, calibrations, gates, identical, tuple(refused))


def parsed(text: str, required: Kinds = REQUIRED) -> tuple[Mapping[str, Any] | None, str]:
    """Parse a line into a document of one of the kinds, or return why it is unusable."""
    try:
        line = json.loads(text)
    except ValueError:
        return None, "is damaged"
    if not isinstance(line, dict) or line.get("kind") not in required:
        return None, "is foreign: its kind is unknown"
    if line.get("schema") != SCHEMA:
        return None, f"has schema {line.get('schema')!r}; this version reads {SCHEMA}"
    for part, kind in required[line["kind"]].items():
        if kind is float and isinstance(line.get(part), int):
            line[part] = float(line[part])
        if not isinstance(line.get(part), kind):
            return None, f"has no usable {part!r}"
    return line, ""

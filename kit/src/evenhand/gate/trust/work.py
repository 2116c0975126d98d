"""Gather evidence: run whole gates on builds whose true difference is known, one after another, for some time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evenhand.gate.gate import QUICK, Gate, Plan, run
from evenhand.gate.interleaving import per_round
from evenhand.gate.operation import Operations
from evenhand.gate.side import BASE, CANDIDATE, Side, SideError
from evenhand.gate.trust import identical, rates
from evenhand.gate.trust.busy_cores import Variant, neighbours
from evenhand.gate.trust.evidence import Evidence, append, read, version
from evenhand.gate.trust.injection import Burning, calibrate
from evenhand.measure.statement import Statement
from evenhand.results.result import Result
from evenhand.runs.machine import machine
from evenhand.runs.run import Run

Progress = Callable[[str, int, int], None]
INJECTED = (1.02, 1.05, 1.1)


@dataclass(frozen=True)
class Task:
    """A kind of decision, with the wanted number of them.

    Parameters
    ----------
    variant : str
        The neighbours during the gate.
    injected : float
        The candidate's slowdown; 1 compares identical builds.
    wanted : int
        The wanted number of decisions for each version and plan; beyond it all tasks grow in proportion.
    identical : bool
        Whether a decision is a comparison of identical statements instead of a whole gate.
    """

    variant: Variant
    injected: float
    wanted: int
    identical: bool = False

    def made(self, evidence: Evidence) -> int:
        """Return the number of decisions in the evidence."""
        if self.identical:
            return rates.false_comparisons(evidence, self.variant).of
        return len(evidence.of(self.variant, self.injected))

    def __str__(self) -> str:
        what = "identical statements" if self.identical else f"gates × {self.injected:g}"
        return f"{self.variant}, {what}"


TASKS = (
    Task("quiet", 1.0, 100),
    Task("quiet", 1.05, 40),
    Task("quiet", 1.02, 20),
    Task("quiet", 1.1, 20),
    Task("loaded", 1.0, 50),
    Task("loaded", 1.05, 20),
    Task("neighbour", 1.0, 50),
    Task("neighbour", 1.05, 20),
    Task("quiet", 1.0, 150, identical=True),
    Task("loaded", 1.0, 150, identical=True),
)


def next_task(evidence: Evidence, tasks: tuple[Task, ...] = TASKS) -> Task:
    """Return the task with the smallest share of its wanted number."""
    return min(tasks, key=lambda task: task.made(evidence) / task.wanted)


@dataclass(frozen=True)
class Work:
    """The work of gathering evidence.

    Parameters
    ----------
    operations : Operations
        A few operations, which can burn additional work.
    sides : mapping of str to Burning
        Two environments with the same build.
    archive : Path
        The file of decisions.
    plan : Plan
        The number of rounds of each gate.
    progress : callable
        Receives the current task, the finished steps and the total.
    """

    operations: Operations
    sides: Mapping[str, Burning]
    archive: Path
    plan: Plan = QUICK
    progress: Progress = lambda _what, _done, _total: None

    @classmethod
    def of(cls, operations: Operations, pythons: Mapping[str, str], archive: Path, progress: Progress) -> Work:
        """Query the builds of both sides, and check that they are equal.

        Raises
        ------
        SideError
            If a side cannot be slowed down, or the builds differ.
        """
        if not operations.burn:
            message = "the operations file has no way to burn work; add: burn = '... {amount} ...'"
            raise SideError(message)
        plain = {name: Side.ask(name, python, operations.build_info) for name, python in pythons.items()}
        if plain[BASE].build != plain[CANDIDATE].build:
            message = "base and candidate are different builds; install the same build on both sides"
            raise SideError(message)
        sides = {name: Burning(name, side.python, side.build, burn=operations.burn) for name, side in plain.items()}
        return cls(operations, sides, archive, progress=progress)

    def gather(self, seconds: float, tasks: tuple[Task, ...] = TASKS) -> int:
        """Make decisions until the time is up, and return their number.

        Each decision is archived immediately, so that stopping loses none.
        """
        end = time.monotonic() + seconds
        amounts: dict[float, dict[str, int]] = {}
        made = 0
        while time.monotonic() < end:
            task = next_task(self.evidence(), tasks)
            if task.identical:
                append(self.archive, self.compare_copies(task))
            else:
                session = self.session(self.plan.document())
                amounts = amounts or self.amounts(session)
                gate = self.decide(task, amounts)
                if not gate.complete:
                    raise KeyboardInterrupt
                append(self.archive, gate_line(gate, task, session))
            made += 1
            self.progress(str(task), made, made)
        return made

    def evidence(self) -> Evidence:
        """Return the archived decisions about builds of this version, made with the plans of this work."""
        about = read(self.archive).of_version(version({"build": self.sides[BASE].build}))
        return about.of_plans((self.plan.document(), identical.PLAN))

    def compare_copies(self, task: Task) -> dict[str, Any]:
        """Compare copies of the statement with the fewest comparisons, in the environment of one side."""
        python = self.sides[BASE].python
        statements = {
            name: Statement(fields["statement"], fields.get("setup"), python=python)
            for name, fields in self.operations.identical.items()
        }
        name = identical.next_statement(self.evidence(), task.variant, statements)
        with neighbours(task.variant, secrets.randbelow(1 << 30)):
            return identical.decide(name, statements[name], task.variant, self.session(identical.PLAN))

    def session(self, plan: Mapping[str, Any]) -> str:
        """Begin a session, or continue one with the same build, plan and machine, whose calibrations are valid."""
        began = datetime.now(UTC).isoformat(timespec="seconds")
        around = machine()
        conditions = Run.of([], profile=plan["name"], machine=around, packages={}).conditions()
        build = dict(self.sides[BASE].build)
        same = {"conditions": conditions, "build": build, "plan": dict(plan)}
        for name, known in read(self.archive).sessions.items():
            if all(known[part] == value for part, value in same.items()):
                return name
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
        append(self.archive, {"kind": "session", "session": name, "started": began, **same})
        return name

    def amounts(self, session: str) -> dict[float, dict[str, int]]:
        """Return the burnt amount for each injected slowdown, by operation; unknown ones are calibrated first."""
        known: dict[float, dict[str, int]] = {injected: {} for injected in INJECTED}
        for calibration in read(self.archive).calibrations:
            if calibration["session"] == session:
                known[calibration["target"]][calibration["operation"]] = calibration["amount"]
        for operation in self.operations.operations:
            missing = [injected for injected in INJECTED if operation.name not in known[injected]]
            if missing:
                for found in calibrate(operation, self.sides, missing, self.progress):
                    append(self.archive, {**found, "session": session})
                    known[float(found["target"])][operation.name] = int(found["amount"])
        return known

    def decide(self, task: Task, amounts: Mapping[float, Mapping[str, int]]) -> Gate:
        """Run one whole gate."""
        base, candidate = self.sides[BASE], self.sides[CANDIDATE]
        burnt = amounts.get(task.injected, {})
        slowed = Burning(candidate.label, candidate.python, candidate.build, burn=candidate.burn, amounts=burnt)
        with neighbours(task.variant, secrets.randbelow(1 << 30)):
            return run(self.operations.operations, {BASE: base, CANDIDATE: slowed}, self.plan, self.progress)


def gate_line(gate: Gate, task: Task, session: str) -> dict[str, Any]:
    """Return a gate's line of the archive, with its decisions and the measurements of each round."""
    decisions = {}
    for outcome in gate.outcomes:
        name, finding = outcome.operation.name, outcome.finding
        decisions[name] = {
            "status": outcome.status,
            "stage": finding.stage if finding else None,
            "ratio": rounded(finding.ratio.value, 5) if finding else None,
            "low": rounded(finding.ratio.low, 5) if finding else None,
            "high": rounded(finding.ratio.high, 5) if finding else None,
            **{
                stage: measured(results[name]) if name in results else None
                for stage, results in zip(("first", "second"), (*gate.stages, {}, {}), strict=False)
            },
        }
    return {
        "kind": "gate",
        "session": session,
        "started": gate.started,
        "seconds": round(gate.seconds, 1),
        "variant": task.variant,
        "injected": task.injected,
        "operations": decisions,
    }


def measured(result: Result) -> dict[str, list[float]]:
    """Return one number per round and side, rounded to the digits that a timing has."""
    return {side: [float(f"{value:.4g}") for value in per_round(result, side)] for side in (BASE, CANDIDATE)}


def rounded(value: float, digits: int) -> float:
    """Round a number to `digits` decimals."""
    return round(float(value), digits)

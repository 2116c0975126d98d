"""A gate: measure two builds side by side in two stages, and judge each operation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from evenhand.gate.causes import Causes, find_all
from evenhand.gate.findings import Finding, Status, judge_first, judge_second, suspects
from evenhand.gate.instructions import Count, count_all
from evenhand.gate.interleaving import Sampled, Trial, attempt, measure, per_round
from evenhand.gate.operation import Operation
from evenhand.gate.side import BASE, CANDIDATE, Side
from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.judge.statistics import median_interval
from evenhand.measure.process import TIMEOUT
from evenhand.measure.timing_loop import SLICES
from evenhand.results.result import Result
from evenhand.runs.machine import machine
from evenhand.runs.neighbours import Neighbours

SLOWER, ENVIRONMENT, UNDECIDED, STOPPED = 1, 2, 3, 130
"""Exit statuses: something got slower; could not be measured; was inconclusive or not judged, with --strict; Ctrl-C."""


@dataclass(frozen=True)
class Plan:
    """The number of rounds of each stage; fixed before the first sample.

    Parameters
    ----------
    name : str
        The plan's name in results.
    first, second : int
        Rounds of each stage.
    slices : int
        Timings per side in a round.
    timeout : float
        Seconds that a worker may take for a request.
    """

    name: str = "gate"
    first: int = 20
    second: int = 40
    slices: int = SLICES
    timeout: float = TIMEOUT

    def document(self) -> dict[str, Any]:
        """Return the plan as results store it."""
        rounds = {"first_rounds": self.first, "second_rounds": self.second}
        return {"name": self.name, **rounds, "slices": self.slices}


CHANGED: tuple[Status, ...] = ("slower", "faster")
"""The statuses whose causes are searched for."""
STATUS_OF_MISSING: Mapping[str, Status] = {BASE: "new", CANDIDATE: "gone"}
QUICK = Plan("gate-quick", 9, 20, slices=10)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Outcome:
    """The result of one operation.

    Parameters
    ----------
    operation : Operation
        The measured operation.
    status : str
        The decision.
    finding : Finding, optional
        The interval behind the decision, if rounds were measured.
    base, candidate : Estimate, optional
        Nanoseconds of the operation, or bytes of an object, from the rounds that decided.
    reason : str
        Why the operation was not judged, for `new`, `gone`, `failed` and `not judged`.
    """

    operation: Operation
    status: Status
    finding: Finding | None = None
    base: Estimate | None = None
    candidate: Estimate | None = None
    reason: str = ""


@dataclass(frozen=True)
class Gate:
    """Two builds compared.

    Parameters
    ----------
    sides : mapping of str to Side
        ``base`` and ``candidate``.
    plan : Plan
        The number of rounds.
    outcomes : tuple of Outcome
        One per operation, in the order of their file.
    stages : tuple of mapping of str to Result
        The results with their samples.
    machine : mapping
        The result of `bench.machine` before measuring began.
    started : str
        UTC, ISO 8601.
    seconds : float
        Duration of the measurement.
    complete : bool
        Whether all rounds were measured.
    notes : tuple of str
        Disturbances, each a sentence.
    counts : mapping of str to Count
        Instructions by the operation's name, if they were counted.
    causes : mapping of str to Causes
        Where to look, by the name of a changed operation, if instructions were counted.
    """

    sides: Mapping[str, Side]
    plan: Plan
    outcomes: tuple[Outcome, ...]
    stages: tuple[Mapping[str, Result], ...]
    machine: Mapping[str, Any]
    started: str
    seconds: float
    complete: bool
    notes: tuple[str, ...] = ()
    counts: Mapping[str, Count] = field(default_factory=dict)
    causes: Mapping[str, Causes] = field(default_factory=dict)

    def of(self, *statuses: Status) -> list[Outcome]:
        """Return the outcomes with one of the statuses."""
        return [outcome for outcome in self.outcomes if outcome.status in statuses]

    def exit_status(self, *, strict: bool = False) -> int:
        """Return the exit status of a command."""
        if not self.complete:
            return STOPPED
        if self.of("slower"):
            return SLOWER
        if self.of("failed"):
            return ENVIRONMENT
        return UNDECIDED if strict and self.of("inconclusive", "not judged") else 0


def run(
    operations: tuple[Operation, ...],
    sides: Mapping[str, Side],
    plan: Plan,
    progress: Progress = lambda _what, _done, _total: None,
    *,
    count: bool = False,
) -> Gate:
    """Measure both sides and judge them.

    The first stage measures every operation.  The second measures those that may have changed again, and only its
    fresh rounds decide about them: selecting and judging on the same data finds differences that do not exist.

    Parameters
    ----------
    operations : tuple of Operation
        The operations to measure.
    sides : mapping of str to Side
        ``base`` and ``candidate``.
    plan : Plan
        The number of rounds.
    progress : callable
        Receives the current task, the finished steps and the total.
    count : bool
        Whether to count instructions as well, after all timing is done.
    """
    around, before = machine(), Neighbours.read()
    started, begin = datetime.now(UTC).isoformat(timespec="seconds"), monotonic()
    trials: dict[str, Trial] = {}
    stages: list[Sampled] = []
    counts: Mapping[str, Count] = {}
    notes: list[str] = []
    interrupted = False
    try:
        for index, operation in enumerate(operations):
            progress("trying both sides", index, len(operations))
            trials[operation.name] = attempt(operation, sides, plan.timeout)
        runs = {name: trial for name, trial in trials.items() if trial.runs}
        first = stage_progress(progress, "first stage")
        stages.append(measure(runs, sides, plan.first, first, plan.timeout, plan.slices))
        if not stages[0].interrupted:
            chosen = {name: runs[name] for name in suspects(pairs(stages[0]))}
            second = stage_progress(progress, "second stage")
            stages.append(measure(chosen, sides, plan.second, second, plan.timeout, plan.slices))
        notes += before.notes_until(Neighbours.read())
        if count and not any(stage.interrupted for stage in stages):
            counted = [trial for trial in runs.values() if trial.operation.counted]
            counts, failed = count_all(counted, sides, stage_progress(progress, "instructions"), plan.timeout)
            notes += [f"the instructions of {name} were not counted: {reason}" for name, reason in failed.items()]
    except KeyboardInterrupt:
        interrupted = True
    interrupted = interrupted or any(stage.interrupted for stage in stages)
    judged = tuple(outcomes(operations, trials, stages, complete=not interrupted))
    causes: Mapping[str, Causes] = {}
    if counts and not interrupted:
        changed = [trials[each.operation.name] for each in judged if each.status in CHANGED]
        with suppress(KeyboardInterrupt):
            known = [trial for trial in changed if trial.operation.name in counts]
            causes, failed = find_all(known, sides, stage_progress(progress, "causes"), plan.timeout)
            notes += [f"the causes of {name} were not found: {reason}" for name, reason in failed.items()]
    return Gate(
        sides=sides,
        plan=plan,
        outcomes=judged,
        stages=tuple(stage.results for stage in stages),
        machine=around,
        started=started,
        seconds=monotonic() - begin,
        complete=not interrupted,
        notes=tuple(notes),
        counts=counts,
        causes=causes,
    )


def stage_progress(progress: Progress, what: str) -> Callable[[int, int], None]:
    """Return a callable that reports the progress of one stage."""
    return lambda done, total: progress(what, done, total)


def pairs(stage: Sampled) -> dict[str, Any]:
    """Return candidate and base of each operation, with one number per round."""
    return {name: (per_round(result, CANDIDATE), per_round(result, BASE)) for name, result in stage.results.items()}


def outcomes(
    operations: tuple[Operation, ...], trials: Mapping[str, Trial], stages: list[Sampled], *, complete: bool
) -> list[Outcome]:
    """Judge each operation from the stage that decides about it."""
    first, second = [*stages, *[Sampled({}, {}, 0, interrupted=True)] * 2][:2]
    suspected = () if first.interrupted else suspects(pairs(first))
    confirmed = judge_second(pairs(second)) if complete else {}
    found = []
    for operation in operations:
        name = operation.name
        trial = trials.get(name)
        failure = first.failed.get(name) or second.failed.get(name)
        if trial is None or not trial.runs:
            found.append(explain_unmeasured(operation, trial))
        elif failure:
            found.append(Outcome(operation, "failed", reason=failure))
        elif name in confirmed:
            found.append(outcome(operation, confirmed[name], second.results[name]))
        elif name in first.results:
            new, old = pairs(first)[name]
            finding = judge_first(new, old)
            reason = ""
            if first.interrupted or (name in suspected and not complete):
                finding = replace(finding, status="not judged")
                reason = "it was stopped before its last round"
            found.append(outcome(operation, finding, first.results[name], reason))
        else:
            found.append(Outcome(operation, "not judged", reason="it was stopped before its first round"))
    return found


def explain_unmeasured(operation: Operation, trial: Trial | None) -> Outcome:
    """Return the outcome of an operation that was not measured on both sides, with the reason."""
    if trial is None:
        return Outcome(operation, "not judged", reason="it was stopped before its first round")
    if trial.unavailable:
        return Outcome(operation, "not judged", reason=trial.unavailable)
    reasons = "; ".join(error.summary for error in trial.refused.values())
    for side, status in STATUS_OF_MISSING.items():
        if trial.missing(side):
            return Outcome(operation, status, reason=reasons)
    return Outcome(operation, "failed", reason=reasons)


def outcome(operation: Operation, finding: Finding, result: Result, reason: str = "") -> Outcome:
    """Return a finding together with the estimates that it comes from."""
    base, candidate = (median_interval(per_round(result, side), LEVEL) for side in (BASE, CANDIDATE))
    return Outcome(operation, finding.status, finding, base, candidate, reason)

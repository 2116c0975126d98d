"""A gate: two builds measured side by side in two stages, and what came of each operation."""

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
"""Exit statuses: something got slower; something could not be measured; --strict and inconclusive; Ctrl-C."""


@dataclass(frozen=True)
class Plan:
    """How many rounds each stage has; fixed before the first sample.

    Parameters
    ----------
    name : str
        What the plan is called in results.
    first, second : int
        Rounds.
    slices : int
        Timings of a side in a round.
    timeout : float
        Seconds that a worker may take for a request.
    """

    name: str = "gate"
    first: int = 20
    second: int = 40
    slices: int = SLICES
    timeout: float = TIMEOUT

    def document(self) -> dict[str, Any]:
        """What results say of it."""
        rounds = {"first_rounds": self.first, "second_rounds": self.second}
        return {"name": self.name, **rounds, "slices": self.slices}


CHANGED: tuple[Status, ...] = ("slower", "faster")
"""Of these the causes are looked for."""
STATUS_OF_MISSING: Mapping[str, Status] = {BASE: "new", CANDIDATE: "gone"}
QUICK = Plan("gate-quick", 8, 20, slices=10)
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What came of one operation.

    Parameters
    ----------
    operation : Operation
        What was measured.
    status : str
        What was decided.
    finding : Finding, optional
        Where there was something to judge.
    base, candidate : Estimate, optional
        Nanoseconds of the operation, or bytes of an object, from the rounds that decided.
    reason : str
        Why there is nothing to judge, for `new`, `gone`, `failed` and `not judged`.
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
        The rounds.
    outcomes : tuple of Outcome
        One an operation, in the order of their file.
    stages : tuple of mapping of str to Result
        The results with their samples.
    machine : mapping
        As `bench.machine` told it before measuring began.
    started : str
        UTC, ISO 8601.
    seconds : float
        What the measuring took.
    complete : bool
        Whether it was measured to its end.
    notes : tuple of str
        What disturbed, each a sentence.
    counts : mapping of str to Count
        Instructions by the operation's name, where they were counted.
    causes : mapping of str to Causes
        Where to look, by the name of an operation that changed, where instructions were counted.
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
        """The outcomes of some statuses."""
        return [outcome for outcome in self.outcomes if outcome.status in statuses]

    def exit_status(self, *, strict: bool = False) -> int:
        """The status that a command ends with."""
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
    """Measure both sides, and judge.

    Every operation is measured in the first stage.  Those that might have changed are measured again, and of them
    the fresh rounds alone decide: whoever picks what looks different and judges it by the numbers that it was
    picked for finds what is not there.

    Parameters
    ----------
    operations : tuple of Operation
        What is measured.
    sides : mapping of str to Side
        ``base`` and ``candidate``.
    plan : Plan
        The rounds.
    progress : callable
        Is told what is done, how much of it, and how much there is.
    count : bool
        Whether instructions are counted, too, once nothing is timed any more.
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
            progress("does it run on both sides", index, len(operations))
            trials[operation.name] = attempt(operation, sides, plan.timeout)
        runs = {name: trial for name, trial in trials.items() if trial.runs}
        stages.append(measure(runs, sides, plan.first, told(progress, "first stage"), plan.timeout, plan.slices))
        if not stages[0].interrupted:
            chosen = {name: runs[name] for name in suspects(pairs(stages[0]))}
            again = told(progress, "second stage")
            stages.append(measure(chosen, sides, plan.second, again, plan.timeout, plan.slices))
        notes += before.notes_until(Neighbours.read())
        if count and not any(stage.interrupted for stage in stages):
            counted = [trial for trial in runs.values() if trial.operation.counted]
            counts, failed = count_all(counted, sides, told(progress, "instructions"), plan.timeout)
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
            causes, failed = find_all(known, sides, told(progress, "causes"), plan.timeout)
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


def told(progress: Progress, what: str) -> Callable[[int, int], None]:
    """Progress of one stage."""
    return lambda done, total: progress(what, done, total)


def pairs(stage: Sampled) -> dict[str, Any]:
    """Candidate and base of each operation, one number a round."""
    return {name: (per_round(result, CANDIDATE), per_round(result, BASE)) for name, result in stage.results.items()}


def outcomes(
    operations: tuple[Operation, ...], trials: Mapping[str, Trial], stages: list[Sampled], *, complete: bool
) -> list[Outcome]:
    """Judge each operation by the stage that decides about it."""
    first, second = [*stages, *[Sampled({}, {}, 0, interrupted=True)] * 2][:2]
    suspected = () if first.interrupted else suspects(pairs(first))
    confirmed = judge_second(pairs(second)) if complete else {}
    found = []
    for operation in operations:
        name = operation.name
        trial = trials.get(name)
        failure = first.failed.get(name) or second.failed.get(name)
        if trial is None or not trial.runs:
            found.append(unmeasured(operation, trial))
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


def unmeasured(operation: Operation, trial: Trial | None) -> Outcome:
    """Say why an operation was not measured on both sides."""
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
    """Put what was judged beside what it was judged from."""
    base, candidate = (median_interval(per_round(result, side), LEVEL) for side in (BASE, CANDIDATE))
    return Outcome(operation, finding.status, finding, base, candidate, reason)

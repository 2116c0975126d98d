"""The rounds of a gate: each operation runs on both sides, in fresh processes that take turns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evenhand.gate import criterion
from evenhand.gate.operation import Operation
from evenhand.gate.side import BASE, CANDIDATE, Side
from evenhand.judge.decision import fewest_rounds
from evenhand.measure.interrupts import Interrupts
from evenhand.measure.memory import Job, count, counted_side_by_side
from evenhand.measure.process import TIMEOUT, WorkerError, WorkerProcess
from evenhand.measure.records import Sample, samples_of
from evenhand.measure.round import alive, core_of
from evenhand.measure.timing_loop import (
    SLICE_SECONDS,
    SLICES,
    Calibration,
    Timing,
    ask_slice,
    sample_fresh_round,
    sample_slices,
    shared,
    tried,
)
from evenhand.results.comparison import Comparison
from evenhand.results.result import COLLECTOR, Result, records
from evenhand.results.self_reported import ALONE, Observed

if TYPE_CHECKING:
    import pandas as pd

EXAMPLE = "gate"
"""The part of a run's addresses under which a gate's results appear, in place of an example's name."""
FRESH_SLICES = 4
"""Processes per side in a round of an operation that can be timed only once in a process."""
BYTES = "heap_bytes"
FAMILY = 0.99
"""The probability that a whole gate of identical builds raises no false alarm is at least this."""
UNKNOWN_NAMES = ("ImportError", "ModuleNotFoundError", "AttributeError", "NameError", "TypeError")
"""Exceptions of a statement whose operation does not exist yet, or no longer."""


@dataclass(frozen=True)
class Trial:
    """The result of running an operation once on each side.

    Parameters
    ----------
    operation : Operation
        The operation that was tried.
    calibrations : mapping of str to Calibration
        Copies and loops by the side's name; empty for an operation that is not repeated.
    refused : mapping of str to WorkerError
        Why the operation does not run, by the side's name.
    unavailable : str
        Why this machine cannot measure it with any build; empty otherwise.
    """

    operation: Operation
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    refused: Mapping[str, WorkerError] = field(default_factory=dict)
    unavailable: str = ""

    @property
    def runs(self) -> bool:
        """Whether it runs on both sides."""
        return not self.refused and not self.unavailable

    def missing(self, side: str) -> bool:
        """Whether the operation exists on the other side only."""
        return list(self.refused) == [side] and self.refused[side].raised in UNKNOWN_NAMES


def attempt(operation: Operation, sides: Mapping[str, Side], timeout: float = TIMEOUT, *, alike: bool = True) -> Trial:
    """Run an operation once on each side, and determine how many loops fill a slice.

    Parameters
    ----------
    operation : Operation
        The operation to try.
    sides : mapping of str to Side
        The builds to try it on.
    timeout : float
        Seconds that a worker may take for a request.
    alike : bool
        Whether the sides run the same statement and share one calibration; otherwise they are calibrated
        together, as contenders of a comparison are.
    """
    refused: dict[str, WorkerError] = {}
    trials: dict[str, Timing] = {}
    for name, side in sides.items():
        statement = side.statement(operation)
        try:
            if operation.kind == "bytes":
                found = count(f"{operation.name} ({name})", statement, 1, "heap")["counted"]
                if "missing" in found:
                    return Trial(operation, unavailable=found["missing"])
                continue
            if operation.kind == "criterion":
                criterion.refuse_missing(operation, name, side)
                continue
            with WorkerProcess(f"{operation.name} ({name})", statement, timeout=timeout) as worker:
                if operation.kind != "time":
                    ask_slice(worker, Calibration())
                elif alike and trials:
                    ask_slice(worker, Calibration())
                    trials[name] = next(iter(trials.values()))
                else:
                    trials[name] = tried(worker)
        except WorkerError as error:
            refused[name] = error
    return Trial(operation, shared(trials), refused)


@dataclass(frozen=True)
class Sampled:
    """The rounds of one stage.

    Parameters
    ----------
    results : mapping of str to Result
        By the operation's name, without failed ones.
    failed : mapping of str to str
        Operations whose worker died, hung or raised, with the reason.
    rounds : int
        Completed rounds.
    interrupted : bool
        Whether Ctrl-C ended the stage early.
    """

    results: Mapping[str, Result]
    failed: Mapping[str, str]
    rounds: int
    interrupted: bool


def measure(
    trials: Mapping[str, Trial],
    sides: Mapping[str, Side],
    rounds: int,
    progress: Callable[[int, int], None],
    timeout: float = TIMEOUT,
    slices: int = SLICES,
) -> Sampled:
    """Measure every operation in `rounds` rounds.

    All operations have their first round before any has its second.  A neighbour that comes and goes then disturbs
    a few rounds of each operation, which a median tolerates, instead of all rounds of one.
    """
    started = datetime.now(UTC).isoformat(timespec="seconds")
    rows: dict[str, list[Sample]] = {name: [] for name, trial in trials.items() if trial.operation.kind != "bytes"}
    failed: dict[str, str] = {}
    made, interrupted = 0, False
    try:
        with Interrupts() as interrupts:
            counted = count_bytes(trials, sides, failed)
            for index in range(rounds):
                for place, name in enumerate(rows):
                    progress(index * len(rows) + place, rounds * len(rows))
                    interrupts.check()
                    if name not in failed:
                        try:
                            rows[name] += sample_round(trials[name], sides, index, timeout, slices)
                        except WorkerError as error:
                            failed[name] = error.summary
                made = index + 1
    except KeyboardInterrupt:
        interrupted = True
        counted = {}
    results: dict[str, Result] = {}
    for name, found in rows.items():
        # An interrupted round lacks some operations; only complete rounds are used.
        whole = [sample for sample in found if sample.round < made]
        if whole and name not in failed:
            results[name] = comparison(trials[name], sides, whole, made, started, slices)
    results |= {name: observed(trials[name], sides, found, started) for name, found in counted.items()}
    return Sampled(results, failed, made, interrupted)


def sample_round(trial: Trial, sides: Mapping[str, Side], index: int, timeout: float, slices: int) -> list[Sample]:
    """Sample one round of an operation."""
    operation = trial.operation
    core = core_of(index) if operation.pinned else None
    if operation.kind == "criterion":
        return criterion.sample_round(operation, sides, index, core, timeout)
    stated = {name: side.statement(operation) for name, side in sides.items()}
    if operation.kind == "fresh":
        return sample_fresh_round(stated, index, FRESH_SLICES, core, timeout)
    with alive(stated, core, timeout, index=index) as workers:
        return sample_slices(workers, trial.calibrations, index, slices)


def count_bytes(
    trials: Mapping[str, Trial], sides: Mapping[str, Side], failed: dict[str, str]
) -> dict[str, list[Sample]]:
    """Count the bytes of operations of the kind "bytes"; counts are exact, so a few are enough."""
    rows: dict[str, list[Sample]] = {}
    counts = fewest_rounds(len(trials), FAMILY)
    for name, trial in trials.items():
        operation = trial.operation
        if operation.kind != "bytes":
            continue
        jobs: list[Job] = [
            (side, facts.statement(operation), operation.size, "heap", index)
            for index in range(counts)
            for side, facts in sides.items()
        ]
        try:
            with closing(counted_side_by_side(jobs)) as answers:
                rows[name] = [
                    Sample(side, BYTES, counted[BYTES] / operation.size, index, size=ALONE)
                    for (side, _, _, _, index), counted in answers
                ]
        except WorkerError as error:
            failed[name] = error.summary
    return rows


def comparison(
    trial: Trial, sides: Mapping[str, Side], rows: list[Sample], rounds: int, started: str, slices: int
) -> Comparison:
    """Make a result from timed rounds."""
    operation = trial.operation
    if operation.kind == "criterion":
        kept = {name: {"statement": operation.statement, "fingerprint": operation.statement} for name in sides}
    else:
        kept = records({name: side.statement(operation) for name, side in sides.items()})
    for name, found in trial.calibrations.items():
        kept[name] |= found.record()
    timed = operation.kind == "time"
    made = {"time": slices, "fresh": FRESH_SLICES, "criterion": criterion.SLICES}
    return Comparison(
        name=operation.name,
        example=EXAMPLE,
        contenders=kept,
        settings={
            "slices": made[operation.kind],
            "slice_seconds": SLICE_SECONDS if timed else None,
            "collector": COLLECTOR,
            "rounds": rounds,
        },
        samples=samples_of(rows),
        started=started,
    )


def observed(trial: Trial, sides: Mapping[str, Side], rows: list[Sample], started: str) -> Observed:
    """Make a result from counted bytes."""
    return Observed(
        name=trial.operation.name,
        example=EXAMPLE,
        contenders=records({name: side.statement(trial.operation) for name, side in sides.items()}),
        settings={
            "columns": [BYTES],
            "compared": [BYTES],
            "sizes": None,
            "rounds": len({sample.round for sample in rows}),
        },
        samples=samples_of(rows),
        started=started,
    )


def per_round(result: Result, side: str) -> pd.Series:
    """Return one number per round: nanoseconds of an operation, or bytes of an object."""
    if isinstance(result, Observed):
        return result.rounds.loc[(side, ALONE), BYTES]
    assert isinstance(result, Comparison)
    return result.costs[side]


__all__ = ["BASE", "CANDIDATE", "Sampled", "Trial", "attempt", "measure", "per_round"]

"""Measure one commit for the history: each operation alongside a reference statement that never changes.

A machine's pace differs more between two days than most commits change it.  The history therefore stores the ratio
of each operation to the reference, measured in the same rounds, along with its nanoseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from evenhand.gate.interleaving import Trial, attempt
from evenhand.gate.interleaving import measure as measure_rounds
from evenhand.gate.operation import Operation, OperationError, Operations
from evenhand.gate.side import Side
from evenhand.measure.process import TIMEOUT
from evenhand.measure.statement import Statement
from evenhand.results.comparison import Comparison
from evenhand.results.result import Result
from evenhand.runs.machine import machine
from evenhand.runs.neighbours import Neighbours
from evenhand.runs.run import Run

PROFILE = "history"
EXAMPLE = "operations"
REFERENCE = "reference"
OPERATION = "operation"
ROUNDS = 8
PATH = re.compile(r" ?\(?(?:[A-Za-z]:)?[\\/][^\s()'\"]*\)?")


@dataclass(frozen=True)
class Revision:
    """The commit that was built.

    Parameters
    ----------
    commit : str
        Its hash.
    committed : str
        The time of the commit, ISO 8601.
    subject : str
        The first line of its message.
    """

    commit: str
    committed: str
    subject: str


@dataclass(frozen=True)
class Reference(Side):
    """The side that runs the reference in place of the operation.

    Parameters
    ----------
    statements : mapping of str to str
        The reference for each kind of operation.
    """

    statements: Mapping[str, str] = field(default_factory=dict)

    def statement(self, operation: Operation) -> Statement:
        """Return the reference for the operation's kind."""
        return Statement(self.statements[operation.kind], python=self.python)


def measure(
    operations: Operations,
    side: Side,
    revision: Revision,
    rounds: int = ROUNDS,
    progress: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
    timeout: float = TIMEOUT,
) -> Run:
    """Measure every operation of one build.

    Parameters
    ----------
    operations : Operations
        The operations, with a reference for each kind that is timed.
    side : Side
        The build.
    revision : Revision
        The commit of the build.
    rounds : int
        Rounds of each operation.
    progress : callable
        Receives the current task, the finished steps and the total.
    timeout : float
        Seconds that a worker may take for a request.

    Returns
    -------
    Run
        One result per operation, in the profile ``history``.  Operations that do not run are listed as left out.
        After an interruption the run is marked as incomplete.
    """
    around, before = machine(), Neighbours.read()
    sides = {
        REFERENCE: Reference(REFERENCE, side.python, statements=references(operations)),
        OPERATION: side,
    }
    trials: dict[str, Trial] = {}
    for place, operation in enumerate(operations.operations):
        progress("trying the operations", place, len(operations.operations))
        trials[operation.name] = attempt(operation, needed_sides(operation, sides), timeout, alike=False)
    left_out = {name: reason(trial) for name, trial in trials.items() if not trial.runs}
    results: dict[str, Result] = {}
    complete = True
    for counted in (True, False):
        part = {
            name: trial for name, trial in trials.items() if trial.runs and (trial.operation.kind == "bytes") is counted
        }
        needed = {OPERATION: side} if counted else sides
        found = measure_rounds(part, needed, rounds, lambda done, total: progress("rounds", done, total), timeout)
        results |= found.results
        left_out |= {name: without_paths(text) for name, text in found.failed.items()}
        complete = complete and not found.interrupted
    notes = before.notes_until(Neighbours.read())
    named = [results[name] for name in trials if name in results]
    return Run.of(
        [replace(condense(result), example=EXAMPLE, notes=(*result.notes, *notes)) for result in named],
        profile=PROFILE,
        complete=complete,
        machine=around,
        packages={},  # those of the side are in its own environment
        build={**side.build, "commit": revision.commit},
        revision=asdict(revision),
        left_out=left_out,
    )


def references(operations: Operations) -> Mapping[str, str]:
    """Return the references, after checking that every timed kind has one."""
    for operation in operations.operations:
        if operation.kind != "bytes" and operation.kind not in operations.reference:
            message = f"there is no reference for operations of the kind {operation.kind!r}; name one in [reference]"
            raise OperationError(message)
    return operations.reference


def needed_sides(operation: Operation, sides: Mapping[str, Side]) -> Mapping[str, Side]:
    """Return the sides that an operation needs: bytes are exact and need no reference."""
    return {OPERATION: sides[OPERATION]} if operation.kind == "bytes" else sides


def reason(trial: Trial) -> str:
    """Return in one line why an operation was not measured."""
    return trial.unavailable or "; ".join(without_paths(error.summary) for error in trial.refused.values())


def without_paths(error: str) -> str:
    """Remove this machine's paths from an error, because a history is published."""
    return PATH.sub("", error).strip()


def condense(result: Result) -> Result:
    """Reduce a result to one sample per round, the median of its slices, without setups: a history must stay small."""
    contenders = {
        name: {part: value for part, value in record.items() if part != "setup"}
        for name, record in result.contenders.items()
    }
    result = replace(result, contenders=contenders)
    if not isinstance(result, Comparison):
        return result
    costs = result.costs.stack().rename("value").reset_index()
    samples = costs.assign(quantity="slice_ns", size=1, sample=0, loops=1, count=1)[list(result.samples.columns)]
    return replace(result, samples=samples)

"""One commit measured for the history: each operation beside a statement that is the same for every commit.

The machine's pace differs by more between two days than most commits change.  What is kept of an operation is
therefore its ratio to the reference, taken in the same rounds; its nanoseconds stand beside it.
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
        When it was made, ISO 8601.
    subject : str
        The first line of its message.
    """

    commit: str
    committed: str
    subject: str


@dataclass(frozen=True)
class Reference(Side):
    """The side that runs the reference, whatever the operation is.

    Parameters
    ----------
    statements : mapping of str to str
        By the operation's kind.
    """

    statements: Mapping[str, str] = field(default_factory=dict)

    def statement(self, operation: Operation) -> Statement:
        """The reference of the operation's kind."""
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
        With a reference for each kind that is timed.
    side : Side
        The build.
    revision : Revision
        What it was built from.
    rounds : int
        Rounds of each operation.
    progress : callable
        Is told what is done, how much of it, and how much there is.
    timeout : float
        Seconds that a worker may take for a request.

    Returns
    -------
    Run
        With one result an operation, of the profile ``history``.  One that does not run is left out, by name;
        interrupted, the run is incomplete.
    """
    around, before = machine(), Neighbours.read()
    sides = {
        REFERENCE: Reference(REFERENCE, side.python, statements=references(operations)),
        OPERATION: side,
    }
    trials: dict[str, Trial] = {}
    for place, operation in enumerate(operations.operations):
        progress("does it run", place, len(operations.operations))
        trials[operation.name] = attempt(operation, involved(operation, sides), timeout, alike=False)
    left_out = {name: reason(trial) for name, trial in trials.items() if not trial.runs}
    results: dict[str, Result] = {}
    complete = True
    for counted in (True, False):
        part = {
            name: trial for name, trial in trials.items() if trial.runs and (trial.operation.kind == "bytes") is counted
        }
        beside = {OPERATION: side} if counted else sides
        found = measure_rounds(part, beside, rounds, lambda done, total: progress("rounds", done, total), timeout)
        results |= found.results
        left_out |= {name: told(text) for name, text in found.failed.items()}
        complete = complete and not found.interrupted
    notes = before.notes_until(Neighbours.read())
    named = [results[name] for name in trials if name in results]
    return Run.of(
        [replace(condensed(result), example=EXAMPLE, notes=(*result.notes, *notes)) for result in named],
        profile=PROFILE,
        complete=complete,
        machine=around,
        packages={},  # they are installed in the environment of the side
        build={**side.build, "commit": revision.commit},
        revision=asdict(revision),
        left_out=left_out,
    )


def references(operations: Operations) -> Mapping[str, str]:
    """The references, once there is one for each kind that is timed."""
    for operation in operations.operations:
        if operation.kind != "bytes" and operation.kind not in operations.reference:
            message = f"there is no reference for operations of the kind {operation.kind!r}; name one in [reference]"
            raise OperationError(message)
    return operations.reference


def involved(operation: Operation, sides: Mapping[str, Side]) -> Mapping[str, Side]:
    """The sides that an operation needs: bytes are exact, so that nothing has to stand beside them."""
    return {OPERATION: sides[OPERATION]} if operation.kind == "bytes" else sides


def reason(trial: Trial) -> str:
    """Why an operation was not measured, in a line."""
    return trial.unavailable or "; ".join(told(error.summary) for error in trial.refused.values())


def told(error: str) -> str:
    """An error in a line, without the paths of this machine: a history is published."""
    return PATH.sub("", error).strip()


def condensed(result: Result) -> Result:
    """Keep one sample a round, the median of its slices, and no setup: a history is kept for good and stays small."""
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

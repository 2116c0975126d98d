"""Why an operation changed: the functions whose instructions differ most, and how often memory was asked for.

Each line says where to look; time decides.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evenhand.gate.instructions import dumps, slope
from evenhand.gate.interleaving import Trial
from evenhand.gate.side import BASE, CANDIDATE, Side
from evenhand.measure.process import WorkerError, WorkerProcess

MOST_FUNCTIONS = 10
LEAST = 0.5
"""Fewer instructions of an execution than this are no difference."""
LOOPS = 100
"""Executions among which allocations are counted, and twice as many: what both have once is no part of one."""
ANNOTATE = "callgrind_annotate"
LINE = re.compile(r"^ *([\d,]+) \( ?[\d.]+%\)  [^:]*:(.+?)(?: \[[^\]]*\])?$", re.MULTILINE)
"""A line of callgrind's own table: instructions, file, function, and the object it is in where that is new."""
NOISE = re.compile(r"::h[0-9a-f]{16}\b|'\d+$")
"""A hash that differs between builds of the same Rust, and callgrind's number of a recursion."""


@dataclass(frozen=True)
class Change:
    """A number of one execution on both sides.

    Parameters
    ----------
    name : str
        What is counted: a function, or allocations.
    base, candidate : float
        The numbers.
    """

    name: str
    base: float
    candidate: float

    @property
    def difference(self) -> float:
        """Candidate less base."""
        return self.candidate - self.base


@dataclass(frozen=True)
class Causes:
    """Where to look.

    Parameters
    ----------
    functions : tuple of Change
        Instructions of an execution, by function; the largest difference first.
    memory : tuple of Change
        How often memory was asked for in an execution, and how many bytes; empty where that cannot be counted.
    """

    functions: tuple[Change, ...] = ()
    memory: tuple[Change, ...] = ()


def find_all(
    trials: Sequence[Trial], sides: Mapping[str, Side], progress: Callable[[int, int], None], timeout: float
) -> tuple[dict[str, Causes], dict[str, str]]:
    """Find the causes of each operation.

    Returns
    -------
    causes, failed
        By the operation's name: the causes, and why there are none.
    """
    found: dict[str, Causes] = {}
    failed: dict[str, str] = {}
    for done, trial in enumerate(trials):
        progress(done, len(trials))
        name = trial.operation.name
        try:
            found[name] = Causes(functions(trial, sides, timeout), memory(trial, sides, timeout))
        except WorkerError as error:
            failed[name] = error.summary
    return found, failed


def functions(trial: Trial, sides: Mapping[str, Side], timeout: float) -> tuple[Change, ...]:
    """The functions whose instructions differ most between the sides."""
    if shutil.which(ANNOTATE) is None:
        return ()
    taken = {}
    for name, side in sides.items():
        with tempfile.TemporaryDirectory() as folder:
            once, twice, executions = dumps(trial, name, side, timeout, Path(folder))
            first, second = by_function(once), by_function(twice)
            taken[name] = {each: slope(first.get(each, 0), second[each], executions) for each in second}
    return largest(taken[BASE], taken[CANDIDATE])


def largest(base: Mapping[str, float], candidate: Mapping[str, float]) -> tuple[Change, ...]:
    """The largest differences, without those that are too small to be one."""
    changes = [Change(name, base.get(name, 0.0), candidate.get(name, 0.0)) for name in {*base, *candidate}]
    told = [change for change in changes if abs(change.difference) >= LEAST]
    return tuple(sorted(told, key=lambda change: (-abs(change.difference), change.name))[:MOST_FUNCTIONS])


def by_function(dump: Path) -> dict[str, int]:
    """The instructions of each function itself, by callgrind's own table."""
    table = subprocess.run(  # noqa: S603 - of valgrind, found on PATH
        [ANNOTATE, "--threshold=100", "--auto=no", str(dump)], capture_output=True, text=True, check=False
    )
    if table.returncode:
        message = f"{ANNOTATE} cannot read what callgrind left: {table.stderr.strip()}"
        raise WorkerError(message)
    return table_of(table.stdout)


def table_of(text: str) -> dict[str, int]:
    """Read callgrind's table; a function that is inlined in several files has one number."""
    found: defaultdict[str, int] = defaultdict(int)
    for instructions, function in LINE.findall(text):
        found[NOISE.sub("", function)] += int(instructions.replace(",", ""))
    return dict(found)


def memory(trial: Trial, sides: Mapping[str, Side], timeout: float) -> tuple[Change, ...]:
    """How often memory was asked for in an execution, and how many bytes."""
    counted: dict[str, list[float]] = {}
    for name, side in sides.items():
        label = f"{trial.operation.name} ({name}, under memray)"
        with (
            tempfile.TemporaryDirectory() as folder,
            WorkerProcess(label, side.statement(trial.operation), timeout=timeout) as worker,
        ):
            once, twice = (
                worker.ask({"do": "allocations", "loops": loops, "folder": folder})["counted"]
                for loops in (LOOPS, 2 * LOOPS)
            )
        if "missing" in once:
            return ()
        counted[name] = [(twice[what] - once[what]) / LOOPS for what in ("allocations", "bytes")]
    return tuple(
        Change(what, base, candidate)
        for what, base, candidate in zip(("allocations", "bytes"), counted[BASE], counted[CANDIDATE], strict=True)
    )

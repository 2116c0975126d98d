"""Causes of a change: the functions whose instruction counts differ most, and the allocations.

Each line shows where to look; time decides.
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
"""Differences below this many instructions per execution are dropped."""
LOOPS = 100
"""Allocations are counted over this many executions and over twice as many; the difference excludes one-time ones."""
ANNOTATE = "callgrind_annotate"
LINE = re.compile(r"^ *([\d,]+) \( ?[\d.]+%\)  [^:]*:(.+?)(?: \[[^\]]*\])?$", re.MULTILINE)
"""A line of callgrind's table: instructions, file, function, and the object file where it changes."""
NOISE = re.compile(r"::h[0-9a-f]{16}\b|'\d+$")
"""A hash that differs between builds of the same Rust source, or callgrind's recursion number."""


@dataclass(frozen=True)
class Change:
    """A count per execution on both sides.

    Parameters
    ----------
    name : str
        A function, ``allocations`` or ``bytes``.
    base, candidate : float
        The numbers.
    """

    name: str
    base: float
    candidate: float

    @property
    def difference(self) -> float:
        """Candidate minus base."""
        return self.candidate - self.base


@dataclass(frozen=True)
class Causes:
    """Where to look.

    Parameters
    ----------
    functions : tuple of Change
        Instructions per execution, by function; the largest difference first.
    memory : tuple of Change
        Allocations and allocated bytes per execution; empty where these cannot be counted.
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
        By the operation's name: the causes, and the reason where they could not be found.
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
    """Return the functions whose instruction counts differ most between the sides."""
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
    """Return the largest differences, without negligible ones."""
    changes = [Change(name, base.get(name, 0.0), candidate.get(name, 0.0)) for name in {*base, *candidate}]
    relevant = [change for change in changes if abs(change.difference) >= LEAST]
    return tuple(sorted(relevant, key=lambda change: (-abs(change.difference), change.name))[:MOST_FUNCTIONS])


def by_function(dump: Path) -> dict[str, int]:
    """Return each function's own instructions, from callgrind's table."""
    table = subprocess.run(  # noqa: S603 - of valgrind, found on PATH
        [ANNOTATE, "--threshold=100", "--auto=no", str(dump)], capture_output=True, text=True, check=False
    )
    if table.returncode:
        message = f"{ANNOTATE} cannot read callgrind's output: {table.stderr.strip()}"
        raise WorkerError(message)
    return parse_table(table.stdout)


def parse_table(text: str) -> dict[str, int]:
    """Parse callgrind's table; the counts of a function that is inlined in several files are added up."""
    found: defaultdict[str, int] = defaultdict(int)
    for instructions, function in LINE.findall(text):
        found[NOISE.sub("", function)] += int(instructions.replace(",", ""))
    return dict(found)


def memory(trial: Trial, sides: Mapping[str, Side], timeout: float) -> tuple[Change, ...]:
    """Return the allocations and the allocated bytes per execution."""
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

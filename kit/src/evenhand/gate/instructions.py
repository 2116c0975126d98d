"""Instructions instead of time: a witness that no neighbour can disturb, on Linux with valgrind."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

from evenhand.gate.findings import Status
from evenhand.gate.interleaving import Trial
from evenhand.gate.side import BASE, CANDIDATE, Side
from evenhand.judge.decision import SMALLEST_EFFECT
from evenhand.measure.memory import at_once
from evenhand.measure.process import TIMEOUT, WorkerError, WorkerProcess

COUNTS = 3
"""Fresh processes a side: they tell which operations take another number of instructions each time."""
COUNTED_NS = 1_000_000
"""Nanoseconds, outside of valgrind, of what is counted at once."""
FEWEST_LOOPS = 4
WARMUP = 20
"""Calls before counting: the interpreter specialises its bytecode in the first ones."""
SMALLEST_CHANGE = 0.0025
"""Below this not even a repeatable count is called another one."""
REPEATABLE = 0.001
"""A spread above this makes an operation a poor subject."""
SAFETY = 3
"""The threshold of a poor subject is so many times its spread."""
ENVIRONMENT = {
    "PYTHONMALLOC": "malloc",  # pools of Python's own would be filled differently at each call
    "PYTHONHASHSEED": "0",
}
TOTAL = re.compile(r"^totals: (\d+)$", re.MULTILINE)

Says = Literal["more", "fewer", "same"]


@dataclass(frozen=True)
class Count:
    """Instructions of one operation on both sides.

    Parameters
    ----------
    base, candidate : tuple of float
        Instructions of one operation, one for each process.
    """

    base: tuple[float, ...]
    candidate: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """Candidate over base, of the medians."""
        return median(self.candidate) / median(self.base)

    @property
    def spread(self) -> float:
        """The larger span of a side's processes, as a share of their median."""
        return max((max(side) - min(side)) / median(side) for side in (self.base, self.candidate))

    @property
    def poor(self) -> bool:
        """Whether it takes another number of instructions in each process."""
        return self.spread > REPEATABLE

    @property
    def threshold(self) -> float:
        """The smallest change that is called one."""
        return max(SMALLEST_CHANGE, SAFETY * self.spread)

    @property
    def says(self) -> Says:
        """What the count shows."""
        if abs(self.ratio - 1) <= self.threshold:
            return "same"
        return "more" if self.ratio > 1 else "fewer"

    def disagrees(self, status: Status) -> bool:
        """Whether time says otherwise, by more than time can overlook."""
        if status == "slower":
            return self.says != "more"
        if status == "faster":
            return self.says != "fewer"
        return status == "unchanged" and self.says != "same" and abs(self.ratio - 1) >= SMALLEST_EFFECT


def unavailable() -> str:
    """Why instructions cannot be counted here; empty when they can."""
    if sys.platform != "linux":
        return "instructions are counted under valgrind, on Linux alone"
    if shutil.which("valgrind") is None:
        return "there is no valgrind on PATH; on Debian `apt-get install valgrind` gets it"
    if hooks() is None:
        return "there is no pytest-codspeed, whose module talks to valgrind; pip install pytest-codspeed"
    return ""


def hooks() -> Path | None:
    """The compiled module of pytest-codspeed that makes valgrind's client requests."""
    found = importlib.util.find_spec("pytest_codspeed")
    folders = (
        [Path(folder, "instruments", "hooks") for folder in found.submodule_search_locations or ()] if found else []
    )
    named = [f"dist_instrument_hooks{suffix}" for suffix in importlib.machinery.EXTENSION_SUFFIXES]
    return next((path for folder in folders for name in named if (path := folder / name).is_file()), None)


def count_all(
    trials: Sequence[Trial],
    sides: Mapping[str, Side],
    progress: Callable[[int, int], None],
    timeout: float = TIMEOUT,
) -> tuple[dict[str, Count], dict[str, str]]:
    """Count every operation on both sides, several times; nothing is timed, so some run side by side.

    Returns
    -------
    counts, failed
        By the operation's name: the counts, and why there is none.
    """
    jobs = [(trial, name) for trial in trials for name in sides for _ in range(COUNTS)]
    found: dict[str, dict[str, list[float]]] = {}
    failed: dict[str, str] = {}

    def work(job: tuple[Trial, str]) -> float | WorkerError:
        trial, name = job
        try:
            return count(trial, name, sides[name], timeout)
        except WorkerError as error:
            return error

    pool = ThreadPoolExecutor(at_once())
    try:
        for done, (job, answer) in enumerate(zip(jobs, pool.map(work, jobs), strict=True)):
            progress(done, len(jobs))
            operation = job[0].operation.name
            if isinstance(answer, WorkerError):
                failed[operation] = answer.summary
            else:
                found.setdefault(operation, {}).setdefault(job[1], []).append(answer)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    counts = {
        name: Count(tuple(each[BASE]), tuple(each[CANDIDATE])) for name, each in found.items() if name not in failed
    }
    return counts, failed


def count(trial: Trial, name: str, side: Side, timeout: float) -> float:
    """Instructions of one operation in a fresh process: the slope between two numbers of loops.

    What the loop itself takes once cancels out; so do the first calls, which are made before.
    """
    with tempfile.TemporaryDirectory() as folder:
        once, twice, executions = dumps(trial, name, side, timeout, Path(folder))
        return slope(total(once), total(twice), executions)


def dumps(trial: Trial, name: str, side: Side, timeout: float, folder: Path) -> tuple[Path, Path, int]:
    """What callgrind counted of so many executions and of twice as many, in files of a folder; and their number."""
    calibration = trial.calibrations[name]
    repeats = calibration.repeats
    loops = max(round(COUNTED_NS / (repeats * max(calibration.cost, 1.0))), FEWEST_LOOPS)
    output = folder / "callgrind"
    under = ["valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={output}"]
    label = f"{trial.operation.name} ({name}, under valgrind)"
    with WorkerProcess(label, side.statement(trial.operation), None, timeout, under, ENVIRONMENT) as worker:
        request = {"hooks": str(hooks()), "repeats": repeats, "warmup": WARMUP, "loops": [loops, 2 * loops]}
        worker.ask({"do": "instructions", **request})
    return Path(f"{output}.1"), Path(f"{output}.2"), loops * repeats


def slope(once: int, twice: int, operations: int) -> float:
    """Instructions of one operation, from so many of them and from twice as many; what they share is no part of it."""
    return (twice - once) / operations


def total(dump: Path) -> int:
    """The instructions that a file of callgrind's counts."""
    found = TOTAL.search(dump.read_text(encoding="utf-8", errors="replace")) if dump.is_file() else None
    if found is None:
        message = f"callgrind left no count in {dump.name}; valgrind's client requests did not reach it"
        raise WorkerError(message)
    return int(found[1])

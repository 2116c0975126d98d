"""Instruction counts, which other processes cannot disturb; on Linux with valgrind."""

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
"""Fresh processes per side; they show which operations' counts vary."""
COUNTED_NS = 1_000_000
"""Duration of one counted block of loops, in nanoseconds without valgrind."""
FEWEST_LOOPS = 4
WARMUP = 20
"""Calls before counting: the interpreter specialises its bytecode in the first ones."""
SMALLEST_CHANGE = 0.0025
"""Smaller relative changes count as none, even for a repeatable count."""
REPEATABLE = 0.001
"""A count with a larger spread is not repeatable."""
SAFETY = 3
"""The threshold of a count that is not repeatable, in multiples of its spread."""
ENVIRONMENT = {
    "PYTHONMALLOC": "malloc",  # Python's own memory pools would be filled differently at each call
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
        Instructions of one operation, one number per process.
    """

    base: tuple[float, ...]
    candidate: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The candidate's median over the base's."""
        return median(self.candidate) / median(self.base)

    @property
    def spread(self) -> float:
        """The range over a side's processes as a share of their median; the larger of both sides."""
        return max((max(side) - min(side)) / median(side) for side in (self.base, self.candidate))

    @property
    def poor(self) -> bool:
        """Whether the count varies from process to process."""
        return self.spread > REPEATABLE

    @property
    def threshold(self) -> float:
        """The smallest relative change that is reported."""
        return max(SMALLEST_CHANGE, SAFETY * self.spread)

    @property
    def says(self) -> Says:
        """The direction of the change, if it exceeds the threshold."""
        if abs(self.ratio - 1) <= self.threshold:
            return "same"
        return "more" if self.ratio > 1 else "fewer"

    def disagrees(self, status: Status) -> bool:
        """Whether the timing contradicts the count, beyond the smallest effect that timing resolves."""
        if status == "slower":
            return self.says != "more"
        if status == "faster":
            return self.says != "fewer"
        return status == "unchanged" and self.says != "same" and abs(self.ratio - 1) >= SMALLEST_EFFECT


def unavailable() -> str:
    """Return why instructions cannot be counted here; empty if they can."""
    if sys.platform != "linux":
        return "instructions are counted under valgrind, which needs Linux"
    if shutil.which("valgrind") is None:
        return "valgrind is not on PATH; on Debian, install it with `apt-get install valgrind`"
    if hooks() is None:
        return "pytest-codspeed, whose module communicates with valgrind, is missing; pip install pytest-codspeed"
    return ""


def hooks() -> Path | None:
    """Find the compiled module of pytest-codspeed that makes valgrind's client requests."""
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
    """Count every operation several times on both sides, some in parallel because nothing is timed.

    Returns
    -------
    counts, failed
        By the operation's name: the counts, and the reason where counting failed.
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
    """Count the instructions of one operation in a fresh process: the slope between two numbers of loops.

    One-time costs of the loop cancel out.  The first calls are made before counting.
    """
    with tempfile.TemporaryDirectory() as folder:
        once, twice, executions = dumps(trial, name, side, timeout, Path(folder))
        return slope(total(once), total(twice), executions)


def dumps(trial: Trial, name: str, side: Side, timeout: float, folder: Path) -> tuple[Path, Path, int]:
    """Count a number of executions, and twice that number, into two files of `folder`; also return the number."""
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
    """Return the instructions of one operation from counts of `operations` and of twice as many executions."""
    return (twice - once) / operations


def total(dump: Path) -> int:
    """Return the total of a callgrind file."""
    found = TOTAL.search(dump.read_text(encoding="utf-8", errors="replace")) if dump.is_file() else None
    if found is None:
        message = f"{dump.name} has no count by callgrind; valgrind's client requests did not reach it"
        raise WorkerError(message)
    return int(found[1])

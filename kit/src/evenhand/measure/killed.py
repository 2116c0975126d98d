"""`killed`: processes killed in the middle of their work, and how far each said that it was."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

from evenhand.measure.process import TIMEOUT, WorkerError
from evenhand.measure.statement import by_value, search_path

VICTIM = Path(__file__).with_name("victim.py")
STEP = 0.0005
"""Seconds between two looks at the counts."""
ENDING = 10.0
"""Seconds in which the parent of several victims has to end."""
Work = Callable[[Callable[[int], None]], Any]


def killed(work: Work, *, after: int = 1, seconds: float = 0.0, timeout: float = TIMEOUT) -> int:
    """Kill a process in the middle of its work (``kill -9``), and tell how far it said that it was.

    What a file still holds then is what a program that dies leaves behind; whoever writes it says with each count what
    it takes to be written.  The count is in memory that the operating system keeps, so that it outlives the process,
    and costs the work no call of the system.

    Parameters
    ----------
    work : callable
        Called in a process of its own with a function ``count``, to be called with how much is done, as often as there
        is more; ``count(0)`` says that it has begun.  It has to go on until it is killed, and is sent by value.
    after : int
        Kill it once so much is counted.
    seconds : float
        And so much later.
    timeout : float
        Seconds within which so much has to be counted.

    Returns
    -------
    int
        What was counted last.

    Raises
    ------
    ValueError
        If `after` or `seconds` is negative.
    WorkerError
        If the work fails, ends by itself, or does not count so far in time.

    Examples
    --------
    >>> import evenhand as bench
    >>> def work(count):
    ...     done = 0
    ...     while True:
    ...         done += 1
    ...         count(done)
    >>> bench.killed(work, after=10) >= 10
    True
    """
    return killed_together([work], after=after, seconds=[seconds], timeout=timeout)[0]


def killed_together(
    works: Sequence[Work], *, after: int = 1, seconds: Sequence[float], timeout: float = TIMEOUT
) -> list[int]:
    """Kill several processes, which work side by side; return what each counted last.

    On Linux they are forked from one that has imported what they need; elsewhere they work one after the other.  The
    arguments are those of `killed`, with `seconds` for each.
    """
    if after < 0 or min(seconds) < 0:
        message = f"after is {after!r} and seconds is {min(seconds)!r}; give numbers from 0 on"
        raise ValueError(message)
    if len(works) > 1 and sys.platform != "linux":
        return [
            killed(work, after=after, seconds=moment, timeout=timeout)
            for work, moment in zip(works, seconds, strict=True)
        ]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as errors:
        victims = [Victim(Path(folder) / str(place), moment) for place, moment in enumerate(seconds)]
        process = subprocess.Popen(  # noqa: S603 - our own file, with this interpreter
            [sys.executable, "-P", str(VICTIM), *(str(victim.file) for victim in victims)],
            stdin=subprocess.PIPE,
            stderr=errors,
        )
        try:
            hand_over(process, [by_value(work) for work in works])
            problem = kill_each(victims, process, after, timeout)
        finally:
            if len(works) == 1:
                process.kill()
            # The parent of several ends those that live, and waits for all, once its input is closed.
            try:
                process.communicate(timeout=ENDING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
        if problem is not None:
            errors.seek(0)
            words = errors.read().decode(errors="replace").strip()
            message = f"the work {problem}{f': {words[-2000:]}' if words else ''}"
            raise WorkerError(message)
        return [victim.count for victim in victims]


class Victim:
    """A process that works until it is killed, known by the file in which it counts.

    Parameters
    ----------
    file : Path
        Made here: the number of the process, then what it has counted, plus one.
    seconds : float
        How long after it has counted far enough it is killed.
    """

    def __init__(self, file: Path, seconds: float) -> None:
        self.file = file
        self.seconds = seconds
        self.due: float | None = None
        file.write_bytes(bytes(16))

    @property
    def pid(self) -> int:
        """The process; 0 before it has begun."""
        return int.from_bytes(self.file.read_bytes()[:8], "little")

    @property
    def count(self) -> int:
        """What it counted last; -1 before it has counted."""
        return int.from_bytes(self.file.read_bytes()[8:], "little") - 1

    def ended(self) -> bool:
        """Whether it has ended though nobody killed it."""
        return self.pid != 0 and psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE

    def killed(self, after: int) -> bool:
        """Kill it if it is time to; tell whether it was."""
        now = time.monotonic()
        if self.due is None and self.count >= after:
            self.due = now + self.seconds
        if self.due is None or now < self.due:
            return False
        psutil.Process(self.pid).kill()
        return True


def hand_over(process: subprocess.Popen[bytes], works: list[bytes]) -> None:
    """Send the works; a process that is gone already is told by its status."""
    assert process.stdin is not None
    try:
        pickle.dump({"path": search_path(), "works": works}, process.stdin)
        process.stdin.flush()
    except BrokenPipeError:
        process.wait()


def kill_each(victims: Sequence[Victim], process: subprocess.Popen[bytes], after: int, timeout: float) -> str | None:
    """Kill each victim at its time; return what went wrong, if anything did."""
    deadline = time.monotonic() + timeout
    alive = list(victims)
    while alive:
        if process.poll() is not None:
            return f"ended by itself (status {process.returncode})"
        if len(victims) > 1 and any(victim.ended() for victim in alive):
            return "ended by itself"
        alive = [victim for victim in alive if not victim.killed(after)]
        if time.monotonic() > deadline and any(victim.due is None for victim in alive):
            return f"did not count up to {after} within {timeout:g} s"
        time.sleep(STEP)
    return None

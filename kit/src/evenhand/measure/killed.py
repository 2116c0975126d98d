"""`killed`: kill processes in the middle of their work, and return the progress that each reported."""

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
"""Seconds between two reads of the counts."""
ENDING = 10.0
"""Seconds in which the parent of several victims must end."""
Work = Callable[[Callable[[int], None]], Any]


def killed(work: Work, *, after: int = 1, seconds: float = 0.0, timeout: float = TIMEOUT) -> int:
    """Kill a process in the middle of its work (``kill -9``), and return the progress that it reported.

    The file then contains what a program that dies leaves behind; the writer reports progress by its own definition of
    "written".  The count is in memory that the operating system owns, so it outlives the process and costs the work no
    system call.

    Parameters
    ----------
    work : callable
        Called in a separate process with a function ``count``, which it calls with its progress as often as there is
        some; ``count(0)`` reports that it has started.  It must work until it is killed, and is sent by value.
    after : int
        Kill the process once this count is reached.
    seconds : float
        Seconds to wait after that.
    timeout : float
        Seconds within which the count must be reached.

    Returns
    -------
    int
        The last reported count.

    Raises
    ------
    ValueError
        If `after` or `seconds` is negative.
    WorkerError
        If the work fails, ends, or does not reach the count in time.

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
    """Kill several processes, which work in parallel; return the last count of each.

    On Linux they are forked from one process that has imported what they need; elsewhere they work one after the other.
    The arguments are those of `killed`, with `seconds` for each.
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
            # The parent of several ends those that are alive, and waits for all, once its input is closed.
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
    """A process that works until it is killed, identified by the file in which it counts.

    Parameters
    ----------
    file : Path
        Created here: the process number, then its count plus one.
    seconds : float
        The delay between reaching the count and the kill.
    """

    def __init__(self, file: Path, seconds: float) -> None:
        self.file = file
        self.seconds = seconds
        self.due: float | None = None
        file.write_bytes(bytes(16))

    @property
    def pid(self) -> int:
        """The process number; 0 before the process has started."""
        return int.from_bytes(self.file.read_bytes()[:8], "little")

    @property
    def count(self) -> int:
        """Its last count; -1 before the first."""
        return int.from_bytes(self.file.read_bytes()[8:], "little") - 1

    def ended(self) -> bool:
        """Whether it has ended without being killed."""
        return self.pid != 0 and psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE

    def killed(self, after: int) -> bool:
        """Kill it if it is time to; return whether it was killed."""
        now = time.monotonic()
        if self.due is None and self.count >= after:
            self.due = now + self.seconds
        if self.due is None or now < self.due:
            return False
        psutil.Process(self.pid).kill()
        return True


def hand_over(process: subprocess.Popen[bytes], works: list[bytes]) -> None:
    """Send the works; a process that has already ended is reported by its status."""
    assert process.stdin is not None
    try:
        pickle.dump({"path": search_path(), "works": works}, process.stdin)
        process.stdin.flush()
    except BrokenPipeError:
        process.wait()


def kill_each(victims: Sequence[Victim], process: subprocess.Popen[bytes], after: int, timeout: float) -> str | None:
    """Kill each victim at its time; return what went wrong, if anything."""
    deadline = time.monotonic() + timeout
    alive = list(victims)
    while alive:
        if process.poll() is not None:
            return f"ended without being killed (status {process.returncode})"
        if len(victims) > 1 and any(victim.ended() for victim in alive):
            return "ended without being killed"
        alive = [victim for victim in alive if not victim.killed(after)]
        if time.monotonic() > deadline and any(victim.due is None for victim in alive):
            return f"did not count up to {after} within {timeout:g} s"
        time.sleep(STEP)
    return None

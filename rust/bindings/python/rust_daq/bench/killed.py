"""`killed`: a process killed in the middle of its work, and how far it said that it was."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rust_daq.bench.process import TIMEOUT, WorkerError
from rust_daq.bench.statement import by_value

VICTIM = Path(__file__).with_name("victim.py")
STEP = 0.0005
"""Seconds between two looks at the count."""


def killed(
    work: Callable[[Callable[[int], None]], Any], *, after: int = 1, seconds: float = 0.0, timeout: float = TIMEOUT
) -> int:
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
    >>> from rust_daq import bench
    >>> def work(count):
    ...     done = 0
    ...     while True:
    ...         done += 1
    ...         count(done)
    >>> bench.killed(work, after=10) >= 10
    True
    """
    if after < 0 or seconds < 0:
        message = f"after is {after!r} and seconds is {seconds!r}; give numbers from 0 on"
        raise ValueError(message)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as errors:
        counted = Path(folder) / "count"
        counted.write_bytes(bytes(8))

        def count() -> int:
            return int.from_bytes(counted.read_bytes(), "little") - 1

        process = subprocess.Popen(  # noqa: S603 - our own file, with this interpreter
            [sys.executable, "-P", str(VICTIM), str(counted)], stdin=subprocess.PIPE, stderr=errors
        )
        try:
            hand_over(process, by_value(work))
            wait_for(process, timeout, lambda: count() >= after)
            time.sleep(seconds)
            problem = None if process.poll() is None else f"ended by itself (status {process.returncode})"
        except TimeoutError:
            problem = f"did not count up to {after} within {timeout:g} s"
        finally:
            process.kill()
            process.wait()
        if problem is not None:
            errors.seek(0)
            words = errors.read().decode(errors="replace").strip()
            message = f"the work {problem}{f': {words[-2000:]}' if words else ''}"
            raise WorkerError(message)
        return count()


def hand_over(process: subprocess.Popen[bytes], work: bytes) -> None:
    """Send the work; a process that is gone already is told by its status."""
    assert process.stdin is not None
    try:
        process.stdin.write(work)
        process.stdin.close()
    except BrokenPipeError:
        process.wait()


def wait_for(process: subprocess.Popen[bytes], timeout: float, reached: Callable[[], bool]) -> None:
    """Wait until something is reached or the process has ended; `TimeoutError` if neither happens in time."""
    deadline = time.monotonic() + timeout
    while not reached() and process.poll() is None:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(STEP)

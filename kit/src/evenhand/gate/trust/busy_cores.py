"""Artificial neighbours: processes that keep cores busy during a gate, all the time or on and off."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Literal

Variant = Literal["quiet", "loaded", "neighbour"]
"""An idle machine; all cores except one busy; a neighbour on each core that comes and goes."""

BUSY = "while True: pass"
COMES_AND_GOES = """
import random, time
chance = random.Random({seed})
while True:
    until = time.monotonic() + chance.uniform(0.1, 3)
    while time.monotonic() < until:
        pass
    time.sleep(chance.uniform(0.1, 3))
"""


@contextlib.contextmanager
def neighbours(variant: Variant, seed: int) -> Iterator[None]:
    """Run neighbours during a measurement; all of them end with it, also after an error."""
    cores = os.cpu_count() or 1
    codes = {
        "quiet": [],
        "loaded": [BUSY] * max(cores - 1, 1),
        "neighbour": [COMES_AND_GOES.format(seed=seed + core) for core in range(cores)],
    }[variant]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        # One by one, so that started processes are ended if a later one fails to start.
        processes.extend(subprocess.Popen([sys.executable, "-c", code]) for code in codes)  # noqa: S603 - the code above
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()

"""The machine's pace: how long a fixed piece of plain Python takes, measured before and after each round."""

from __future__ import annotations

import time
from collections.abc import Iterable

STEPS = 2_000
TRIES = 5
NOTICED = 1.2
"""If the pace varies by more than this factor, every number of the run is marked."""


def yardstick() -> float:
    """Time the fixed piece of Python: nanoseconds, the minimum of a few tries, because a neighbour only ever adds time.

    Returns
    -------
    float
        A few tenths of a millisecond, in ns.
    """
    return float(min(once() for _ in range(TRIES)))


def once() -> int:
    """Time it once."""
    total = 0
    begin = time.perf_counter_ns()
    for step in range(STEPS):
        total += step & 7
    return time.perf_counter_ns() - begin


def varied(paces: Iterable[float]) -> float:
    """The ratio between the slowest and the fastest pace; 1 where there is no pace."""
    known = [pace for pace in paces if pace > 0]
    return max(known) / min(known) if known else 1.0

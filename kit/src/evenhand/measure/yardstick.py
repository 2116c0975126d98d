"""The machine's pace: how long a fixed piece of plain Python takes, looked at before and after each round."""

from __future__ import annotations

import time
from collections.abc import Iterable

STEPS = 2_000
TRIES = 5
NOTICED = 1.2
"""A pace that varies by more than this factor is said beside every number of the run."""


def yardstick() -> float:
    """Time the fixed piece of Python: nanoseconds, the least of a few tries, because a neighbour only ever adds.

    Returns
    -------
    float
        Some tenths of a millisecond's worth, whatever is measured beside it.
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
    """How far the slowest and the fastest pace are apart, as a ratio; 1 where there is none."""
    known = [pace for pace in paces if pace > 0]
    return max(known) / min(known) if known else 1.0

"""Sampling at a fixed rate, for `paced`: runs of a given duration, and the search for the capacity."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from rust_daq.bench.process import TIMEOUT, WorkerProcess
from rust_daq.bench.statement import Statement

SCHEDULER = "scheduler"
"""The row of the empty statement, paced alike."""
WARMUP = 20
"""Calls before the run that are not counted: what a process does once is not the arrival's."""
STEPS = 7
"""Halvings of the capacity's bracket, fixed beforehand: what is left is 1 % wide."""
BRACKET = (0.5, 1.25)
"""Where the capacity is looked for, as shares of the rate at which an always busy server serves."""
BURST_SECONDS = 0.08
FEWEST = 10
"""Arrivals that a burst has at least, however slow the statement."""
TRIES = 2
"""A rate is held when one of so many bursts is: a neighbour can spoil a burst, nothing lets too high a rate pass."""

Row = tuple[Any, ...]


def arrivals_in(rate: float, duration: float) -> int:
    """How many arrivals are due in `duration` seconds, the first at once."""
    return max(round(rate * duration), 1)


def run_paced(contender: str, statement: Statement, rate: float, duration: float, index: int) -> list[Row]:
    """One round of one contender in a fresh worker; rows of samples."""
    arrivals = arrivals_in(rate, duration)
    with WorkerProcess(contender, statement) as worker:
        request = {"do": "paced", "rate": rate, "arrivals": arrivals, "warmup": WARMUP}
        answer = worker.ask(request, timeout=arrivals / rate + TIMEOUT)
    rows: list[Row] = []
    for quantity, key in (("response_ns", "responses"), ("waited_ns", "waited")):
        rows += [(contender, quantity, 1, index, 0, 1, float(value), count) for value, count in answer[key]]
    rows.append((contender, "late", 1, index, 0, 1, float(answer["late"]), 1))
    return rows


def run_capacity(contender: str, statement: Statement) -> list[Row]:
    """Search one contender's capacity in a fresh worker; a row for each rate that was tried."""
    with WorkerProcess(contender, statement) as worker:
        found = worker.ask({"do": "saturate", "seconds": BURST_SECONDS / 4, "fewest": FEWEST})["per_second"]

        def holds(rate: float) -> bool:
            arrivals = max(arrivals_in(rate, BURST_SECONDS), FEWEST)
            request = {"do": "paced", "rate": rate, "arrivals": arrivals, "warmup": 0}
            return any(caught_up(worker.ask(request)["idle"], arrivals / rate) for _ in range(TRIES))

        tried = list(search(holds, BRACKET[0] * found, BRACKET[1] * found))
    return [
        (contender, "held_per_second" if held else "not_held_per_second", 1, 0, step, 1, rate, 1)
        for step, (rate, held) in enumerate(tried)
    ]


def caught_up(idle: float, seconds: float) -> bool:
    """Whether the backlog did not grow: it was empty at some moment of the burst's second half.

    Above the capacity the backlog grows from the first arrivals on and is never empty again; below it, it is empty
    again and again, also after a late wake-up.

    Parameters
    ----------
    idle : float
        Nanoseconds from the begin to the last moment without a backlog; negative when there was none.
    seconds : float
        Length of the burst.
    """
    return idle >= seconds * 1e9 / 2


def search(holds: Callable[[float], bool], low: float, high: float) -> Iterator[tuple[float, bool]]:
    """Halve a bracket of rates on the log scale, `STEPS` times; the rates tried and whether each was held."""
    for _ in range(STEPS):
        rate = math.sqrt(low * high)
        held = holds(rate)
        yield rate, held
        low, high = (rate, high) if held else (low, rate)

"""The capacity of a paced statement: the highest rate at which its backlog does not grow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from evenhand.measure.process import WorkerProcess
from evenhand.measure.records import Sample
from evenhand.measure.statement import Harness, Statement

STEPS = 7
"""Halvings of the bracket, fixed in advance: the final bracket is 1 % wide."""
BRACKET = (0.5, 1.25)
"""Where the capacity is searched, as shares of the rate of a loop that is always busy."""
BURST_SECONDS = 0.08
FEWEST = 10
"""The fewest arrivals in a burst, however slow the statement."""
TRIES = 2
"""A rate is sustained when one of this many bursts is: a neighbour can disturb one; too high a rate passes none."""

HELD = "held_per_second"
NOT_HELD = "not_held_per_second"


def sample_capacity(contender: str, statement: Statement, harness: Harness, timeout: float) -> list[Sample]:
    """Search a contender's capacity in a fresh worker; returns a sample for each rate that was tried."""
    with WorkerProcess(contender, statement, timeout=timeout, harness=harness) as worker:
        worker.ask({"do": "once"})
        request = {"do": "saturate", "seconds": BURST_SECONDS / 4, "fewest": FEWEST}
        busy = worker.ask(request)["per_second"]

        def holds(rate: float) -> bool:
            arrivals = max(round(rate * BURST_SECONDS), FEWEST)
            request = {"do": "paced", "rate": rate, "arrivals": arrivals, "warmup": 0}
            return any(caught_up(worker.ask(request)["idle"], arrivals / rate) for _ in range(TRIES))

        tried = list(search(holds, BRACKET[0] * busy, BRACKET[1] * busy))
    return [Sample(contender, HELD if held else NOT_HELD, rate, 0, step) for step, (rate, held) in enumerate(tried)]


def caught_up(idle: float, seconds: float) -> bool:
    """Whether the backlog did not grow: it was empty at some moment in the second half of the burst.

    Above the capacity, the backlog grows from the first arrivals and is never empty again; below it, it empties
    repeatedly, even after a late wake-up.

    Parameters
    ----------
    idle : float
        Nanoseconds from the start to the last moment without a backlog; negative when there was none.
    seconds : float
        Length of the burst.
    """
    return idle >= seconds * 1e9 / 2


def search(holds: Callable[[float], bool], low: float, high: float) -> Iterator[tuple[float, bool]]:
    """Halve a bracket of rates on the log scale; yield each rate that was tried and whether it was sustained."""
    for _ in range(STEPS):
        rate = math.sqrt(low * high)
        held = holds(rate)
        yield rate, held
        low, high = (rate, high) if held else (low, rate)

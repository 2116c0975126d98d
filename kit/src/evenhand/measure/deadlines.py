"""Work that is paced by hand: when it is due, how late it was, and the highest rate it keeps up with."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from evenhand.measure.arguments import positive, whole
from evenhand.measure.capacity import STEPS, search

MOST_ARRIVALS = 20_000_000
"""Each arrival takes eight bytes in the worker until the run ends."""


def deadlines(rate: float, seconds: float) -> Iterator[int]:
    """Sleep until each instant of a rate, and yield it.

    Each instant is computed from its index, so the rate does not drift; an instant in the past is yielded at once.

    Parameters
    ----------
    rate : float
        Instants per second (hertz); the first one is now.
    seconds : float
        How long.

    Yields
    ------
    int
        When the work was due, in nanoseconds of `time.perf_counter_ns`.  The response time is that clock's value after
        the work minus this.

    Raises
    ------
    TypeError, ValueError
        If `rate` or `seconds` is not a finite number above 0, or the duration contains no instant.

    Examples
    --------
    >>> import evenhand as bench
    >>> sum(1 for due in bench.deadlines(1000, 0.01))
    10
    """
    rate = positive("rate", rate, "hertz")
    count = arrivals_in(rate, positive("seconds", seconds, "seconds"))
    begin = time.perf_counter_ns()
    for number in range(count):
        due = begin + round(number * 1e9 / rate)
        while (wait := due - time.perf_counter_ns()) > 0:
            time.sleep(wait / 1e9)
        yield due


def responses(times_ns: Sequence[float], rate: float) -> dict[str, float]:
    """Summarise response times under the same names as a pipeline's report.

    Parameters
    ----------
    times_ns : sequence of float, shape (n,)
        A response time in nanoseconds for each arrival, in order.
    rate : float
        Arrivals per second (hertz).

    Returns
    -------
    dict of str to float
        ``processed``, ``processed_per_second`` (from when the first was due until the last was done), and ``p50_ns``,
        ``p95_ns``, ``p99_ns``, ``p99_9_ns`` and ``max_ns``.

    Raises
    ------
    TypeError, ValueError
        If there are no response times, or `rate` is not a finite number above 0.

    Examples
    --------
    >>> import evenhand as bench
    >>> report = bench.responses([1e6, 2e6, 9e6], 1_000)
    >>> report["processed"], report["p50_ns"], report["max_ns"]
    (3, 2000000.0, 9000000.0)
    """
    if not len(times_ns):
        message = "times_ns is empty; give the response time of at least one arrival"
        raise ValueError(message)
    count = len(times_ns)
    elapsed = (count - 1) * 1e9 / positive("rate", rate, "hertz") + times_ns[-1]
    shares = {"p50_ns": 50, "p95_ns": 95, "p99_ns": 99, "p99_9_ns": 99.9, "max_ns": 100}
    found = np.percentile(times_ns, list(shares.values()), method="inverted_cdf")
    return {
        "processed": count,
        "processed_per_second": count / elapsed * 1e9 if elapsed > 0 else math.inf,
    } | dict(zip(shares, found.tolist(), strict=True))


def highest_rate(holds: Callable[[float], bool], low: float, high: float, *, tries: int = 2) -> float:
    """Search the highest rate that work sustains: a bracket is halved seven times on the log scale.

    A bracket from 1 to f ends as wide as the 128th root of f.

    Parameters
    ----------
    holds : callable
        Takes a rate in hertz, works at it for a moment, and returns whether it was sustained: nothing lost, no growing
        backlog.
    low, high : float
        The bracket in hertz; a rate outside it is never found.
    tries : int
        A rate is sustained when one of this many moments was: a neighbour on the machine can disturb one, and too high
        a rate passes none.

    Returns
    -------
    float
        The highest tried rate that was sustained; NaN where none was.  The true highest rate may be up to one
        `search_step` above.

    Raises
    ------
    TypeError, ValueError
        If `low` and `high` are not finite numbers above 0 in this order, or `tries` is below 1.

    Examples
    --------
    >>> import evenhand as bench
    >>> round(bench.highest_rate(lambda rate: rate <= 1000, 10, 100_000), -2)
    1000.0
    """
    low, high = bracket(low, high)
    tries = whole("tries", tries)
    tried = search(lambda rate: any(holds(rate) for _ in range(tries)), low, high)
    return max((rate for rate, held in tried if held), default=math.nan)


def search_step(low: float, high: float) -> float:
    """The resolution of `highest_rate`: the factor between two neighbouring rates when its search ends.

    Parameters
    ----------
    low, high : float
        The bracket of the search in hertz.

    Returns
    -------
    float
        The 128th root of `high` over `low`.

    Raises
    ------
    TypeError, ValueError
        As `highest_rate` does.

    Examples
    --------
    >>> import evenhand as bench
    >>> round(bench.search_step(1_000, 1_000_000), 3)
    1.055
    """
    low, high = bracket(low, high)
    return float((high / low) ** (1 / 2**STEPS))


def arrivals_in(rate: float, duration: float) -> int:
    """Count the arrivals that are due in `duration` seconds; the first is due at once.

    Raises
    ------
    ValueError
        If there is no arrival, or there are more than a run stores.
    """
    arrivals = round(rate * duration)
    if arrivals < 1:
        message = (
            f"duration is {duration:g} s, in which there is no whole arrival at a rate of {rate:g} Hz; "
            f"pace for at least {1 / rate:g} s"
        )
        raise ValueError(message)
    if arrivals > MOST_ARRIVALS:
        message = (
            f"rate {rate:g} Hz for a duration of {duration:g} s makes {arrivals} arrivals, and a run stores "
            f"at most {MOST_ARRIVALS}; pace for at most {MOST_ARRIVALS / rate:g} s"
        )
        raise ValueError(message)
    return arrivals


def bracket(low: float, high: float) -> tuple[float, float]:
    """Return both ends of a bracket, checked to be in order."""
    low, high = positive("low", low, "hertz"), positive("high", high, "hertz")
    if low >= high:
        message = f"low is {low:g} and high is {high:g}; pass the lower end of the bracket first"
        raise ValueError(message)
    return low, high

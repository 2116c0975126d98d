"""Calling statements at a fixed rate: `paced`, and how it samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rust_daq.bench.capacity import BRACKET, BURST_SECONDS, HELD, STEPS, TRIES, run_capacity
from rust_daq.bench.decision import FEWEST_ROUNDS
from rust_daq.bench.frames import samples_of
from rust_daq.bench.paced import PERCENTILES, SCHEDULER, Paced, enough, number
from rust_daq.bench.process import TIMEOUT, WorkerProcess
from rust_daq.bench.result import records
from rust_daq.bench.settings import Settings
from rust_daq.bench.statement import Setup, Statement, statements

if TYPE_CHECKING:
    import pandas as pd

WARMUP = 20
"""Calls before the run that are not counted: what a process does once is not the arrival's."""
MOST_ARRIVALS = 20_000_000
"""Each keeps eight bytes in the worker until the run ends."""


def paced(
    contenders: Mapping[str, str | Callable[[], Any] | Statement],
    *,
    rate: float,
    duration: float,
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
    name: str = "paced",
    settings: Settings | None = None,
    rounds: int | None = None,
) -> Paced:
    """Call statements at a fixed rate against absolute deadlines, each in a fresh process, one after another.

    The loop sleeps until an arrival is due, calls the statement, and counts the response from the moment at
    which the arrival was due; a late wake-up serves all that is due by then.  So an arrival that waited
    behind another shows its waiting (no coordinated omission).  The call of a function around the statement
    is included; the empty statement, called alike, is the row "scheduler".

    The capacity is then searched in a process of its own: a bracket around the rate at which an always busy
    loop serves is halved a fixed number of times on the log scale; a rate is held when the backlog is empty
    at some moment of the second half of a short burst (of the better of two bursts, for a neighbour on the
    machine can spoil one). Headroom is capacity over `rate`.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        What is called; the first is the baseline.  Names that `setup` makes keep their state from call to
        call.
    rate : float
        Arrivals a second (hertz).
    duration : float
        Seconds that each contender is paced in all; they are split among the rounds.
    setup, namespace : optional
        For those contenders that are not `Statement` already; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        Of the script or the docs build.
    rounds : int, optional
        Rounds, each in a process of its own.  Arrivals of one process are not independent, so intervals are taken over
        rounds, from six on.  By default six where each keeps the arrivals that a p99 needs, else one.

    Returns
    -------
    Paced

    Raises
    ------
    ValueError
        If `rate` or `duration` is not positive and finite, `rounds` is no positive whole number, or rate and
        duration make no arrival or more than a run keeps.
    WorkerError
        If a statement fails, or its worker dies or hangs.

    Examples
    --------
    >>> from rust_daq import bench
    >>> result = bench.paced({"sum": "sum(range(100))"}, rate=1_000, duration=0.1)
    >>> result.rate, result.capacity("sum") > 0
    (1000.0, True)
    """
    settings = settings or Settings()
    rate, duration = positive("rate", rate, "hertz"), positive("duration", duration, "seconds")
    if rounds is not None and rounds != int(positive("rounds", rounds, "rounds")):
        message = f"rounds must be a whole number, not {rounds!r}"
        raise ValueError(message)
    due = arrivals_in(rate, duration)
    rounds = rounds_of(due) if rounds is None else int(rounds)
    if due < rounds:
        message = f"{rounds} rounds cannot share {due} arrivals; pace for longer, or in fewer rounds"
        raise ValueError(message)
    plan = {
        "rate": rate,
        "duration": duration,
        "arrivals": due // rounds,
        "warmup": WARMUP,
        "capacity_steps": STEPS,
        "capacity_tries": TRIES,
        "capacity_bracket": list(BRACKET),
        "burst_seconds": BURST_SECONDS,
        "rounds": rounds,
    }
    stated = statements(contenders, setup, namespace)
    if SCHEDULER in stated:
        message = f"a contender is named {SCHEDULER!r}, the empty statement's row; give it another name"
        raise ValueError(message)
    return settings.measured(Paced, name, stated, plan, lambda: sample(stated, name, settings, plan))


def sample(stated: Mapping[str, Statement], name: str, settings: Settings, plan: Mapping[str, Any]) -> Paced:
    """Pace each contender and the scheduler in turn, the first one rotated from round to round."""
    started = datetime.now(UTC)
    paced_alike = {**stated, SCHEDULER: Statement("pass")}
    names = list(paced_alike)
    rows: list[tuple[Any, ...]] = []
    total = len(names) * (plan["rounds"] + 1)
    for done, contender in enumerate(names):
        settings.progress(name, done, total)
        rows += run_capacity(contender, paced_alike[contender])
    for index in range(plan["rounds"]):
        first = index % len(names)
        for done, contender in enumerate(names[first:] + names[:first]):
            settings.progress(name, len(names) * (index + 1) + done, total)
            rows += run_paced(contender, paced_alike[contender], plan["rate"], plan["arrivals"], index)
    samples = samples_of(rows)
    return Paced(
        name=name,
        example=settings.example,
        contenders=records(stated),
        settings=dict(plan),
        samples=samples,
        started=started.isoformat(timespec="seconds"),
        notes=tuple(notes(plan, samples)),
    )


def notes(plan: Mapping[str, Any], samples: pd.DataFrame) -> Iterator[str]:
    """Say what the sampling does not allow."""
    if plan["rounds"] < FEWEST_ROUNDS:
        text = "one round" if plan["rounds"] == 1 else f"{plan['rounds']} rounds"
        yield f"response times are of {text} and have no interval: not judged"
    short = [which.replace("_", ".") for which, share in PERCENTILES.items() if not enough(plan["arrivals"], share)]
    if short:
        yield f"{number(plan['arrivals'])} arrivals a round are too few for {', '.join(short)}"
    for contender in samples.loc[samples["quantity"] == "waited_ns", "contender"].unique():
        yield (
            f"{contender} missed arrivals; they count with the time that they had waited by the end, so "
            "its highest response times are lower bounds"
        )
    for contender in samples["contender"].unique():
        if not ((samples["contender"] == contender) & (samples["quantity"] == HELD)).any():
            yield f"{contender} held none of the rates that were tried, so its capacity is not known"


def run_paced(contender: str, statement: Statement, rate: float, arrivals: int, index: int) -> list[tuple[Any, ...]]:
    """Pace one contender for one round in a fresh worker; rows of samples."""
    with WorkerProcess(contender, statement) as worker:
        request = {"do": "paced", "rate": rate, "arrivals": arrivals, "warmup": WARMUP}
        answer = worker.ask(request, timeout=arrivals / rate + TIMEOUT)
    rows: list[tuple[Any, ...]] = []
    for what, key in (("response_ns", "responses"), ("waited_ns", "waited")):
        rows += [(contender, what, 1, index, 0, 1, float(value), count) for value, count in answer[key]]
    rows.append((contender, "late", 1, index, 0, 1, float(answer["late"]), 1))
    return rows


def rounds_of(due: int) -> int:
    """Six rounds where each keeps the arrivals that a p99 needs, else one."""
    return FEWEST_ROUNDS if enough(due // FEWEST_ROUNDS, PERCENTILES["p99"]) else 1


def arrivals_in(rate: float, duration: float) -> int:
    """Count the arrivals that are due in `duration` seconds, the first at once.

    Raises
    ------
    ValueError
        If there is none, or more than one run keeps.
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
            f"rate {rate:g} Hz for a duration of {duration:g} s makes {arrivals} arrivals, and a run keeps "
            f"at most {MOST_ARRIVALS}; pace for at most {MOST_ARRIVALS / rate:g} s"
        )
        raise ValueError(message)
    return arrivals


def positive(argument: str, value: float, unit: str) -> float:
    """Return the value as a float.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        If it is not above 0 and finite.
    """
    if isinstance(value, bool) or not hasattr(type(value), "__float__"):
        message = f"{argument} must be a number of {unit}, not {type(value).__name__}: {value!r}"
        raise TypeError(message)
    if not math.isfinite(value) or value <= 0:
        message = f"{argument} must be a finite number of {unit} above 0, not {value!r}"
        raise ValueError(message)
    return float(value)

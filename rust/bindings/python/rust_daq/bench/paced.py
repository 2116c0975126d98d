"""`paced`: response times of a statement called at a fixed rate, its capacity and its headroom."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from rust_daq.bench import quantity
from rust_daq.bench.decision import FEWEST_ROUNDS, Estimate
from rust_daq.bench.pacing import (
    BRACKET,
    BURST_SECONDS,
    SCHEDULER,
    STEPS,
    TRIES,
    WARMUP,
    arrivals_in,
    run_capacity,
    run_paced,
)
from rust_daq.bench.result import SAMPLE_COLUMNS, Result, records, text_columns
from rust_daq.bench.settings import Settings
from rust_daq.bench.statement import Setup, Statement, statements
from rust_daq.bench.statistics import median_interval, weighted_quantiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99_9": 0.999, "max": 1.0}
FLOOR = 3.0
"""A percentile within this factor of the scheduler's same percentile tells of the scheduler."""


@dataclass(frozen=True, eq=False)
class Paced(Result):
    """Response times at a fixed rate, counted from the moment each arrival was due.

    Every arrival is one of three: on time (done before the next one was due), late (done after that, and by the end
    of the run) or missed (not done by the end of the run, which is when the arrival after the last would be due).  A
    missed arrival counts in the percentiles with the time that it had waited by the end, so a percentile that reaches
    into the missed ones is a lower bound.
    """

    kind: ClassVar[str] = "paced"

    @property
    def rate(self) -> float:
        """The target: arrivals a second."""
        return float(self.settings["rate"])

    @property
    def rows(self) -> list[str]:
        """The contenders, and the scheduler."""
        return [*self.contenders, SCHEDULER]

    @cached_property
    def arrivals(self) -> pd.DataFrame:
        """Arrivals, served, late and missed; one row a contender and round."""
        samples = self.samples
        keys = ["contender", "round"]
        served = samples[samples["quantity"] == "response_ns"].groupby(keys)["count"].sum()
        missed = samples[samples["quantity"] == "waited_ns"].groupby(keys)["count"].sum()
        late = samples[samples["quantity"] == "late"].groupby(keys)["value"].sum()
        frame = pd.DataFrame({"late": late})
        frame["served"] = served.reindex(frame.index, fill_value=0)
        frame["missed"] = missed.reindex(frame.index, fill_value=0)
        frame["arrivals"] = frame["served"] + frame["missed"]
        return frame.astype(int)

    @cached_property
    def percentiles(self) -> pd.DataFrame:
        """Response times in nanoseconds; rows (contender, round), one column a percentile."""
        samples = self.samples[self.samples["quantity"].isin(["response_ns", "waited_ns"])]
        found = {
            key: weighted_quantiles(group["value"], group["count"], list(PERCENTILES.values()))
            for key, group in samples.groupby(["contender", "round"])
        }
        frame = pd.DataFrame.from_dict(found, orient="index", columns=list(PERCENTILES))
        frame.index = pd.MultiIndex.from_tuples(frame.index, names=["contender", "round"])
        return frame

    def percentile(self, contender: str, which: str) -> Estimate:
        """A response time in nanoseconds: the median over rounds, with an interval from six rounds on.

        Parameters
        ----------
        contender : str
            Name of a contender, or ``"scheduler"``.
        which : str
            ``p50``, ``p95``, ``p99``, ``p99_9`` or ``max``.
        """
        return median_interval(self.percentiles.loc[contender, which])

    def effective(self, contender: str) -> float:
        """Arrivals served a second: the median over rounds of served over the run's duration."""
        duration = float(self.settings["arrivals"]) / self.rate
        return float(self.arrivals.loc[contender, "served"].median() / duration)

    def capacity(self, contender: str) -> float:
        """The highest rate, in arrivals a second, that was held without a growing backlog; NaN when none was."""
        samples = self.samples
        held = samples[(samples["contender"] == contender) & (samples["quantity"] == "held_per_second")]["value"]
        return float(held.max()) if len(held) else math.nan

    def headroom(self, contender: str) -> float:
        """Capacity over the target rate: below 1 the loop falls behind for good."""
        return self.capacity(contender) / self.rate

    def sentence(self, contender: str) -> str:
        """Say in words how the target was held."""
        counts = self.arrivals.loc[contender].sum()
        p99 = quantity.time(self.percentile(contender, "p99").value)
        bound = "at least " if counts["missed"] > 0.01 * counts["arrivals"] else ""
        return (
            f"{contender} serves {number(counts['served'])} of {number(counts['arrivals'])} arrivals at "
            f"{quantity.rate(self.rate)}, {number(counts['late'])} late and {number(counts['missed'])} missed; "
            f"p99 of the response is {bound}{p99}, headroom {quantity.digits(self.headroom(contender))}"
        )

    def facts(self) -> dict[str, Any]:
        """Whether all arrivals were served, and who has the most headroom."""
        headroom = {name: self.headroom(name) for name in self.contenders}
        known = [name for name in headroom if not math.isnan(headroom[name])]
        ranking = sorted(known, key=lambda name: -headroom[name])
        missed = [name for name in self.contenders if self.arrivals.loc[name, "missed"].sum() > 0]
        return {
            "target_per_second": self.rate,
            "duration_ns": self.settings["duration"] * 1e9,
            "missing": ", ".join(missed) or "none",
            "most_headroom": ranking[0] if ranking else "not known",
            "least_headroom": ranking[-1] if ranking else "not known",
        }

    def to_pandas(self) -> pd.DataFrame:
        """One row a contender, and the scheduler: response percentiles, arrivals, capacity, headroom."""
        rows = []
        for name in self.rows:
            row: dict[str, Any] = {"contender": name}
            for which in PERCENTILES:
                estimate = self.percentile(name, which)
                row[f"{which}_ns"] = estimate.value
                row[f"{which}_low_ns"], row[f"{which}_high_ns"] = estimate.low, estimate.high
                floor = self.percentile(SCHEDULER, which).value
                row[f"{which}_at_floor"] = name == SCHEDULER or bool(estimate.value <= FLOOR * floor)
            counts = self.arrivals.loc[name].sum()
            row |= {what: int(counts[what]) for what in ("arrivals", "served", "late", "missed")}
            row |= {
                "target_per_second": self.rate,
                "effective_per_second": self.effective(name),
                "capacity_per_second": self.capacity(name),
                "headroom": self.headroom(name),
                "rounds": int(self.settings["rounds"]),
                "sentence": self.sentence(name),
            }
            rows.append(row)
        return pd.DataFrame(rows).set_index("contender")

    def table(self) -> pd.DataFrame:
        """Percentiles, arrivals and headroom as text."""
        return text_columns(self.to_pandas(), {
            "p50": lambda row: quantity.time(row.p50_ns),
            "p95": lambda row: quantity.time(row.p95_ns),
            "p99": lambda row: quantity.time(row.p99_ns),
            "p99.9": lambda row: quantity.time(row.p99_9_ns),
            "max": lambda row: quantity.time(row.max_ns),
            "arrivals": lambda row: number(row.arrivals),
            "late": lambda row: number(row.late),
            "missed": lambda row: number(row.missed),
            "effective rate": lambda row: quantity.rate(row.effective_per_second),
            "capacity": lambda row: quantity.rate(row.capacity_per_second),
            "headroom": lambda row: quantity.digits(row.headroom),
        })

    def draw(self, ax: Axes) -> None:
        """Response time over the percentile, on a log scale; the scheduler in grey."""
        from rust_daq.bench.figure import COLOURS, INK

        positions = range(len(PERCENTILES))
        for index, name in enumerate(self.rows):
            values = [self.percentile(name, which).value / 1e3 for which in PERCENTILES]
            colour = INK if name == SCHEDULER else COLOURS[index % (len(COLOURS) - 1)]
            style = "--" if name == SCHEDULER else "-"
            ax.plot(positions, values, f"o{style}", color=colour, label=name)
        ax.set_yscale("log")
        ax.set_xticks(positions, [which.replace("_", ".") for which in PERCENTILES])
        ax.set_xlabel("share of arrivals that are served at least as fast")
        ax.set_ylabel("µs from due to done")
        ax.legend(frameon=False, labelcolor="linecolor")


def number(count: float) -> str:
    """A count with its thousands apart."""
    return quantity.written("", int(count))


def paced(
    contenders: Mapping[str, str | Callable[[], Any] | Statement],
    *,
    rate: float,
    duration: float,
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
    name: str = "paced",
    settings: Settings | None = None,
    rounds: int = 1,
) -> Paced:
    """Call statements at a fixed rate against absolute deadlines, each in a fresh process, one after another.

    The loop sleeps until an arrival is due, calls the statement, and counts the response from the moment at which the
    arrival was due; a late wake-up serves all that is due by then.  So an arrival that waited behind another shows
    its waiting (no coordinated omission).  The call of a function around the statement is included; the empty
    statement, called alike, is the row "scheduler".

    The capacity is then searched in a process of its own: a bracket around the rate at which an always busy loop
    serves is halved a fixed number of times on the log scale; a rate is held when the backlog is empty at some moment
    of the second half of a short burst (of the better of two bursts, for a neighbour on the machine can spoil one).
    Headroom is capacity over `rate`.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        What is called; the first is the baseline.  Names that `setup` makes keep their state from call to call.
    rate : float
        Arrivals a second (hertz).
    duration : float
        Seconds that each contender is paced, in each round.
    setup, namespace : optional
        For those contenders that are not `Statement` already; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        Of the script or the docs build.
    rounds : int
        Rounds of `duration` seconds a contender.  Arrivals of one process are not independent, so intervals are taken
        over rounds, from six on; one round has none.

    Returns
    -------
    Paced

    Raises
    ------
    ValueError
        If `rate` or `duration` is not positive and finite, or `rounds` is not positive.
    WorkerError
        If a statement fails, or its worker dies or hangs.
    """
    settings = settings or Settings()
    plan = {
        "rate": positive("rate", rate, "hertz"),
        "duration": positive("duration", duration, "seconds"),
        "arrivals": arrivals_in(rate, duration),
        "warmup": WARMUP,
        "capacity_steps": STEPS,
        "capacity_tries": TRIES,
        "capacity_bracket": list(BRACKET),
        "burst_seconds": BURST_SECONDS,
        "rounds": int(positive("rounds", rounds, "whole rounds")),
    }
    stated = statements(contenders, setup, namespace)
    if SCHEDULER in stated:
        message = f"a contender is named {SCHEDULER!r}, which is the row of the empty statement; give it another name"
        raise ValueError(message)
    return settings.measured(Paced, name, stated, plan, lambda: sample(stated, name, settings, plan))


def positive(argument: str, value: float, unit: str) -> float:
    """The value as a float.

    Raises
    ------
    ValueError
        If it is not above 0 and finite.
    """
    if isinstance(value, bool) or not math.isfinite(value) or value <= 0:
        message = f"{argument} must be a finite number of {unit} above 0, not {value!r}"
        raise ValueError(message)
    return float(value)


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
            rows += run_paced(contender, paced_alike[contender], plan["rate"], plan["duration"], index)
    return Paced(
        name=name,
        example=settings.example,
        contenders=records(stated),
        settings=dict(plan),
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started=started.isoformat(timespec="seconds"),
        notes=notes(plan["rounds"]),
    )


def notes(rounds: int) -> tuple[str, ...]:
    """Say what the rounds do not allow."""
    if rounds >= FEWEST_ROUNDS:
        return ()
    text = f"{rounds} rounds" if rounds > 1 else "one round"
    return (f"response times are of {text} and have no interval: not judged",)

"""`paced`: response times of statements at a fixed rate, their capacity and their headroom."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from evenhand.judge.decision import fewest_rounds
from evenhand.judge.estimate import Estimate
from evenhand.judge.statistics import weighted_quantiles
from evenhand.measure.arguments import names, positive, whole
from evenhand.measure.capacity import BRACKET, BURST_SECONDS, HELD, NOT_HELD, STEPS, TRIES, sample_capacity
from evenhand.measure.deadlines import arrivals_in
from evenhand.measure.process import WorkerProcess
from evenhand.measure.records import Sample, data_frame
from evenhand.measure.round import turns
from evenhand.measure.sampling import Sampler, measure
from evenhand.measure.settings import Settings
from evenhand.measure.statement import Harness, Setup, Statement, statements
from evenhand.results import quantity
from evenhand.results.percentiles import Percentiles, title
from evenhand.results.result import FLOOR, FLOOR_MARK, text_columns

if TYPE_CHECKING:
    import pandas as pd

SCHEDULER = "scheduler"
"""The row of the empty statement at the same rate."""
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99_9": 0.999, "max": 1.0}
COMPARED = ("p99",)
"""The percentiles to judge by default; the maximum is a single arrival and is never judged."""
FEWEST_BEYOND = 10
"""The fewest arrivals beyond a percentile: p99.9 needs 10,000 arrivals per round."""
WARMUP = 20
"""Uncounted calls before the run, so that one-time work of a process does not count."""


class Paced(Percentiles):
    """Response times at a fixed rate, counted from the moment when each arrival was due.

    An arrival is on time (done before the next one is due), late (done after that, but by the end of the run) or
    missed (not done by the end of the run).  The run ends when the arrival after the last would be due.  A missed
    arrival counts in the percentiles with its waiting time until the end, so a percentile that includes missed arrivals
    is a lower bound.

    Examples
    --------
    >>> import evenhand as bench
    >>> result = bench.paced({"nothing": "pass"}, rate=1_000, duration=0.1)
    >>> result.rows, int(result.arrivals.loc["nothing", "arrivals"].iloc[0])
    (['nothing', 'scheduler'], 100)
    """

    kind: ClassVar[str] = "paced"
    empty_row: ClassVar[str] = SCHEDULER

    @property
    def rate(self) -> float:
        """The target rate in arrivals per second."""
        return float(self.settings["rate"])

    @property
    def rows(self) -> list[str]:
        """The contenders and the scheduler."""
        return [*self.contenders, SCHEDULER]

    @cached_property
    def arrivals(self) -> pd.DataFrame:
        """The numbers of arrivals, served, late and missed; one row per contender and round."""
        samples = self.samples
        keys = ["contender", "round"]
        served = samples[samples["quantity"] == "response_ns"].groupby(keys)["count"].sum()
        missed = samples[samples["quantity"] == "waited_ns"].groupby(keys)["count"].sum()
        late = samples[samples["quantity"] == "late"].groupby(keys)["value"].sum()
        frame = data_frame({"late": late})
        frame["served"] = served.reindex(frame.index, fill_value=0)
        frame["missed"] = missed.reindex(frame.index, fill_value=0)
        frame["arrivals"] = frame["served"] + frame["missed"]
        return frame.astype(int)

    @cached_property
    def percentiles(self) -> pd.DataFrame:
        """Response times in nanoseconds; rows (contender, round), one column per percentile.

        NaN if fewer than ten arrivals of the round lie beyond the percentile.
        """
        import pandas as pd

        available = [enough(int(self.settings["arrivals"]), share) for share in PERCENTILES.values()]
        samples = self.samples[self.samples["quantity"].isin(["response_ns", "waited_ns"])]
        found = {
            key: weighted_quantiles(group["value"], group["count"], list(PERCENTILES.values()))
            for key, group in samples.groupby(["contender", "round"])
        }
        frame = pd.DataFrame.from_dict(found, orient="index", columns=list(PERCENTILES))
        frame.index = pd.MultiIndex.from_tuples(frame.index, names=["contender", "round"])
        return frame.where(pd.Series(available, index=frame.columns), axis=1)

    @property
    def compared(self) -> list[str]:
        """The judged percentiles for which a round has enough arrivals."""
        known = self.settings.get("compared", [which for which in PERCENTILES if which != "max"])
        return [which for which in known if enough(int(self.settings["arrivals"]), PERCENTILES[which])]

    def series(self) -> Mapping[tuple[Any, ...], pd.Series]:
        """Return each percentile of each round, by contender."""
        return {(name, which): self.percentiles.loc[name, which] for name in self.rows for which in PERCENTILES}

    def steady(self, key: tuple[Any, ...]) -> bool:
        """Return False: the system's delay in waking a thread varies from round to round."""
        del key
        return False

    def effective(self, contender: str) -> float:
        """Return the served arrivals per second: the median over rounds."""
        duration = float(self.settings["arrivals"]) / self.rate
        return float(self.arrivals.loc[contender, "served"].median() / duration)

    def capacity(self, contender: str) -> float:
        """Return the highest tried rate without a growing backlog, in arrivals per second; NaN if there is none."""
        samples = self.samples
        held = samples[(samples["contender"] == contender) & (samples["quantity"] == HELD)]["value"]
        return float(held.max()) if len(held) else math.nan

    def capacity_range(self, contender: str) -> Estimate:
        """Return the capacity, with the lowest tried rate that was not sustained as the upper end."""
        samples = self.samples[self.samples["contender"] == contender]
        held = self.capacity(contender)
        above = samples[(samples["quantity"] == NOT_HELD) & (samples["value"] > held)]["value"]
        return Estimate(held, held, float(above.min()) if len(above) else math.nan, 1.0, 1)

    def headroom(self, contender: str) -> float:
        """Return the capacity over the target rate; below 1 the loop falls behind permanently."""
        return self.capacity(contender) / self.rate

    def sentence(self, contender: str) -> str:
        """Describe in a sentence how the target rate was sustained."""
        counts = self.arrivals.loc[contender].sum()
        known = [which for which in ("p50", "p95", "p99") if not self.percentiles[which].isna().any()]
        which = known[-1] if known else "max"
        reached = counts["missed"] > (1 - PERCENTILES[which]) * counts["arrivals"]
        response = ("at least " if reached else "") + quantity.time(self.percentile(contender, which).value)
        if contender != SCHEDULER:
            empty = quantity.time(self.percentile(SCHEDULER, which).value)
            floor = self.at_floor(contender, which)
            verb = "cannot be distinguished from" if floor else "exceeds"
            response += f", and {verb} the {empty} of an empty statement"
        return (
            f"{contender} serves {number(counts['served'])} of {number(counts['arrivals'])} arrivals at "
            f"{quantity.rate(self.rate)}: {number(counts['late'])} late, {number(counts['missed'])} missed. "
            f"{which} of the response is {response}. The headroom is {self._headroom(contender)}"
        )

    def facts(self) -> dict[str, Any]:
        """Return the contenders that missed arrivals, and those with the most and the least headroom."""
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
        """Return one row per contender and one for the scheduler: percentiles, arrivals, capacity, headroom."""
        rows = []
        for name in self.rows:
            row: dict[str, Any] = {"contender": name}
            for which in PERCENTILES:
                row |= self._percentile_columns(name, which)
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
        return data_frame(rows).set_index("contender")

    def _percentile_columns(self, name: str, which: str) -> dict[str, Any]:
        """Return the columns of one percentile in one row."""
        columns: dict[str, Any] = {
            **self.interval_columns(which, "_ns", self.percentile(name, which)),
            f"{which}_at_floor": self.at_floor(name, which),
        }
        if which in self.compared:
            own = {self.baseline: "baseline", SCHEDULER: SCHEDULER}
            columns |= self.interval_columns(f"{which}_ratio", "", self.ratio(name, which))
            columns[f"{which}_verdict"] = own[name] if name in own else self.verdict(name, which)
        return columns

    def table(self) -> pd.DataFrame:
        """Return percentiles, arrivals and headroom as text, with the ratio and verdict of the highest judged one."""
        last = {f"{title(which)}, ratio to {self.baseline}": which for which in self.compared[-1:]}
        return text_columns(
            self.to_pandas(),
            {
                **{title(which): partial(self.percentile_cell, which) for which in PERCENTILES},
                "arrivals": lambda row: number(row.arrivals),
                "late": lambda row: number(row.late),
                "missed": lambda row: number(row.missed),
                "effective rate": lambda row: quantity.rate(row.effective_per_second),
                # Its range is that of the headroom, times the rate.
                "capacity": lambda row: quantity.rate(self.capacity_range(row.Index).value),
                "headroom": lambda row: self._headroom(row.Index),
                **{heading: partial(self._ratio_cell, which) for heading, which in last.items()},
            },
        )

    def remarks(self) -> tuple[str, ...]:
        """Explain the mark, if there is one."""
        if not any(self.at_floor(name, which) for name in self.contenders for which in PERCENTILES):
            return ()
        of = f"within {FLOOR:g} times the same percentile of an empty statement at the same rate"
        return (f"{FLOOR_MARK} at the scheduler's floor: {of}, so neither it nor a ratio to it is judged",)

    def _headroom(self, contender: str) -> str:
        """Format the headroom with the range from the steps of its search."""
        found = self.capacity_range(contender)
        value, low, high = (end / self.rate for end in (found.value, found.low, found.high))
        return quantity.ratio(Estimate(value, low, high, found.level, found.rounds))

    def _ratio_cell(self, which: str, row: Any) -> str:
        """Format a ratio with its interval and its verdict."""
        if row.Index == SCHEDULER:
            return quantity.MISSING
        if row.Index == self.baseline:
            return "1"
        return f"{quantity.ratio(self.ratio(row.Index, which))}: {getattr(row, f'{which}_verdict')}"

    def drawn(self) -> tuple[str, str, tuple[str, ...]]:
        """Return the labels for arrivals and their times from due to done; for a missed one it is a lower bound."""
        return "arrivals", "time from due to done", ("response_ns", "waited_ns")


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
    compared: Sequence[str] = COMPARED,
    timeout: float | None = None,
) -> Paced:
    """Call statements at a fixed rate against absolute deadlines, each in a fresh process, one after another.

    The loop sleeps until an arrival is due, calls the statement, and counts the response time from the moment when the
    arrival was due.  After a late wake-up it serves all due arrivals.  An arrival that waited behind another therefore
    includes its waiting time (no coordinated omission).  The times include a function call around the statement; the
    row "scheduler" is an empty statement, called the same way.

    The capacity is then searched in a separate process.  The search starts with a bracket around the rate of a loop
    that never sleeps, and halves it a fixed number of times on the log scale.  A rate is sustained if the backlog is
    empty at some moment in the second half of a short burst.  The better of two bursts counts, because a neighbour on
    the machine can disturb one.  Headroom is capacity over `rate`.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        The statements to call; the first is the baseline.  Names from `setup` keep their state between calls.
    rate : float
        Arrivals per second (hertz).
    duration : float
        Total seconds for each contender, split among the rounds.
    setup, namespace : optional
        For contenders that are not a `Statement`; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        The settings of the script or the docs build.
    rounds : int, optional
        Rounds, each in its own process.  Arrivals in one process are not independent, so intervals are taken over
        rounds.  The default is the number that the verdicts need if each round then has enough arrivals for a p99, and
        1 otherwise.
    compared : sequence of str
        The percentiles to judge, from ``p50``, ``p95``, ``p99`` and ``p99_9``; more of them need more rounds.
    timeout : float, optional
        Seconds that a worker may take for one request, in addition to the duration; 120 by default.

    Returns
    -------
    Paced

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or rate and duration make no arrival or more than a run can store; this is checked
        before a process is started.
    WorkerError
        If a statement fails, or its worker dies or hangs.
    Interrupted
        If the measurement was stopped; its ``result`` has the finished rounds.

    Examples
    --------
    >>> import evenhand as bench
    >>> result = bench.paced({"sum": "sum(range(100))"}, rate=1_000, duration=0.1)
    >>> result.rate, result.capacity("sum") > 0
    (1000.0, True)
    """
    settings = settings or Settings()
    rate, duration = positive("rate", rate, "hertz"), positive("duration", duration, "seconds")
    wanted = None if rounds is None else whole("rounds", rounds)
    stated = statements(contenders, setup, namespace)
    if SCHEDULER in stated:
        message = f"a contender is called {SCHEDULER!r}, the name of the empty statement's row; rename it"
        raise ValueError(message)
    refuse_each("paced", stated)
    chosen = names("compared", compared, [which for which in PERCENTILES if which != "max"])
    due = arrivals_in(rate, duration)
    made = rounds_of(due, chosen, len(stated)) if wanted is None else wanted
    if due < made:
        message = f"{due} arrivals are too few for {made} rounds; use a longer duration or fewer rounds"
        raise ValueError(message)
    plan = {
        "rate": rate,
        "duration": duration,
        "arrivals": due // made,
        "compared": chosen,
        "warmup": WARMUP,
        "capacity_steps": STEPS,
        "capacity_tries": TRIES,
        "capacity_bracket": list(BRACKET),
        "burst_seconds": BURST_SECONDS,
    }
    return measure(PacedSampler(stated, plan, 0, timeout, wanted=made), name, settings)


class PacedSampler(Sampler[Paced]):
    """Paces each contender and the scheduler in turn; the capacities are searched before the first round."""

    kind = Paced

    def __init__(
        self,
        stated: Mapping[str, Statement],
        plan: Mapping[str, Any],
        judged: int,
        timeout: float | None,
        *,
        wanted: int,
    ) -> None:
        super().__init__(stated, plan, judged, timeout)
        self.wanted = wanted

    def sampled(self) -> Mapping[str, Statement]:
        """Return the contenders and the scheduler."""
        return {**self.stated, SCHEDULER: Statement("pass")}

    def recorded(self) -> Mapping[str, Statement]:
        """Return the contenders without the scheduler."""
        return self.stated

    def prepare(self, workers: Mapping[str, WorkerProcess]) -> float:
        """Search the capacities in separate processes, so that the state of the measured statements stays fresh."""
        harness = Harness.of(self.sampled())
        self.capacities = [
            sample
            for name, statement in self.sampled().items()
            for sample in sample_capacity(name, statement, harness, self.timeout)
        ]
        return float(len(workers) * self.plan["arrivals"] / self.plan["rate"])

    def rounds(self, settings: Settings, seconds: float, share: float) -> int:
        """Return the planned rounds, which share the duration."""
        del settings, seconds, share
        return self.wanted

    def sample(self, workers: Mapping[str, WorkerProcess], index: int) -> Sequence[Sample]:
        """Pace each contender in turn while the others wait."""
        rate, arrivals = self.plan["rate"], self.plan["arrivals"]
        samples = list(self.capacities) if index == 0 else []
        for _, contender in turns(list(workers), index, 1):
            request = {"do": "paced", "rate": rate, "arrivals": arrivals, "warmup": WARMUP}
            answer = workers[contender].ask(request, timeout=arrivals / rate + self.timeout)
            for what, key in (("response_ns", "responses"), ("waited_ns", "waited")):
                samples += [Sample(contender, what, float(value), index, count=count) for value, count in answer[key]]
            samples.append(Sample(contender, "late", float(answer["late"]), index))
        return samples

    def notes(self, samples: Sequence[Sample], rounds: int) -> Sequence[str]:
        """Return notes on the limits of the sampling."""
        return list(shortcomings(self.plan, samples, rounds))


def refuse_each(call: str, stated: Mapping[str, Statement]) -> None:
    """Raise if a statement has untimed preparation before each execution, which would be part of the response time."""
    if found := next((name for name, statement in stated.items() if statement.each is not None), None):
        message = f"{found!r} has each=..., but {call} calls statements when they are due; move it into the statement"
        raise ValueError(message)


def shortcomings(plan: Mapping[str, Any], samples: Sequence[Sample], rounds: int) -> Iterator[str]:
    """Yield notes on the limits of the sampling."""
    if rounds < fewest_rounds():
        text = "one round" if rounds == 1 else f"{rounds} rounds"
        yield f"response times come from {text} and have no interval: not judged"
    short = [title(which) for which, share in PERCENTILES.items() if not enough(plan["arrivals"], share)]
    if short:
        yield f"{number(plan['arrivals'])} arrivals per round are too few for {', '.join(short)}"
    for contender in dict.fromkeys(sample.contender for sample in samples if sample.quantity == "waited_ns"):
        yield (
            f"{contender} missed arrivals; they count with their waiting time until the end, so "
            "its longest response times are lower bounds"
        )
    held = {sample.contender for sample in samples if sample.quantity == HELD}
    for contender in dict.fromkeys(sample.contender for sample in samples):
        if contender not in held:
            yield f"{contender} sustained none of the tried rates, so its capacity is unknown"


def rounds_of(due: int, compared: Sequence[str], contenders: int) -> int:
    """Return the rounds that the verdicts need if each has enough arrivals for a p99; otherwise 1."""
    rounds = fewest_rounds(len(compared) * max(contenders - 1, 1))
    return rounds if enough(due // rounds, PERCENTILES["p99"]) else 1


def enough(arrivals: int, share: float) -> bool:
    """Whether a round has enough arrivals beyond a percentile; the maximum needs none."""
    return share == 1.0 or round(arrivals * (1 - share), 6) >= FEWEST_BEYOND


def number(count: float) -> str:
    """Format a count with separated thousands."""
    return quantity.written("", int(count))

"""`latency`: how long single calls take, down to the slowest."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from rust_daq.bench import quantity
from rust_daq.bench.decision import LEVEL, Estimate, Verdict, decide
from rust_daq.bench.frames import data_frame, samples_of
from rust_daq.bench.process import WorkerProcess
from rust_daq.bench.result import COLLECTOR, Result, call_notes, records, text_columns
from rust_daq.bench.round import alive, turns
from rust_daq.bench.settings import Settings
from rust_daq.bench.statement import Setup, Statement, statements
from rust_daq.bench.statistics import (
    corrected_level,
    median_interval,
    noise_floor,
    ratio_interval,
    weighted_quantiles,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

CLOCK = "clock"
"""The row of the empty statement: what reading the clock twice takes by itself."""
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
CALLS = 10_000
"""Calls a round and contender, and the fewest from which a p99.9 is taken: ten calls lie beyond it."""
SLICES = 4
NAN = float("nan")
WARMUP = 200
FLOOR_MARK = "†"
FLOOR = 3.0
"""A percentile within so many times of the clock's own says more about the clock than about the statement."""


@dataclass(frozen=True, eq=False)
class Latency(Result):
    """Percentiles of single calls, each taken per round; the clock stands beside them as a row of its own.

    Examples
    --------
    >>> from rust_daq import bench
    >>> quick = bench.Settings(rounds=1)  # too few to judge by, and soon over
    >>> result = bench.latency({"list": "[1, 2]"}, calls=1_000, settings=quick)
    >>> list(result.to_pandas().index), result.percentiles
    (['list', 'clock'], ['p50', 'p95', 'p99'])
    """

    kind: ClassVar[str] = "latency"

    @property
    def percentiles(self) -> list[str]:
        """The percentiles that the calls of a round suffice for."""
        return [name for name in PERCENTILES if name != "p99_9" or self.settings["calls"] >= CALLS]

    @property
    def statements(self) -> list[str]:
        """The contenders without the clock."""
        return [name for name in self.contenders if name != CLOCK]

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """Nanoseconds; rows (contender, round), a column for each percentile and the maximum."""
        import pandas as pd

        rows = {}
        for key, group in self.samples.groupby(["contender", "round"]):
            quantiles = weighted_quantiles(
                group["value"], group["count"], [PERCENTILES[name] for name in self.percentiles]
            )
            rows[key] = [*quantiles, group["value"].max()]
        return pd.DataFrame.from_dict(rows, orient="index", columns=[*self.percentiles, "max"]).set_axis(
            pd.MultiIndex.from_tuples(rows, names=["contender", "round"])
        )

    def percentile(self, contender: str, name: str) -> Estimate:
        """Nanoseconds at a percentile: the median over rounds, with its interval."""
        return median_interval(self.rounds.loc[contender][name], LEVEL)

    def ratio(self, contender: str, name: str, to: str | None = None, *, corrected: bool = False) -> Estimate:
        """A percentile of `contender` over the same of `to` (by default the baseline).

        Parameters
        ----------
        contender, to : str
            Names of contenders.
        name : str
            ``p50``, ``p95``, ``p99`` or ``p99_9``.
        corrected : bool
            Widen the interval so that those of all contenders and percentiles hold together.
        """
        judged = (len(self.statements) - 1) * len(self.percentiles)
        level = corrected_level(LEVEL, judged) if corrected else LEVEL
        rounds = self.rounds
        return ratio_interval(rounds.loc[contender][name], rounds.loc[to or self.baseline][name], level)

    def verdict(self, contender: str, name: str, to: str | None = None) -> Verdict:
        """Judge a percentile against the same of `to` by the project's one decision function."""
        return decide(self.ratio(contender, name, to, corrected=True))

    def at_floor(self, contender: str, name: str) -> bool:
        """Whether a percentile is within three times of the clock's own."""
        return self.percentile(contender, name).value <= FLOOR * self.percentile(CLOCK, name).value

    def sentence(self, contender: str, name: str, to: str | None = None) -> str:
        """Say in words how a percentile compares with the same of `to`."""
        other = to or self.baseline
        ratio = quantity.ratio(self.ratio(contender, name, other, corrected=True))
        mark = ", at the clock's floor" if self.at_floor(contender, name) else ""
        return (
            f"the {title(name)} of {contender} is {ratio} times that of {other}{mark}: "
            f"{self.verdict(contender, name, other)}"
        )

    def facts(self) -> dict[str, Any]:
        """Of identical contenders, how far apart they are at each percentile."""
        pairs = self.identical
        if not pairs:
            return {}
        return {
            f"{name}_noise_floor": noise_floor(self.ratio(one, name, two) for one, two in pairs)
            for name in self.percentiles
        }

    def to_pandas(self) -> pd.DataFrame:
        """One row a contender and one for the clock: percentiles, their ratios to the baseline, verdicts."""
        return data_frame([self._row(name) for name in self.contenders]).set_index("contender")

    def _row(self, contender: str) -> dict[str, Any]:
        row: dict[str, Any] = {"contender": contender}
        for name in PERCENTILES:
            taken = name in self.percentiles
            estimate = self.percentile(contender, name) if taken else Estimate(NAN, NAN, NAN, LEVEL, 0)
            row |= {f"{name}_ns": estimate.value, f"{name}_low_ns": estimate.low, f"{name}_high_ns": estimate.high}
            if taken and contender != CLOCK:
                ratio = self.ratio(contender, name)
                baseline = contender == self.baseline
                row |= {
                    f"{name}_ratio": ratio.value,
                    f"{name}_ratio_low": ratio.low,
                    f"{name}_ratio_high": ratio.high,
                    f"{name}_at_floor": self.at_floor(contender, name),
                    f"{name}_verdict": "baseline" if baseline else self.verdict(contender, name),
                    f"{name}_sentence": (
                        f"{contender} is the baseline" if baseline else self.sentence(contender, name)
                    ),
                }
        row["max_ns"] = float(self.rounds.loc[contender]["max"].max())
        row["rounds"] = len(self.rounds.loc[contender])
        return row

    def table(self) -> pd.DataFrame:
        """Percentiles as text, those at the clock's floor marked; the verdict on the p99."""
        columns: dict[str, Callable[[Any], str]] = {title(name): partial(self._cell, name) for name in self.percentiles}
        columns["max"] = lambda row: quantity.time(row.max_ns)
        columns["p99, ratio (95 % interval)"] = self._ratio_cell
        columns["p99, verdict"] = lambda row: quantity.MISSING if row.Index == CLOCK else row.p99_verdict
        return text_columns(self.to_pandas(), columns)

    def _cell(self, name: str, row: Any) -> str:
        mark = f" {FLOOR_MARK}" if row.Index != CLOCK and getattr(row, f"{name}_at_floor") else ""
        return f"{quantity.time(getattr(row, f'{name}_ns'))}{mark}"

    def _ratio_cell(self, row: Any) -> str:
        if row.Index == CLOCK:
            return quantity.MISSING
        return "1" if row.Index == self.baseline else quantity.ratio(self.ratio(row.Index, "p99"))

    def table_notes(self) -> tuple[str, ...]:
        """What disturbed, and what the mark means."""
        mark = f"{FLOOR_MARK} at the clock's floor: within {FLOOR:g} times of the same percentile of an empty statement"
        return (mark, *self.notes)

    def draw(self, ax: Axes) -> None:
        """The percentiles of each contender on a logarithmic axis, the clock in grey."""
        from rust_daq.bench.figure import lines, logarithmic

        frame = self.to_pandas()
        columns = [*(f"{name}_ns" for name in self.percentiles), "max_ns"]
        places = range(len(columns))
        lines(
            ax,
            {name: (frame.loc[name, columns].to_numpy(dtype=float), places) for name in frame.index},
            quiet=CLOCK,
        )
        ax.set_yticks(places, [*(title(name) for name in self.percentiles), "max"])
        logarithmic(ax, "x", "_ns")
        ax.set_xlabel("time of a call (left is better)")
        ax.set_ylabel("percentile")


def title(name: str) -> str:
    """``p99_9`` as a reader writes it."""
    return name.replace("_", ".")


def latency(
    contenders: Mapping[str, str | Callable[[], Any] | Statement],
    *,
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
    name: str = "latency",
    settings: Settings | None = None,
    share: float = 1.0,
    calls: int | None = None,
) -> Latency:
    """Time single calls of statements, in fresh processes each round, sampled in interleaved order.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        What is compared; the first is the baseline.  The row ``clock`` is added.
    setup, namespace : optional
        For those contenders that are not `Statement` already; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        Of the script or the docs build; see `bench.settings`.
    share : float
        The part of the example's seconds that this call may use.
    calls : int, optional
        Calls a round and contender, 10,000 by default; with fewer there is no p99.9.

    Returns
    -------
    Latency

    Raises
    ------
    ValueError
        If a contender is called ``clock``, or `calls` is below 100.
    WorkerError
        If a statement fails, or its worker dies or hangs.

    Examples
    --------
    >>> from rust_daq import bench
    >>> quick = bench.Settings(rounds=1)  # too few to judge by, and soon over
    >>> result = bench.latency({"sleep": "sleep(0.001)"}, setup="from time import sleep", calls=100, settings=quick)
    >>> result.percentile("sleep", "p50").value > 1e6
    True
    """
    settings = settings or Settings()
    calls = CALLS if calls is None else calls
    if calls < 100:
        message = f"calls is {calls}; a 99th percentile needs at least 100 in a round"
        raise ValueError(message)
    if CLOCK in contenders:
        message = f"a contender is called {CLOCK!r}, which is the row of the empty statement; rename it"
        raise ValueError(message)
    stated = statements({**contenders, CLOCK: Statement("pass")}, setup, namespace)
    plan = {"calls": calls, "slices": SLICES, "collector": COLLECTOR}
    return settings.measured(Latency, name, stated, plan, lambda: sample(stated, name, settings, share, calls, plan))


def sample(
    stated: Mapping[str, Statement], name: str, settings: Settings, share: float, calls: int, plan: dict[str, Any]
) -> Latency:
    """Try each contender and fix the number of rounds; the workers that tried are those of the first."""
    started = datetime.now(UTC)
    begin = time.perf_counter()
    with alive(stated) as workers:
        start_seconds = time.perf_counter() - begin
        rounds = settings.rounds_within(start_seconds + trial_seconds(workers, calls), share)
        settings.progress(name, 0, rounds)
        rows = sample_calls(workers, calls, 0)
    for index in range(1, rounds):
        settings.progress(name, index, rounds)
        with alive(stated) as workers:
            rows += sample_calls(workers, calls, index)
    return Latency(
        name=name,
        example=settings.example,
        contenders=records(stated),
        settings=plan | {"rounds": rounds},
        samples=samples_of(rows),
        started=started.isoformat(timespec="seconds"),
        notes=call_notes(stated),
    )


def trial_seconds(workers: Mapping[str, WorkerProcess], calls: int) -> float:
    """About how long the calls of a round take, as a trial shows."""
    seconds, trial = 0.0, 100
    for worker in workers.values():
        found = worker.ask({"do": "calls", "calls": trial, "warmup": trial})["histogram"]
        spent = sum(value * count for value, count in found) / trial / 1e9
        # Beside the call itself, the loop reads the clock, keeps the number, and counts it afterwards.
        seconds += (calls + SLICES * WARMUP) * (spent + 400e-9)
    return seconds


def sample_calls(workers: Mapping[str, WorkerProcess], calls: int, index: int) -> list[tuple[Any, ...]]:
    """Ask workers that are alive side by side for a part of their calls, each in turn."""
    seen: dict[str, Counter[int]] = {contender: Counter() for contender in workers}
    for turn, contender in turns(list(workers), index, SLICES):
        part = calls * (turn + 1) // SLICES - calls * turn // SLICES
        answer = workers[contender].ask({"do": "calls", "calls": part, "warmup": WARMUP})
        seen[contender].update(dict(answer["histogram"]))
    return [
        (contender, "call_ns", 1, index, 0, 1, float(value), count)
        for contender, found in seen.items()
        for value, count in sorted(found.items())
    ]

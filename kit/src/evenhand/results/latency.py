"""`latency`: the time of single calls, down to the slowest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from evenhand.judge.estimate import Estimate
from evenhand.judge.statistics import noise_floor, weighted_quantiles
from evenhand.measure.arguments import names, whole
from evenhand.measure.process import WorkerProcess
from evenhand.measure.records import Sample, data_frame
from evenhand.measure.round import turns
from evenhand.measure.sampling import Sampler, measure
from evenhand.measure.settings import Settings
from evenhand.measure.statement import Setup, Statement, statements
from evenhand.results import quantity
from evenhand.results.percentiles import Percentiles, title
from evenhand.results.result import COLLECTOR, FLOOR, FLOOR_MARK, text_columns

if TYPE_CHECKING:
    import pandas as pd

CLOCK = "clock"
"""The row of the empty statement: the time for reading the clock twice."""
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
CALLS = 10_000
"""Calls per round and contender, and the fewest for a p99.9: ten calls lie beyond it."""
SLICES = 4
WARMUP = 200
TRIAL = 100
FEWEST_CALLS = 100
COMPARED = ("p50", "p99")


class Latency(Percentiles):
    """Percentiles of single calls, computed per round; the clock has its own row.

    Examples
    --------
    >>> import evenhand as bench
    >>> quick = bench.Settings(rounds=1)  # fast, but too few rounds for a verdict
    >>> result = bench.latency({"list": "[1, 2]"}, calls=1_000, settings=quick)
    >>> list(result.to_pandas().index), result.percentiles
    (['list', 'clock'], ['p50', 'p95', 'p99'])
    """

    kind: ClassVar[str] = "latency"
    empty_row: ClassVar[str] = CLOCK

    @property
    def percentiles(self) -> list[str]:
        """The percentiles for which a round has enough calls."""
        return [name for name in PERCENTILES if name != "p99_9" or self.settings["calls"] >= CALLS]

    @property
    def compared(self) -> list[str]:
        """The percentiles that are judged against the baseline."""
        known = self.settings.get("compared", list(PERCENTILES))  # runs of earlier versions judged all of them
        return [name for name in known if name in self.percentiles]

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """Nanoseconds; rows (contender, round), a column for each percentile and for the maximum."""
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

    def series(self) -> Mapping[tuple[Any, ...], pd.Series]:
        """Return each percentile of each round, by contender."""
        return {(name, which): self.rounds.loc[name][which] for name in self.contenders for which in self.percentiles}

    def steady(self, key: tuple[Any, ...]) -> bool:
        """Return whether the number is the median of a contender."""
        return bool(key[0] != CLOCK and key[1] == "p50")

    def sentence(self, contender: str, which: str, to: str | None = None) -> str:
        """Describe in a sentence how a percentile compares with that of `to`."""
        other = to or self.baseline
        ratio = quantity.ratio(self.ratio(contender, which, other))
        mark = ", at the clock's floor" if self.at_floor(contender, which) else ""
        return (
            f"the {title(which)} of {contender} is {ratio} times that of {other}{mark}: "
            f"{self.verdict(contender, which, other)}"
        )

    def facts(self) -> dict[str, Any]:
        """Return the noise floor of identical contenders at each percentile."""
        pairs = self.identical
        if not pairs:
            return {}
        return {
            f"{which}_noise_floor": noise_floor(self.ratio(one, which, two) for one, two in pairs)
            for which in self.percentiles
        }

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per contender and one for the clock: percentiles, ratios to the baseline, verdicts."""
        return data_frame([self._row(name) for name in self.contenders]).set_index("contender")

    def _row(self, contender: str) -> dict[str, Any]:
        row: dict[str, Any] = {"contender": contender}
        for which in PERCENTILES:
            taken = which in self.percentiles
            row |= self.interval_columns(
                which, "_ns", self.percentile(contender, which) if taken else Estimate.unknown()
            )
            if taken and contender != CLOCK:
                row[f"{which}_at_floor"] = self.at_floor(contender, which)
                if which in self.compared:
                    row |= self._judged_columns(contender, which)
        row["max_ns"] = float(self.rounds.loc[contender]["max"].max())
        row["rounds"] = len(self.rounds.loc[contender])
        return row

    def _judged_columns(self, contender: str, which: str) -> dict[str, Any]:
        baseline = contender == self.baseline
        return {
            **self.interval_columns(f"{which}_ratio", "", self.ratio(contender, which)),
            f"{which}_verdict": "baseline" if baseline else self.verdict(contender, which),
            f"{which}_sentence": f"{contender} is the baseline" if baseline else self.sentence(contender, which),
        }

    def table(self) -> pd.DataFrame:
        """Return percentiles as text, marked at the clock's floor, with the verdict on the highest judged one."""
        columns: dict[str, Callable[[Any], str]] = {
            title(which): partial(self.percentile_cell, which) for which in self.percentiles
        }
        columns["max"] = lambda row: quantity.time(row.max_ns)
        if self.compared:
            last = self.compared[-1]
            columns[f"{title(last)}, ratio (95 % interval)"] = partial(self._ratio_cell, last)
            columns[f"{title(last)}, verdict"] = lambda row: (
                quantity.MISSING if row.Index == CLOCK else getattr(row, f"{last}_verdict")
            )
        return text_columns(self.to_pandas(), columns)

    def _ratio_cell(self, which: str, row: Any) -> str:
        if row.Index == CLOCK:
            return quantity.MISSING
        return "1" if row.Index == self.baseline else quantity.ratio(self.ratio(row.Index, which))

    def remarks(self) -> tuple[str, ...]:
        """Explain the mark, if there is one, and name the statements that are timed as function calls."""
        floor = any(self.at_floor(name, which) for name in self.statements for which in self.percentiles)
        mark = (
            f"{FLOOR_MARK} at the clock's floor: within {FLOOR:g} times the same percentile of an empty statement, "
            "so neither it nor a ratio to it is judged"
        )
        called = [name for name in self.statements if self.contenders[name].get("called")]
        words = [f"the time of {', '.join(called)} includes a function call"] if called else []
        return (mark, *words) if floor else tuple(words)

    def drawn(self) -> tuple[str, str, tuple[str, ...]]:
        """Return the labels for calls and their times."""
        return "calls", "time of a call", ("call_ns",)


class CallSampler(Sampler[Latency]):
    """Times single calls, with workers that take turns."""

    kind = Latency

    def sampled(self) -> Mapping[str, Statement]:
        """Return the contenders and the clock."""
        return {**self.stated, CLOCK: Statement("pass")}

    def prepare(self, workers: Mapping[str, WorkerProcess]) -> float:
        """Estimate the duration of a round's calls from a trial."""
        calls, seconds = self.plan["calls"], 0.0
        self.pinned = True
        for worker in workers.values():
            first = worker.ask({"do": "once"})
            spent: float = first["seconds"]
            self.pinned = self.pinned and not first["parallel"]
            if spent < 1 / TRIAL:
                found = worker.ask({"do": "calls", "calls": TRIAL, "warmup": TRIAL})["histogram"]
                spent = sum(value * count for value, count in found) / TRIAL / 1e9
            # In addition to the call, the loop reads the clock, stores the number, and counts it afterwards.
            seconds += (calls + SLICES * WARMUP) * (spent + 400e-9)
        return seconds

    def sample(self, workers: Mapping[str, WorkerProcess], index: int) -> Sequence[Sample]:
        """Ask each worker in turn for a part of its calls."""
        calls = self.plan["calls"]
        seen: dict[str, Counter[int]] = {contender: Counter() for contender in workers}
        for turn, contender in turns(list(workers), index, SLICES):
            part = calls * (turn + 1) // SLICES - calls * turn // SLICES
            answer = workers[contender].ask({"do": "calls", "calls": part, "warmup": WARMUP})
            seen[contender].update(dict(answer["histogram"]))
        return [
            Sample(contender, "call_ns", float(value), index, count=count)
            for contender, found in seen.items()
            for value, count in sorted(found.items())
        ]


def latency(
    contenders: Mapping[str, str | Callable[[], Any] | Statement],
    *,
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
    name: str = "latency",
    settings: Settings | None = None,
    share: float = 1.0,
    calls: int | None = None,
    compared: Sequence[str] = COMPARED,
    timeout: float | None = None,
) -> Latency:
    """Time single calls of statements in fresh processes each round, sampled in interleaved order.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        The statements to compare; the first is the baseline.  The row ``clock`` is added.
    setup, namespace : optional
        For contenders that are not a `Statement`; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        The settings of the script or the docs build; see `bench.settings`.
    share : float
        The part of the example's seconds that this call may use.
    calls : int, optional
        Calls per round and contender, 10,000 by default; with fewer there is no p99.9.
    compared : sequence of str
        The percentiles to judge, from ``p50``, ``p95``, ``p99`` and ``p99_9``; more of them need more rounds.
    timeout : float, optional
        Seconds that a worker may take for one request; 120 by default.

    Returns
    -------
    Latency

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, a contender is called ``clock``, or `calls` is below 100; this is checked before a
        process is started.
    WorkerError
        If a statement fails, or its worker dies or hangs.
    Interrupted
        If the measurement was stopped; its ``result`` has the finished rounds.

    Examples
    --------
    >>> import evenhand as bench
    >>> quick = bench.Settings(rounds=1)  # fast, but too few rounds for a verdict
    >>> result = bench.latency({"sleep": "sleep(0.001)"}, setup="from time import sleep", calls=100, settings=quick)
    >>> result.percentile("sleep", "p50").value > 1e6
    True
    """
    settings = settings or Settings()
    calls = CALLS if calls is None else whole("calls", calls)
    if calls < FEWEST_CALLS:
        message = f"calls is {calls}; a 99th percentile needs at least {FEWEST_CALLS} per round"
        raise ValueError(message)
    stated = statements(contenders, setup, namespace)
    if CLOCK in stated:
        message = f"a contender is called {CLOCK!r}, the name of the empty statement's row; rename it"
        raise ValueError(message)
    chosen = names("compared", compared, list(PERCENTILES))
    plan = {"calls": calls, "slices": SLICES, "collector": COLLECTOR, "compared": chosen}
    taken = [name for name in chosen if name != "p99_9" or calls >= CALLS]
    judged = (len(stated) - 1) * len(taken)
    return measure(CallSampler(stated, plan, judged, timeout), name, settings, share)

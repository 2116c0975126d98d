"""`compare`: the cost of one operation, and the ratios between contenders, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from evenhand.judge.decision import FEWEST_ROUNDS, TOO_FEW, Verdict, decide
from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.judge.statistics import median_interval, noise_floor
from evenhand.measure.arguments import whole
from evenhand.measure.process import WorkerProcess
from evenhand.measure.records import Sample, data_frame
from evenhand.measure.sampling import Sampler, measure
from evenhand.measure.settings import Settings
from evenhand.measure.statement import Harness, Setup, Statement, statements
from evenhand.measure.timing_loop import (
    FLOOR,
    SLICE_SECONDS,
    SLICES,
    Calibration,
    differing_copies,
    sample_slices,
    shared,
    slices_within,
    tried,
)
from evenhand.results import quantity
from evenhand.results.result import COLLECTOR, FLOOR_MARK, Result, text_columns

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

NAN = float("nan")
CORES = 1.15
"""More processor time per second than this means more than one core."""
DRIFT = 1.1
"""A cost that changes by more than this factor within a round is not a single number."""


class Comparison(Result):
    """Cost per operation of named contenders, and their ratios to the first.

    Examples
    --------
    >>> import evenhand as bench
    >>> quick = bench.Settings(rounds=1)  # fast, but too few rounds for a verdict
    >>> result = bench.compare({"list": "[1, 2]", "dict": "{1: 2}"}, settings=quick)
    >>> result.baseline, result.verdict("dict")
    ('list', 'not judged')
    >>> result.cost("list").value > 0
    True
    """

    kind: ClassVar[str] = "comparison"

    @property
    def items(self) -> int:
        """The number of operations in a statement; results are per operation."""
        return int(self.settings.get("items", 1))

    @property
    def processes(self) -> bool:
        """Whether whole processes were timed; the floor is then an empty process instead of the empty loop."""
        return bool(self.settings.get("processes"))

    @property
    def nothing(self) -> str:
        """The empty statement that is timed alongside, in words."""
        return "an empty process" if self.processes else "the empty loop"

    @cached_property
    def costs(self) -> pd.DataFrame:
        """Nanoseconds per operation: a row per round, a column per contender, the median of the round's slices."""
        samples = self.samples[self.samples["quantity"] == "slice_ns"]
        cost = samples["value"] / samples["loops"] / self.items
        medians = cost.groupby([samples["round"], samples["contender"]]).median()
        return medians.unstack("contender")[list(self.contenders)]

    def series(self) -> Mapping[tuple[Any, ...], pd.Series]:
        """Return the costs by contender."""
        return {(name,): self.costs[name] for name in self.contenders}

    def cost(self, contender: str) -> Estimate:
        """Return nanoseconds per operation: the median over rounds, with its interval."""
        return self.estimate(contender)

    def ratio(self, contender: str, to: str | None = None) -> Estimate:
        """Return the cost of `contender` over that of `to` (by default the baseline), with the interval that decides.

        The ratio is the median of the rounds' ratios, so it can differ from the quotient of the two costs.  The
        interval is corrected for all contenders that are judged together.
        """
        return self.ratio_of(contender, to)

    def difference(self, contender: str, to: str | None = None) -> Estimate:
        """Return the additional nanoseconds of `contender` per operation over `to` (by default the baseline)."""
        return median_interval(self.per_round(contender) - self.per_round(to or self.baseline), LEVEL)

    @cached_property
    def _sums(self) -> pd.DataFrame:
        """Nanoseconds and executions of each quantity over all rounds, by contender."""
        return self.samples.groupby(["contender", "quantity"])[["value", "loops"]].sum()

    def per_execution(self, contender: str, what: str) -> float:
        """Return nanoseconds per execution of a quantity such as ``empty_ns`` or ``processor_ns``; NaN without it."""
        if (contender, what) not in self._sums.index:
            return NAN
        row = self._sums.loc[contender, what]
        return float(row["value"] / row["loops"])

    def at_floor(self, contender: str) -> bool:
        """Whether the cost cannot be distinguished from an empty loop or process; it is then not judged."""
        return self.per_execution(contender, "slice_ns") < FLOOR * self.per_execution(contender, "empty_ns")

    def cores(self, contender: str) -> float:
        """Return the number of busy cores: processor time over elapsed time; NaN if it was not measured."""
        return self.per_execution(contender, "processor_ns") / self.per_execution(contender, "slice_ns")

    def verdict(self, contender: str, to: str | None = None) -> Verdict:
        """Judge `contender` against `to` with the project's one decision function; nothing at the floor is judged."""
        if self.at_floor(contender) or self.at_floor(to or self.baseline):
            return "not judged"
        return decide(self.ratio(contender, to))

    @cached_property
    def ranking(self) -> list[str]:
        """The contenders, sorted by cost, lowest first."""
        return [str(name) for name in self.costs.median().sort_values().index]

    def sentence(self, contender: str, to: str | None = None) -> str:
        """Describe in a sentence how `contender` compares with `to`."""
        other = to or self.baseline
        ratio = quantity.ratio(self.ratio(contender, other))
        at_floor = self.at_floor(contender) or self.at_floor(other)
        unjudged = f"not judged, because it cannot be distinguished from {self.nothing}" if at_floor else TOO_FEW
        endings = {
            "faster": "faster",
            "slower": "slower",
            "no difference shown": "no difference shown",
            "inconclusive": "inconclusive: the interval is too wide to say",
            "not judged": unjudged,
        }
        return f"{contender} takes {ratio} times as long as {other}: {endings[self.verdict(contender, other)]}"

    def facts(self) -> dict[str, Any]:
        """Return the fastest contender if its verdict is clear, and the noise floor of identical contenders."""
        if len(self.ranking) == 1:
            return {"fastest": self.ranking[0], "cheapest": self.ranking[0]}
        first, second = self.ranking[:2]
        verdict = self.verdict(first, second)
        floor = self.at_floor(first) or self.at_floor(second)
        unjudged = f"because it cannot be distinguished from {self.nothing}" if floor else "in this profile"
        texts = {"faster": first, "not judged": f"not judged {unjudged} (lowest here: {first})"}
        found: dict[str, Any] = {
            "fastest": texts.get(verdict, f"no clear winner between {first} and {second}"),
            "cheapest": first,
            "slowest": self.ranking[-1],
        }
        if pairs := self.identical:
            found["noise_floor"] = noise_floor(self.ratio(one, two) for one, two in pairs)
        return found

    def in_ratio(self) -> Iterable[tuple[Any, ...]]:
        """Return the contenders that are judged."""
        return [] if self.at_floor(self.baseline) else [(name,) for name in self.contenders if not self.at_floor(name)]

    def remarks(self) -> tuple[str, ...]:
        """Return remarks that a reader needs to interpret the numbers."""
        floor = [name for name in self.contenders if self.at_floor(name)]
        constant = [name for name in floor if self.contenders[name].get("constant")]
        mark = f"{FLOOR_MARK} cannot be distinguished from {self.nothing}, so neither it nor a ratio to it is judged"
        remarks = [mark] if floor else []
        if constant:
            remarks.append(f"{', '.join(constant)}: only a constant or a comment, which the compiler removes")
        remarks += self._timed_as()
        remarks += differing_copies(self.contenders)
        remarks += [
            f"{name} used {quantity.digits(self.cores(name))} cores"
            for name in self.contenders
            if self.cores(name) > CORES
        ]
        remarks += [sentence for name in self.contenders if (sentence := self._drift(name))]
        return tuple(remarks)

    def _timed_as(self) -> list[str]:
        """Return remarks on a loop that differs from the usual one."""
        called = [name for name, record in self.contenders.items() if record.get("called")]
        remarks = [f"the time of {', '.join(called)} includes a function call"] if called else []
        if self.settings.get("alone"):
            clock = max(self.per_execution(name, "empty_ns") for name in self.contenders)
            remarks.append(f"each execution is timed separately, which includes {quantity.time(clock)} for the clock")
        if self.processes:
            least = max(self.per_execution(name, "empty_ns") for name in self.contenders)
            remarks.append(f"each is a whole process; an empty process takes {quantity.time(least)}")
        return remarks

    def _drift(self, name: str) -> str:
        """Return a remark if a cost changes within the rounds, as when each execution changes the next one's input."""
        samples = self.samples[(self.samples["quantity"] == "slice_ns") & (self.samples["contender"] == name)]
        cost = (samples["value"] / samples["loops"]).set_axis(samples["sample"])
        half = cost.index.max() / 2
        rounds = samples["round"].to_numpy()
        early, late = (cost[part].groupby(rounds[part]).median() for part in (cost.index < half, cost.index > half))
        if len(early) < FEWEST_ROUNDS or len(early) != len(late):
            return ""
        grown = median_interval(np.log(late.to_numpy()) - np.log(early.to_numpy()), LEVEL)
        if abs(grown.value) < np.log(DRIFT) or grown.low <= 0 <= grown.high:
            return ""
        times = quantity.digits(np.exp(grown.value))
        return f"the cost of {name} changes within a round: in the second half it is {times} times that of the first"

    def advice(self) -> tuple[str, ...]:
        """Return what the author of the statements can do about a cost that changes within a round."""
        if not any(self._drift(name) for name in self.contenders):
            return ()
        fresh = "--each" if self.processes else "Statement(..., each=...)"
        return (f"if a statement changes its input, make a fresh input with {fresh}",)

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per contender: cost, operations per second, ratio to the baseline, verdict."""
        rows = []
        for name in self.contenders:
            cost, baseline = self.cost(name), name == self.baseline
            rows.append(
                {
                    "contender": name,
                    **self.interval_columns("cost", "_ns", cost),
                    **self.interval_columns("difference", "_ns", self.difference(name)),
                    "operations_per_second": 1e9 / cost.value,
                    **self.interval_columns("ratio", "", self.ratio(name)),
                    "rounds": cost.rounds,
                    "verdict": "baseline" if baseline else self.verdict(name),
                    "at_floor": self.at_floor(name),
                    "cores": self.cores(name),
                    "sentence": f"{name} is the baseline" if baseline else self.sentence(name),
                }
            )
        return data_frame(rows).set_index("contender")

    def table(self) -> pd.DataFrame:
        """Return cost, rate, ratio and verdict as text."""
        unit = "process" if self.processes else "operation"
        plural = "processes" if self.processes else "operations"
        return text_columns(
            self.to_pandas(),
            {
                f"time per {unit}": self._cost_cell,
                f"{plural} per second": lambda row: (
                    quantity.MISSING if row.at_floor else quantity.rate(row.operations_per_second)
                ),
                f"ratio to {self.baseline} (95 % interval)": self._ratio_cell,
                "verdict": lambda row: row.verdict,
            },
        )

    @staticmethod
    def _cost_cell(row: Any) -> str:
        text = quantity.time(row.cost_ns)
        return f"{text} {FLOOR_MARK}" if row.at_floor else text

    def _ratio_cell(self, row: Any) -> str:
        if row.verdict == "baseline":
            return "1"
        floor = row.at_floor or self.at_floor(self.baseline)
        return quantity.MISSING if floor else quantity.ratio(self.ratio(row.Index))

    def draw(self, ax: Axes, *, multiples: Sequence[float] = (1.0,)) -> None:
        """Draw one row per contender, sorted: a dot for each round, the median, and its interval.

        Parameters
        ----------
        ax : Axes
            The axes to draw into.
        multiples : sequence of float
            Multiples of the baseline's cost that are marked with a vertical line.
        """
        from evenhand.results.rows import Row, dots

        rows = {
            str(row.Index): Row.of(self.cost(row.Index), self._cost_cell(row), self.costs[row.Index])
            for row in self.to_pandas().itertuples()
        }
        label = f"time per {'process' if self.processes else 'operation'}"
        dots(ax, rows, unit="_ns", label=label, baseline=self.baseline, multiples=multiples)


class CostSampler(Sampler[Comparison]):
    """Samples slices of many executions each, from workers that take turns."""

    kind = Comparison
    calibrations: Mapping[str, Calibration]
    slices: int

    def prepare(self, workers: Mapping[str, WorkerProcess]) -> float:
        """Calibrate all contenders together."""
        alone = bool(self.plan.get("alone"))
        trials = {name: tried(worker) for name, worker in workers.items()}
        self.pinned = not any(trial.parallel for trial in trials.values())
        self.calibrations = shared(trials, alone=alone)
        self.slices = slices_within(self.plan["most_slices"], self.calibrations.values())
        return (self.slices + 1) * sum(found.slice_seconds for found in self.calibrations.values())

    def sample(self, workers: Mapping[str, WorkerProcess], index: int) -> Sequence[Sample]:
        """Sample the slices of a round."""
        return sample_slices(workers, self.calibrations, index, self.slices)

    def facts(self) -> dict[str, Any]:
        """Return the number of slices per round, and whether the workers share a core."""
        return {"slices": self.slices, "one_core": self.pinned}

    def records(self) -> dict[str, dict[str, Any]]:
        """Return the statements, each with its calibration."""
        return {name: record | self.calibrations[name].record() for name, record in super().records().items()}


def compare(
    contenders: Mapping[str, str | Callable[[], Any] | Statement],
    *,
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
    name: str = "comparison",
    settings: Settings | None = None,
    share: float = 1.0,
    items: int = 1,
    timeout: float | None = None,
) -> Comparison:
    """Compare the cost of statements in fresh processes each round, sampled in interleaved order.

    Every contender is timed by the same loop, with the same number of copies of the statement in it.  If one of them
    is a callable, source text is also timed as a function call.  If one awaits, all run inside an event loop.  If
    one has `Statement.each`, every execution is timed separately.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        The statements to compare; the first is the baseline.
    setup, namespace : optional
        For contenders that are not a `Statement`; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        The settings of the script or the docs build; see `bench.settings`.
    share : float
        The part of the example's seconds that this call may use.
    items : int
        The number of operations in each statement; times are per operation.
    timeout : float, optional
        Seconds that a worker may take for one request, such as the first execution; 120 by default.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid; this is checked before a process is started.
    WorkerError
        If a statement fails, or its worker dies or hangs.
    Interrupted
        If the measurement was stopped; its ``result`` has the finished rounds.

    Examples
    --------
    >>> import evenhand as bench
    >>> quick = bench.Settings(rounds=1)  # fast, but too few rounds for a verdict
    >>> result = bench.compare({"sort": "sorted(x)", "copy": "x[:]"}, setup="x = [3, 1, 2]", settings=quick)
    >>> list(result.to_pandas().index)
    ['sort', 'copy']
    """
    settings = settings or Settings()
    stated = statements(contenders, setup, namespace)
    items = whole("items", items)
    plan: dict[str, Any] = {
        "most_slices": settings.slices or SLICES,
        "slice_seconds": SLICE_SECONDS,
        "collector": COLLECTOR,
    }
    if items != 1:
        plan["items"] = items
    if Harness.of(stated).alone:
        plan["alone"] = True
    return measure(CostSampler(stated, plan, len(stated) - 1, timeout), name, settings, share)

"""`throughput`: points per second in batches, and how the time of a batch grows with its size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy

from evenhand.judge.decision import Verdict, decide
from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.judge.statistics import corrected_level, median_interval, noise_floor, ratio_interval
from evenhand.measure.arguments import whole, whole_numbers
from evenhand.measure.process import WorkerProcess
from evenhand.measure.records import Sample, data_frame
from evenhand.measure.sampling import Sampler, measure
from evenhand.measure.settings import Settings
from evenhand.measure.statement import Harness, Setup, Statement, statements
from evenhand.measure.timing_loop import FLOOR, Calibration, sample_slices, shared, slices_within, tried
from evenhand.results import quantity
from evenhand.results.result import COLLECTOR, FLOOR_MARK, Result, text_columns

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SIZES = (1_000, 10_000, 100_000)
LADDER = (1, 10, 100, 1_000, 10_000, 100_000)
"""Additional sizes for the fit."""
SCALED = (10_000, 100_000)
"""The two sizes whose times per point are compared."""
LARGEST_RESIDUAL = 0.1
"""If the line misses a measured time by more than this share, no knee is reported."""
SLICES = 2
GROWS = 1.2
"""If 100 times as many points take less than this factor longer, the statement seems to ignore the size."""


class Throughput(Result):
    """Times of whole batches, by size.

    Examples
    --------
    >>> import evenhand as bench
    >>> quick = bench.Settings(rounds=1)  # fast, but too few rounds for a verdict
    >>> result = bench.throughput({"list": "[0.0] * n"}, sizes=[10, 100], settings=quick)
    >>> result.sizes, list(result.fit().columns)
    ([10, 100], ['fixed_ns', 'point_ns', 'knee_points', 'largest_residual'])
    """

    kind: ClassVar[str] = "throughput"

    @property
    def sizes(self) -> list[int]:
        """The requested sizes."""
        return [int(size) for size in self.settings["sizes"]]

    @cached_property
    def times(self) -> pd.DataFrame:
        """Nanoseconds per batch; one row per round, columns (contender, size)."""
        samples = self.samples[self.samples["quantity"] == "batch_ns"]
        time = samples["value"] / samples["loops"]
        means = time.groupby([samples["round"], samples["contender"], samples["size"]]).mean()
        return means.unstack(["contender", "size"])

    def series(self) -> Mapping[tuple[Any, ...], pd.Series]:
        """Return the times of batches, by contender and requested size."""
        return {(name, size): self.times[name, size] for name in self.contenders for size in self.sizes}

    @property
    def judged(self) -> int:
        """The number of sizes over all contenders."""
        return (len(self.contenders) - 1) * len(self.sizes)

    def ratio(self, contender: str, size: int, to: str | None = None) -> Estimate:
        """Return the time of a batch of `size` over that of `to` (by default the baseline).

        The interval is corrected for all contenders and sizes that are judged together.
        """
        return self.ratio_of(contender, to, size)

    @cached_property
    def _floors(self) -> pd.Series:
        """The time of an execution over that of the empty loop around it, by contender and size."""
        sums = self.samples.groupby(["contender", "size", "quantity"])[["value", "loops"]].sum()
        each = (sums["value"] / sums["loops"]).unstack("quantity")
        return each["batch_ns"] / each.get("empty_ns", 0.0)  # runs of earlier versions did not record the empty loop

    def at_floor(self, contender: str, size: int) -> bool:
        """Whether a batch cannot be distinguished from the empty loop; it is then not judged."""
        return bool(self._floors[contender, size] < FLOOR)

    def verdict(self, contender: str, size: int, to: str | None = None) -> Verdict:
        """Judge a batch of `size` against that of `to` with the project's one decision function.

        Batches at the floor are not judged.
        """
        if self.at_floor(contender, size) or self.at_floor(to or self.baseline, size):
            return "not judged"
        return decide(self.ratio(contender, size, to))

    def scaling(self, contender: str, to: str | None = None) -> Estimate:
        """Return the time per point in a batch of 100,000 over that in a batch of 10,000, within each round.

        The interval is corrected for all contenders.

        Parameters
        ----------
        contender : str
            Name of a contender.
        to : str, optional
            Another contender; the result is then the scaling of `contender` over that of `to`.

        Raises
        ------
        ValueError
            If those sizes were not measured.
        """
        small, large = SCALED
        if large not in self.sizes:
            message = f"{self.name} has batches of {', '.join(map(str, self.sizes))}; the scaling needs one of {large}"
            raise ValueError(message)
        new, old = self.times[contender, large] / large, self.times[contender, small] / small
        if to is not None:
            old = old * (self.times[to, large] / large) / (self.times[to, small] / small)
        return ratio_interval(new, old, corrected_level(LEVEL, len(self.contenders)))

    def scaling_verdict(self, contender: str, to: str | None = None) -> Verdict:
        """Judge `scaling` with the project's one decision function; times at the floor are not judged."""
        names = [contender] if to is None else [contender, to]
        if any(self.at_floor(name, size) for name in names for size in SCALED):
            return "not judged"
        return decide(self.scaling(contender, to))

    def in_ratio(self) -> Iterable[tuple[Any, ...]]:
        """Return the judged sizes of each contender."""
        return [
            (name, size)
            for name in self.contenders
            for size in self.sizes
            if not (self.at_floor(name, size) or self.at_floor(self.baseline, size))
        ]

    def remarks(self) -> tuple[str, ...]:
        """Return remarks that a reader needs to interpret the numbers."""
        called = [name for name, record in self.contenders.items() if record.get("called")]
        floor = any(self.at_floor(name, size) for name in self.contenders for size in self.sizes)
        mark = f"{FLOOR_MARK} cannot be distinguished from the empty loop, so neither it nor a ratio to it is judged"
        remarks = [mark] if floor else []
        if constant := [name for name, record in self.contenders.items() if record.get("constant")]:
            remarks.append(f"{', '.join(constant)}: only a constant or a comment, which the compiler removes")
        remarks += [f"the time of {', '.join(called)} includes a function call"] if called else []
        median = self.times.median()
        for name in self.contenders:
            small, large = min(self.times[name]), max(self.times[name])
            if large >= 100 * small and median[name, large] < GROWS * median[name, small]:
                remarks.append(
                    f"{name} takes about as long for a batch of {quantity.written('', large)} as for one of "
                    f"{quantity.written('', small)}: does the statement use n?"
                )
        return tuple(remarks)

    def fit(self) -> pd.DataFrame:
        """Fit the time of a batch as a + b N, one row per contender.

        Returns
        -------
        DataFrame
            ``fixed_ns`` (a), ``point_ns`` (b), ``knee_points`` (a / b) and ``largest_residual``, the largest relative
            distance of a measured time from the line.  The knee is NaN if that is more than 10 %, or b is 0.

        Notes
        -----
        The fit minimises the squares of the relative residuals, so that each size has the same weight, with neither a
        nor b below 0 (`scipy.optimize.nnls`).
        """
        rows = {}
        for contender in self.contenders:
            times = self.times[contender].median()
            sizes = times.index.to_numpy(dtype=float)
            terms = np.column_stack([np.ones_like(sizes), sizes]) / times.to_numpy()[:, None]
            (fixed, point), _ = scipy.optimize.nnls(terms, np.ones_like(sizes))
            residual = float(np.abs(terms @ [fixed, point] - 1).max())
            rows[contender] = {
                "fixed_ns": fixed,
                "point_ns": point,
                "knee_points": fixed / point if point and residual <= LARGEST_RESIDUAL else float("nan"),
                "largest_residual": residual,
            }
        return data_frame(list(rows.values()), index=list(rows)).rename_axis("contender")

    def fit_table(self) -> pd.DataFrame:
        """Return the fit as text, with the ratio of 100,000 to 10,000 if both were measured."""
        columns: dict[str, Callable[[Any], str]] = {
            "fixed cost of a batch (a)": lambda row: quantity.time(row.fixed_ns),
            "cost per item (b)": lambda row: quantity.time(row.point_ns),
            "knee (a/b), items": lambda row: quantity.digits(row.knee_points),
            "largest residual": lambda row: quantity.percent(row.largest_residual),
        }
        if SCALED[1] in self.sizes:
            columns["per item, 100,000 over 10,000"] = lambda row: quantity.ratio(self.scaling(row.Index))
            columns["verdict"] = lambda row: self.scaling_verdict(row.Index)
        return text_columns(self.fit(), columns)

    def facts(self) -> dict[str, Any]:
        """Return each contender's fit, its scaling with the verdict if it was measured, and the noise floor."""
        found: dict[str, Any] = {str(name): dict(row) for name, row in self.fit().iterrows()}
        if pairs := self.identical:
            sizes = self.sizes
            found["noise_floor"] = noise_floor(self.ratio(one, size, two) for one, two in pairs for size in sizes)
            if SCALED[1] in sizes:
                found["scaling_noise_floor"] = noise_floor(self.scaling(one, two) for one, two in pairs)
        if SCALED[1] in self.sizes:
            for contender in self.contenders:
                scaling = self.scaling(contender)
                found[contender] |= {
                    "scaling_ratio": scaling.value,
                    "scaling_ratio_low": scaling.low,
                    "scaling_ratio_high": scaling.high,
                    "scaling_verdict": self.scaling_verdict(contender),
                }
        return found

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per contender and requested size: rate, median, mean, deviation, ratio, verdict."""
        rows = []
        for contender in self.contenders:
            for size in self.sizes:
                times = self.times[contender, size]
                median, ratio = median_interval(times, LEVEL), self.ratio(contender, size)
                rows.append(
                    {
                        "contender": contender,
                        "size": size,
                        "points_per_second": size * 1e9 / median.value,
                        **self.interval_columns("median", "_ns", median),
                        "mean_ns": times.mean(),
                        "sd_ns": times.std(ddof=1),
                        **self.interval_columns("ratio", "", ratio),
                        "at_floor": self.at_floor(contender, size),
                        "rounds": len(times),
                        "verdict": "baseline" if contender == self.baseline else self.verdict(contender, size),
                    }
                )
        return data_frame(rows).set_index(["contender", "size"])

    def table(self) -> pd.DataFrame:
        """Return rates, times and ratios as text."""
        return text_columns(
            self.to_pandas(),
            {
                "items per second": lambda row: (
                    quantity.MISSING if row.at_floor else quantity.rate(row.points_per_second)
                ),
                "median": self._median_cell,
                "mean": lambda row: quantity.time(row.mean_ns),
                "standard deviation": lambda row: quantity.time(row.sd_ns),
                f"ratio to {self.baseline} (95 % interval)": self._ratio_cell,
                "verdict": lambda row: row.verdict,
            },
        )

    @staticmethod
    def _median_cell(row: Any) -> str:
        text = quantity.time(row.median_ns)
        return f"{text} {FLOOR_MARK}" if row.at_floor else text

    def _ratio_cell(self, row: Any) -> str:
        if row.verdict == "baseline":
            return "1"
        contender, size = row.Index
        floor = row.at_floor or self.at_floor(self.baseline, size)
        return quantity.MISSING if floor else quantity.ratio(self.ratio(contender, size))

    def draw(self, ax: Axes) -> None:
        """Draw time per item over the size of the batch, one curve per contender; for a single size, one row each."""
        from evenhand.results.curves import curves
        from evenhand.results.rows import Row, dots

        if len(self.sizes) == 1:
            [size] = self.sizes
            rows = {}
            for name in self.contenders:
                each = self.times[name, size] / size
                found = median_interval(each, LEVEL)
                rows[name] = Row.of(found, quantity.time(found.value), each)
            label = f"time per item in a batch of {quantity.written('', size)}"
            dots(ax, rows, unit="_ns", label=label, baseline=self.baseline)
            return
        series = {}
        for name in self.contenders:
            times = self.times[name].median()
            sizes = times.index.to_numpy(dtype=float)
            series[name] = (sizes, times.to_numpy() / sizes)
        curves(ax, series, x=("", "items in a batch"), y=("_ns", "time per item"))


class BatchSampler(Sampler[Throughput]):
    """Samples batches of each size in turn, with the same loop as `compare`."""

    kind = Throughput
    calibrations: Mapping[int, Mapping[str, Calibration]]
    slices: Mapping[int, int]

    @property
    def ladder(self) -> list[int]:
        """The requested sizes, smaller ones for the fit, and those of the scaling."""
        sizes = self.plan["sizes"]
        smaller = (size for size in LADDER if size < min(sizes))
        return sorted({*sizes, *smaller, *(SCALED if SCALED[1] in sizes else ())})

    def requests(self, size: int) -> dict[str, dict[str, Any]]:
        """Return the requests for a size: a callable receives it as its argument, text uses the name ``n``."""
        return {
            name: {"size": size}
            | ({} if isinstance(statement.code, str) else {"source": f"{statement.source.removesuffix('()')}(n)"})
            for name, statement in self.stated.items()
        }

    def prepare(self, workers: Mapping[str, WorkerProcess]) -> float:
        """Calibrate each size, all contenders together."""
        alone, seconds = bool(self.plan.get("alone")), 0.0
        self.pinned = True
        self.calibrations, self.slices = {}, {}
        for size in self.ladder:
            requests = self.requests(size)
            trials = {name: tried(worker, **requests[name]) for name, worker in workers.items()}
            self.pinned = self.pinned and not any(trial.parallel for trial in trials.values())
            found = self.calibrations[size] = shared(trials, alone=alone)
            self.slices[size] = slices_within(SLICES, found.values())
            seconds += (self.slices[size] + 1) * sum(each.slice_seconds for each in found.values())
        return seconds

    def sample(self, workers: Mapping[str, WorkerProcess], index: int) -> Sequence[Sample]:
        """Sample the slices of every size."""
        samples: list[Sample] = []
        for size in self.ladder:
            of, found = self.requests(size), self.calibrations[size]
            samples += sample_slices(workers, found, index, self.slices[size], quantity="batch_ns", size=size, of=of)
        return samples


def throughput(
    contenders: Mapping[str, str | Callable[..., Any] | Statement],
    *,
    sizes: Sequence[int] = SIZES,
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
    name: str = "throughput",
    settings: Settings | None = None,
    share: float = 1.0,
    repeats: int | None = None,
    timeout: float | None = None,
) -> Throughput:
    """Time statements that make a batch of ``n`` points, for several ``n``, in the same way as `compare`.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        Statements that use the name ``n``, or callables that take it; the first is the baseline.
    sizes : sequence of int
        The batch sizes in the table.  Powers of ten below the smallest are measured too, for the fit.
    setup, namespace, name, settings, share, timeout : optional
        As for `compare`.
    repeats : int, optional
        The number of rounds, if the seconds allow it.

    Returns
    -------
    Throughput

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
    >>> result = bench.throughput({"list": "[float(i) for i in range(n)]"}, sizes=[100], settings=quick)
    >>> bool(result.to_pandas().loc[("list", 100), "points_per_second"] > 0)
    True
    """
    settings = settings or Settings()
    wanted = sorted(set(whole_numbers("sizes", sizes)))
    if repeats is not None:
        settings = replace(settings, rounds=whole("repeats", repeats))
    stated = statements(contenders, setup, namespace)
    plan: dict[str, Any] = {"sizes": wanted, "slices": SLICES, "collector": COLLECTOR}
    if Harness.of(stated).alone:
        plan["alone"] = True
    judged = (len(stated) - 1) * len(wanted)
    return measure(BatchSampler(stated, plan, judged, timeout), name, settings, share)

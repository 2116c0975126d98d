"""`throughput`: points a second in batches, and how the time for a batch grows with its size."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import scipy

from rust_daq.bench import quantity
from rust_daq.bench.decision import LEVEL, Estimate, Verdict, decide
from rust_daq.bench.frames import data_frame, samples_of
from rust_daq.bench.process import WorkerProcess
from rust_daq.bench.result import COLLECTOR, Result, call_notes, records, text_columns
from rust_daq.bench.round import alive, turns
from rust_daq.bench.settings import Settings
from rust_daq.bench.statement import Setup, Statement, statements
from rust_daq.bench.statistics import corrected_level, median_interval, noise_floor, ratio_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SIZES = (1_000, 10_000, 100_000)
LADDER = (1, 10, 100, 1_000, 10_000, 100_000)
"""Sizes of the fit, beside those that are asked for."""
SCALED = (10_000, 100_000)
"""Whether a point in a large batch costs what it costs in a smaller one is asked of these two."""
SLICES = 2
SLICE_SECONDS = 0.002
"""A small batch is made over and over for so long; a large one once."""
TRIAL = 100


@dataclass(frozen=True, eq=False)
class Throughput(Result):
    """Times of whole batches, by size.

    Examples
    --------
    >>> from rust_daq import bench
    >>> quick = bench.Settings(rounds=1)  # too few to judge by, and soon over
    >>> result = bench.throughput({"list": "[0.0] * n"}, sizes=[10, 100], settings=quick)
    >>> result.sizes, list(result.fit().columns)
    ([10, 100], ['fixed_ns', 'point_ns', 'knee_points', 'largest_residual'])
    """

    kind: ClassVar[str] = "throughput"

    @property
    def sizes(self) -> list[int]:
        """The sizes that were asked for."""
        return [int(size) for size in self.settings["sizes"]]

    @cached_property
    def times(self) -> pd.DataFrame:
        """Nanoseconds a batch; one row a round, columns (contender, size)."""
        samples = self.samples
        time = samples["value"] / samples["loops"]
        means = time.groupby([samples["round"], samples["contender"], samples["size"]]).mean()
        return means.unstack(["contender", "size"])

    def ratio(self, contender: str, size: int, to: str | None = None, *, corrected: bool = False) -> Estimate:
        """Time for a batch of `size` over the time of `to` (by default the baseline) for the same."""
        judged = (len(self.contenders) - 1) * len(self.sizes)
        level = corrected_level(LEVEL, judged) if corrected else LEVEL
        return ratio_interval(self.times[contender, size], self.times[to or self.baseline, size], level)

    def verdict(self, contender: str, size: int, to: str | None = None) -> Verdict:
        """Judge a batch of `size` against the same of `to` by the project's one decision function."""
        return decide(self.ratio(contender, size, to, corrected=True))

    def scaling(self, contender: str, to: str | None = None, *, corrected: bool = False) -> Estimate:
        """Time a point in a batch of 100,000 over the time a point in one of 10,000, within each round.

        Parameters
        ----------
        contender : str
            Name of a contender.
        to : str, optional
            Another one: the same of `contender` over that of `to`, so whose points get dearer.
        corrected : bool
            Widen the interval so that those of all contenders hold together.

        Raises
        ------
        ValueError
            If those sizes were not measured.
        """
        small, large = SCALED
        if large > max(self.sizes):
            message = f"{self.name} has batches up to {max(self.sizes)}; the scaling needs one of {large}"
            raise ValueError(message)
        level = corrected_level(LEVEL, len(self.contenders)) if corrected else LEVEL
        new, old = self.times[contender, large] / large, self.times[contender, small] / small
        if to is not None:
            old = old * (self.times[to, large] / large) / (self.times[to, small] / small)
        return ratio_interval(new, old, level)

    def fit(self) -> pd.DataFrame:
        """Fit the time for a batch as a + b N, one row a contender.

        Returns
        -------
        DataFrame
            ``fixed_ns`` (a), ``point_ns`` (b), ``knee_points`` (a / b) and ``largest_residual``, the largest relative
            distance of a measured time from the line.

        Notes
        -----
        Least squares of the relative residuals, so that each size weighs the same, with neither a nor b below 0
        (`scipy.optimize.nnls`).
        """
        rows = {}
        for contender in self.contenders:
            times = self.times[contender].median()
            sizes = times.index.to_numpy(dtype=float)
            terms = np.column_stack([np.ones_like(sizes), sizes]) / times.to_numpy()[:, None]
            (fixed, point), _ = scipy.optimize.nnls(terms, np.ones_like(sizes))
            residuals = terms @ [fixed, point] - 1
            rows[contender] = {
                "fixed_ns": fixed,
                "point_ns": point,
                "knee_points": fixed / point if point else float("inf"),
                "largest_residual": float(np.abs(residuals).max()),
            }
        return data_frame(list(rows.values()), index=list(rows)).rename_axis("contender")

    def fit_table(self) -> pd.DataFrame:
        """The fit as text, with the ratio of 100,000 to 10,000 where both were measured."""
        columns: dict[str, Callable[[Any], str]] = {
            "fixed cost of a batch (a)": lambda row: quantity.time(row.fixed_ns),
            "cost a point (b)": lambda row: quantity.time(row.point_ns),
            "knee (a/b), points": lambda row: f"{row.knee_points:.1f}",
            "largest residual": lambda row: f"{row.largest_residual:.0%}",
        }
        if max(self.sizes) >= SCALED[1]:
            columns["a point at 100,000 over one at 10,000"] = lambda row: quantity.ratio(self.scaling(row.Index))
            columns["verdict"] = lambda row: decide(self.scaling(row.Index, corrected=True))
        return text_columns(self.fit(), columns)

    def facts(self) -> dict[str, Any]:
        """For each contender the fit, and the scaling with its verdict where it was measured; the noise floor."""
        found: dict[str, Any] = {str(name): dict(row) for name, row in self.fit().iterrows()}
        if pairs := self.identical:
            sizes = self.sizes
            found["noise_floor"] = noise_floor(self.ratio(one, size, two) for one, two in pairs for size in sizes)
            if max(sizes) >= SCALED[1]:
                found["scaling_noise_floor"] = noise_floor(self.scaling(one, two) for one, two in pairs)
        if max(self.sizes) >= SCALED[1]:
            for contender in self.contenders:
                scaling = self.scaling(contender)
                found[contender] |= {
                    "scaling_ratio": scaling.value,
                    "scaling_ratio_low": scaling.low,
                    "scaling_ratio_high": scaling.high,
                    "scaling_verdict": decide(self.scaling(contender, corrected=True)),
                }
        return found

    def to_pandas(self) -> pd.DataFrame:
        """One row a contender and asked size: rate, median, mean and deviation over rounds, ratio, verdict."""
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
                        "median_ns": median.value,
                        "median_low_ns": median.low,
                        "median_high_ns": median.high,
                        "mean_ns": times.mean(),
                        "sd_ns": times.std(ddof=1),
                        "ratio": ratio.value,
                        "ratio_low": ratio.low,
                        "ratio_high": ratio.high,
                        "rounds": len(times),
                        "verdict": "baseline" if contender == self.baseline else self.verdict(contender, size),
                    }
                )
        return data_frame(rows).set_index(["contender", "size"])

    def table(self) -> pd.DataFrame:
        """Rates, times and ratios as text."""
        return text_columns(
            self.to_pandas(),
            {
                "points per second": lambda row: quantity.rate(row.points_per_second),
                "median": lambda row: quantity.time(row.median_ns, row.median_high_ns - row.median_low_ns),
                "mean": lambda row: quantity.time(row.mean_ns),
                "standard deviation": lambda row: quantity.time(row.sd_ns),
                f"ratio to {self.baseline} (95 % interval)": lambda row: (
                    "1" if row.verdict == "baseline" else quantity.ratio(self.ratio(*row.Index))
                ),
                "verdict": lambda row: row.verdict,
            },
        )

    def draw(self, ax: Axes) -> None:
        """Time a point over the size of the batch, one line a contender; at one size, bars."""
        from rust_daq.bench.figure import bars, lines, logarithmic

        per_point = self.times.median()
        if len(self.sizes) == 1:
            [size] = self.sizes
            values = {name: float(per_point[name, size] / size) for name in self.contenders}
            label = f"time a point, in a batch of {size:,} (shorter is better)"
            bars(ax, values, first=self.baseline, unit="_ns", label=label)
            return
        series = {}
        for name in self.contenders:
            sizes = per_point[name].index.to_numpy(dtype=float)
            series[name] = (sizes, per_point[name].to_numpy() / sizes)
        lines(ax, series)
        logarithmic(ax, "x", "")
        logarithmic(ax, "y", "_ns")
        ax.set_xlabel("points in a batch")
        ax.set_ylabel("time a point (lower is better)")


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
) -> Throughput:
    """Time statements that make a batch of ``n`` points, for several ``n``.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        Statements that use the name ``n``, or callables that take it; the first is the baseline.
    sizes : sequence of int
        The batch sizes of the table.  Powers of ten below the largest are measured too, for the fit.
    setup, namespace, name, settings, share : optional
        As for `compare`.
    repeats : int, optional
        Rounds, where the seconds suffice for them.

    Returns
    -------
    Throughput

    Raises
    ------
    ValueError
        If `sizes` is empty or holds something else than whole numbers from 1 on, or `repeats` is below 1.
    WorkerError
        If a statement fails, or its worker dies or hangs.

    Examples
    --------
    >>> from rust_daq import bench
    >>> quick = bench.Settings(rounds=1)  # too few to judge by, and soon over
    >>> result = bench.throughput({"list": "[float(i) for i in range(n)]"}, sizes=[100], settings=quick)
    >>> bool(result.to_pandas().loc[("list", 100), "points_per_second"] > 0)
    True
    """
    settings = settings or Settings()
    wanted = checked_sizes(sizes)
    if repeats is not None and repeats < 1:
        message = f"repeats is {repeats}; pass 1 or more"
        raise ValueError(message)
    stated = statements(contenders, setup, namespace)
    plan = {"sizes": wanted, "slices": SLICES, "slice_seconds": SLICE_SECONDS, "collector": COLLECTOR}
    limited = settings if repeats is None else replace(settings, rounds=repeats)
    return settings.measured(Throughput, name, stated, plan, lambda: sample(stated, name, limited, share, plan))


def checked_sizes(sizes: Sequence[int]) -> list[int]:
    """The batch sizes in ascending order, or a sentence on what is wrong with them."""
    wrong = [size for size in sizes if isinstance(size, bool) or not isinstance(size, int) or size < 1]
    if wrong or not sizes:
        what = f"holds {wrong[0]!r}" if wrong else "is empty"
        message = f"sizes {what}; pass whole numbers from 1 on, for example (1_000, 10_000)"
        raise ValueError(message)
    return sorted(set(sizes))


def sample(
    stated: Mapping[str, Statement], name: str, settings: Settings, share: float, plan: dict[str, Any]
) -> Throughput:
    """Try each contender at a small size, and fix loops and rounds; the workers that tried are those of the first."""
    started = datetime.now(UTC)
    ladder = sorted({*plan["sizes"], *(size for size in LADDER if size <= max(plan["sizes"]))})
    loops: dict[tuple[str, int], int] = {}
    begin = time.perf_counter()
    with alive(stated) as workers:
        round_seconds = time.perf_counter() - begin
        for contender, worker in workers.items():
            ask_batch(worker, stated[contender], TRIAL, 1)
            point = ask_batch(worker, stated[contender], TRIAL, 10) / (10 * TRIAL * 1e9)
            for size in ladder:
                loops[contender, size] = max(1, int(SLICE_SECONDS / (size * point)))
                round_seconds += SLICES * max(SLICE_SECONDS, size * point)
        rounds = settings.rounds_within(round_seconds, share)
        settings.progress(name, 0, rounds)
        rows = sample_batches(workers, stated, ladder, loops, 0)
    for index in range(1, rounds):
        settings.progress(name, index, rounds)
        with alive(stated) as workers:
            rows += sample_batches(workers, stated, ladder, loops, index)
    return Throughput(
        name=name,
        example=settings.example,
        contenders=records(stated),
        settings=plan | {"rounds": rounds},
        samples=samples_of(rows),
        started=started.isoformat(timespec="seconds"),
        notes=call_notes(stated),
    )


def sample_batches(
    workers: Mapping[str, WorkerProcess],
    stated: Mapping[str, Statement],
    ladder: list[int],
    loops: Mapping[tuple[str, int], int],
    index: int,
) -> list[tuple[Any, ...]]:
    """Ask workers that are alive side by side, for each size in turn, forward then backward."""
    rows: list[tuple[Any, ...]] = []
    for contender, worker in workers.items():
        ask_batch(worker, stated[contender], TRIAL, 1)  # warm-up, not kept
    for size in ladder:
        for turn, contender in turns(list(workers), index, SLICES):
            count = loops[contender, size]
            elapsed = ask_batch(workers[contender], stated[contender], size, count)
            rows.append((contender, "batch_ns", size, index, turn, count, float(elapsed), 1))
    return rows


def ask_batch(worker: WorkerProcess, statement: Statement, size: int, loops: int) -> int:
    """Time `loops` batches of `size`."""
    source = statement.source if isinstance(statement.code, str) else f"{statement.source.removesuffix('()')}(n)"
    elapsed: int = worker.ask({"do": "batch", "source": source, "size": size, "loops": loops})["elapsed"]
    return elapsed

"""`compare`: what one operation costs, and the ratios between contenders, with intervals."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from rust_daq.bench import quantity
from rust_daq.bench.decision import LEVEL, TOO_FEW, Estimate, Verdict, decide
from rust_daq.bench.frames import data_frame, samples_of
from rust_daq.bench.result import COLLECTOR, Result, call_notes, records, text_columns
from rust_daq.bench.round import alive
from rust_daq.bench.settings import Settings
from rust_daq.bench.slices import (
    SLICE_SECONDS,
    SLICES,
    calibrate,
    calibration_record,
    sample_round,
    sample_slices,
    slice_seconds,
)
from rust_daq.bench.statement import Setup, Statement, statements
from rust_daq.bench.statistics import corrected_level, median_interval, noise_floor, ratio_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Comparison(Result):
    """Cost per operation of named contenders and their ratios to the first.

    Examples
    --------
    >>> from rust_daq import bench
    >>> quick = bench.Settings(rounds=1)  # too few to judge by, and soon over
    >>> result = bench.compare({"list": "[1, 2]", "tuple": "(1, 2)"}, settings=quick)
    >>> result.baseline, result.verdict("tuple")
    ('list', 'not judged')
    >>> result.cost("list").value > 0
    True
    """

    kind: ClassVar[str] = "comparison"

    @property
    def items(self) -> int:
        """The operations that a statement makes; what is told is for one of them."""
        return int(self.settings.get("items", 1))

    @cached_property
    def costs(self) -> pd.DataFrame:
        """Nanoseconds per operation, one row a round, one column a contender: the median of the round's slices."""
        samples = self.samples
        cost = samples["value"] / samples["loops"] / self.items
        medians = cost.groupby([samples["round"], samples["contender"]]).median()
        return medians.unstack("contender")[list(self.contenders)]

    def cost(self, contender: str) -> Estimate:
        """Nanoseconds per operation: the median over rounds, with its interval."""
        return median_interval(self.costs[contender], LEVEL)

    def ratio(self, contender: str, to: str | None = None, *, corrected: bool = False) -> Estimate:
        """Cost of `contender` over the cost of `to` (by default the baseline).

        Parameters
        ----------
        contender, to : str
            Names of contenders.
        corrected : bool
            Widen the interval so that those of all contenders hold together; it is what the verdict is made from.
        """
        level = corrected_level(LEVEL, len(self.contenders) - 1) if corrected else LEVEL
        return ratio_interval(self.costs[contender], self.costs[to or self.baseline], level)

    def difference(self, contender: str, to: str | None = None) -> Estimate:
        """Nanoseconds that an operation of `contender` takes beyond one of `to`: the median over rounds.

        Parameters
        ----------
        contender, to : str
            Names of contenders; `to` is the baseline by default.
        """
        return median_interval(self.costs[contender] - self.costs[to or self.baseline], LEVEL)

    def verdict(self, contender: str, to: str | None = None) -> Verdict:
        """Judge `contender` against `to` by the project's one decision function."""
        return decide(self.ratio(contender, to, corrected=True))

    @cached_property
    def ranking(self) -> list[str]:
        """The contenders, cheapest first."""
        return [str(name) for name in self.costs.median().sort_values().index]

    def sentence(self, contender: str, to: str | None = None) -> str:
        """Say in words how `contender` compares with `to`."""
        other = to or self.baseline
        ratio = quantity.ratio(self.ratio(contender, other, corrected=True))
        endings = {
            "faster": "faster",
            "slower": "slower",
            "no difference shown": "no difference shown",
            "inconclusive": "inconclusive: the interval is too wide to say",
            "not judged": TOO_FEW,
        }
        return f"{contender} takes {ratio} times as long as {other}: {endings[self.verdict(contender, other)]}"

    def facts(self) -> dict[str, Any]:
        """The winner, if it can be told from the next; of identical contenders, how far apart they are."""
        if len(self.ranking) == 1:
            return {"fastest": self.ranking[0], "cheapest": self.ranking[0]}
        first, second = self.ranking[:2]
        verdict = self.verdict(first, second)
        told = {"faster": first, "not judged": f"not judged in this profile (lowest here: {first})"}
        found: dict[str, Any] = {
            "fastest": told.get(verdict, f"no clear winner between {first} and {second}"),
            "cheapest": first,
            "slowest": self.ranking[-1],
        }
        if pairs := self.identical:
            found["noise_floor"] = noise_floor(self.ratio(one, two) for one, two in pairs)
        return found

    def to_pandas(self) -> pd.DataFrame:
        """One row a contender: cost, operations a second, ratio to the baseline, verdict."""
        rows = []
        for name in self.contenders:
            cost, ratio, difference = self.cost(name), self.ratio(name), self.difference(name)
            baseline = name == self.baseline
            rows.append(
                {
                    "contender": name,
                    "cost_ns": cost.value,
                    "cost_low_ns": cost.low,
                    "cost_high_ns": cost.high,
                    "difference_ns": difference.value,
                    "difference_low_ns": difference.low,
                    "difference_high_ns": difference.high,
                    "operations_per_second": 1e9 / cost.value,
                    "ratio": ratio.value,
                    "ratio_low": ratio.low,
                    "ratio_high": ratio.high,
                    "rounds": ratio.rounds,
                    "verdict": "baseline" if baseline else self.verdict(name),
                    "sentence": f"{name} is the baseline" if baseline else self.sentence(name),
                }
            )
        return data_frame(rows).set_index("contender")

    def table(self) -> pd.DataFrame:
        """Cost, rate, ratio and verdict as text."""
        return text_columns(
            self.to_pandas(),
            {
                "time per operation": lambda row: quantity.time(row.cost_ns, row.cost_high_ns - row.cost_low_ns),
                "operations per second": lambda row: quantity.rate(row.operations_per_second),
                f"ratio to {self.baseline} (95 % interval)": lambda row: (
                    "1" if row.verdict == "baseline" else quantity.ratio(self.ratio(row.Index))
                ),
                "verdict": lambda row: row.verdict,
            },
        )

    def draw(self, ax: Axes) -> None:
        """One bar a contender, with the interval of its cost."""
        from rust_daq.bench.figure import bars

        frame = self.to_pandas()
        values = {str(name): float(cost) for name, cost in frame["cost_ns"].items()}
        spread = np.abs(frame[["cost_low_ns", "cost_high_ns"]].to_numpy().T - frame["cost_ns"].to_numpy())
        written = [
            quantity.time(row.cost_ns, row.cost_high_ns - row.cost_low_ns) for row in frame.itertuples(index=False)
        ]
        bars(
            ax,
            values,
            first=self.baseline,
            unit="_ns",
            label="time per operation (shorter is better)",
            spread=spread,
            written=written,
        )


def compare(
    contenders: Mapping[str, str | Callable[[], Any] | Statement],
    *,
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
    name: str = "comparison",
    settings: Settings | None = None,
    share: float = 1.0,
    items: int = 1,
) -> Comparison:
    """Compare the cost of statements: fresh processes each round, sampled in interleaved order.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        What is compared; the first is the baseline.
    setup, namespace : optional
        For those contenders that are not `Statement` already; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        Of the script or the docs build; see `bench.settings`.
    share : float
        The part of the example's seconds that this call may use.
    items : int
        The operations that each statement makes, where it makes many: times are told for one of them.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If `items` is no whole number of at least 1.
    WorkerError
        If a statement fails, or its worker dies or hangs.

    Examples
    --------
    >>> from rust_daq import bench
    >>> quick = bench.Settings(rounds=1)  # too few to judge by, and soon over
    >>> result = bench.compare({"sort": "sorted(x)", "copy": "x[:]"}, setup="x = [3, 1, 2]", settings=quick)
    >>> list(result.to_pandas().index)
    ['sort', 'copy']
    """
    settings = settings or Settings()
    stated = statements(contenders, setup, namespace)
    if isinstance(items, bool) or int(items) != items or items < 1:
        message = f"items is {items!r}; give how many operations each statement makes, at least 1"
        raise ValueError(message)
    plan = {"slices": settings.slices or SLICES, "slice_seconds": SLICE_SECONDS, "collector": COLLECTOR}
    if items != 1:
        plan["items"] = int(items)
    return settings.measured(Comparison, name, stated, plan, lambda: sample(stated, name, settings, share, plan))


def sample(
    stated: Mapping[str, Statement], name: str, settings: Settings, share: float, plan: dict[str, Any]
) -> Comparison:
    """Calibrate each contender and fix the number of rounds; the first round has the workers that calibrated."""
    started = datetime.now(UTC)
    begin = time.perf_counter()
    with alive(stated) as workers:
        start_seconds = time.perf_counter() - begin
        calibrations = {name: calibrate(worker, stated[name]) for name, worker in workers.items()}
        round_seconds = start_seconds + plan["slices"] * sum(slice_seconds(found) for found in calibrations.values())
        rounds = settings.rounds_within(round_seconds, share)
        settings.progress(name, 0, rounds)
        rows = sample_slices(workers, calibrations, 0, plan["slices"])
    for index in range(1, rounds):
        settings.progress(name, index, rounds)
        rows += sample_round(stated, calibrations, index, plan["slices"])
    kept = records(stated)
    for contender, found in calibrations.items():
        kept[contender] |= calibration_record(found)
    return Comparison(
        name=name,
        example=settings.example,
        contenders=kept,
        settings=plan | {"rounds": rounds},
        samples=samples_of(rows),
        started=started.isoformat(timespec="seconds"),
        notes=call_notes(stated),
    )

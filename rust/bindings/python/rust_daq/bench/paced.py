"""Response times of statements called at a fixed rate, their capacity and their headroom."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from rust_daq.bench import quantity
from rust_daq.bench.capacity import HELD
from rust_daq.bench.decision import LEVEL, Estimate, Verdict, decide
from rust_daq.bench.frames import data_frame
from rust_daq.bench.result import Result, text_columns
from rust_daq.bench.statistics import corrected_level, median_interval, ratio_interval, weighted_quantiles

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SCHEDULER = "scheduler"
"""The row of the empty statement, paced alike."""
PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99_9": 0.999, "max": 1.0}
COMPARED = ("p50", "p95", "p99", "p99_9")
"""The maximum is shown and never compared: it is one arrival."""
FEWEST_BEYOND = 10
"""Arrivals that lie beyond a percentile at least: p99.9 needs 10,000 in a round."""
FLOOR = 3.0
"""A percentile within this factor of the scheduler's same percentile tells of the scheduler."""


@dataclass(frozen=True, eq=False)
class Paced(Result):
    """Response times at a fixed rate, counted from the moment each arrival was due.

    Every arrival is one of three: on time (done before the next one was due), late (done after that, and by
    the end of the run) or missed (not done by the end of the run, which is when the arrival after the last
    would be due).  A missed arrival counts in the percentiles with the time that it had waited by the end, so
    a percentile that reaches into the missed ones is a lower bound.

    Examples
    --------
    >>> from rust_daq import bench
    >>> result = bench.paced({"nothing": "pass"}, rate=1_000, duration=0.1)
    >>> result.rows, int(result.arrivals.loc["nothing", "arrivals"].iloc[0])
    (['nothing', 'scheduler'], 100)
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
        frame = data_frame({"late": late})
        frame["served"] = served.reindex(frame.index, fill_value=0)
        frame["missed"] = missed.reindex(frame.index, fill_value=0)
        frame["arrivals"] = frame["served"] + frame["missed"]
        return frame.astype(int)

    @cached_property
    def percentiles(self) -> pd.DataFrame:
        """Response times in nanoseconds; rows (contender, round), one column a percentile.

        NaN where fewer than ten arrivals of the round lie beyond the percentile.
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

    def percentile(self, contender: str, which: str) -> Estimate:
        """Response time in nanoseconds: the median over rounds, with an interval from six rounds on.

        Parameters
        ----------
        contender : str
            Name of a contender, or ``"scheduler"``.
        which : str
            ``p50``, ``p95``, ``p99``, ``p99_9`` or ``max``.
        """
        return median_interval(self.percentiles.loc[contender, which], LEVEL)

    def ratio(self, contender: str, which: str, to: str | None = None, *, corrected: bool = False) -> Estimate:
        """Response time of `contender` over that of `to` (by default the baseline), at one percentile.

        Parameters
        ----------
        contender, to : str
            Names of contenders.
        which : str
            ``p50``, ``p95``, ``p99`` or ``p99_9``.
        corrected : bool
            Widen the interval so that those of all contenders and percentiles hold together; it is what the
            verdict is made from.
        """
        judged = len(COMPARED) * (len(self.contenders) - 1)
        level = corrected_level(LEVEL, judged) if corrected else LEVEL
        new, old = (self.percentiles.loc[name, which] for name in (contender, to or self.baseline))
        return ratio_interval(new, old, level)

    def verdict(self, contender: str, which: str, to: str | None = None) -> Verdict:
        """Judge a percentile of `contender` against that of `to` by the project's one decision function."""
        return decide(self.ratio(contender, which, to, corrected=True))

    def at_floor(self, contender: str, which: str) -> bool:
        """Tell whether a percentile is within three times of the scheduler's same percentile."""
        floor = self.percentile(SCHEDULER, which).value
        return bool(self.percentile(contender, which).value <= FLOOR * floor)

    def effective(self, contender: str) -> float:
        """Arrivals served a second: the median over rounds of served over the run's duration."""
        duration = float(self.settings["arrivals"]) / self.rate
        return float(self.arrivals.loc[contender, "served"].median() / duration)

    def capacity(self, contender: str) -> float:
        """Arrivals a second: the highest rate tried that was held without a growing backlog; NaN for none."""
        samples = self.samples
        held = samples[(samples["contender"] == contender) & (samples["quantity"] == HELD)]["value"]
        return float(held.max()) if len(held) else math.nan

    def headroom(self, contender: str) -> float:
        """Capacity over the target rate: below 1 the loop falls behind for good."""
        return self.capacity(contender) / self.rate

    def sentence(self, contender: str) -> str:
        """Say in words how the target was held."""
        counts = self.arrivals.loc[contender].sum()
        known = [which for which in ("p50", "p95", "p99") if not self.percentiles[which].isna().any()]
        which = known[-1] if known else "max"
        reached = counts["missed"] > (1 - PERCENTILES[which]) * counts["arrivals"]
        response = ("at least " if reached else "") + quantity.time(self.percentile(contender, which).value)
        return (
            f"{contender} serves {number(counts['served'])} of {number(counts['arrivals'])} arrivals at "
            f"{quantity.rate(self.rate)}, {number(counts['late'])} late and "
            f"{number(counts['missed'])} missed; "
            f"{which} of the response is {response}, headroom {quantity.digits(self.headroom(contender))}"
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
        """The columns of one percentile of one row."""
        estimate = self.percentile(name, which)
        columns: dict[str, Any] = {
            f"{which}_ns": estimate.value,
            f"{which}_low_ns": estimate.low,
            f"{which}_high_ns": estimate.high,
            f"{which}_at_floor": self.at_floor(name, which),
        }
        # Where there is no such percentile there is nothing to judge either, in this profile or another.
        if which in COMPARED and enough(int(self.settings["arrivals"]), PERCENTILES[which]):
            ratio = self.ratio(name, which)
            own = {self.baseline: "baseline", SCHEDULER: SCHEDULER}
            columns |= {
                f"{which}_ratio": ratio.value,
                f"{which}_ratio_low": ratio.low,
                f"{which}_ratio_high": ratio.high,
                f"{which}_verdict": own[name] if name in own else self.verdict(name, which),
            }
        return columns

    def table(self) -> pd.DataFrame:
        """Percentiles, arrivals and headroom as text."""
        return text_columns(
            self.to_pandas(),
            {
                "p50": lambda row: self._written(row, "p50"),
                "p95": lambda row: self._written(row, "p95"),
                "p99": lambda row: self._written(row, "p99"),
                "p99.9": lambda row: self._written(row, "p99_9"),
                "max": lambda row: quantity.time(row.max_ns),
                "arrivals": lambda row: number(row.arrivals),
                "late": lambda row: number(row.late),
                "missed": lambda row: number(row.missed),
                "effective rate": lambda row: quantity.rate(row.effective_per_second),
                "capacity": lambda row: quantity.rate(row.capacity_per_second),
                "headroom": lambda row: quantity.digits(row.headroom),
            },
        )

    def _written(self, row: Any, which: str) -> str:
        """A percentile with the digits of its interval."""
        value, low, high = (getattr(row, f"{which}{end}_ns") for end in ("", "_low", "_high"))
        return quantity.time(value, high - low)

    def draw(self, ax: Axes) -> None:
        """Response time over the percentile, on a log scale; the scheduler in grey."""
        from rust_daq.bench.figure import lines, logarithmic

        shown = [which for which in PERCENTILES if not self.percentiles[which].isna().all()]
        places = range(len(shown))
        lines(
            ax,
            {name: (places, [self.percentile(name, which).value for which in shown]) for name in self.rows},
            quiet=SCHEDULER,
        )
        logarithmic(ax, "y", "_ns")
        ax.set_xticks(places, [which.replace("_", ".") for which in shown])
        ax.set_xlabel("share of arrivals that are served at least as fast")
        ax.set_ylabel("from due to done (lower is better)")


def enough(arrivals: int, share: float) -> bool:
    """Tell whether enough of the arrivals of a round lie beyond a percentile; the maximum needs none."""
    return share == 1.0 or round(arrivals * (1 - share), 6) >= FEWEST_BEYOND


def number(count: float) -> str:
    """Write a count with its thousands apart."""
    return quantity.written("", int(count))

"""Readings: how a claim reads a ratio of times, with its interval, from a measurement."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evenhand.judge.decision import FEWEST_ROUNDS, Verdict, decide
from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.judge.statistics import ratio_interval
from evenhand.results import quantity
from evenhand.results.latency import CLOCK
from evenhand.results.result import FLOOR
from evenhand.results.self_reported import ALONE

if TYPE_CHECKING:
    from evenhand.results.comparison import Comparison
    from evenhand.results.footprint import Footprint
    from evenhand.results.latency import Latency
    from evenhand.results.paced import Paced
    from evenhand.results.self_reported import Observed
    from evenhand.results.throughput import Throughput


class Reading(ABC):
    """How a claim reads a ratio from a measurement.

    The ratio is one of times, or of another number where more is worse: below 1 is better, as in `decide`.  Its
    interval is corrected for the number of ratios that the measurement judges together.

    Examples
    --------
    >>> import evenhand as bench
    >>> class Twice(bench.Reading):
    ...     def ratio(self, measured):
    ...         return measured.ratio("two", "one")
    >>> claim = bench.Claim("Two is faster than one.", "mine/made", Twice(), "faster")
    """

    @abstractmethod
    def ratio(self, measured: Any) -> Estimate:
        """Return the judged ratio."""

    def number(self, measured: Any) -> str:
        """Write the number for a reader: the ratio with its interval, or the counts behind it."""
        return quantity.ratio(self.ratio(measured))

    def verdict(self, measured: Any) -> Verdict:
        """Return the measurement's own verdict, for the kinds that have one."""
        return decide(self.ratio(measured))


def over(ratio: Estimate, share: float) -> Estimate:
    """A ratio divided by a share: whether something exceeds a share of something else."""
    return Estimate(ratio.value / share, ratio.low / share, ratio.high / share, ratio.level, ratio.rounds)


@dataclass(frozen=True)
class Cost(Reading):
    """From a `Comparison`: the cost of a contender divided by the cost of another.

    Parameters
    ----------
    contender, to : str
        Names of contenders.
    share : float
        Judge against this share of `to`: with 0.5, "slower" means more than half of it.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.Cost("datetime.now", "whole", share=0.5)  # "slower": more than half of it
    Cost(contender='datetime.now', to='whole', share=0.5)
    """

    contender: str
    to: str
    share: float = 1.0

    def ratio(self, measured: Comparison) -> Estimate:
        """Return the judged ratio."""
        return over(measured.ratio(self.contender, self.to), self.share)

    def number(self, measured: Comparison) -> str:
        """Write the plain ratio."""
        return quantity.ratio(measured.ratio(self.contender, self.to))

    def verdict(self, measured: Comparison) -> Verdict:
        """Return the verdict of the comparison, or the verdict on the share."""
        judged = measured.verdict(self.contender, self.to)
        return judged if self.share == 1 or judged == "not judged" else super().verdict(measured)


@dataclass(frozen=True)
class Percentile(Reading):
    """From a `Latency` or a `Paced`: a percentile divided by the same percentile of another contender.

    Parameters
    ----------
    contender, to : str
        Names of contenders.
    which : str
        ``p50``, ``p95``, ``p99`` or ``p99_9``.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.Percentile("mine", "p99", "dict")
    Percentile(contender='mine', which='p99', to='dict')
    """

    contender: str
    which: str
    to: str

    def ratio(self, measured: Latency | Paced) -> Estimate:
        """Return the judged ratio."""
        return measured.ratio(self.contender, self.which, self.to)

    def verdict(self, measured: Latency | Paced) -> Verdict:
        """Return the verdict of the measurement."""
        return measured.verdict(self.contender, self.which, self.to)


@dataclass(frozen=True)
class PerPoint(Reading):
    """From a `Throughput`: the cost of a batch of one size divided by its cost for another contender.

    Parameters
    ----------
    contender, to : str
        Names of contenders.
    size : int
        One of the sizes.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.PerPoint("mine", "dict", 1_000)
    PerPoint(contender='mine', to='dict', size=1000)
    """

    contender: str
    to: str
    size: int

    def ratio(self, measured: Throughput) -> Estimate:
        """Return the judged ratio."""
        return measured.ratio(self.contender, self.size, self.to)

    def verdict(self, measured: Throughput) -> Verdict:
        """Return the verdict of the measurement."""
        return measured.verdict(self.contender, self.size, self.to)


@dataclass(frozen=True)
class Scaling(Reading):
    """From a `Throughput`: the cost of a point in a batch of 100,000, divided by its cost in a batch of 10,000.

    Parameters
    ----------
    contender : str
        Name of a contender.
    to : str, optional
        Another contender; the ratio is divided by the same ratio of that one.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.Scaling("dict", "mine")  # "slower": the cost of dicts rises more
    Scaling(contender='dict', to='mine')
    """

    contender: str
    to: str | None = None

    def ratio(self, measured: Throughput) -> Estimate:
        """Return the judged ratio."""
        return measured.scaling(self.contender, self.to)

    def verdict(self, measured: Throughput) -> Verdict:
        """Return the verdict of the measurement."""
        return measured.scaling_verdict(self.contender, self.to)


@dataclass(frozen=True)
class Bytes(Reading):
    """From a `Footprint`: a count of bytes divided by a count of another contender.

    Parameters
    ----------
    contender, to : str
        Names of contenders.
    size : int
        One of the sizes.
    what, of : str
        Which count of each, by default the same; see `Footprint.count`.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.Bytes("mine", "dict", 100_000)
    Bytes(contender='mine', to='dict', size=100000, what='heap_peak_bytes', of=None)
    """

    contender: str
    to: str
    size: int
    what: str = "heap_peak_bytes"
    of: str | None = None

    def ratio(self, measured: Footprint) -> Estimate:
        """Return the judged ratio."""
        return measured.ratio(self.contender, self.size, self.what, self.to, self.of)

    def verdict(self, measured: Footprint) -> Verdict:
        """Return the verdict of the measurement."""
        return measured.verdict(self.contender, self.size, self.what, self.to, self.of)


@dataclass(frozen=True)
class Number(Reading):
    """From an `Observed`: a number of a contender over the same number of another; rates are inverted.

    Parameters
    ----------
    contender, to : str
        Names of contenders.
    column : str
        The number.  For a time, "slower" means more of it; for a rate, less.
    size : int, optional
        One of the sizes, if there are several.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.Number("mine", "p99_ns", "theirs")
    Number(contender='mine', column='p99_ns', to='theirs', size=1)
    """

    contender: str
    column: str
    to: str
    size: int = ALONE

    def ratio(self, measured: Observed) -> Estimate:
        """Return the judged ratio."""
        ratio = measured.ratio(self.contender, self.column, self.size, self.to)
        return ratio.inverse() if self.column.endswith("_per_second") else ratio

    def verdict(self, measured: Observed) -> Verdict:
        """Return the verdict of the measurement."""
        return measured.verdict(self.contender, self.column, self.size, self.to)


@dataclass(frozen=True)
class AtLeast(Reading):
    """From an `Observed`: a bound divided by a number; below 1 where the number exceeds the bound.

    Parameters
    ----------
    contender : str
        Name of a contender.
    column : str
        The number.
    bound : float
        What the number is compared with.
    size : int, optional
        One of the sizes, where there are some.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.AtLeast("mine", "headroom", 1.0)  # "faster": it exceeds 1
    AtLeast(contender='mine', column='headroom', bound=1.0, size=1)
    """

    contender: str
    column: str
    bound: float
    size: int = ALONE

    def ratio(self, measured: Observed) -> Estimate:
        """Return the judged ratio."""
        found = over(measured.number(self.contender, self.column, self.size), self.bound)
        if found.value <= 0 or found.low <= 0:
            # Zero has no inverse.
            return Estimate(math.nan, math.nan, math.nan, found.level, found.rounds)
        return found.inverse()

    def number(self, measured: Observed) -> str:
        """Write the number."""
        return quantity.ratio(measured.number(self.contender, self.column, self.size))


@dataclass(frozen=True)
class Missed(Reading):
    """From a `Paced`: (missed + 1) / 1, so that a run without missed arrivals has the ratio 1.

    A count is exact, so its interval is the count itself; with too few rounds for a verdict it has no interval.

    Parameters
    ----------
    contender : str
        Name of a contender.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.Missed("mine")  # "no difference shown": none was missed
    Missed(contender='mine')
    """

    contender: str

    def ratio(self, measured: Paced) -> Estimate:
        """Return the judged ratio."""
        counts = measured.arrivals.loc[self.contender]
        value = 1.0 + float(counts["missed"].sum())
        end = value if len(counts) >= FEWEST_ROUNDS else math.nan
        return Estimate(value, end, end, 1.0, len(counts))

    def number(self, measured: Paced) -> str:
        """Write the counts: missed of all arrivals."""
        counts = measured.arrivals.loc[self.contender].sum()
        missed, arrivals = (quantity.written("", int(counts[what])) for what in ("missed", "arrivals"))
        return f"{missed} of {arrivals}"


@dataclass(frozen=True)
class Tail(Reading):
    """From the tails timed in Rust, ``tails``: a percentile of one call divided by that of another.

    Parameters
    ----------
    call, to : str
        Names in ``tails``.
    which : str
        ``p50``, ``p90`` or ``p99``.
    share : float
        As in `Cost`.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.Tail("attach", "round trip", "p99", share=0.5)
    Tail(call='attach', to='round trip', which='p99', share=0.5)
    """

    call: str
    to: str
    which: str
    share: float = 1.0

    def ratio(self, measured: Mapping[str, Any]) -> Estimate:
        """Return the judged ratio."""
        return over(self._plain(measured), self.share)

    def number(self, measured: Mapping[str, Any]) -> str:
        """Write the plain ratio."""
        return quantity.ratio(self._plain(measured))

    def verdict(self, measured: Mapping[str, Any]) -> Verdict:
        """Return the verdict; a percentile at the clock's floor is "not judged"."""
        floor = any(tail_at_floor(measured, call, f"{self.which}_ns") for call in (self.call, self.to))
        return "not judged" if floor else super().verdict(measured)

    def _plain(self, measured: Mapping[str, Any]) -> Estimate:
        new, old = (measured[call]["rounds"][f"{self.which}_ns"] for call in (self.call, self.to))
        if None in (*new, *old):
            # Some round had too few calls for this percentile.
            return Estimate(math.nan, math.nan, math.nan, LEVEL, 0)
        return ratio_interval(new, old)


def tail_at_floor(measured: Mapping[str, Any], call: str, column: str) -> bool:
    """Whether a percentile of ``tails`` is below three times the clock's own, under the same conditions.

    Parameters
    ----------
    measured : mapping
        The part ``tails`` of a run.
    call : str
        A name in it; the conditions follow its comma, as in ``attach, busy thread``.
    column : str
        A percentile, ``p99_ns``.
    """
    of_clock = ", ".join([CLOCK, *call.split(", ")[1:]])
    value, clock = (measured.get(name, {}).get(column) for name in (call, of_clock))
    return call != of_clock and None not in (value, clock) and bool(value <= FLOOR * clock)

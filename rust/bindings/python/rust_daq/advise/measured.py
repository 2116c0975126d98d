"""The measured numbers behind the advice, read once from a run."""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from evenhand import Estimate, Footprint, Observed, Run

CAPACITY = "rates/capacity"
RESPONSE = "rates/response"
FILES = "rates/files"
MEMORY = "zero_copy/footprint"
NEEDED = (CAPACITY, RESPONSE, FILES, MEMORY)
"""The measurements that every answer needs."""

PER_POINT, PER_BATCH, SEVERAL = "per point", "per batch", "per batch, 16 channels"
"""Contenders of `CAPACITY`."""
MANY = 16
"""The number of channels of `SEVERAL`."""
KEPT = 100_000
"""The number of rows for which the bytes per row are read."""
FEWEST_COUNTS = 2
"""The fewest counts of bytes that have a range."""


@dataclass(frozen=True)
class Curve:
    """A number measured at several batch sizes.

    Parameters
    ----------
    sizes : mapping of int to Estimate
        The number by rows per batch; positive.

    Examples
    --------
    >>> from evenhand import Estimate
    >>> from rust_daq.advise import Curve
    >>> exact = lambda value: Estimate(value, value, value, level=0.95, rounds=9)
    >>> curve = Curve({1: exact(1e5), 100: exact(1e7)})
    >>> round(curve.at(10).value), curve.at(1_000).value
    (1000000, 10000000.0)
    """

    sizes: Mapping[int, Estimate]

    def at(self, rows: int) -> Estimate:
        """Estimate the number at a size.

        Parameters
        ----------
        rows : int
            Rows per batch.

        Returns
        -------
        Estimate
            Between two measured sizes, the number and both ends of its interval are interpolated on log scales of
            size and number.  Above the last size, the estimate of the last size.
        """
        if rows in self.sizes:
            return self.sizes[rows]
        known = sorted(self.sizes)
        place = bisect.bisect(known, rows)
        if place in {0, len(known)}:
            return self.sizes[known[min(place, len(known) - 1)]]
        below, above = known[place - 1], known[place]
        share = math.log(rows / below) / math.log(above / below)
        return interpolate(self.sizes[below], self.sizes[above], share)


def interpolate(first: Estimate, second: Estimate, share: float) -> Estimate:
    """Interpolate between two estimates on the log scale."""
    value, low, high = (
        math.exp((1 - share) * math.log(one) + share * math.log(two))
        for one, two in ((first.value, second.value), (first.low, second.low), (first.high, second.high))
    )
    return Estimate(value, low, high, first.level, min(first.rounds, second.rounds))


def combine_rates(first: Estimate, second: Estimate) -> Estimate:
    """Combine two rates of one thread, which does both for each row, so that their times add up."""
    value, low, high = (
        1 / (1 / one + 1 / two)
        for one, two in ((first.value, second.value), (first.low, second.low), (first.high, second.high))
    )
    return Estimate(value, low, high, first.level, min(first.rounds, second.rounds))


def minimum(first: Estimate, second: Estimate) -> Estimate:
    """Return the smaller of two estimates, with the smaller ends of their intervals."""
    value, low, high = (
        min(pair) for pair in ((first.value, second.value), (first.low, second.low), (first.high, second.high))
    )
    return Estimate(value, low, high, first.level, min(first.rounds, second.rounds))


@dataclass(frozen=True)
class Measured:
    """The measured numbers behind the answers, each with its interval.

    Parameters
    ----------
    capacity : mapping of str to Curve
        Points per second by way of delivery: ``per batch``, ``per batch, 16 channels``, ``per point``.
    response : Estimate
        The 99.9th percentile of the response time in nanoseconds, point by point at 10 kHz.
    row_bytes, many_bytes, point_bytes : Estimate
        Bytes in memory: per row of a batch with one channel, per row of a batch with several channels, and per point
        in a list.
    flushed, file_bytes : mapping of str to Curve
        By writer: rows per second with each batch flushed, and bytes per row in the file.

    Examples
    --------
    >>> from evenhand import Estimate
    >>> from rust_daq.advise import Curve, Measured
    >>> exact = lambda value: Estimate(value, value, value, level=0.95, rounds=9)
    >>> short = Estimate(5e6, low=float("nan"), high=float("nan"), level=0.95, rounds=2)
    >>> ways, files = {"per batch": Curve({1: exact(1e6)})}, {"ArrowWriter": Curve({1: exact(3e5)})}
    >>> Measured(ways, short, exact(16.0), exact(20.0), exact(64.0), files, files).doubt
    'rates/response has too few rounds for an interval (2)'
    """

    capacity: Mapping[str, Curve]
    response: Estimate
    row_bytes: Estimate
    many_bytes: Estimate
    point_bytes: Estimate
    flushed: Mapping[str, Curve]
    file_bytes: Mapping[str, Curve]

    @classmethod
    def of(cls, run: Run) -> Measured:
        """Read the numbers of a run.

        Parameters
        ----------
        run : Run
            A run with ``rates/capacity``, ``rates/response``, ``rates/files`` and ``zero_copy/footprint``.

        Raises
        ------
        KeyError
            If the run lacks one of them.
        """
        capacity, response, files = (cast("Observed", run[key]) for key in (CAPACITY, RESPONSE, FILES))
        memory = cast("Footprint", run[MEMORY])
        [acquired] = response.contenders
        row, many, point = (read_bytes(memory, name) for name in ("batch", "batch, 16 channels", "list of points"))
        ways = read_curves(capacity, "processed_per_second")
        return cls(
            ways | {SEVERAL: round_to_scans(ways[SEVERAL], MANY)},
            response.number(acquired, "p99_9_ns"),
            row,
            many,
            point,
            read_curves(files, "flushed_per_second"),
            read_curves(files, "row_bytes"),
        )

    def numbers(self) -> Iterator[tuple[str, Estimate]]:
        """Iterate over the numbers, each with the name of its measurement."""
        for key, found in ((CAPACITY, self.capacity), (FILES, self.flushed), (FILES, self.file_bytes)):
            for curve in found.values():
                yield from ((key, estimate) for estimate in curve.sizes.values())
        yield RESPONSE, self.response
        yield from ((MEMORY, estimate) for estimate in (self.row_bytes, self.many_bytes, self.point_bytes))

    @property
    def doubt(self) -> str:
        """Why no answer can be computed; empty if every number has an interval.

        The kit computes an interval only from as many rounds as the verdicts of the measurement need.
        """
        short = {key: estimate.rounds for key, estimate in self.numbers() if not estimate.has_interval}
        return "; ".join(f"{key} has too few rounds for an interval ({rounds})" for key, rounds in short.items())


def read_curves(result: Observed, column: str) -> dict[str, Curve]:
    """Read one column of a result: for each contender, a number at each size."""
    return {
        name: Curve({size: result.number(name, column, size) for size in result.sizes}) for name in result.contenders
    }


def round_to_scans(curve: Curve, channels: int) -> Curve:
    """Round the sizes of a curve up to whole scans: a read returns one row of every channel."""
    return Curve({-(-size // channels) * channels: estimate for size, estimate in curve.sizes.items()})


def read_bytes(result: Footprint, contender: str) -> Estimate:
    """Read the bytes per row; the interval is the range of the counts."""
    value, low, high = result.per_point(contender, KEPT)
    runs = int(result.settings["runs"])
    if runs < FEWEST_COUNTS:
        low = high = math.nan
    return Estimate(value, low, high, 1.0, runs)

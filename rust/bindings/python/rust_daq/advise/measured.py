"""The numbers that advice is computed from, read once of a run."""

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
"""The measurements that an answer is computed from."""

PER_POINT, PER_BATCH, SEVERAL = "per point", "per batch", "per batch, 16 channels"
"""The contenders of the capacity."""
MANY = 16
"""Those of `SEVERAL`."""
KEPT = 100_000
"""The size at which the bytes per row are taken."""
FEWEST_COUNTS = 2
"""One count of bytes has no range."""


@dataclass(frozen=True)
class Curve:
    """A number that was measured at several sizes of batches.

    Parameters
    ----------
    sizes : mapping of int to Estimate
        By rows per batch; positive numbers.

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
            Between two measured sizes it is interpolated, the number and both ends of its interval, on log scales of
            the size and of the number.  Beyond the last size it is that of the last size.
        """
        if rows in self.sizes:
            return self.sizes[rows]
        known = sorted(self.sizes)
        place = bisect.bisect(known, rows)
        if place in {0, len(known)}:
            return self.sizes[known[min(place, len(known) - 1)]]
        below, above = known[place - 1], known[place]
        share = math.log(rows / below) / math.log(above / below)
        return between(self.sizes[below], self.sizes[above], share)


def between(first: Estimate, second: Estimate, share: float) -> Estimate:
    """Take a share of the way from one estimate to another on the log scale."""
    value, low, high = (
        math.exp((1 - share) * math.log(one) + share * math.log(two))
        for one, two in ((first.value, second.value), (first.low, second.low), (first.high, second.high))
    )
    return Estimate(value, low, high, first.level, min(first.rounds, second.rounds))


def together(first: Estimate, second: Estimate) -> Estimate:
    """Combine two rates of one thread: it does one after the other for each row, so their times add up."""
    value, low, high = (
        1 / (1 / one + 1 / two)
        for one, two in ((first.value, second.value), (first.low, second.low), (first.high, second.high))
    )
    return Estimate(value, low, high, first.level, min(first.rounds, second.rounds))


def least(first: Estimate, second: Estimate) -> Estimate:
    """Take the smaller of two estimates, and of the ends of their intervals."""
    value, low, high = (
        min(pair) for pair in ((first.value, second.value), (first.low, second.low), (first.high, second.high))
    )
    return Estimate(value, low, high, first.level, min(first.rounds, second.rounds))


@dataclass(frozen=True)
class Measured:
    """The numbers that answers are computed from, each with its interval.

    Parameters
    ----------
    capacity : mapping of str to Curve
        Points per second by way: ``per batch``, ``per batch, 16 channels``, ``per point``.
    response : Estimate
        The 99.9th percentile of the response in nanoseconds, point by point at 10 kHz.
    row_bytes, many_bytes, point_bytes : Estimate
        Bytes in memory of a row of a batch with one channel, of a row of a batch with several channels, and of a
        point in a list.
    flushed, file_bytes : mapping of str to Curve
        By writer: the rows per second that it takes, each batch flushed, and the bytes of a row in its file.

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
            What measured ``rates/capacity``, ``rates/response``, ``rates/files`` and ``zero_copy/footprint``.

        Raises
        ------
        KeyError
            If the run lacks one of them.
        """
        capacity, response, files = (cast("Observed", run[key]) for key in (CAPACITY, RESPONSE, FILES))
        memory = cast("Footprint", run[MEMORY])
        [acquired] = response.contenders
        row, many, point = (counted(memory, name) for name in ("batch", "batch, 16 channels", "list of points"))
        ways = curves(capacity, "processed_per_second")
        return cls(
            ways | {SEVERAL: of_whole_scans(ways[SEVERAL], MANY)},
            response.number(acquired, "p99_9_ns"),
            row,
            many,
            point,
            curves(files, "flushed_per_second"),
            curves(files, "row_bytes"),
        )

    def numbers(self) -> Iterator[tuple[str, Estimate]]:
        """Each number with the measurement that it was read of."""
        for key, found in ((CAPACITY, self.capacity), (FILES, self.flushed), (FILES, self.file_bytes)):
            for curve in found.values():
                yield from ((key, estimate) for estimate in curve.sizes.values())
        yield RESPONSE, self.response
        yield from ((MEMORY, estimate) for estimate in (self.row_bytes, self.many_bytes, self.point_bytes))

    @property
    def doubt(self) -> str:
        """Why no answer can be computed; empty where each number has its interval.

        The kit makes an interval only from the fewest rounds that the verdicts of a measurement take.
        """
        short = {key: estimate.rounds for key, estimate in self.numbers() if not estimate.has_interval}
        return "; ".join(f"{key} has too few rounds for an interval ({rounds})" for key, rounds in short.items())


def curves(result: Observed, column: str) -> dict[str, Curve]:
    """A column of a result: by contender, a number for each size."""
    return {
        name: Curve({size: result.number(name, column, size) for size in result.sizes}) for name in result.contenders
    }


def of_whole_scans(curve: Curve, channels: int) -> Curve:
    """Return a curve by the rows that a batch had: a read has a row of every channel, so a multiple of them."""
    return Curve({-(-size // channels) * channels: estimate for size, estimate in curve.sizes.items()})


def counted(result: Footprint, contender: str) -> Estimate:
    """Bytes per row; the interval is the range of the counts."""
    value, low, high = result.per_point(contender, KEPT)
    runs = int(result.settings["runs"])
    if runs < FEWEST_COUNTS:
        low = high = math.nan
    return Estimate(value, low, high, 1.0, runs)

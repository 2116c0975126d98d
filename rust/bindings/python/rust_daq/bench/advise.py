"""`advise`: what to use at a rate, computed from what a run measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rust_daq.bench import quantity
from rust_daq.bench.run import Run

CAPACITY = "rates/capacity"
RESPONSE = "rates/response"
FILES = "rates/files"
MEMORY = "zero_copy/footprint"
NEEDED = (CAPACITY, RESPONSE, FILES, MEMORY)
"""The measurements that an answer is computed from."""

PER_POINT, PER_BATCH = "per point", "per batch"
FORMATS = {"ArrowWriter": "an Arrow stream", "CsvWriter": "CSV"}
"""What the writers write."""
SCANS = (10, 100, 1_000, 10_000)
"""The batches that are weighed, in samples of each channel."""
COMFORT = 10.0
"""The headroom from which on there is no reason to look for more: a pause of nine tenths of the time is made good."""
MOST_READS = 10_000.0
"""Reads a second at which response times were measured."""
KEPT = 100_000
"""The size at which the bytes a row are taken."""
HOUR = 3600.0

RATES = (*(float(step * 10**power) for power in range(6) for step in (1, 2, 5)), 1e6)
"""The rates in hertz for which a page answers; between the first and the last anything is answered here."""
CHANNELS = (1, 2, 4, 8, 16)
"""As `RATES`, for the number of channels; 16 are the most that were measured."""
LOSSES = (0.0, 0.001, 0.01, 0.1)
"""The losses that a page lets choose."""
LATENCIES = (0.001, 0.01, 0.1, 1.0, 10.0, math.inf)
"""The latencies in seconds that a page lets choose."""


def hertz(rate: float) -> str:
    """``1 kHz``."""
    factor, prefix = next((pair for pair in quantity.RATES if rate >= pair[0]), (1.0, ""))
    return f"{rate / factor:g} {prefix}Hz"


OUTSIDE = (
    f"outside the measured range, which is from {hertz(RATES[0])} to {hertz(RATES[-1])} a channel "
    f"and up to {CHANNELS[-1]} channels"
)
"""What is said where nothing was measured."""


@dataclass(frozen=True)
class Measured:
    """The numbers that answers are computed from, read once of a run.

    Parameters
    ----------
    capacity : mapping
        Points a second by way and channels (``per batch``, ``per batch, 16 channels``, ``per point``) and by rows a
        batch.
    response_ns : float
        The 99.9th percentile of the response, point by point at 10 kHz.
    row_bytes, many_bytes, point_bytes : float
        What is kept in memory of a row of a batch with one channel, with several, and of a point in a list.
    flushed, file_bytes : mapping
        Rows a second that a writer takes, each batch flushed, and the bytes of a row in its file: by writer and by
        rows a batch.

    Examples
    --------
    >>> from rust_daq.bench.advise import Measured
    >>> sizes = {1: 3e5, 10: 3e6, 100: 6e6, 1_000: 1e7}
    >>> ways = {"per batch": sizes, "per batch, 16 channels": sizes, "per point": sizes}
    >>> written, taken = {"ArrowWriter": sizes}, {"ArrowWriter": dict.fromkeys(sizes, 20.0)}
    >>> Measured(ways, 5e6, 16.0, 20.0, 64.0, written, taken).file_bytes["ArrowWriter"][10]
    20.0
    """

    capacity: Mapping[str, Mapping[int, float]]
    response_ns: float
    row_bytes: float
    many_bytes: float
    point_bytes: float
    flushed: Mapping[str, Mapping[int, float]]
    file_bytes: Mapping[str, Mapping[int, float]]

    @classmethod
    def of(cls, run: Run) -> Measured:
        """Read them.

        Raises
        ------
        KeyError
            If the run has not all that is needed.
        """
        capacity, response, files, memory = (run[key] for key in NEEDED)
        late = response.to_pandas().iloc[0]
        row, many, point = (
            float(memory.to_pandas().loc[(name, KEPT), "per_point_bytes"])
            for name in ("batch", "batch, 16 channels", "list of points")
        )
        return cls(
            by_size(capacity, "processed_per_second"),
            float(late["p99_9_ns"]),
            row,
            many,
            point,
            by_size(files, "flushed_per_second"),
            by_size(files, "row_bytes"),
        )


def by_size(result: Any, column: str) -> dict[str, dict[int, float]]:
    """A column of a result: by contender, and by size."""
    frame = result.to_pandas()[column]
    return {name: {int(size): float(frame[name, size]) for size in frame[name].index} for name in result.contenders}


@dataclass(frozen=True)
class Advice:
    """What to use at a rate, with what is to be expected of it.

    Parameters
    ----------
    rate : float
        Samples a second of each channel (hertz), as asked.
    channels : int
        How many channels.
    loss : float
        The share of points whose loss is tolerated.
    latency : float
        Seconds that may pass from when a sample is due until it was handed over; infinity where it does not matter.
    outside : str
        Why nothing is computed: what was asked is outside of what was measured. Empty otherwise.
    way : {"per point", "per batch"}
        How to hand the samples over.
    scans : int
        Samples of each channel in a batch; 1 point by point.
    wait_ns : float
        How long the oldest sample of a batch waits until it is full.
    response_ns : float
        The 99.9th percentile of the time from when a batch was due until it was handed over.
    capacity : float
        Points a second, of all channels, that come through.
    memory_bytes : float
        What an hour of it takes in memory.
    writer : {"ArrowWriter", "CsvWriter"}
        What to record it with.
    file_capacity : float
        Rows a second that the writer takes, each batch flushed.
    file_bytes : float
        What an hour of it takes in a file.

    Examples
    --------
    >>> from rust_daq.bench.advise import Advice
    >>> advice = Advice(1e4, 8, 0.0, 0.1, "", "per batch", 10, 9e5, 5e6, 2e6, 6e9, "ArrowWriter", 4e6, 7e9)
    >>> advice.headroom, advice.verdict
    (25.0, 'held')
    """

    rate: float
    channels: int
    loss: float
    latency: float
    outside: str = ""
    way: str = ""
    scans: int = 0
    wait_ns: float = math.nan
    response_ns: float = math.nan
    capacity: float = math.nan
    memory_bytes: float = math.nan
    writer: str = ""
    file_capacity: float = math.nan
    file_bytes: float = math.nan

    @property
    def points_per_second(self) -> float:
        """Points a second of all channels."""
        return self.rate * self.channels

    @property
    def headroom(self) -> float:
        """Capacity over what is asked: below 1 the consumer falls behind for good."""
        return self.capacity / self.points_per_second

    @property
    def expected_loss(self) -> float:
        """The share of the points that cannot be taken, however long the queue is."""
        return max(0.0, 1.0 - self.headroom)

    @property
    def delay_ns(self) -> float:
        """From when the oldest sample of a batch was due until it was handed over, but for one of a thousand."""
        return self.wait_ns + self.response_ns

    @property
    def holds(self) -> bool:
        """Whether no more is lost than is tolerated, and the delay is within the latency."""
        return self.expected_loss <= self.loss and self.delay_ns <= self.latency * 1e9

    @property
    def verdict(self) -> str:
        """Say whether what is asked can be held."""
        if self.outside:
            return self.outside
        if self.expected_loss > self.loss:
            return f"not held: {self.expected_loss:.0%} of the points would be lost; lower the rate, or reduce earlier"
        if not self.holds:
            return f"not within {seconds(self.latency)}: this is the least delay measured here"
        return "held" if self.headroom >= COMFORT else f"held, with less than {COMFORT:g} times headroom"

    def answers(self) -> dict[str, str]:
        """What is to be said, in words with units, by what it is about.

        Returns
        -------
        dict of str to str
            In the order in which it is read; outside the measured range only the verdict.
        """
        if self.outside:
            return {"verdict": self.outside}
        return {
            "verdict": self.verdict,
            "hand over": self._way(),
            "the oldest sample of a batch waits": quantity.time(self.wait_ns) if self.wait_ns else "not at all",
            "response, p99.9": quantity.time(self.response_ns),
            "capacity": quantity.rate(self.capacity, " points/s"),
            "headroom": quantity.digits(self.headroom),
            "expected loss": f"{self.expected_loss:.1%}" if self.expected_loss else "none",
            "when the queue is full": self._policy(),
            "memory, an hour of it": quantity.memory(self.memory_bytes),
            "record into": self._format(),
            "file, an hour of it": quantity.memory(self.file_bytes),
        }

    def _way(self) -> str:
        if self.way == PER_POINT:
            return "point by point: scans_per_read=1, on_point"
        rows = quantity.written("", self.scans * self.channels)
        return f"in batches of {rows} rows: scans_per_read={self.scans}, on_batch"

    def _format(self) -> str:
        most = quantity.rate(self.file_capacity, " rows/s")
        if self.file_capacity < self.points_per_second:
            return f"no file here keeps up: {self.writer} takes at most {most}"
        return f"{FORMATS[self.writer]}: {self.writer}(path), which takes {most}"

    def _policy(self) -> str:
        if self.loss:
            return 'on_full="drop_oldest": what is lost is counted'
        return 'on_full="block": the instrument has to wait, nothing is lost'


SOURCES = {
    "hand over": CAPACITY,
    "response, p99.9": RESPONSE,
    "capacity": CAPACITY,
    "headroom": CAPACITY,
    "expected loss": CAPACITY,
    "memory, an hour of it": MEMORY,
    "record into": FILES,
    "file, an hour of it": FILES,
}
"""The measurement behind each answer that has one."""


def advise(
    run: Run | Measured, *, rate: float, channels: int = 1, loss: float = 0.0, latency: float = math.inf
) -> Advice:
    """Say what to use at a rate: per point or per batch, of which size, and what is to be expected of it.

    Weighed are points one by one and batches of 10, 100, 1,000 and 10,000 samples of each channel.  Of those that
    lose no more than is tolerated and are done within the latency, the first one is taken that leaves ten times
    headroom, else the one that leaves most; where none is, the one with the least delay of those that keep up.  Of the
    files whose writer leaves ten times headroom the smallest is taken, else the one whose writer is fastest.

    Parameters
    ----------
    run : Run or Measured
        What measured ``rates/capacity``, ``rates/response``, ``rates/files`` and ``zero_copy/footprint``.
    rate : float
        Samples a second of each channel (hertz).
    channels : int
        How many channels, sampled together.
    loss : float
        The share of points whose loss is tolerated, from 0 to below 1.
    latency : float
        Seconds that may pass from when a sample is due until it was handed over.

    Returns
    -------
    Advice
        A request outside of what was measured is answered with a sentence alone.

    Raises
    ------
    ValueError
        If an argument is no such number.
    KeyError
        If the run has not all that is needed.

    Notes
    -----
    The capacity for a batch is that of the largest measured size that it reaches, so it is rather too low; and so the
    bytes of a row in a file are rather too many.  The response is the one measured point by point at 10 kHz, and the
    time that the batch takes at capacity.

    Examples
    --------
    >>> from rust_daq.bench.advise import Measured, advise
    >>> sizes = {1: 3e5, 10: 3e6, 100: 6e6, 1_000: 1e7}
    >>> ways = {"per batch": sizes, "per batch, 16 channels": sizes, "per point": sizes}
    >>> written, taken = {"ArrowWriter": sizes}, {"ArrowWriter": dict.fromkeys(sizes, 20.0)}
    >>> measured = Measured(ways, 5e6, 16.0, 20.0, 64.0, written, taken)
    >>> advise(measured, rate=50_000.0, channels=8).answers()["hand over"]
    'in batches of 800 rows: scans_per_read=100, on_batch'
    >>> advise(measured, rate=2e6).answers()["verdict"][:26]
    'outside the measured range'
    """
    check(rate, channels, loss, latency)
    asked = Advice(float(rate), int(channels), float(loss), float(latency))
    if outside := beyond(asked):
        return replace(asked, outside=outside)
    measured = run if isinstance(run, Measured) else Measured.of(run)
    return choose(list(weigh(asked, measured)))


def check(rate: float, channels: int, loss: float, latency: float) -> None:
    """Raise if something asked is no such number."""
    if not (math.isfinite(rate) and rate > 0):
        message = f"rate is {rate!r}; give hertz, a finite number above 0"
        raise ValueError(message)
    if isinstance(channels, bool) or channels != int(channels) or channels < 1:
        message = f"channels is {channels!r}; give a whole number of at least 1"
        raise ValueError(message)
    if not 0 <= loss < 1:
        message = f"loss is {loss!r}; give the share of points that may be lost, from 0 to below 1"
        raise ValueError(message)
    if not latency > 0:
        message = f"latency is {latency!r}; give seconds, a number above 0"
        raise ValueError(message)


def beyond(asked: Advice) -> str:
    """Say that a request is outside of what was measured; empty where it is not."""
    return "" if RATES[0] <= asked.rate <= RATES[-1] and asked.channels <= CHANNELS[-1] else OUTSIDE


def weigh(asked: Advice, measured: Measured) -> Iterator[Advice]:
    """Every way there is for a request, the ones with the least delay first."""
    for way, scans in ((PER_POINT, 1), *((PER_BATCH, scans) for scans in SCANS)):
        if asked.rate / scans > MOST_READS:
            continue  # nobody measured how late that is
        rows = scans * asked.channels
        several = asked.channels > 1
        held = measured.capacity[way]
        capacity = held[reached(held, rows)]
        if several:
            many = measured.capacity["per batch, 16 channels"]
            capacity = min(capacity, many[reached(many, rows)])
        kept = measured.many_bytes if several else measured.row_bytes
        writer, file_capacity, file_bytes = recorded(asked, measured, rows)
        yield replace(
            asked,
            way=way,
            scans=scans,
            wait_ns=(scans - 1) * 1e9 / asked.rate,
            response_ns=measured.response_ns + rows * 1e9 / capacity,
            capacity=capacity,
            memory_bytes=asked.points_per_second * HOUR * (measured.point_bytes if way == PER_POINT else kept),
            writer=writer,
            file_capacity=file_capacity,
            file_bytes=asked.points_per_second * HOUR * file_bytes,
        )


def recorded(asked: Advice, measured: Measured, rows: int) -> tuple[str, float, float]:
    """The writer for batches of so many rows, the rows a second that it takes, and the bytes of each."""
    known = [
        (writer, sizes[reached(sizes, rows)], measured.file_bytes[writer][reached(sizes, rows)])
        for writer, sizes in measured.flushed.items()
    ]
    enough = [file for file in known if file[1] >= COMFORT * asked.points_per_second]
    return min(enough, key=lambda file: file[2]) if enough else max(known, key=lambda file: file[1])


def reached(sizes: Mapping[int, Any], rows: int) -> int:
    """The largest measured size that so many rows reach."""
    return max(size for size in sizes if size <= rows)


def choose(ways: Sequence[Advice]) -> Advice:
    """Take the way that `advise` describes."""
    held = [way for way in ways if way.holds]
    if held:
        return next((way for way in held if way.headroom >= COMFORT), max(held, key=lambda way: way.headroom))
    keeping_up = [way for way in ways if way.expected_loss <= way.loss]
    if keeping_up:
        return min(keeping_up, key=lambda way: way.delay_ns)
    return max(ways, key=lambda way: way.headroom)


def step(value: float, steps: Sequence[float]) -> float | None:
    """The least of some ascending steps that is no less than a value; None beyond the last one."""
    return next((float(known) for known in steps if known >= value), None)


def seconds(duration: float) -> str:
    """``10 ms``."""
    return f"{duration:g} s" if duration >= 1 else f"{duration * 1e3:g} ms"

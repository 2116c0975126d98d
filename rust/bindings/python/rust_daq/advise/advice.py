"""The advice for one request: what to use, what to expect, and the texts for both."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from evenhand import Estimate
from evenhand.results import quantity
from rust_daq.advise import program
from rust_daq.advise.measured import CAPACITY, FILES, MEMORY, PER_POINT, RESPONSE, combine_rates

COMFORT = 10.0
"""With this headroom, the pipeline catches up even if it pauses nine tenths of the time."""
FORMATS = {"ArrowWriter": "an Arrow stream", "CsvWriter": "CSV"}
"""The format of each writer, in words."""
CANNOT_TELL = "cannot tell"
UNKNOWN = Estimate(math.nan, math.nan, math.nan, math.nan, 0)


def hertz(rate: float) -> str:
    """``1 kHz``."""
    factor, prefix = next((pair for pair in quantity.RATES if rate >= pair[0]), (1.0, ""))
    return f"{rate / factor:g}{quantity.NARROW_SPACE}{prefix}Hz"


def seconds(duration: float) -> str:
    """``10 ms``."""
    return quantity.tick(duration * 1e9, quantity.TIMES)


RATES = (*(float(step * 10**power) for power in range(6) for step in (1, 2, 5)), 1e6)
"""The rates in hertz that a page offers; here every rate between the first and the last has an answer."""
CHANNELS = (1, 2, 4, 8, 16)
"""The numbers of channels that a page offers; at most 16 were measured."""
OUTSIDE = (
    f"outside the measured range, which is from {hertz(RATES[0])} to {hertz(RATES[-1])} for each channel "
    f"and up to {CHANNELS[-1]} channels"
)
"""The answer to a request that no measurement covers."""


@dataclass(frozen=True)
class Advice:
    """What to use at a sampling rate, and what to expect.

    Parameters
    ----------
    rate : float
        The requested rate: samples per second of each channel (hertz).
    channels : int
        The number of channels.
    loss : float
        The share of points that may be lost.
    latency : float
        The most seconds from when a sample is due until it is delivered; infinity if there is no limit.
    outside : str
        Why there is no answer: the request is outside the measured range, or a measurement has too few rounds. Empty
        if there is an answer.
    way : {"per point", "per batch"}
        How to deliver the samples.
    scans : int
        Samples of each channel in a batch; 1 for point by point.
    response : Estimate
        The 99.9th percentile of the time, in nanoseconds, from when a batch is due until it is delivered.
    capacity : Estimate
        Points per second, over all channels, that the pipeline alone processes.
    memory : Estimate
        Bytes per hour in memory.
    writer : {"ArrowWriter", "CsvWriter"}
        The writer for the recording.
    reason : str
        Why the file is not an Arrow stream; empty if it is one.
    file_capacity : Estimate
        Rows per second that the writer alone writes, with each batch flushed.
    file : Estimate
        Bytes per hour in the file.

    Examples
    --------
    >>> from evenhand import Estimate
    >>> from rust_daq.advise import Advice
    >>> fast = Estimate(4e6, low=3e6, high=5e6, level=0.95, rounds=9)
    >>> late, size = (Estimate(value, value, value, level=0.95, rounds=9) for value in (5e6, 7e9))
    >>> advice = Advice(1e4, 8, 0.0, 0.1, "", "per batch", 50, late, fast, size, "ArrowWriter", "", fast, size)
    >>> advice.headroom.value, advice.verdict
    (25.0, 'held')
    """

    rate: float
    channels: int
    loss: float
    latency: float
    outside: str = ""
    way: str = ""
    scans: int = 0
    response: Estimate = UNKNOWN
    capacity: Estimate = UNKNOWN
    memory: Estimate = UNKNOWN
    writer: str = ""
    reason: str = ""
    file_capacity: Estimate = UNKNOWN
    file: Estimate = UNKNOWN

    @property
    def points_per_second(self) -> float:
        """Points per second over all channels."""
        return self.rate * self.channels

    @property
    def fill_ns(self) -> float:
        """The time to fill a batch, in nanoseconds."""
        return self.scans * 1e9 / self.rate

    @property
    def headroom(self) -> Estimate:
        """The combined capacity of pipeline and writer, divided by the rate: below 1, they fall further behind."""
        return divide(combine_rates(self.capacity, self.file_capacity), self.points_per_second)

    @property
    def expected_loss(self) -> Estimate:
        """The share of the points that cannot be processed, for any capacity of the queue."""
        room = self.headroom
        value, low, high = (max(0.0, 1.0 - end) for end in (room.value, room.high, room.low))
        return Estimate(value, low, high, room.level, room.rounds)

    @property
    def delay(self) -> Estimate:
        """The 99.9th percentile of the time, in nanoseconds, from when the oldest sample is due to its delivery."""
        wait, late = (self.scans - 1) * 1e9 / self.rate, self.response
        return Estimate(late.value + wait, late.low + wait, late.high + wait, late.level, late.rounds)

    @property
    def carried(self) -> bool | None:
        """Whether at most `loss` is lost; None if the interval of the headroom includes both answers."""
        return is_at_most(self.expected_loss, self.loss)

    @property
    def punctual(self) -> bool | None:
        """Whether the delay is within the latency; None if its interval includes both answers."""
        return is_at_most(self.delay, self.latency * 1e9)

    @property
    def held(self) -> bool | None:
        """Whether the request is held, which means `carried` and `punctual`; None if the measurements cannot tell."""
        both = {self.carried, self.punctual}
        return False if False in both else None if None in both else True

    @property
    def verdict(self) -> str:
        """The verdict in words: whether the request is held."""
        if self.outside:
            return self.outside
        if self.carried is False:
            lost = quantity.span(self.expected_loss, quantity.percent)
            return f"not held: {lost} of the points would be lost; lower the rate, or reduce the data in the instrument"
        if self.punctual is False:
            return f"not held within {seconds(self.latency)}: this is the shortest delay that these measurements give"
        if self.carried is None:
            return f"{CANNOT_TELL}: the interval of the headroom includes {quantity.digits(1 - self.loss)}"
        if self.punctual is None:
            return f"{CANNOT_TELL}: the interval of the delay includes {seconds(self.latency)}"
        return "held" if self.headroom.low >= COMFORT else f"held; headroom of {COMFORT:g} times is not shown"

    @property
    def callback(self) -> str:
        """The argument of `Pipeline` that receives the points or batches."""
        return "on_point" if self.way == PER_POINT else "on_batch"

    @property
    def on_full(self) -> str:
        """The argument `on_full` of `Pipeline`."""
        return "drop_oldest" if self.loss else "block"

    @property
    def program(self) -> str:
        """The program to copy, with placeholders for the rate and the channels; empty if there is no answer."""
        return program.program(self.scans, self.writer, self.callback, self.on_full) if self.way else ""

    @property
    def snippet(self) -> str:
        """The program to copy, which runs unchanged with a simulated instrument; empty if there is no answer."""
        return program.filled(self.program, self.rate, self.channels)

    def answers(self) -> dict[str, str]:
        """Put the advice into words with units.

        Returns
        -------
        dict of str to str
            Each answer by its topic, in reading order; the verdict alone if there is no answer.
        """
        if not self.way:
            return {"verdict": self.outside}
        return {
            "verdict": self.verdict,
            "hand over": self._way(),
            "time to fill a batch": "none" if self.scans == 1 else quantity.time(self.fill_ns),
            "response, p99.9": quantity.span(self.response),
            "capacity of the pipeline": quantity.span(self.capacity, format_rate("points/s")),
            "record into": self._format(),
            "capacity of the writer": quantity.span(self.file_capacity, format_rate("rows/s")),
            "headroom of both together": quantity.ratio(self.headroom),
            "expected loss": quantity.span(self.expected_loss, quantity.percent) if self.expected_loss.high else "none",
            "when the queue is full": self._policy(),
            "memory per hour": quantity.span(self.memory, quantity.memory),
            "file per hour": quantity.span(self.file, quantity.memory),
        }

    def _way(self) -> str:
        if self.way == PER_POINT:
            return "point by point: scans_per_read=1, on_point"
        rows = quantity.written("", self.scans * self.channels)
        return f"in batches of {rows} rows: scans_per_read={self.scans}, on_batch"

    def _format(self) -> str:
        chosen = f'{FORMATS[self.writer]}: {self.writer}(path, sync="flush")'
        return f"{chosen}, because {self.reason}" if self.reason else chosen

    def _policy(self) -> str:
        if self.loss:
            return 'on_full="drop_oldest": lost points are counted'
        return 'on_full="block": the pipeline drops nothing, and the instrument has to wait'


SOURCES = {
    "response, p99.9": RESPONSE,
    "hand over": CAPACITY,
    "capacity of the pipeline": CAPACITY,
    "record into": FILES,
    "capacity of the writer": FILES,
    "headroom of both together": CAPACITY,
    "expected loss": CAPACITY,
    "memory per hour": MEMORY,
    "file per hour": FILES,
}
"""The measurement behind each answer that has one."""


def divide(estimate: Estimate, divisor: float) -> Estimate:
    """Divide an estimate."""
    return Estimate(
        estimate.value / divisor, estimate.low / divisor, estimate.high / divisor, estimate.level, estimate.rounds
    )


def is_at_most(estimate: Estimate, bound: float) -> bool | None:
    """Return whether an estimate is at most a bound; None if the bound is within its interval."""
    return True if estimate.high <= bound else False if estimate.low > bound else None


def format_rate(unit: str) -> Callable[[float], str]:
    """Return a function that formats a rate in this unit."""
    return lambda value: quantity.rate(value, f" {unit}")

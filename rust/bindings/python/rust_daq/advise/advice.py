"""An advice: what to use at a rate, what to expect of it, and how all of that is said."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from evenhand import Estimate
from evenhand.results import quantity
from rust_daq.advise import program
from rust_daq.advise.measured import CAPACITY, FILES, MEMORY, PER_POINT, RESPONSE, together

COMFORT = 10.0
"""From this headroom on a pause of nine tenths of the time is caught up with."""
FORMATS = {"ArrowWriter": "an Arrow stream", "CsvWriter": "CSV"}
"""What the writers write."""
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
"""The rates in hertz for which a page answers; between the first and the last anything is answered here."""
CHANNELS = (1, 2, 4, 8, 16)
"""As `RATES`, for the number of channels; 16 are the most that were measured."""
OUTSIDE = (
    f"outside the measured range, which is from {hertz(RATES[0])} to {hertz(RATES[-1])} for each channel "
    f"and up to {CHANNELS[-1]} channels"
)
"""The answer to a request that no measurement covers."""


@dataclass(frozen=True)
class Advice:
    """What to use at a rate, and what to expect of it.

    Parameters
    ----------
    rate : float
        Samples per second of each channel (hertz), as asked.
    channels : int
        How many channels.
    loss : float
        The share of points whose loss is tolerated.
    latency : float
        Seconds that may pass from when a sample is due until it was handed over; infinity where it does not matter.
    outside : str
        Why nothing is computed: the request is outside the measured range, or the measurements have too few rounds.
        Empty otherwise.
    way : {"per point", "per batch"}
        How to hand the samples over.
    scans : int
        Samples of each channel in a batch; 1 point by point.
    response : Estimate
        Nanoseconds from when a batch was due until it was handed over, its 99.9th percentile.
    capacity : Estimate
        Points per second, of all channels, that the pipeline alone processes.
    memory : Estimate
        Bytes that an hour takes in memory.
    writer : {"ArrowWriter", "CsvWriter"}
        What to record it with.
    reason : str
        Why the file is not an Arrow stream; empty where it is one.
    file_capacity : Estimate
        Rows per second that the writer alone writes, each batch flushed.
    file : Estimate
        Bytes that an hour takes in a file.

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
        """Points per second of all channels."""
        return self.rate * self.channels

    @property
    def fill_ns(self) -> float:
        """How long a batch takes to fill, in nanoseconds."""
        return self.scans * 1e9 / self.rate

    @property
    def headroom(self) -> Estimate:
        """What the pipeline and its writer carry together, over the rate: below 1 they fall behind for good."""
        return over(together(self.capacity, self.file_capacity), self.points_per_second)

    @property
    def expected_loss(self) -> Estimate:
        """The share of the points that cannot be processed, whatever the capacity of the queue."""
        room = self.headroom
        value, low, high = (max(0.0, 1.0 - end) for end in (room.value, room.high, room.low))
        return Estimate(value, low, high, room.level, room.rounds)

    @property
    def delay(self) -> Estimate:
        """The 99.9th percentile, in nanoseconds, of the time from when the oldest sample was due to its hand-over."""
        wait, late = (self.scans - 1) * 1e9 / self.rate, self.response
        return Estimate(late.value + wait, late.low + wait, late.high + wait, late.level, late.rounds)

    @property
    def carried(self) -> bool | None:
        """Whether no more is lost than is tolerated; None where the interval of the headroom includes both."""
        return below(self.expected_loss, self.loss)

    @property
    def punctual(self) -> bool | None:
        """Whether the delay is within the latency; None where its interval includes both."""
        return below(self.delay, self.latency * 1e9)

    @property
    def held(self) -> bool | None:
        """Whether the request is held: both of `carried` and `punctual`; None where that cannot be told."""
        both = {self.carried, self.punctual}
        return False if False in both else None if None in both else True

    @property
    def verdict(self) -> str:
        """Say whether the request is held."""
        if self.outside:
            return self.outside
        if self.carried is False:
            lost = quantity.span(self.expected_loss, quantity.percent)
            return f"not held: {lost} of the points would be lost; lower the rate, or reduce the data in the instrument"
        if self.punctual is False:
            return f"not held within {seconds(self.latency)}: this is the shortest delay measured here"
        if self.carried is None:
            return f"{CANNOT_TELL}: the interval of the headroom includes {quantity.digits(1 - self.loss)}"
        if self.punctual is None:
            return f"{CANNOT_TELL}: the interval of the delay includes {seconds(self.latency)}"
        return "held" if self.headroom.low >= COMFORT else f"held; headroom of {COMFORT:g} times is not shown"

    @property
    def callback(self) -> str:
        """The argument of `Pipeline` that takes what is handed over."""
        return "on_point" if self.way == PER_POINT else "on_batch"

    @property
    def on_full(self) -> str:
        """What to do when the queue is full."""
        return "drop_oldest" if self.loss else "block"

    @property
    def program(self) -> str:
        """The program to copy, in which the rate and the channels are to be filled in; empty where nothing is known."""
        return program.program(self.scans, self.writer, self.callback, self.on_full) if self.way else ""

    @property
    def snippet(self) -> str:
        """The program to copy: it runs as it is, with a simulated instrument; empty where nothing is known."""
        return program.filled(self.program, self.rate, self.channels)

    def answers(self) -> dict[str, str]:
        """Put the advice into words with units, by what each is about.

        Returns
        -------
        dict of str to str
            In the order in which it is read; the verdict alone where nothing is known.
        """
        if not self.way:
            return {"verdict": self.outside}
        return {
            "verdict": self.verdict,
            "hand over": self._way(),
            "time to fill a batch": "none" if self.scans == 1 else quantity.time(self.fill_ns),
            "response, p99.9": quantity.span(self.response),
            "capacity of the pipeline": quantity.span(self.capacity, rate_of("points/s")),
            "record into": self._format(),
            "capacity of the writer": quantity.span(self.file_capacity, rate_of("rows/s")),
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
        return 'on_full="block": the instrument has to wait, nothing is lost'


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


def over(estimate: Estimate, divisor: float) -> Estimate:
    """Divide an estimate."""
    return Estimate(
        estimate.value / divisor, estimate.low / divisor, estimate.high / divisor, estimate.level, estimate.rounds
    )


def below(estimate: Estimate, bound: float) -> bool | None:
    """Tell whether an estimate is at most a bound; None where its interval includes both."""
    return True if estimate.high <= bound else False if estimate.low > bound else None


def rate_of(unit: str) -> Callable[[float], str]:
    """How a rate of something is written."""
    return lambda value: quantity.rate(value, f" {unit}")

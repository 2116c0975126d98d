"""The rules by which advice is chosen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evenhand import Estimate, Run
from rust_daq.advise.advice import CANNOT_TELL, CHANNELS, FORMATS, OUTSIDE, RATES, Advice
from rust_daq.advise.measured import PER_BATCH, PER_POINT, SEVERAL, Measured, least, together

SCANS = tuple(step * 10**power for power in range(4) for step in (1, 2, 5))
"""The batches that are weighed, in samples of each channel; 1 is point by point."""
ARROW, CSV = "ArrowWriter", "CsvWriter"
FLAT = 0.9
"""The capacity has flattened where a batch carries this share of the most that any does."""
LARGER = 2.0
"""An Arrow stream that takes so many times the bytes of CSV is too large."""
MOST_READS = 10_000.0
"""Reads per second at which response times were measured."""
HOUR = 3600.0
LOSSES = (0.0, 0.001, 0.01, 0.1)
"""The losses that a page lets choose."""
LATENCIES = (0.001, 0.01, 0.1, 1.0, 10.0, math.inf)
"""The latencies in seconds that a page lets choose."""


def advise(
    run: Run | Measured, *, rate: float, channels: int = 1, loss: float = 0.0, latency: float = math.inf
) -> Advice:
    """Say what to use at a rate: per point or per batch, how large a batch, which file, and what to expect.

    Parameters
    ----------
    run : Run or Measured
        What measured ``rates/capacity``, ``rates/response``, ``rates/files`` and ``zero_copy/footprint``.
    rate : float
        Samples per second of each channel (hertz).
    channels : int
        How many channels, sampled together.
    loss : float
        The share of points whose loss is tolerated, from 0 to below 1.
    latency : float
        Seconds that may pass from when a sample is due until it was handed over.

    Returns
    -------
    Advice
        Where the request is outside the measured range, or a measurement has too few rounds for an interval, it has
        a sentence alone.

    Raises
    ------
    ValueError
        If an argument is not such a number.
    KeyError
        If the run lacks a measurement.

    Notes
    -----
    Batches of 2, 5, 10 and so on up to 5,000 samples of each channel are weighed, read at most 10,000 times per
    second, which is the fastest that was measured.

    1. The batch is the largest that fills within half of the latency; the other half is left for the response.
    2. It is no larger than where the capacity of the pipeline and the writer together flattens: of these batches it is
       the smallest that carries nine tenths of what the best of them carries.
    3. Point by point is advised where no batch fills within half of the latency, as when one sample already takes
       longer, or where only that holds the request.  Where nothing holds it, the way with the least delay is shown of
       those that carry the rate, else the one that carries most.
    4. The file is an Arrow stream.  It is CSV where that is shown to carry the rate and the stream is shown not to, or
       where the stream takes more than twice the bytes.
    5. Pipeline and writer share a thread.  Where one takes a second for a points and the other for b, both together
       carry 1 / (1/a + 1/b).
    6. Between measured sizes numbers are interpolated on log scales, with the ends of their intervals.  Larger batches
       than the largest that was measured have its numbers.

    A request is held where the worse end of the interval of headroom and of delay holds it, and not held where the
    better end of one does not.  In between the verdict is "cannot tell".  The response is the one measured point by
    point at 10 kHz, and the time that the batch takes at capacity.

    Examples
    --------
    >>> from evenhand import Estimate
    >>> from rust_daq.advise import Curve, Measured, advise
    >>> exact = lambda value: Estimate(value, value, value, level=0.95, rounds=9)
    >>> fast = Curve({1: exact(3e5), 10: exact(3e6), 100: exact(6e6), 1_000: exact(1e7)})
    >>> ways = {"per batch": fast, "per batch, 16 channels": fast, "per point": fast}
    >>> taken = {"ArrowWriter": Curve({1: exact(20.0)})}
    >>> measured = Measured(ways, exact(5e6), exact(16.0), exact(20.0), exact(64.0), {"ArrowWriter": fast}, taken)
    >>> advise(measured, rate=50_000.0, channels=8, latency=0.1).answers()["hand over"]
    'in batches of 800 rows: scans_per_read=100, on_batch'
    >>> advise(measured, rate=10.0, latency=0.1).way
    'per point'
    >>> advise(measured, rate=2e6).answers()["verdict"][:26]
    'outside the measured range'
    """
    [found] = advise_each(run, rate=rate, channels=channels, loss=loss, latencies=[latency])
    return found


def advise_each(
    run: Run | Measured, *, rate: float, channels: int, loss: float, latencies: Sequence[float]
) -> list[Advice]:
    """Advise for each of several latencies; what does not depend on them is computed once.

    Parameters
    ----------
    run, rate, channels, loss
        As for `advise`.
    latencies : sequence of float
        Seconds.

    Returns
    -------
    list of Advice
        One for each latency.

    Raises
    ------
    ValueError, KeyError
        As `advise` does.
    """
    for latency in latencies:
        check(rate, channels, loss, latency)
    asked = Advice(float(rate), int(channels), float(loss), math.inf)
    if not (RATES[0] <= asked.rate <= RATES[-1] and asked.channels <= CHANNELS[-1]):
        return [replace(asked, latency=float(latency), outside=OUTSIDE) for latency in latencies]
    measured = run if isinstance(run, Measured) else Measured.of(run)
    if doubt := measured.doubt:
        return [replace(asked, latency=float(latency), outside=f"{CANNOT_TELL}: {doubt}") for latency in latencies]
    ways = list(weigh(asked, measured))
    return [choose([replace(way, latency=float(latency)) for way in ways]) for latency in latencies]


def check(rate: float, channels: int, loss: float, latency: float) -> None:
    """Raise if an argument is not such a number."""
    if not (math.isfinite(rate) and rate > 0):
        message = f"rate is {rate!r}; give hertz, a finite number above 0"
        raise ValueError(message)
    if isinstance(channels, bool) or not math.isfinite(channels) or channels != int(channels) or channels < 1:
        message = f"channels is {channels!r}; give a whole number of at least 1"
        raise ValueError(message)
    if not 0 <= loss < 1:
        message = f"loss is {loss!r}; give the share of points that may be lost, from 0 to below 1"
        raise ValueError(message)
    if not latency > 0:
        message = f"latency is {latency!r}; give seconds, a number above 0"
        raise ValueError(message)


def weigh(asked: Advice, measured: Measured) -> Iterator[Advice]:
    """Every way to meet a request, the ones with the least delay first."""
    for scans in SCANS:
        if asked.rate / scans > MOST_READS:
            continue  # the response was not measured there
        way, rows = (PER_POINT if scans == 1 else PER_BATCH), scans * asked.channels
        capacity, kept = measured.capacity[way].at(rows), measured.row_bytes
        if asked.channels > 1:
            capacity, kept = least(capacity, measured.capacity[SEVERAL].at(rows)), measured.many_bytes
        weighed = replace(
            asked,
            way=way,
            scans=scans,
            capacity=capacity,
            memory=times(measured.point_bytes if way == PER_POINT else kept, asked.points_per_second * HOUR),
        )
        yield recorded(weighed, measured, rows)


def recorded(asked: Advice, measured: Measured, rows: int) -> Advice:
    """Complete a way with the file that it is recorded into, and with the response."""
    files = {}
    for writer, flushed in measured.flushed.items():
        file_capacity = flushed.at(rows)
        both, late = together(asked.capacity, file_capacity), measured.response
        response = Estimate(
            late.value + rows * 1e9 / both.value,
            late.low + rows * 1e9 / both.high,
            late.high + rows * 1e9 / both.low,
            late.level,
            min(late.rounds, both.rounds),
        )
        taken = times(measured.file_bytes[writer].at(rows), asked.points_per_second * HOUR)
        files[writer] = replace(asked, writer=writer, response=response, file_capacity=file_capacity, file=taken)
    stream = files[ARROW]
    if (text := files.get(CSV)) is None:
        return stream
    if stream.carried is False and text.carried:
        return replace(text, reason=f"{FORMATS[ARROW]} does not carry this rate here")
    if text.carried and stream.file.low > LARGER * text.file.high:
        return replace(
            text, reason=f"{FORMATS[ARROW]} of such small batches takes more than {LARGER:g} times the bytes"
        )
    return stream


def times(estimate: Estimate, factor: float) -> Estimate:
    """Multiply an estimate."""
    return Estimate(
        estimate.value * factor, estimate.low * factor, estimate.high * factor, estimate.level, estimate.rounds
    )


def choose(ways: Sequence[Advice]) -> Advice:
    """Choose the way that `advise` describes."""
    fitting = [way for way in ways if way.scans > 1 and way.fill_ns <= way.latency * 1e9 / 2]
    points = [way for way in ways if way.scans == 1]
    for held in (True, None):
        for pool in (fitting, points):
            if found := [way for way in pool if way.held is held]:
                return capped(found)
        if found := [way for way in ways if way.held is held]:
            return found[0]
    if carried := [way for way in ways if way.carried is not False]:
        return min(carried, key=lambda way: way.delay.value)
    return max(ways, key=lambda way: way.headroom.value)


def capped(ways: Sequence[Advice]) -> Advice:
    """Take the smallest batch that carries about what the best one carries."""
    most = max(way.headroom.value for way in ways)
    return next(way for way in ways if way.headroom.value >= FLAT * most)


def step(value: float, steps: Sequence[float]) -> float | None:
    """The least of some ascending steps that is no less than a value; None beyond the last one."""
    return next((float(known) for known in steps if known >= value), None)

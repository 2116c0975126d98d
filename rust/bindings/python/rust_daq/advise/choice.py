"""The rules that choose the advice."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evenhand import Estimate, Run
from rust_daq.advise.advice import CANNOT_TELL, CHANNELS, FORMATS, OUTSIDE, RATES, Advice
from rust_daq.advise.measured import PER_BATCH, PER_POINT, SEVERAL, Measured, combine_rates, minimum

SCANS = tuple(step * 10**power for power in range(4) for step in (1, 2, 5))
"""The candidate batch sizes, in samples of each channel; 1 is point by point."""
ARROW, CSV = "ArrowWriter", "CsvWriter"
FLAT = 0.9
"""The capacity has levelled off once a batch reaches this share of the highest capacity."""
LARGER = 2.0
"""An Arrow stream is too large if it takes more than this many times the bytes of CSV."""
MOST_READS = 10_000.0
"""The most reads per second at which response times were measured."""
HOUR = 3600.0
LOSSES = (0.0, 0.001, 0.01, 0.1)
"""The tolerated losses that a page offers."""
LATENCIES = (0.001, 0.01, 0.1, 1.0, 10.0, math.inf)
"""The latencies in seconds that a page offers."""


def advise(
    run: Run | Measured, *, rate: float, channels: int = 1, loss: float = 0.0, latency: float = math.inf
) -> Advice:
    """Recommend what to use at a sampling rate: points or batches, the batch size, the file, and what to expect.

    Parameters
    ----------
    run : Run or Measured
        A run with ``rates/capacity``, ``rates/response``, ``rates/files`` and ``zero_copy/footprint``.
    rate : float
        Samples per second of each channel (hertz).
    channels : int
        The number of channels, sampled together.
    loss : float
        The share of points that may be lost, from 0 to below 1.
    latency : float
        The most seconds from when a sample is due until it is delivered.

    Returns
    -------
    Advice
        Only the verdict is set if the request is outside the measured range, or if a measurement has too few rounds
        for an interval.

    Raises
    ------
    ValueError
        If an argument is outside these ranges.
    KeyError
        If the run lacks a measurement.

    Notes
    -----
    The candidates are batches of 2, 5, 10 and so on up to 5,000 samples of each channel, read at most 10,000 times per
    second.  No faster reading was measured.

    1. A batch must fill within half of the latency.  The other half is left for the response.
    2. Among those that hold the request, the smallest one is chosen that reaches nine tenths of the best combined
       capacity of pipeline and writer.
    3. If none does, point by point is recommended where it holds the request; if it does not, a batch that fills later
       and holds it.  If nothing is shown to hold the request, the same order applies to those that may hold it.  If
       all miss it, the answer is the option with the least delay of those not shown to fall behind, or else the one
       with the highest capacity.
    4. The file is an Arrow stream.  It is CSV if CSV is shown to sustain the rate and the stream is shown not to, or if
       the stream takes more than twice the bytes.
    5. Pipeline and writer share a thread.  If one processes a points per second and the other b, both together process
       1 / (1/a + 1/b).
    6. Between measured sizes, numbers and both ends of their intervals are interpolated on log scales.  Batches larger
       than the largest measured one have its numbers.

    A request is held if the unfavourable ends of the intervals of headroom and delay hold it.  It is not held if the
    favourable end of one of them does not.  In between the verdict is "cannot tell".  The response is the one measured
    point by point at 10 kHz, plus the time that the batch takes at capacity.

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
    """Recommend for each of several latencies; the common part is computed once.

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
        As for `advise`.
    """
    for latency in latencies:
        check(rate, channels, loss, latency)
    asked = Advice(float(rate), int(channels), float(loss), math.inf)
    if not (RATES[0] <= asked.rate <= RATES[-1] and asked.channels <= CHANNELS[-1]):
        return [replace(asked, latency=float(latency), outside=OUTSIDE) for latency in latencies]
    measured = run if isinstance(run, Measured) else Measured.of(run)
    if doubt := measured.doubt:
        return [replace(asked, latency=float(latency), outside=f"{CANNOT_TELL}: {doubt}") for latency in latencies]
    ways = list(list_candidates(asked, measured))
    return [choose([replace(way, latency=float(latency)) for way in ways]) for latency in latencies]


def check(rate: float, channels: int, loss: float, latency: float) -> None:
    """Raise an error if an argument is outside its range."""
    if not 0 < rate <= sys.float_info.max:
        message = f"rate must be a finite number above 0 in hertz, got {rate!r}"
        raise ValueError(message)
    if isinstance(channels, bool) or not 1 <= channels < math.inf or channels != int(channels):
        message = f"channels must be an integer of at least 1, got {channels!r}"
        raise ValueError(message)
    if not 0 <= loss < 1:
        message = f"loss must be a share of points, at least 0 and below 1, got {loss!r}"
        raise ValueError(message)
    if not (0 < latency <= sys.float_info.max or latency == math.inf):
        message = f"latency must be a number of seconds above 0, got {latency!r}"
        raise ValueError(message)


def list_candidates(asked: Advice, measured: Measured) -> Iterator[Advice]:
    """Yield every candidate for a request, smallest batches first."""
    for scans in SCANS:
        if asked.rate / scans > MOST_READS:
            continue  # no response was measured at this read rate
        way, rows = (PER_POINT if scans == 1 else PER_BATCH), scans * asked.channels
        capacity, kept = measured.capacity[way].at(rows), measured.row_bytes
        if asked.channels > 1:
            capacity, kept = minimum(capacity, measured.capacity[SEVERAL].at(rows)), measured.many_bytes
        weighed = replace(
            asked,
            way=way,
            scans=scans,
            capacity=capacity,
            memory=scale(measured.point_bytes if way == PER_POINT else kept, asked.points_per_second * HOUR),
        )
        yield choose_file(weighed, measured, rows)


def choose_file(asked: Advice, measured: Measured, rows: int) -> Advice:
    """Complete a candidate with its file and its response."""
    files = {}
    for writer, flushed in measured.flushed.items():
        file_capacity = flushed.at(rows)
        both, late = combine_rates(asked.capacity, file_capacity), measured.response
        response = Estimate(
            late.value + rows * 1e9 / both.value,
            late.low + rows * 1e9 / both.high,
            late.high + rows * 1e9 / both.low,
            late.level,
            min(late.rounds, both.rounds),
        )
        taken = scale(measured.file_bytes[writer].at(rows), asked.points_per_second * HOUR)
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


def scale(estimate: Estimate, factor: float) -> Estimate:
    """Multiply an estimate."""
    return Estimate(
        estimate.value * factor, estimate.low * factor, estimate.high * factor, estimate.level, estimate.rounds
    )


def choose(ways: Sequence[Advice]) -> Advice:
    """Choose among the candidates by the rules of `advise`."""
    fitting = [way for way in ways if way.scans > 1 and way.fill_ns <= way.latency * 1e9 / 2]
    points = [way for way in ways if way.scans == 1]
    for held in (True, None):
        for pool in (fitting, points):
            if found := [way for way in pool if way.held is held]:
                return choose_smallest(found)
        if found := [way for way in ways if way.held is held]:
            return found[0]
    if carried := [way for way in ways if way.carried is not False]:
        return min(carried, key=lambda way: way.delay.value)
    return max(ways, key=lambda way: way.headroom.value)


def choose_smallest(ways: Sequence[Advice]) -> Advice:
    """Return the smallest batch whose headroom is close to the best one."""
    most = max(way.headroom.value for way in ways)
    return next(way for way in ways if way.headroom.value >= FLAT * most)


def step(value: float, steps: Sequence[float]) -> float | None:
    """Return the first of ascending steps that is at least `value`; None above the last one."""
    return next((float(known) for known in steps if known >= value), None)

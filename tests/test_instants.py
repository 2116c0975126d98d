"""Timestamps of NumPy, pandas and Arrow: with a time zone, without one, and of types that cannot have one."""

import datetime as dt
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from rust_daq import Batch, Channel, DataPoint, SimulatedInstrument

A = Channel("a", "V")
NS = 1_767_225_600_000_000_000
WHOLE = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "10ms", "7D", "25us"]

# Every argument that accepts a timestamp, with a function that returns the resulting nanoseconds.
Taker = Callable[[Any], int]
SCALARS: dict[str, tuple[str, Taker]] = {
    "DataPoint": ("timestamp", lambda instant: DataPoint(instant, "a", 1.0, "V").timestamp_ns),
    "DataPoint, by name": (
        "timestamp",
        lambda instant: DataPoint(timestamp=instant, channel="a", value=1.0, unit="V").timestamp_ns,
    ),
    "replace": ("timestamp", lambda instant: DataPoint(0, "a", 1.0, "V").replace(timestamp=instant).timestamp_ns),
    "point": ("timestamp", lambda instant: A.point(1.0, instant).timestamp_ns),
    "start": ("start", lambda instant: A.batch([1.0], start=instant, rate=1.0)[0].timestamp_ns),
    "start of points": ("start", lambda instant: A.points([1.0], start=instant, rate=1.0)[0].timestamp_ns),
    "instrument": ("start", lambda instant: SimulatedInstrument(1.0, A).batch(1, start=instant)[0].timestamp_ns),
    "list": ("timestamp", lambda instant: A.batch([1.0], [instant])[0].timestamp_ns),
    "list for points": ("timestamp", lambda instant: A.points([1.0], [instant])[0].timestamp_ns),
    "tuple": ("timestamp", lambda instant: Batch.from_numpy((instant,), [1.0], A)[0].timestamp_ns),
    "objects": ("timestamp", lambda instant: A.batch([1.0], np.array([instant], object))[0].timestamp_ns),
}
ARRAYS: dict[str, Callable[[Any], Batch]] = {
    "batch": lambda times: A.batch(np.zeros(len(times)), times),
    "points": lambda times: Batch.from_points(A.points(np.zeros(len(times)), times)),
    "from_numpy": lambda times: Batch.from_numpy(times, np.zeros(len(times)), A),
}

every_scalar = pytest.mark.parametrize("take", [take for _, take in SCALARS.values()], ids=SCALARS)
every_argument = pytest.mark.parametrize(("argument", "take"), SCALARS.values(), ids=SCALARS)
every_array = pytest.mark.parametrize("take", ARRAYS.values(), ids=ARRAYS)


# datetime64 cannot have a time zone: it is UTC


@every_scalar
@pytest.mark.parametrize("unit", WHOLE)
def test_a_datetime64_of_any_whole_unit_is_read(take: Taker, unit: str) -> None:
    instant = np.datetime64(5, unit)
    assert take(instant) == int(instant.astype("M8[ns]").astype("i8"))
    assert take(np.array(instant)) == take(instant)


@every_scalar
def test_timestamps_of_a_batch_are_accepted(take: Taker) -> None:
    batch = A.batch([1.0, 2.0], [NS, -1])
    assert [take(instant) for instant in batch.timestamps] == [NS, -1]


@every_array
@pytest.mark.parametrize("unit", WHOLE)
def test_an_array_of_any_whole_unit_is_accepted(take: Callable[[Any], Batch], unit: str) -> None:
    times = np.array([5, -3], f"M8[{unit}]")
    expected = times.astype("M8[ns]")
    np.testing.assert_array_equal(take(times).timestamps, expected)
    np.testing.assert_array_equal(take(times.astype(times.dtype.newbyteorder())).timestamps, expected)
    np.testing.assert_array_equal(take(np.repeat(times, 2)[::2]).timestamps, expected)


@every_scalar
@pytest.mark.parametrize("unit", ["ps", "fs", "as"])
def test_digits_below_the_nanosecond_are_refused_for_that_reason(take: Taker, unit: str) -> None:
    thousand = {"ps": 10**3, "fs": 10**6, "as": 10**9}[unit]
    assert take(np.datetime64(7 * thousand, unit)) == 7
    with pytest.raises(ValueError, match=r"has digits below a nanosecond, got 1970-.*; round it with \.astype"):
        take(np.datetime64(7 * thousand + 1, unit))


@every_array
def test_the_entry_with_digits_below_the_nanosecond_is_named(take: Callable[[Any], Batch]) -> None:
    with pytest.raises(ValueError, match=r"^timestamps\[2\] has digits below a nanosecond"):
        take(np.array([1_000, -2_000, 3_500], "M8[ps]"))


@every_scalar
@pytest.mark.filterwarnings("ignore:The 'generic' unit:DeprecationWarning")  # of NumPy, for the first of them
@pytest.mark.parametrize("unit", ["generic", "s", "ns", "ps"])
def test_nat_is_refused(take: Taker, unit: str) -> None:
    with pytest.raises(ValueError, match=r"^(timestamp|start|timestamps\[0\]) is NaT; drop such rows"):
        take(np.datetime64("NaT") if unit == "generic" else np.datetime64("NaT", unit))


@every_argument
@pytest.mark.parametrize(
    "instant",
    [
        *(np.datetime64(300, "Y"), np.datetime64(-300, "Y"), np.datetime64(2**62, "us")),
        *(2**63, -(2**63) - 1, pytest.param(10**5000, id="huge")),
        dt.datetime(1677, 9, 21, 0, 12, 43, 145224, tzinfo=dt.UTC),
        dt.datetime(2262, 4, 11, 23, 47, 16, 854776, tzinfo=dt.UTC),
        dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=23))),
        dt.datetime.max.replace(tzinfo=dt.timezone(-dt.timedelta(hours=23))),
    ],
)
def test_a_timestamp_outside_64_bit_nanoseconds_is_refused(argument: str, take: Taker, instant: Any) -> None:
    with pytest.raises(OverflowError, match=rf"^{argument}.* outside 64-bit nanoseconds; pass"):
        take(instant)


@every_scalar
@pytest.mark.parametrize("smallest", [-(2**63), np.int64(-(2**63))])
def test_the_number_that_numpy_reads_as_nat_is_refused_for_that_reason(take: Taker, smallest: Any) -> None:
    with pytest.raises(ValueError, match=r"is -2\*\*63, which datetime64 reads as NaT"):
        take(smallest)
    assert take(operator.index(smallest) + 1) == -(2**63) + 1


@every_array
@pytest.mark.parametrize("count", [1, 3, 64, 1_001])
def test_the_entry_that_numpy_reads_as_nat_is_named(take: Callable[[Any], Batch], count: int) -> None:
    times = np.arange(count)
    times[-1] = -(2**63)
    for given_times in (times, times.astype(">i8"), pa.array(times).view(pa.timestamp("ns", "UTC"))):
        with pytest.raises(ValueError, match=rf"^timestamps\[{count - 1}\] is -2\*\*63, which"):
            take(given_times)
    table = {"timestamp": pa.array(times).view(pa.timestamp("ns", "UTC")), "value": pa.array(np.zeros(count))}
    with pytest.raises(ValueError, match=rf"^timestamp\[{count - 1}\] is -2\*\*63"):
        Batch.from_arrow(pa.table(table), A)


@every_argument
@pytest.mark.parametrize(
    "wrong",
    [np.timedelta64(5, "s"), np.float64(5), np.bool_(True), True, 1.5, "2026-01-01", b"1", dt.date(2026, 1, 1), 1j],
)
def test_an_invalid_timestamp_is_refused(argument: str, take: Taker, wrong: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{argument} must be .* nanoseconds .*, got "):
        take(wrong)


class Nanoseconds(int):
    pass


@every_scalar
@pytest.mark.parametrize("integer", [np.int64(5), np.uint8(5), np.int32(5), np.uint64(5), Nanoseconds(5)])
def test_every_integer_type_is_read_as_nanoseconds(take: Taker, integer: Any) -> None:
    assert take(integer) == 5


# Types that can have a time zone must have one


def naive_arrays() -> dict[str, Any]:
    index = pd.DatetimeIndex([NS, NS + 1])
    return {
        "Index": index,
        "Series": index.to_series(),
        "array": index.array,
        "coarser": index.as_unit("s").to_series(),
        "Arrow in pandas": pd.Series(index).astype(pd.ArrowDtype(pa.timestamp("ns"))),
        "Arrow": pa.array([1, 2], pa.timestamp("ns")),
        "Arrow in chunks": pa.chunked_array([pa.array([1, 2], pa.timestamp("us"))]),
        "polars": pl.Series([dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 2)]),
        "list of pandas": list(index),
        "list": [dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 2)],
        "objects": np.array(list(index), object),
    }


@every_array
@pytest.mark.parametrize("kind", naive_arrays())
def test_arrays_without_a_possible_time_zone_are_refused(take: Callable[[Any], Batch], kind: str) -> None:
    with pytest.raises(TypeError, match=r"time zone.*(tz_localize|replace_time_zone|replace\(tzinfo)") as refused:
        take(naive_arrays()[kind])
    assert "timestamp" in str(refused.value)


class Nowhere(dt.tzinfo):
    """A time zone without an offset."""

    def utcoffset(self, when: dt.datetime | None) -> None:
        return None


@every_argument
@pytest.mark.parametrize(
    "naive", [pd.Timestamp(NS), dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=Nowhere())]
)
def test_a_datetime_without_a_time_zone_is_refused(argument: str, take: Taker, naive: dt.datetime) -> None:
    attach = r"\.tz_localize\('UTC'\)" if isinstance(naive, pd.Timestamp) else r"\.replace\(tzinfo=timezone\.utc\)"
    shown = "Timestamp" if isinstance(naive, pd.Timestamp) else r"datetime\.datetime\(2026, 1, 1"
    with pytest.raises(TypeError, match=rf"^{argument} has no time zone; pass datetime\.now.*: {attach}, got {shown}"):
        take(naive)


@every_array
def test_the_same_arrays_with_a_time_zone_are_accepted(take: Callable[[Any], Batch]) -> None:
    index = pd.DatetimeIndex([NS, NS + 1])
    for zone in ("UTC", "Europe/Berlin"):
        aware = index.tz_localize("UTC").tz_convert(zone)
        arrow = pd.Series(aware).astype(pd.ArrowDtype(pa.timestamp("ns", zone)))
        for times in (aware, aware.to_series(), aware.array, arrow, list(aware), pa.array(aware), pl.Series(aware)):
            assert take(times).timestamps.view("i8").tolist() == [NS, NS + 1]


def test_a_frame_without_a_time_zone_is_refused() -> None:
    frame = pd.DataFrame({"timestamp": pd.DatetimeIndex([1, 2]), "value": [1.0, 2.0]})
    with pytest.raises(TypeError, match=r"^column timestamp is Timestamp\(ns\).*attach one first, in pyarrow with"):
        Batch.from_arrow(frame, A)

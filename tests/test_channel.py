"""`rust_daq.Channel`: points, lists of points and batches of one channel."""

import datetime as dt
import time
from array import array
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rust_daq import Batch, Channel, DataPoint, Metadata

UTC = dt.UTC
MOMENT = dt.datetime(2026, 1, 1, tzinfo=UTC)
MOMENT_NS = 1_767_225_600 * 10**9
LASER = Channel("laser", "mW", {"gain": 2})


def times(rows: list[DataPoint] | Batch) -> list[int]:
    return [row.timestamp_ns for row in rows]


def values(rows: list[DataPoint] | Batch) -> list[float]:
    return [row.value for row in rows]


@pytest.fixture(params=["points", "batch"])
def make(request: pytest.FixtureRequest) -> Any:
    """Call both methods for many rows, which read the same arguments."""
    return getattr(LASER, request.param)


# the channel itself


def test_the_fields_equal_the_arguments() -> None:
    setup = Metadata({"gain": 2})
    for channel in (Channel("laser", "mW", setup), Channel(name="laser", unit="mW", metadata=setup)):
        assert (channel.name, channel.unit) == ("laser", "mW")
        assert channel.metadata is setup
    assert Channel("laser", "").metadata is None
    assert Channel("laser", "", None).metadata is None


def test_channels_of_equal_fields_are_equal_and_hash_equal() -> None:
    twin = Channel("laser", "mW", Metadata({"gain": 2.0}))
    assert twin == LASER
    assert hash(twin) == hash(LASER)
    assert len({twin, LASER}) == 1


@pytest.mark.parametrize(
    "other", [Channel("a", "mW", {"gain": 2}), Channel("laser", "W", {"gain": 2}), Channel("laser", "mW"), "laser", 1]
)
def test_channels_with_one_different_field_are_unequal(other: object) -> None:
    assert other != LASER


def test_a_match_statement_unpacks_a_channel() -> None:
    match LASER:
        case Channel(name, unit, metadata):
            assert (name, unit, metadata) == ("laser", "mW", Metadata({"gain": 2}))
        case _:
            pytest.fail("no match")


# one point


@pytest.mark.parametrize(
    "timestamp",
    [
        MOMENT_NS,
        np.int64(MOMENT_NS),
        MOMENT,
        MOMENT.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30))),
        pd.Timestamp(MOMENT_NS, tz="UTC"),
    ],
)
def test_a_passed_time_is_kept(timestamp: Any) -> None:
    expected = DataPoint(MOMENT_NS, "laser", 0.5, "mW", {"gain": 2})
    assert LASER.point(0.5, timestamp) == expected
    assert LASER.point(0.5, timestamp=timestamp) == expected
    assert LASER.point(value=0.5, timestamp=timestamp) == expected
    assert LASER.point(timestamp=timestamp, value=0.5) == expected


@given(st.floats(), st.integers(-(2**63) + 1, 2**63 - 1))
def test_a_point_equals_the_one_of_the_constructor(value: float, ns: int) -> None:
    assert LASER.point(value, ns) == DataPoint(ns, LASER.name, value, LASER.unit, LASER.metadata)


def test_points_share_the_text_of_their_channel() -> None:
    batch = LASER.batch([1.0, 2.0])
    made = [LASER.point(1), LASER.point(1, 0), LASER.point(1, MOMENT), LASER.point(value=1, timestamp=0)]
    made += [*LASER.points([1.0, 2.0]), *batch, *batch.to_points(), batch[0], batch[1:][0]]
    for point in made:
        assert point.channel is LASER.name
        assert point.unit is LASER.unit


# many rows: values

NUMBERS = [1.0, -2.0, 0.0, 3.0]


@pytest.mark.parametrize(
    "given_values",
    [
        NUMBERS,
        tuple(NUMBERS),
        [1, np.float32(-2), Fraction(0), 3.0],
        np.array(NUMBERS),
        *(np.array(NUMBERS, dtype) for dtype in ("f2", "f4", "i1", "i2", "i4", "i8", ">f8", ">f4", ">i8", "<f8", "O")),
        np.array(NUMBERS * 2)[:4],
        np.repeat(NUMBERS, 3)[::3],
        np.array(NUMBERS[::-1])[::-1],
        np.array([NUMBERS, NUMBERS]).T[:, 1],
        *(array(code, NUMBERS) for code in "fd"),
        *(array(code, [1, -2, 0, 3]) for code in "bhilq"),
        memoryview(array("d", NUMBERS)),
        pa.array(NUMBERS),
        pa.array(NUMBERS, pa.float32()),
        pa.array([1, -2, 0, 3], pa.int64()),
        pa.array([9.0] + NUMBERS + [9.0])[1:5],
        pa.chunked_array([NUMBERS[:1], NUMBERS[1:]]),
        pd.Series(NUMBERS),
    ],
    ids=lambda given_values: f"{type(given_values).__name__}-{getattr(given_values, 'dtype', '')}",
)
def test_numbers_of_any_source_are_read(make: Any, given_values: Any) -> None:
    assert values(make(given_values)) == NUMBERS


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", ">u8", "?"])
def test_unsigned_numbers_and_booleans_are_read(make: Any, dtype: str) -> None:
    assert values(make(np.array([0, 1], dtype))) == [0.0, 1.0]


@pytest.mark.parametrize("empty", [[], (), np.empty(0), array("d"), pa.array([], pa.float64())])
def test_no_values_are_no_rows(make: Any, empty: Any) -> None:
    assert len(make(empty)) == 0
    assert len(make(empty, np.empty(0, "M8[ns]"))) == 0
    assert len(make(empty, start=0, rate=1.0)) == 0


@given(st.lists(st.floats()))
def test_every_float_keeps_its_bits(given_values: list[float]) -> None:
    expected = array("d", given_values).tobytes()
    for source in (given_values, np.array(given_values, float), array("d", given_values), pa.array(given_values, "f8")):
        assert array("d", values(LASER.points(source))).tobytes() == expected
        assert LASER.batch(source).values.tobytes() == expected


def test_later_writes_to_the_values_have_no_effect(make: Any) -> None:
    for source in (np.array(NUMBERS), array("d", NUMBERS), list(NUMBERS)):
        made = make(source)
        source[0] = 77.0
        assert values(made) == NUMBERS


@pytest.mark.parametrize("dtype", ["i8", "u8", ">i8", ">u8"])
@pytest.mark.parametrize("integer", [2**53 + 1, 2**63 - 1])
def test_an_integer_that_would_be_rounded_is_refused(make: Any, dtype: str, integer: int) -> None:
    with pytest.raises(ValueError, match=rf"^values\[1\] is {integer}, .*; convert"):
        make(np.array([1, integer], dtype))


def test_an_arrow_integer_that_would_be_rounded_is_refused(make: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="values"):
        make(pa.array([1, 2**53 + 1]))


@pytest.mark.parametrize("integer", [2**53, 2**53 + 2, 2**62, -(2**63)])
def test_a_large_integer_that_is_exact_as_a_float_is_a_value(make: Any, integer: int) -> None:
    assert values(make(np.array([integer]))) == [float(integer)]
    assert values(make(pa.array([integer]))) == [float(integer)]


@pytest.mark.parametrize("wrong", ["1", None, 1j, [1.0]])
def test_an_entry_that_is_not_a_number_is_refused_with_its_index(make: Any, wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^value must be a real number .*, got ") as got:
        make([1.0, 2.0, wrong])
    assert "values[2]" in got.value.__notes__[0]


DTYPE = (TypeError, r"^values must contain numbers that .*, got an array of ")
KIND = (TypeError, r"^values must be .*, got ")
SHAPE = (ValueError, r"^values must be one-dimensional, got shape \(")
NULL = (ValueError, "values.*null")


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        *((np.array(entries), DTYPE) for entries in (["1"], [b"1"], [1j])),
        *((np.array([0], dtype), DTYPE) for dtype in ("M8[ns]", "m8[ns]", np.longdouble)),
        (np.array([(1, 2.0)], "i4, f8"), DTYPE),
        *((wrong, KIND) for wrong in ("123", b"123", None, {1.0}, {1: 2}, iter([1.0]), object())),
        *((wrong, SHAPE) for wrong in (np.zeros((2, 2)), np.zeros((0, 3)), np.float64(1), 1.0)),
        *((wrong, NULL) for wrong in (pa.array([1, None]), pa.chunked_array([[1], [None]]))),
        *((pa.array(entries), (TypeError, "values")) for entries in (["1"], [[1.0]])),
        (pa.array([1], pa.timestamp("ns")), (TypeError, "values")),
    ],
    ids=lambda wrong: str(getattr(wrong, "dtype", type(wrong).__name__)),
)
def test_an_invalid_column_of_numbers_is_refused(make: Any, wrong: Any, refusal: Any) -> None:
    error, message = refusal
    with pytest.raises(error, match=message):
        make(wrong)


# many rows: times

TIMES = [MOMENT_NS, MOMENT_NS + 3_000, MOMENT_NS - 1_000, -5_000]
DATETIMES = [MOMENT + dt.timedelta(microseconds=(ns - MOMENT_NS) // 1_000) for ns in TIMES]


@pytest.mark.parametrize(
    "timestamps",
    [
        TIMES,
        tuple(TIMES),
        DATETIMES,
        [TIMES[0], DATETIMES[1], np.int64(TIMES[2]), TIMES[3]],
        np.array(TIMES),
        *(np.array(TIMES, dtype) for dtype in (">i8", "M8[ns]", ">M8[ns]", "O")),
        np.array(TIMES, "M8[ns]").astype("M8[us]"),
        np.array(DATETIMES, "O"),
        np.repeat(TIMES, 2)[::2],
        np.repeat(np.array(TIMES, "M8[ns]"), 2)[::2],
        array("q", TIMES),
        pa.array(TIMES, pa.timestamp("ns", "UTC")),
        pa.array(TIMES, pa.timestamp("ns", "Europe/Berlin")),
        pa.array(DATETIMES, pa.timestamp("us", "UTC")),
        pa.chunked_array([TIMES[:1], TIMES[1:]], pa.timestamp("ns", "UTC")),
        pd.Series(DATETIMES),
        pd.DatetimeIndex(DATETIMES),
    ],
    ids=lambda timestamps: f"{type(timestamps).__name__}-{getattr(timestamps, 'dtype', '')}",
)
def test_timestamps_of_any_source_are_read(make: Any, timestamps: Any) -> None:
    assert times(make(NUMBERS, timestamps)) == TIMES
    assert times(make(NUMBERS, timestamps=timestamps)) == TIMES


@given(st.lists(st.integers(-(2**63) + 1, 2**63 - 1)))
def test_every_timestamp_is_kept(stamps: list[int]) -> None:
    numbers = np.arange(len(stamps), dtype=float)
    for source in (stamps, np.array(stamps, "i8"), array("q", stamps), pa.array(stamps, pa.timestamp("ns", "UTC"))):
        assert times(LASER.points(numbers, source)) == stamps
        assert LASER.batch(numbers, source).timestamps.view("i8").tolist() == stamps


def test_without_times_all_rows_have_the_time_of_the_call(make: Any) -> None:
    before = time.time_ns()
    made = make(np.zeros(1_000))
    after = time.time_ns()
    assert len(set(times(made))) == 1
    assert before <= times(made)[0] <= after


def test_none_equals_an_omitted_argument(make: Any) -> None:
    before = time.time_ns()
    assert times(make([1.0], None, start=None, rate=None))[0] >= before
    assert times(make([1.0], [5], start=None, rate=None)) == [5]
    assert times(make([1.0], None, start=5, rate=1)) == [5]


def test_the_millionth_sample_at_three_hertz_is_right_to_the_nanosecond() -> None:
    batch = LASER.batch(np.zeros(1_000_001), start=MOMENT, rate=3)
    stamps = batch.timestamps.view("i8")
    assert stamps[1_000_000] == MOMENT_NS + 333_333_333_333_333
    assert stamps[999_999] == MOMENT_NS + 333_333 * 10**9
    assert stamps[1] == MOMENT_NS + 333_333_333
    assert stamps[2] == MOMENT_NS + 666_666_667
    seconds = stamps[::3] - MOMENT_NS
    assert (seconds == np.arange(len(seconds)) * 10**9).all()


@given(
    st.integers(-(2**62), 2**62),
    st.floats(1e-3, 1e12) | st.integers(1, 10**9),
    st.integers(0, 500),
)
def test_times_are_exact_for_every_rate(start: int, rate: float, count: int) -> None:
    stamps = times(LASER.points(np.zeros(count), start=start, rate=rate))
    for index, stamp in enumerate(stamps):
        # Only half a nanosecond may be rounded either way.
        assert abs(stamp - (start + index * 10**9 / Fraction(rate))) <= Fraction(1, 2)


@pytest.mark.parametrize("start", [MOMENT, MOMENT_NS, np.int64(MOMENT_NS), pd.Timestamp(MOMENT_NS, tz="UTC")])
@pytest.mark.parametrize("rate", [1000, 1000.0, np.float32(1000), Fraction(1000), np.int64(1000)])
def test_start_and_rate_accept_the_usual_types(make: Any, start: Any, rate: Any) -> None:
    assert times(make([0.0] * 3, start=start, rate=rate)) == [MOMENT_NS, MOMENT_NS + 10**6, MOMENT_NS + 2 * 10**6]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rate": 1.0}, r"^rate is passed without start; pass"),
        ({"start": 0}, r"^start is passed without rate; pass"),
        ({"timestamps": [0], "start": 0}, r"^timestamps is passed together with start or rate; pass"),
        ({"timestamps": [0], "rate": 1.0}, r"^timestamps is passed together with start or rate; pass"),
        ({"timestamps": [0], "start": 0, "rate": 1.0}, r"^timestamps is passed together with start or rate; pass"),
    ],
)
def test_contradicting_or_incomplete_times_are_refused(make: Any, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make([1.0], **arguments)


def test_a_schedule_that_leaves_the_range_is_refused(make: Any) -> None:
    with pytest.raises(OverflowError, match="outside 64-bit nanoseconds; pass"):
        make([1.0, 2.0], start=2**63 - 1, rate=1.0)
    with pytest.raises(OverflowError, match="outside 64-bit nanoseconds; pass"):
        make([1.0, 2.0], start=0, rate=1e-300)
    assert times(make([1.0], start=2**63 - 1, rate=1.0)) == [2**63 - 1]


@pytest.mark.parametrize("wrong", ["now", 0j, None, 1.5, True, dt.datetime(2026, 1, 1)])
def test_an_entry_that_is_not_a_timestamp_is_refused_with_its_index(make: Any, wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^timestamp.* (must be|has no time zone)") as got:
        make([1.0, 2.0], [0, wrong])
    assert "timestamps[1]" in got.value.__notes__[0]


LENGTH = (ValueError, r"^timestamps has \d entries, but values has 2; pass")
NAT = (ValueError, r"^timestamps\[1\] is NaT; drop")
RANGE = (OverflowError, r"^timestamps.*outside 64-bit nanoseconds; .*pass")
TIME_DTYPE = (TypeError, r"^timestamps must contain .*, got an array of ")
TIME_SHAPE = ((TypeError, ValueError), r"^timestamps must be")


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        *((wrong, LENGTH) for wrong in ([], [1], [1, 2, 3], np.zeros(3, "M8[ns]"))),
        *((np.array(["2026-01-01", "NaT"], f"M8[{unit}]"), NAT) for unit in ("ns", "us", "s", "D")),
        *(
            (np.array(["2026-01-01", moment], f"M8[{unit}]"), RANGE)
            for moment in ("1677-01-01", "2263-01-01", "9999-01-01", "-9999-01-01")
            for unit in ("us", "s", "D")
        ),
        (
            np.array([0, 2**63], "u8"),
            (OverflowError, rf"^timestamps\[1\] is {2**63}, outside 64-bit nanoseconds; pass"),
        ),
        (pa.array([0, 10**12], pa.timestamp("s", "UTC")), (OverflowError, "64-bit nanoseconds")),
        *((np.zeros(2, dtype), TIME_DTYPE) for dtype in ("f8", "f4", "?", "m8[ns]", "c16", "S1", "U1")),
        *((wrong, TIME_SHAPE) for wrong in (1, MOMENT, np.zeros((2, 2), "M8[ns]"))),
        (pa.array([0, 1]), (TypeError, "timestamps.*pass")),
        (pa.array([0, None], pa.timestamp("ns", "UTC")), (ValueError, "timestamps.*null")),
    ],
    ids=lambda wrong: str(getattr(wrong, "dtype", type(wrong).__name__)),
)
def test_an_invalid_column_of_timestamps_is_refused(make: Any, wrong: Any, refusal: Any) -> None:
    error, message = refusal
    with pytest.raises(error, match=message):
        make([1.0, 2.0], wrong)

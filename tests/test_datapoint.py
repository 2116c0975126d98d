"""`rust_daq.DataPoint`."""

import copy
import datetime as dt
import itertools
import math
import sys
import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from batches import INT64, points
from hypothesis import given
from hypothesis import strategies as st

from rust_daq import Channel, DataPoint

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
FIRST = dt.datetime(1677, 9, 21, 0, 12, 43, 145225)
LAST = dt.datetime(2262, 4, 11, 23, 47, 16, 854775)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]


def point(timestamp: Any = 0, channel: Any = "laser", value: Any = 1.0, unit: Any = "mW", **more: Any) -> DataPoint:
    return DataPoint(timestamp, channel, value, unit, **more)


def exact_ns(moment: dt.datetime) -> int:
    """Compute the time in Python, as the reference."""
    return (moment - EPOCH) // dt.timedelta(microseconds=1) * 1000


def test_arguments_are_positional_or_by_keyword() -> None:
    by_keyword = DataPoint(timestamp=5, channel="a", value=2, unit="V", metadata={"x": 1})
    assert by_keyword == DataPoint(5, "a", 2, "V", {"x": 1})
    assert (by_keyword.timestamp_ns, by_keyword.channel) == (5, "a")
    assert (by_keyword.value, by_keyword.unit, by_keyword.metadata) == (2.0, "V", {"x": 1})
    assert point().metadata is None


@given(INT64)
def test_nanoseconds_are_kept_and_the_datetime_is_floored(ns: int) -> None:
    made = point(ns)
    assert made.timestamp_ns == ns
    assert made.timestamp.tzinfo is UTC
    assert (made.timestamp - EPOCH) // dt.timedelta(microseconds=1) == ns // 1000


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_a_utc_datetime_survives_a_round_trip(moment: dt.datetime) -> None:
    made = point(moment)
    assert made.timestamp == moment
    assert made.timestamp_ns == exact_ns(moment)


@given(
    st.datetimes(FIRST + dt.timedelta(days=2), LAST - dt.timedelta(days=2)),
    st.sampled_from(ZONES),
    st.integers(0, 1),
)
def test_any_zone_and_fold_agrees_with_python(naive: dt.datetime, zone: str, fold: int) -> None:
    moment = naive.replace(tzinfo=ZoneInfo(zone), fold=fold)
    made = point(moment)
    assert made.timestamp_ns == exact_ns(moment)
    assert made.timestamp == moment.astimezone(UTC)


@given(st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1)), st.integers(-86399, 86399))
def test_a_fixed_offset_of_odd_seconds_is_respected(naive: dt.datetime, offset: int) -> None:
    moment = naive.replace(tzinfo=dt.timezone(dt.timedelta(seconds=offset, microseconds=7)))
    assert point(moment).timestamp_ns == exact_ns(moment)


def test_fold_distinguishes_the_two_half_past_twos() -> None:
    first = dt.datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    second = first.replace(fold=1)
    assert point(second).timestamp_ns - point(first).timestamp_ns == 3600 * 10**9


def test_a_subclass_with_nanoseconds_keeps_them() -> None:
    class Precise(dt.datetime):
        nanosecond = 7

    assert point(Precise(1970, 1, 1, tzinfo=UTC)).timestamp_ns == 7


def test_an_integer_beyond_the_decimal_limit_is_shown_in_hexadecimal() -> None:
    with pytest.raises(OverflowError, match=r"^timestamp 0x[0-9a-f]+\.\.\. \(int\) is outside"):
        point(10**5000)


def test_the_ends_of_the_range_are_inside() -> None:
    assert point(2**63 - 1).timestamp == LAST.replace(tzinfo=UTC)
    assert point(-(2**63) + 1).timestamp_ns == -(2**63) + 1
    assert point(FIRST.replace(tzinfo=UTC)).timestamp == FIRST.replace(tzinfo=UTC)


@given(st.floats())
def test_a_float_is_kept(value: float) -> None:
    kept = point(value=value).value
    assert type(kept) is float
    assert kept == value or (math.isnan(kept) and math.isnan(value))
    assert math.copysign(1, kept) == math.copysign(1, value)


def test_points_with_equal_fields_are_equal_and_hash_equal() -> None:
    nan = float("nan")
    for left, right in [
        (point(value=nan), point(value=-nan)),
        (point(value=0.0), point(value=-0.0)),
        (point(EPOCH), point(0)),
        (point(metadata={"a": 1, "b": 2}), point(metadata={"b": 2.0, "a": 1.0})),
        (point(metadata=(1, 2)), point(metadata=[1, 2])),
    ]:
        assert left == right
        assert hash(left) == hash(right)
        assert len({left, right}) == 1


def test_points_with_one_different_field_are_unequal() -> None:
    others = [point(1), point(channel="b"), point(value=2), point(unit="V"), point(metadata={})]
    assert all(point() != other for other in others)
    assert point(metadata=1) != point(metadata=True)
    assert point(metadata={"a": 1, "b": 2}) != point(metadata={"a": 2, "b": 1})


def test_repr_shows_a_datetime_unless_it_would_lose_digits() -> None:
    assert repr(point()) == (
        "DataPoint(datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc), 'laser', 1.0, 'mW')"
    )
    exact = point(1, metadata={"a": [None]})
    assert repr(exact) == "DataPoint(1, 'laser', 1.0, 'mW', {'a': [None]})"


class BoomError(Exception):
    pass


class Hostile:
    def __float__(self) -> float:
        raise BoomError

    def __index__(self) -> int:
        raise BoomError

    def __repr__(self) -> str:
        raise BoomError


class HostileZone(dt.tzinfo):
    def utcoffset(self, when: dt.datetime | None) -> dt.timedelta:
        raise BoomError

    def dst(self, when: dt.datetime | None) -> dt.timedelta:
        raise BoomError

    def tzname(self, when: dt.datetime | None) -> str:
        raise BoomError


@pytest.mark.parametrize(
    ("argument", "stranger"),
    [
        ("timestamp", Hostile()),
        ("timestamp", dt.datetime(2026, 1, 1, tzinfo=HostileZone())),
        ("value", Hostile()),
    ],
)
def test_an_error_of_foreign_code_is_raised_with_a_note(argument: str, stranger: object) -> None:
    with pytest.raises(BoomError) as got:
        point(**{argument: stranger})
    assert f"argument {argument}" in got.value.__notes__[0]


def test_an_invalid_offset_is_refused() -> None:
    class Liar(dt.datetime):
        answer: Any = None

        def utcoffset(self) -> Any:
            return self.answer

    for Liar.answer, error in [
        ("two hours", TypeError),
        (dt.timedelta.max, ValueError),
        (dt.timedelta.min, ValueError),
    ]:
        with pytest.raises(error, match=r"^timestamp"):
            point(Liar(2026, 1, 1, tzinfo=UTC))


def test_a_long_value_is_shortened_in_the_message() -> None:
    size = 10**6
    for long in ("x" * size, ["x"] * size, {"x" * size}):
        with pytest.raises(TypeError) as got:
            point(value=long)
        assert len(str(got.value)) < 300


LASER = Channel("laser", "mW")


@pytest.mark.parametrize(
    "now",
    [
        lambda: DataPoint.now("laser", 0.5, "mW"),
        lambda: LASER.point(0.5),
        lambda: LASER.point(0.5, None),
        lambda: LASER.point(0.5, timestamp=None),
    ],
)
def test_a_point_without_a_time_is_stamped_with_the_utc_wall_clock(now):
    for _ in range(1_000):
        before = time.time_ns()
        made = now()
        assert before <= made.timestamp_ns <= time.time_ns()


def test_now_takes_the_other_arguments_of_the_constructor() -> None:
    by_position = DataPoint.now("laser", 0.5, "mW", {"gain": 2})
    by_keyword = DataPoint.now(metadata={"gain": 2}, unit="mW", value=0.5, channel="laser")
    for made in (by_position, by_keyword):
        assert type(made) is DataPoint
        assert made == DataPoint(made.timestamp_ns, "laser", 0.5, "mW", {"gain": 2})


def test_a_match_statement_unpacks_a_point() -> None:
    assert DataPoint.__match_args__ == ("timestamp", "channel", "value", "unit", "metadata")
    match point(EPOCH, metadata={"gain": 2}):
        case DataPoint(timestamp, "laser", value, unit="mW", metadata={"gain": gain}):
            assert (timestamp, value, gain) == (EPOCH, 1.0, 2)
        case _:
            pytest.fail("no match")


FIELDS: dict[str, Any] = {"timestamp": 7, "channel": "b", "value": 2.5, "unit": "V", "metadata": {"x": 1}}


@given(points, st.sets(st.sampled_from([*FIELDS])))
def test_replace_changes_only_the_passed_fields(made, changed):
    before = dict(zip(FIELDS, made.__reduce__()[1], strict=False))
    changes = {name: FIELDS[name] for name in changed}
    expected = DataPoint(**(before | changes))
    for other in (made.replace(**changes), made.__replace__(**changes)):
        assert (type(other), other, repr(other)) == (DataPoint, expected, repr(expected))
        assert other.timestamp_ns == expected.timestamp_ns
    assert made.replace(metadata=None).metadata is None
    assert made == DataPoint(**before)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace is new in Python 3.13")
def test_copy_replace_changes_a_field() -> None:
    replace = copy.replace  # type: ignore[attr-defined,unused-ignore]
    assert replace(point(1), value=2.5, unit="V") == point(1, value=2.5, unit="V")


@pytest.mark.parametrize("order", list(itertools.permutations(FIELDS)))
def test_the_order_of_keywords_does_not_matter(order: tuple[str, ...]) -> None:
    expected = DataPoint(7, "b", 2.5, "V", {"x": 1})
    assert DataPoint(**{name: FIELDS[name] for name in order}) == expected
    for count in range(len(FIELDS)):
        rest = [name for name in order if name not in tuple(FIELDS)[:count]]
        assert DataPoint(*tuple(FIELDS.values())[:count], **{name: FIELDS[name] for name in rest}) == expected


@pytest.mark.parametrize("name", ["timestamp", "channel", "value", "unit"])
def test_a_missing_argument_is_named(name: str) -> None:
    given_fields = {other: field for other, field in FIELDS.items() if other != name}
    with pytest.raises(TypeError, match=rf"missing 1 required positional argument: '{name}'"):
        DataPoint(**given_fields)


def test_unknown_repeated_and_surplus_arguments_are_named() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'novel'"):
        DataPoint(**FIELDS, novel=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="multiple values for argument 'unit'"):
        DataPoint(0, "a", 1.0, "V", unit="V")  # type: ignore[misc]
    with pytest.raises(TypeError, match="takes from 4 to 5 positional arguments but 6 were given"):
        DataPoint(0, "a", 1.0, "V", None, 5)  # type: ignore[call-arg]


@given(st.datetimes(FIRST, LAST, timezones=st.just(UTC)))
def test_alternating_days_are_converted_correctly(moment: dt.datetime) -> None:
    others = [moment, EPOCH, moment, moment.replace(hour=0, minute=0, second=0, microsecond=0), moment]
    others = [other for other in others if FIRST <= other.replace(tzinfo=None) <= LAST]
    assert [point(other).timestamp_ns for other in others] == [exact_ns(other) for other in others]
    assert [point(exact_ns(other)).timestamp for other in others] == others

"""All arguments that are numbers: integers by `__index__`, floats only without loss."""

import operator
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rust_daq import Batch, Channel, DataPoint, Metadata, Pipeline, SimulatedInstrument
from rust_daq.process import Fft, Iir, MovingAverage
from rust_daq.storage import ArrowWriter, CsvWriter

A = Channel("a", "V")
BATCH = A.batch([1.0, 2.0, 3.0])


class NumericText(str):
    __slots__ = ()

    def __float__(self) -> float:
        return 1.5


class Indexed:
    """An integer by ``__index__``."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __index__(self) -> int:
        return self.number


INTEGERS: list[Callable[[int], Any]] = [np.int8, np.uint16, np.int32, np.int64, np.uint64, np.array, Indexed]
every_integer = pytest.mark.parametrize("integer", INTEGERS)

# Each returns the integer that it received; its name ends in that of the argument.
COUNTS: dict[str, Callable[[Any], int]] = {
    "MovingAverage.window": lambda count: MovingAverage(count).window,
    "MovingAverage.min_count": lambda count: MovingAverage(100, count).min_count,
    "Fft.size": lambda count: Fft(count, 1, 1.0).size,
    "Fft.hop": lambda count: Fft(8, count, 1.0).hop,
    "SimulatedInstrument.scans_per_read": lambda count: (
        SimulatedInstrument(1.0, A, scans_per_read=count).scans_per_read
    ),
    "SimulatedInstrument.seed": lambda count: SimulatedInstrument(1.0, A, seed=count).seed,
    "SimulatedInstrument.batch.scans": lambda count: len(SimulatedInstrument(1.0, A).batch(count)),
    "SimulatedInstrument.batch.first": lambda count: (
        SimulatedInstrument(1.0, A).batch(1, first=count).first_sequence["a"]
    ),
    "Batch.with_first_sequence.first": lambda count: BATCH.with_first_sequence(count).first_sequence["a"],
    "of a name.first": lambda count: BATCH.with_first_sequence({"a": count}).first_sequence["a"],
    "metadata": lambda count: Metadata(count).document,
    "metadata in a list": lambda count: Metadata([count]).document[0],
    "metadata of a point": lambda count: DataPoint(0, "a", 1.0, "V", {"gain": count}).metadata["gain"],
    "metadata of a channel": lambda count: Channel("a", "V", {"gain": count}).metadata.document["gain"],
}
AT_LEAST_1 = ["MovingAverage.window", "Fft.hop", "SimulatedInstrument.scans_per_read"]
AT_LEAST_1 += ["SimulatedInstrument.batch.scans"]
ARGUMENTS = [name for name in COUNTS if "metadata" not in name]
every_count = pytest.mark.parametrize("take", COUNTS.values(), ids=COUNTS)


@every_count
@every_integer
def test_an_object_with_index_is_a_count(take: Callable[[Any], int], integer: Callable[[int], Any]) -> None:
    found = take(integer(7))
    assert (found, type(found)) == (7, int)


@every_integer
def test_pipelines_and_writers_take_them(tmp_path: Any, integer: Callable[[int], Any]) -> None:
    Pipeline([BATCH], capacity=integer(3)).run()
    for writer in (ArrowWriter, CsvWriter):
        with writer(tmp_path / writer.__name__, rotate_bytes=integer(100)) as file:
            file.write(BATCH)


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize("wrong", [1.5, np.float64(7), "7", [7], np.array([7, 7]), np.timedelta64(7, "s"), True])
def test_an_object_that_is_not_an_integer_is_refused_as_a_count(name: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match=rf"^{name.rpartition('.')[2]}.* must be"):
        COUNTS[name](wrong)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [(name, wrong) for name in ARGUMENTS for wrong in (-1, 2**70)] + [(name, 0) for name in AT_LEAST_1],
)
def test_a_count_outside_its_range_is_refused(name: str, wrong: int) -> None:
    with pytest.raises(ValueError, match=rf"^{name.rpartition('.')[2]}.* must be .*, got {wrong}"):
        COUNTS[name](wrong)


@pytest.mark.parametrize("wrong", [np.array([7, 7]), np.timedelta64(7, "s"), np.bool_(True)])
def test_an_object_that_is_not_an_integer_is_refused_as_metadata(wrong: Any) -> None:
    for document in (wrong, [wrong], {"gain": wrong}):
        with pytest.raises(TypeError, match="is not JSON"):
            Metadata(document)


# Values

# Each returns the float that it made of a value.
VALUES: dict[str, Callable[[Any], float]] = {
    "DataPoint": lambda value: DataPoint(0, "a", value, "V").value,
    "now": lambda value: DataPoint.now("a", value, "V").value,
    "point": lambda value: A.point(value).value,
    "point at a time": lambda value: A.point(value, 0).value,
    "replace": lambda value: DataPoint(0, "a", 1.0, "V").replace(value=value).value,
    "list": lambda value: A.batch([value]).values[0],
    "tuple": lambda value: A.points((value,))[0].value,
    "objects": lambda value: A.batch(np.array([value, None], object)[:1]).values[0],
    "filter": lambda value: Iir([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]).process_values([value])[0],
}
every_value = pytest.mark.parametrize("take", VALUES.values(), ids=VALUES)


@every_value
@pytest.mark.parametrize("integer", [2**53 + 1, -(2**53) - 1, 2**63 - 1, 2**64 - 1, 10**30, np.int64(2**53 + 1)])
def test_an_integer_that_would_be_rounded_is_refused(take: Callable[[Any], float], integer: Any) -> None:
    with pytest.raises(ValueError, match=rf"^value is .*{int(integer)}.*, which float64 would round; round it with"):
        take(integer)
    assert take(float(integer)) == float(integer)


@given(st.integers())
def test_integers_are_taken_exactly_or_not_at_all(integer: int) -> None:
    try:
        value = A.point(integer).value
    except (ValueError, OverflowError):
        try:
            exact = int(float(integer)) == integer
        except OverflowError:
            exact = False
        assert not exact
    else:
        assert int(value) == integer


@every_value
@pytest.mark.parametrize("integer", [2**53, 2**54, -(2**63), 2**64, 2**1023, np.uint64(2**63), Indexed(2**60)])
def test_a_large_integer_that_is_exact_as_a_float_is_a_value(take: Callable[[Any], float], integer: Any) -> None:
    assert take(integer) == float(operator.index(integer))


@every_value
@pytest.mark.parametrize(
    "large", [2**1024, 10**400, Decimal("1e400"), Decimal("-1e309"), Fraction(10**400), np.longdouble("1e4000")]
)
def test_a_number_that_would_become_infinite_is_refused(take: Callable[[Any], float], large: Any) -> None:
    if isinstance(large, np.longdouble) and np.isinf(large):
        pytest.skip("a long double is a double here")
    with pytest.raises(OverflowError, match=r"^value does not fit into a float, got .*; pass a float"):
        take(large)


@every_value
def test_infinity_and_nan_are_values(take: Callable[[Any], float]) -> None:
    for infinite in (float("inf"), np.float32(np.inf), Decimal("Infinity")):
        assert take(infinite) == float("inf")
    assert take(Decimal("-Infinity")) == float("-inf")
    assert np.isnan(take(Decimal("NaN")))
    assert take(Decimal("0.1")) == 0.1
    assert take(np.array(5)) == take(np.float16(5)) == take(Fraction(10, 2)) == take(np.bool_(True)) + 4 == 5.0


@every_value
@pytest.mark.parametrize(
    ("number", "expected"),
    [(3, 3.0), (True, 1.0), (Indexed(3), 3.0), (Decimal("1.5"), 1.5), (Fraction(1, 4), 0.25), (np.float32(1.5), 1.5)]
    + [(np.int8(-3), -3.0), (2**80, 2.0**80)],
)
def test_every_real_number_is_accepted(take: Callable[[Any], float], number: Any, expected: float) -> None:
    assert take(number) == expected
    assert isinstance(take(number), float)


@every_value
@pytest.mark.parametrize(
    "wrong",
    [1j, np.complex128(1), np.complex64(1), np.array(1j), np.timedelta64(1, "s"), np.str_("1"), b"1", "1", None]
    + [NumericText("1.5"), [1.0], object(), np.array([1.0, 2.0])],
)
@pytest.mark.filterwarnings("error")
def test_an_object_that_is_not_a_real_number_is_refused(take: Callable[[Any], float], wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"^value must be a real number .*, got "):
        take(wrong)


@pytest.mark.parametrize("dtype", ["c8", "c16", "m8[s]", "M8[s]", "U1"])
def test_arrays_of_other_objects_are_refused(dtype: str) -> None:
    values = np.array([1, 2]).astype(dtype)
    for take in (A.batch, A.points, MovingAverage(1).process_values):
        with pytest.raises(TypeError, match=r"^values must"):
            take(values)


# Settings

RATES: dict[str, Callable[[Any], object]] = {
    "points": lambda rate: A.points([1.0], start=0, rate=rate),
    "batch": lambda rate: A.batch([1.0], start=0, rate=rate),
    "Fft": lambda rate: Fft(8, 8, rate),
    "SimulatedInstrument": lambda rate: SimulatedInstrument(rate, A),
    "Pipeline": lambda rate: Pipeline([BATCH], rate=rate),
}
every_rate = pytest.mark.parametrize("take", RATES.values(), ids=RATES)


@every_rate
@pytest.mark.parametrize(
    "rate", ["3", b"3", 1j, [1.0], object(), np.str_("3"), np.complex64(1), np.timedelta64(1, "s")]
)
def test_a_rate_that_is_not_a_number_is_refused(take: Callable[[Any], object], rate: Any) -> None:
    with pytest.raises(TypeError, match=r"^rate must be .*, got "):
        take(rate)


@every_rate
@pytest.mark.parametrize("rate", [0, 0.0, -0.0, -1, -1e-300, float("nan"), float("inf"), -float("inf")])
def test_a_rate_that_is_not_positive_and_finite_is_refused(take: Callable[[Any], object], rate: float) -> None:
    with pytest.raises(ValueError, match=r"^rate must be .*, got "):
        take(rate)


@every_rate
def test_a_rate_beyond_every_float_is_refused(take: Callable[[Any], object]) -> None:
    with pytest.raises(OverflowError, match=r"^rate does not fit into a float"):
        take(10**400)


def test_a_rate_is_any_real_number() -> None:
    assert Fft(8, 8, np.float32(4)).rate == Fft(8, 8, np.int8(4)).rate == 4.0


# Masks


MASKED: dict[str, Any] = {
    "float64": np.ma.MaskedArray([1.0, 9999.0, 3.0], [False, True, False]),
    "float32": np.ma.MaskedArray(np.float32([1, 9999, 3]), [False, True, False]),
    "int64": np.ma.MaskedArray([1, 2**53 + 1, 3], [False, True, False]),
    "step": np.ma.MaskedArray([1.0, 0.0, 9999.0, 0.0, 3.0, 0.0], [0, 0, 1, 0, 0, 0])[::2],
    "objects": np.ma.MaskedArray(np.array([1.0, "x", 3.0], object), [False, True, False]),
    "hard": np.ma.MaskedArray([1.0, 9999.0, 3.0], [False, True, False], hard_mask=True),
}


class Masked(np.ma.MaskedArray[Any, Any]):
    """A user's class."""


@pytest.mark.parametrize("kind", [*MASKED, "derived"])
def test_a_masked_value_is_nan(kind: str) -> None:
    masked = MASKED["float64"].view(Masked) if kind == "derived" else MASKED[kind]
    expected = [1.0, np.nan, 3.0]
    np.testing.assert_array_equal(A.batch(masked).values, expected)
    np.testing.assert_array_equal([point.value for point in A.points(masked)], expected)
    np.testing.assert_array_equal(Batch.from_numpy([1, 2, 3], masked, A).values, expected)
    np.testing.assert_array_equal(MovingAverage(1).process_values(masked), expected)
    np.testing.assert_array_equal(Iir([[1.0, 0.0, 0.0, 1.0, 0.0, 0.0]]).process_values(masked)[:2], expected[:2])


def test_an_array_without_masked_entries_is_read_as_usual() -> None:
    plain = np.ma.MaskedArray([1.0, 2.0, 3.0])
    assert A.batch(plain).values.tolist() == [1.0, 2.0, 3.0]
    times = np.ma.MaskedArray([1, 2, 3])
    assert A.batch(plain, times).timestamps.view("i8").tolist() == [1, 2, 3]
    assert BATCH[np.ma.MaskedArray([True, False, True])].values.tolist() == [1.0, 3.0]


def test_a_masked_entry_without_a_replacement_is_refused() -> None:
    mask = [False, True, False]
    for times in (np.array([1, 2, 3]), np.array([1, 2, 3], "M8[s]")):
        with pytest.raises(ValueError, match=r"^timestamps\[1\] is masked; drop such rows"):
            A.batch([1.0, 2.0, 3.0], np.ma.MaskedArray(times, mask))
    with pytest.raises(ValueError, match=r"^indices\[1\] is masked"):
        Batch.from_numpy([1, 2, 3], [1.0, 2.0, 3.0], [A], np.ma.MaskedArray([0, 0, 0], mask))
    for key in (np.ma.MaskedArray([True] * 3, mask), np.ma.MaskedArray([0, 1, 2], mask)):
        with pytest.raises(ValueError, match=r"^index\[1\] is masked"):
            BATCH[key]
    with pytest.raises(ValueError, match="window"):
        Fft(3, 3, 1.0, MASKED["float64"])
    with pytest.raises(TypeError, match="^out must be a writable, contiguous float64 array"):
        MovingAverage(1).process_values(np.zeros(3), MASKED["float64"].copy())


def test_missing_values_of_a_series_become_nan() -> None:
    np.testing.assert_array_equal(A.batch(pd.Series([1.0, None])).values, [1.0, np.nan])

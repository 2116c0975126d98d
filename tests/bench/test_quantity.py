"""Quantities as they are written."""

import math

import pytest

from rust_daq.bench import Estimate, quantity

SPACE = quantity.NARROW_SPACE


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0 ns"),
        (186.4, "186 ns"),
        (1.234, "1.23 ns"),
        (0.5, "0.500 ns"),
        (1_420, "1.42 µs"),
        (5.13e6, "5.13 ms"),
        (2.5e9, "2.50 s"),
        (999.7, "1.00 µs"),
        (math.nan, quantity.MISSING),
    ],
)
def test_a_time_is_written_in_its_unit(nanoseconds, text):
    assert quantity.time(nanoseconds) == text


@pytest.mark.parametrize(("count", "text"), [(96, "96.0 B"), (8_000_000, "7.63 MiB"), (1024, "1.00 KiB")])
def test_memory_is_written_in_binary_units(count, text):
    assert quantity.memory(count) == text


@pytest.mark.parametrize(("per_second", "text"), [(5.3e6, "5.30 M/s"), (1000, "1.00 k/s"), (12, "12.0 /s")])
def test_a_rate_is_written_per_second(per_second, text):
    assert quantity.rate(per_second) == text


@pytest.mark.parametrize(
    ("value", "width", "text"),
    [(186.43, 0.9, "186.4"), (186.43, 9, "186.4"), (186.43, 90, "186"), (1.2345, 0.02, "1.234"), (0.5, 3.0, "0.5")],
)
def test_digits_are_as_many_as_the_interval_supports(value, width, text):
    assert quantity.digits(value, width) == text


def test_thousands_stand_apart():
    assert quantity.digits(1_234_567) == f"1{SPACE}234{SPACE}567"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (-1.5, "-1.50"), (math.inf, "inf"), (math.nan, quantity.MISSING)]
)
def test_odd_numbers_are_written(value, text):
    assert quantity.digits(value) == text


def test_a_ratio_has_its_interval_where_there_is_one():
    assert quantity.ratio(Estimate(0.74, 0.72, 0.76, 0.95, 12)) == "0.740 (0.720 to 0.760)"
    assert quantity.ratio(Estimate(0.74, math.nan, math.nan, 0.95, 3)) == "0.740"


@pytest.mark.parametrize(
    ("column", "value", "spec", "text"),
    [
        ("cost_ns", 186.4, "", "186 ns"),
        ("heap_bytes", 1024.0, "", "1.00 KiB"),
        ("points_per_second", 5.3e6, "", "5.30 M/s"),
        ("ratio", 0.74, "", "0.740"),
        ("ratio", 0.74, ".1f", "0.7"),
        ("rounds", 12_000, "", f"12{SPACE}000"),
        ("verdict", "faster", "", "faster"),
        ("at_floor", True, "", "True"),
    ],
)
def test_the_end_of_a_column_names_the_unit(column, value, spec, text):
    assert quantity.written(column, value, spec) == text


@pytest.mark.parametrize("nanoseconds", [0, 1.23, 186, 1420, 5.13e6, 2.5e9])
def test_a_written_time_is_read_back(nanoseconds):
    assert quantity.magnitude(quantity.time(nanoseconds)) == pytest.approx(nanoseconds)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7.63 MiB", 7.63 * 2**20),
        ("5.30 M/s", 5.3e6),
        ("12.0 /s", 12),
        (f"1{SPACE}420", 1420),
        ("0.74 (0.72 to 0.76)", 0.74),
        (quantity.MISSING, None),
        ("faster", None),
        ("3 apples", None),
    ],
)
def test_a_written_quantity_is_read_or_refused(text, number):
    assert quantity.magnitude(text) == (None if number is None else pytest.approx(number))


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 ns"), (100, "100 ns"), (1500, "1.5 µs"), (1e9, "1 s"), (5e12, f"5{SPACE}000 s")]
)
def test_a_number_of_an_axis_is_written_without_digits_that_say_nothing(value, text):
    assert quantity.tick(value, quantity.TIMES) == text

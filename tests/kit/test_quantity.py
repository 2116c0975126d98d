"""The notation of quantities."""

import math

import pytest
from made_runs import made_result, made_run

from evenhand import Estimate, Wording
from evenhand.results import quantity

SPACE = quantity.NARROW_SPACE


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, f"0{SPACE}ns"),
        (186.4, f"186{SPACE}ns"),
        (1.234, f"1.23{SPACE}ns"),
        (0.5, f"0.500{SPACE}ns"),
        (1_420, f"1.42{SPACE}µs"),
        (5.13e6, f"5.13{SPACE}ms"),
        (2.5e9, f"2.50{SPACE}s"),
        (999.7, f"1.00{SPACE}µs"),
        (math.nan, quantity.MISSING),
    ],
)
def test_a_time_is_written_in_its_unit(nanoseconds, text):
    assert quantity.time(nanoseconds) == text


@pytest.mark.parametrize(
    ("count", "text"), [(96, f"96.0{SPACE}B"), (8_000_000, f"7.63{SPACE}MiB"), (1024, f"1.00{SPACE}KiB")]
)
def test_memory_is_written_in_binary_units(count, text):
    assert quantity.memory(count) == text


@pytest.mark.parametrize(
    ("per_second", "text"), [(5.3e6, f"5.30{SPACE}M/s"), (1000, f"1.00{SPACE}k/s"), (12, f"12.0{SPACE}/s")]
)
def test_a_rate_is_written_per_second(per_second, text):
    assert quantity.rate(per_second) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(186.43, "186"), (1.2345, "1.23"), (0.5, "0.500"), (9.996, "10.0"), (6386.0, f"6{SPACE}390"), (0.01234, "0.0123")],
)
def test_a_number_has_three_significant_digits(value, text):
    assert quantity.digits(value) == text


def test_an_estimate_reads_the_same_in_table_figure_sentence_and_role():
    result = made_result(costs={"one": 186.43, "two": 93.217})
    run = made_run(result)
    told = quantity.time(186.43)
    assert run.written("first/made/one/cost_ns") == told
    assert result.table().loc["one", "time per operation"] == told
    assert told in {text.get_text() for text in result.plot().texts}
    assert Wording.parse("first/made/one/cost_ns vs two | slower: {this}").sentence(run) == told
    [row] = [row for row in result.to_pandas().reset_index().to_dict("records") if row["contender"] == "one"]
    assert quantity.written("cost_ns", row["cost_ns"]) == told


def test_thousands_are_separated():
    assert quantity.digits(1_234_567) == f"1{SPACE}230{SPACE}000"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (-1.5, "-1.50"), (math.inf, "inf"), (math.nan, quantity.MISSING)]
)
def test_odd_numbers_are_written(value, text):
    assert quantity.digits(value) == text


def test_a_ratio_has_its_interval_if_it_has_one():
    assert quantity.ratio(Estimate(0.74, 0.72, 0.76, 0.95, 12)) == "0.740 (0.720 to 0.760)"
    assert quantity.ratio(Estimate(0.74, math.nan, math.nan, 0.95, 3)) == "0.740"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (1.0012, 1.08, "1.05 (1.001 to 1.08)"),
        (0.9, 0.99996, "1.05 (0.900 to 0.99996)"),
        (0.9, 1.0, "1.05 (0.900 to 1.00)"),
        (0.96, 1 + 1e-9, "1.05 (0.960 to 1.00)"),
    ],
)
def test_the_interval_of_a_ratio_shows_on_which_side_of_1_its_ends_are(low, high, text):
    assert quantity.ratio(Estimate(1.05, low, high, 0.95, 12)) == text


@pytest.mark.parametrize(
    ("column", "value", "spec", "text"),
    [
        ("cost_ns", 186.4, "", f"186{SPACE}ns"),
        ("heap_bytes", 1024.0, "", f"1.00{SPACE}KiB"),
        ("points_per_second", 5.3e6, "", f"5.30{SPACE}M/s"),
        ("ratio", 0.74, "", "0.740"),
        ("ratio", 0.74, ".1f", "0.7"),
        ("noise_floor", 0.0312, "%", f"3.12{SPACE}%"),
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
        (f"7.63{SPACE}MiB", 7.63 * 2**20),
        (f"5.30{SPACE}M/s", 5.3e6),
        (f"12.0{SPACE}/s", 12),
        (f"1{SPACE}420", 1420),
        ("0.74 (0.72 to 0.76)", 0.74),
        (f"+0.2{SPACE}%", 0.2),
        (f"\u22121.5{SPACE}%", -1.5),
        (quantity.MISSING, None),
        ("faster", None),
        ("3 apples", None),
    ],
)
def test_a_written_quantity_is_read_or_refused(text, number):
    assert quantity.magnitude(text) == (None if number is None else pytest.approx(number))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, f"0{SPACE}ns"),
        (100, f"100{SPACE}ns"),
        (1500, f"1.5{SPACE}µs"),
        (1e9, f"1{SPACE}s"),
        (5e12, f"5{SPACE}000{SPACE}s"),
    ],
)
def test_a_number_of_an_axis_has_no_superfluous_digits(value, text):
    assert quantity.tick(value, quantity.TIMES) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in 1,000 of 1,234,567 calls", "in 1_000 of 1_234_567 calls"),
        ("5 % and 2.5% of them", "5_% and 2.5_% of them"),
        ("186 ns, 3 ms; 2 s. 4 KiB (96 B) at 10 kHz or 5 M/s", "186_ns, 3_ms; 2_s. 4_KiB (96_B) at 10_kHz or 5_M/s"),
        ("2 samples, 3 sets, 10 kHzx, 1 million, 5 more", "2 samples, 3 sets, 10 kHzx, 1 million, 5 more"),
        ("points (1,2), 1,23 and 1,2345 and x1,000", "points (1,2), 1,23 and 1,2345 and x1,000"),
        ("100,000,", "100_000,"),
        ("", ""),
    ],
)
def test_the_numbers_of_a_text_are_spaced_as_those_of_the_kit(text, expected):
    found = quantity.spaced(text)
    assert found.replace(SPACE, "_") == expected
    assert quantity.spaced(found) == found


@pytest.mark.parametrize("write", [quantity.time, quantity.memory, quantity.rate, quantity.percent, quantity.digits])
@pytest.mark.parametrize("number", [0.0123, 1.5, 999.7, 5e4, 1234567.0, 3e12])
def test_quantities_have_no_plain_space(write, number):
    assert " " not in write(number)
    assert quantity.spaced(write(number)) == write(number)


@pytest.mark.parametrize("value", ["faster", None])
def test_what_is_no_number_has_no_per_cent(value):
    with pytest.raises(ValueError, match="is not a number, so it has no per cent"):
        quantity.written("verdict", value, "%")

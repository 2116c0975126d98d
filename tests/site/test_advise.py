"""`advise`: each answer follows from measurements, and without a measurement there is no answer."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_runs import STARTED, made_run

import adviser
from evenhand import Archive, Estimate, Footprint, Observed, Run
from evenhand.results.quantity import NARROW_SPACE
from evenhand.results.result import SAMPLE_COLUMNS
from rust_daq import advise as advising
from rust_daq.advise import CHANNELS, LATENCIES, LOSSES, RATES, Curve, Measured, advise, advise_each, step
from rust_daq.advise.__main__ import main
from rust_daq.advise.measured import SEVERAL, round_to_scans
from rust_daq.storage import open_recording


def exact(value, spread=1.0, rounds=9):
    """Make a number with an interval from number / `spread` to number times `spread`."""
    return Estimate(value, value / spread, value * spread, 0.95, rounds)


def curve(sizes, spread=1.0):
    """Make numbers by the size of a batch."""
    return Curve({size: exact(value, spread) for size, value in sizes.items()})


CAPACITY = {
    "per batch": {1: 1e6, 10: 8e6, 100: 20e6, 1_000: 50e6},
    "per batch, 16 channels": {1: 1e6, 10: 2e6, 100: 8e6, 1_000: 30e6},
    "per point": {1: 3e5, 10: 3e6, 100: 6e6, 1_000: 10e6},
}
FLUSHED = {
    "ArrowWriter": {1: 1e5, 10: 1e6, 100: 8e6, 1_000: 40e6},
    "CsvWriter": {1: 2e5, 10: 1e6, 100: 3e6, 1_000: 4e6},
}
FILE_BYTES = {
    "ArrowWriter": {1: 400.0, 10: 60.0, 100: 24.0, 1_000: 20.0},
    "CsvWriter": dict.fromkeys([1, 10, 100, 1_000], 50.0),
}


def measured_with(capacity=CAPACITY, flushed=FLUSHED, response=5e6, spread=1.0):
    """Make the numbers of a run, each with an interval of the same spread."""
    return Measured(
        capacity={way: curve(sizes, spread) for way, sizes in capacity.items()},
        response=exact(response, spread),
        row_bytes=exact(16.0),
        many_bytes=exact(20.0),
        point_bytes=exact(64.0),
        flushed={writer: curve(sizes, spread) for writer, sizes in flushed.items()},
        file_bytes={writer: curve(sizes) for writer, sizes in FILE_BYTES.items()},
    )


MEASURED = measured_with()
SIZES = [1, 10, 100, 1_000]


def result(kind, key, told, *, rounds=9, **settings):
    """A result of equal rounds; `told` has a number by contender, size and quantity."""
    example, _, name = key.partition("/")
    rows = [
        (contender, what, size, index, 0, 1, value, 1)
        for (contender, size, what), value in told.items()
        for index in range(rounds)
    ]
    return kind(
        name=name,
        example=example,
        contenders={contender: {"statement": contender, "fingerprint": contender} for contender, _, _ in told},
        settings={"rounds": rounds, **settings},
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started=STARTED,
    )


def results(rounds=9, runs=2, capacity=CAPACITY):
    """Make the results of a run with these numbers."""
    speed = {
        (way, size, "processed_per_second"): points for way, sizes in capacity.items() for size, points in sizes.items()
    }
    late = {("per point", 1, "p99_9_ns"): 5e6}
    kept = {"batch": 16.0, "batch, 16 channels": 20.0, "list of points": 64.0}
    files = {
        (writer, size, what): value
        for what, numbers in (("flushed_per_second", FLUSHED), ("row_bytes", FILE_BYTES))
        for writer, sizes in numbers.items()
        for size, value in sizes.items()
    }
    held = {(name, 100_000, "heap_bytes"): row * 100_000 for name, row in kept.items()}
    observed = {"compared": [], "sizes": SIZES, "rounds": rounds}
    return [
        result(Observed, advising.CAPACITY, speed, columns=["processed_per_second"], **observed),
        result(Observed, advising.RESPONSE, late, columns=["p99_9_ns"], **observed | {"sizes": None}),
        result(Observed, advising.FILES, files, columns=["flushed_per_second", "row_bytes"], **observed),
        result(Footprint, advising.MEMORY, held, sizes=[100_000], runs=runs, rounds=runs),
    ]


def all_requests():
    """Return every request that a page answers."""
    return product(RATES, CHANNELS, LOSSES, LATENCIES)


def ask(measured, rate, channels, loss, latency):
    """Make a request from places in the lists."""
    return advise(measured, rate=rate, channels=channels, loss=loss, latency=latency)


# The measurements behind an answer


def test_the_numbers_are_read_from_a_run():
    found = Measured.of(made_run(*results()))
    several = {SEVERAL: round_to_scans(MEASURED.capacity[SEVERAL], 16)}
    pairs = list(zip(found.numbers(), replace(MEASURED, capacity=MEASURED.capacity | several).numbers(), strict=True))
    assert len(pairs) > 20
    for (key, number), (expected, wanted) in pairs:
        assert (key, number.value) == (expected, pytest.approx(wanted.value))
        assert number.has_interval


def test_a_run_without_the_measurements_returns_no_advice():
    with pytest.raises(KeyError, match="has no result 'rates/capacity'"):
        advise(made_run(), rate=1_000.0)


def test_too_few_rounds_are_answered_only_with_cannot_tell():
    found = advise(made_run(*results(rounds=2)), rate=1_000.0)
    assert list(found.answers()) == ["verdict"]
    assert found.answers()["verdict"].startswith("cannot tell: rates/capacity has too few rounds for an interval (2)")
    assert found.snippet == ""


@pytest.mark.parametrize("lacking", range(4))
def test_one_measurement_with_too_few_rounds_prevents_an_answer(lacking):
    made, short = results(), results(rounds=1, runs=1)
    made[lacking] = short[lacking]
    said = advise(made_run(*made), rate=1_000.0).verdict
    assert said.startswith(f"cannot tell: {advising.NEEDED[lacking]} has too few rounds")
    assert said.count("too few") == 1


def test_a_number_between_two_measured_sizes_is_interpolated_on_log_scales():
    known = curve({10: 1e6, 1_000: 1e8}, spread=2.0)
    between = known.at(100)
    assert (between.value, between.low, between.high) == pytest.approx((1e7, 5e6, 2e7))
    assert known.at(10) == known.at(1) == known.sizes[10]
    assert known.at(1_000) == known.at(100_000) == known.sizes[1_000]


@given(
    st.dictionaries(st.integers(1, 10**6), st.floats(1e-3, 1e12), min_size=1, max_size=6),
    st.integers(1, 10**7),
)
def test_an_interpolated_number_lies_between_its_neighbours(sizes, rows):
    near = [max((size for size in sizes if size <= rows), default=min(sizes))]
    near += [min((size for size in sizes if size >= rows), default=max(sizes))]
    ends = sorted(sizes[size] for size in near)
    assert ends[0] * (1 - 1e-9) <= curve(sizes).at(rows).value <= ends[1] * (1 + 1e-9)


def test_pipeline_and_writer_share_a_thread_so_their_times_add_up():
    flat = {way: dict.fromkeys(SIZES, 30e6) for way in CAPACITY}
    measured = measured_with(flat, {"ArrowWriter": dict.fromkeys(SIZES, 15e6)})
    assert advise(measured, rate=1e6).headroom.value == pytest.approx(10.0)
    assert advise(measured, rate=1e6, channels=10).headroom.value == pytest.approx(1.0)


# Batches or points


def test_a_batch_fills_within_half_of_the_latency_if_possible():
    for rate, channels, loss, latency in all_requests():
        found = ask(MEASURED, rate, channels, loss, latency)
        if found.held and found.way == "per batch":
            assert found.scans / rate <= latency / 2
        if found.held and found.way == "per point":
            assert 2 / rate > latency / 2


def test_a_batch_is_the_largest_that_fills_within_half_of_the_latency():
    assert [advise(MEASURED, rate=10_000.0, latency=latency).scans for latency in (0.02, 0.04, 0.1)] == [100, 200, 500]


def test_a_batch_is_not_larger_than_where_the_capacity_flattens():
    assert advise(MEASURED, rate=100_000.0).scans == 1_000
    flat = measured_with({way: dict.fromkeys(SIZES, 2e7) for way in CAPACITY}, {"ArrowWriter": {1: 1e5, 10: 1e9}})
    assert advise(flat, rate=10_000.0).scans == 10


def test_one_sample_that_takes_longer_than_half_of_the_latency_goes_point_by_point():
    assert advise(MEASURED, rate=10.0, latency=0.1).way == "per point"
    assert advise(MEASURED, rate=10.0, latency=10.0).way == "per batch"


def test_the_oldest_sample_waits_for_the_others_of_its_batch():
    found = advise(MEASURED, rate=50_000.0, latency=0.005 * 2 + 1e-9)
    carried = 1 / (1 / found.capacity.value + 1 / found.file_capacity.value)
    assert found.fill_ns == pytest.approx(found.scans * 1e9 / 50_000)
    assert found.response.value == pytest.approx(5e6 + found.scans * 1e9 / carried)
    assert found.delay.value == pytest.approx((found.scans - 1) * 1e9 / 50_000 + found.response.value)


def test_the_interval_of_the_response_has_that_of_the_capacity():
    found = advise(measured_with(spread=2.0), rate=50_000.0)
    took = [found.scans * (1e9 / pipeline + 1e9 / file) for pipeline, file in ends(found.capacity, found.file_capacity)]
    assert (found.response.low, found.response.high) == pytest.approx((2.5e6 + took[1], 10e6 + took[0]))


def ends(*numbers):
    """Return the low ends and the high ends of some numbers."""
    return [number.low for number in numbers], [number.high for number in numbers]


def test_a_batch_of_several_channels_counts_with_the_rows_round_to_scans():
    asked = curve({1: 1e5, 10: 2e5, 100: 3e5, 1_000: 4e5}, 1.0)
    assert {rows: found.value for rows, found in round_to_scans(asked, 16).sizes.items()} == {
        16: 2e5,
        112: 3e5,
        1_008: 4e5,
    }


def test_several_channels_use_the_capacity_and_bytes_of_several():
    one, many = (advise(MEASURED, rate=50_000.0, channels=channels, latency=0.005) for channels in (1, 8))
    assert one.capacity.value == pytest.approx(MEASURED.capacity["per batch"].at(one.scans).value)
    assert many.capacity == MEASURED.capacity["per batch, 16 channels"].at(many.scans * 8)
    assert one.memory.value == pytest.approx(50_000 * 3600 * 16)
    assert many.memory.value == pytest.approx(8 * 50_000 * 3600 * 20)


def test_points_that_are_stored_one_by_one_need_the_bytes_of_a_point():
    assert advise(MEASURED, rate=100.0, latency=0.01).memory.value == pytest.approx(100 * 3600 * 64)


# The file


def test_the_file_is_an_arrow_stream():
    found = advise(MEASURED, rate=400_000.0)
    assert found.answers()["record into"] == 'an Arrow stream: ArrowWriter(path, sync="flush")'
    assert found.file.value == pytest.approx(400_000 * 3600 * 20)


def test_a_stream_with_more_than_twice_the_bytes_is_not_advised_with_the_reason():
    found = advise(MEASURED, rate=10.0, latency=0.1)
    assert (found.writer, found.file.value) == ("CsvWriter", pytest.approx(10 * 3600 * 50))
    assert found.answers()["record into"].endswith(
        "because an Arrow stream of such small batches takes more than 2 times the bytes"
    )


def test_a_stream_that_cannot_sustain_the_rate_is_not_advised_if_csv_can():
    slow = {"ArrowWriter": dict.fromkeys(SIZES, 1e5), "CsvWriter": dict.fromkeys(SIZES, 4e6)}
    found = advise(measured_with(flushed=slow), rate=500_000.0)
    assert (found.writer, found.held) == ("CsvWriter", True)
    assert found.answers()["record into"].endswith("because an Arrow stream does not carry this rate here")


def test_a_stream_that_may_sustain_the_rate_is_advised_even_if_csv_surely_can():
    slow = {"ArrowWriter": dict.fromkeys(SIZES, 6e5), "CsvWriter": dict.fromkeys(SIZES, 40e6)}
    unsure = replace(measured_with(flushed=slow), flushed={name: curve(slow[name], 2.0) for name in slow})
    found = advise(unsure, rate=500_000.0)
    assert (found.writer, found.carried) == ("ArrowWriter", None)


# Whether the rate is sustained


def test_an_impossible_latency_is_answered_with_the_smallest_delay():
    found = advise(MEASURED, rate=1_000.0, latency=0.001)
    assert found.verdict == "not held within 1\u202fms: this is the shortest delay that these measurements give"
    assert (found.way, found.held) == ("per point", False)


SLOW = measured_with({way: dict.fromkeys(SIZES, 8e5) for way in CAPACITY}, {"ArrowWriter": dict.fromkeys(SIZES, 8e5)})
"""A pipeline and a writer with a capacity of 400 k points per second together."""


def test_a_rate_above_the_capacity_is_not_sustained_and_the_loss_is_reported():
    found = advise(SLOW, rate=500_000.0)
    assert found.expected_loss.value == pytest.approx(0.2)
    assert found.verdict.startswith(f"not held: 20.0{NARROW_SPACE}% of the points would be lost")
    assert found.answers()["expected loss"] == f"20.0{NARROW_SPACE}%"
    assert "block" in found.answers()["when the queue is full"]


def test_a_loss_that_is_tolerated_is_dropped_and_counted():
    found = advise(SLOW, rate=500_000.0, loss=0.25)
    assert found.verdict == "held; headroom of 10 times is not shown"
    assert "drop_oldest" in found.answers()["when the queue is full"]


def test_intervals_that_include_both_answers_are_answered_with_cannot_tell():
    wide = measured_with(spread=3.0)
    headroom = advise(wide, rate=1e6, channels=16)
    assert headroom.held is None
    assert headroom.verdict == "cannot tell: the interval of the headroom includes 1.00"
    delay = advise(wide, rate=10.0, latency=0.01)
    assert delay.verdict == "cannot tell: the interval of the delay includes 10\u202fms"
    assert advise(wide, rate=10.0, latency=1.0).held


def test_every_step_of_the_page_has_an_answer_that_keeps_its_promises():
    for measured in (MEASURED, SLOW, measured_with(spread=3.0)):
        for request in all_requests():
            found = ask(measured, *request)
            _, _, loss, latency = request
            if found.verdict.startswith("held"):
                assert found.headroom.low >= 1 - loss
                assert found.delay.high <= latency * 1e9
            elif not found.verdict.startswith("cannot tell"):
                assert found.headroom.high < 1 - loss or found.delay.low > latency * 1e9
            assert found.rate / found.scans <= advising.MOST_READS
            assert all(text and "nan" not in text for text in found.answers().values())


@pytest.mark.parametrize(("rate", "channels"), [(0.5, 1), (2e6, 1), (1_000.0, 17)])
def test_outside_the_measured_range_only_that_is_said(rate, channels):
    found = advise(MEASURED, rate=rate, channels=channels)
    assert list(found.answers()) == ["verdict"]
    assert found.answers()["verdict"].startswith("outside the measured range, which is from 1\u202fHz to 1\u202fMHz")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rate": 0.0}, "rate must be a finite number above 0 in hertz, got 0.0"),
        ({"rate": 10**400}, "rate must be a finite number above 0 in hertz, got 1000"),
        ({"rate": math.nan}, "rate must be a finite number above 0 in hertz, got nan"),
        ({"rate": 1.0, "channels": 0}, "channels must be an integer of at least 1, got 0"),
        ({"rate": 1.0, "channels": 1.5}, "channels must be an integer of at least 1, got 1.5"),
        ({"rate": 1.0, "channels": math.nan}, "channels must be an integer of at least 1, got nan"),
        ({"rate": 1.0, "channels": math.inf}, "channels must be an integer of at least 1, got inf"),
        ({"rate": 1.0, "loss": 1.0}, "loss must be a share of points, at least 0 and below 1, got 1.0"),
        ({"rate": 1.0, "latency": 10**400}, "latency must be a number of seconds above 0, got 1000"),
        ({"rate": 1.0, "latency": 0.0}, "latency must be a number of seconds above 0, got 0.0"),
    ],
)
def test_an_invalid_request_is_refused(asked, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        advise(MEASURED, **asked)


def test_a_typical_request_is_explained_with_its_own_verdict():
    slow = {way: dict.fromkeys(SIZES, 1e5) for way in CAPACITY}
    shown = adviser.typical(made_run(*results(capacity=slow)))
    assert "not held" in set(shown.frame["verdict"])
    assert {note.partition(": ")[0] for note in shown.notes} == {"not held"}


def test_several_latencies_are_answered_like_each_alone():
    found = advise_each(MEASURED, rate=1e4, channels=2, loss=0.0, latencies=LATENCIES)
    assert found == [advise(MEASURED, rate=1e4, channels=2, latency=latency) for latency in LATENCIES]


def test_a_request_between_steps_takes_the_next_one():
    assert [step(rate, RATES) for rate in (1.0, 44_100.0, 1e6, 1.1e6)] == [1.0, 50_000.0, 1e6, None]


# The program to copy


def distinct_programs():
    """Return each program that the page shows, with one request that leads to it."""
    lossy = (advise(MEASURED, rate=1e4, loss=0.1), advise(MEASURED, rate=100.0, latency=0.01))
    plain = (ask(MEASURED, *request) for request in all_requests() if request[2] == 0)
    found = {(advice.callback, advice.writer, advice.on_full): advice for advice in (*lossy, *plain)}
    return list(found.values())


@pytest.mark.parametrize(
    "advice", distinct_programs(), ids=lambda found: f"{found.way}, {found.writer}, {found.on_full}"
)
def test_the_program_to_copy_runs_unchanged_and_records(advice, tmp_path):
    command = [sys.executable, "-W", "error", "-c", advice.snippet]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    [file] = tmp_path.iterdir()
    rows = sum(len(batch) for batch in open_recording(file))
    assert rows == pytest.approx(advice.points_per_second, rel=0.5)


def test_the_program_matches_the_advice():
    advice = advise(MEASURED, rate=20_000.0, channels=4, loss=0.01, latency=0.1)
    assert advice.answers()["hand over"].startswith(f"in batches of 2{NARROW_SPACE}000 rows")
    for words in (
        "range(4)",
        "SimulatedInstrument(20000, ",
        f"scans_per_read={advice.scans})",
        f"{advice.writer}(",
        "on_batch=take",
        'on_full="drop_oldest"',
    ):
        assert words in advice.snippet


# The command


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Make an archive in which each example has its own run, as scripts write them."""
    made = Archive(tmp_path / "runs")
    *rates, memory = results()
    made.add(made_run(*rates, profile="script"))
    made.add(made_run(memory, profile="script"))
    return made


def said(capsys, *arguments):
    """Return the status and the output of a call."""
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = ended.code
    return status, *capsys.readouterr()


def test_the_command_answers_from_the_runs_of_an_archive(archive, capsys):
    status, out, _ = said(capsys, "--rate", "50000", "--archive", str(archive.folder))
    assert status == 0
    assert out.startswith("50\u202fkHz, 1 channel\n")
    assert "in batches of 1 000 rows: scans_per_read=1000, on_batch rates/capacity" in " ".join(out.split())


def test_the_command_answers_like_the_function(archive, capsys):
    asked = ["--rate", "44100", "--channels", "8", "--loss", "0.01", "--latency", "0.1"]
    _, out, _ = said(capsys, *asked, "--json", "--archive", str(archive.folder))
    expected = advise(MEASURED, rate=44_100.0, channels=8, loss=0.01, latency=0.1)
    found = json.loads(out)
    assert found["answers"] == expected.answers()
    assert found["program"] == expected.snippet


def test_a_measurement_missing_in_an_archive_is_named_with_its_script(tmp_path, capsys):
    archive = Archive(tmp_path / "runs")
    archive.add(made_run(*results()[:3], profile="script"))
    status, out, error = said(capsys, "--rate", "1000", "--archive", str(archive.folder))
    assert (status, out) == (2, "")
    assert f"has no zero_copy/footprint; to measure, run python zero_copy.py --archive {archive.folder}" in error


def test_results_of_another_machine_are_not_mixed_in(archive, capsys):
    run = made_run(results()[0], profile="other")
    archive.add(Run({**run.document, "id": "2999" + run.id[4:]}, run.results))
    status, _, error = said(capsys, "--rate", "1000", "--archive", str(archive.folder))
    assert status == 2
    assert "has no rates/response, rates/files, zero_copy/footprint" in error


def test_a_run_can_be_named(archive, tmp_path, capsys):
    folder = made_run(*results()).save(tmp_path / "mine")
    asked = ["--rate", "10", "--latency", "0.1", "--run", str(folder)]
    status, out, _ = said(capsys, *asked, "--archive", str(archive.folder))
    assert status == 0
    assert "point by point" in out
    assert "on_point=take" in out


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ([], "required: --rate"),
        (["--rate", "-1"], "'-1' is not a finite number above 0"),
        (["--rate", "1", "--channels", "2.5"], "'2.5' is not a whole number above 0"),
        (["--rate", "1", "--loss", "1"], "'1' is not a share from 0 to below 1"),
    ],
)
def test_a_wrong_request_gets_one_message(archive, capsys, flags, sentence):
    status, out, error = said(capsys, *flags, "--archive", str(archive.folder))
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert sentence in error

"""`advise`: each answer follows from what was measured, and nothing is said of what was not."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from made_runs import STARTED, made_run

from rust_daq.bench import Archive, Footprint, Observed, Run
from rust_daq.bench import advise as advising
from rust_daq.bench.__main__ import main
from rust_daq.bench.advise import CHANNELS, LATENCIES, LOSSES, RATES, Measured, advise, step
from rust_daq.bench.result import SAMPLE_COLUMNS

MEASURED = Measured(
    capacity={
        "per batch": {1: 1e6, 10: 8e6, 100: 20e6, 1_000: 50e6},
        "per batch, 16 channels": {1: 1e6, 10: 2e6, 100: 8e6, 1_000: 30e6},
        "per point": {1: 3e5, 10: 3e6, 100: 6e6, 1_000: 10e6},
    },
    response_ns=5e6,
    row_bytes=16.0,
    many_bytes=20.0,
    point_bytes=64.0,
    flushed={
        "ArrowWriter": {1: 1e5, 10: 1e6, 100: 8e6, 1_000: 40e6},
        "CsvWriter": {1: 2e5, 10: 1e6, 100: 3e6, 1_000: 4e6},
    },
    file_bytes={
        "ArrowWriter": {1: 400.0, 10: 60.0, 100: 24.0, 1_000: 20.0},
        "CsvWriter": dict.fromkeys([1, 10, 100, 1_000], 50.0),
    },
)
SIZES = [1, 10, 100, 1_000]


def result(kind, key, told, **settings):
    """A result of six equal rounds; `told` has a number by contender, size and quantity."""
    example, _, name = key.partition("/")
    rows = [
        (contender, what, size, index, 0, 1, value, 1)
        for (contender, size, what), value in told.items()
        for index in range(6)
    ]
    return kind(
        name=name,
        example=example,
        contenders={contender: {"statement": contender, "fingerprint": contender} for contender, _, _ in told},
        settings={"rounds": 6, **settings},
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started=STARTED,
    )


def results(measured=MEASURED):
    """The results that a run with these numbers has."""
    speed = {
        (way, size, "processed_per_second"): points
        for way, sizes in measured.capacity.items()
        for size, points in sizes.items()
    }
    late = {("per point", 1, "p99_9_ns"): measured.response_ns}
    kept = {
        "batch": measured.row_bytes,
        "batch, 16 channels": measured.many_bytes,
        "list of points": measured.point_bytes,
    }
    files = {
        (writer, size, what): value
        for what, numbers in (("flushed_per_second", measured.flushed), ("row_bytes", measured.file_bytes))
        for writer, sizes in numbers.items()
        for size, value in sizes.items()
    }
    held = {(name, 100_000, "heap_bytes"): row * 100_000 for name, row in kept.items()}
    return [
        result(Observed, advising.CAPACITY, speed, columns=["processed_per_second"], compared=[], sizes=SIZES),
        result(Observed, advising.RESPONSE, late, columns=["p99_9_ns"], compared=[], sizes=None),
        result(Observed, advising.FILES, files, columns=["flushed_per_second", "row_bytes"], compared=[], sizes=SIZES),
        result(Footprint, advising.MEMORY, held, sizes=[100_000], runs=6),
    ]


def test_the_numbers_are_read_from_a_run():
    assert Measured.of(made_run(*results())) == MEASURED


def test_a_run_that_did_not_measure_it_gives_no_advice():
    with pytest.raises(KeyError, match="has no result 'rates/capacity'"):
        advise(made_run(), rate=1_000.0)


def test_a_slow_rate_goes_point_by_point():
    found = advise(MEASURED, rate=1_000.0)
    assert (found.way, found.scans, found.wait_ns) == ("per point", 1, 0.0)
    assert found.headroom == pytest.approx(300)
    assert found.answers()["verdict"] == "held"


def test_a_fast_rate_goes_in_the_smallest_batch_that_leaves_ten_times_headroom():
    assert advise(MEASURED, rate=50_000.0).scans == 10
    assert advise(MEASURED, rate=1_000_000.0).scans == 100


def test_the_oldest_sample_waits_for_the_others_of_its_batch():
    found = advise(MEASURED, rate=50_000.0)
    assert found.wait_ns == pytest.approx(9 * 1e9 / 50_000)
    assert found.response_ns == pytest.approx(5e6 + 10 * 1e9 / 8e6)
    assert found.delay_ns == pytest.approx(found.wait_ns + found.response_ns)


def test_several_channels_take_the_capacity_and_the_bytes_of_several():
    one, many = advise(MEASURED, rate=50_000.0), advise(MEASURED, rate=50_000.0, channels=8)
    assert (one.capacity, many.capacity) == (8e6, 2e6 if many.scans == 10 else 8e6)
    assert one.memory_bytes == pytest.approx(50_000 * 3600 * 16)
    assert many.memory_bytes == pytest.approx(8 * 50_000 * 3600 * 20)


def test_points_that_are_kept_one_by_one_take_the_bytes_of_a_point():
    assert advise(MEASURED, rate=100.0).memory_bytes == pytest.approx(100 * 3600 * 64)


def test_the_file_is_the_smaller_one_that_its_writer_fills_with_ten_times_headroom():
    points, batches = advise(MEASURED, rate=1_000.0), advise(MEASURED, rate=50_000.0, latency=0.1)
    assert (points.writer, batches.writer) == ("CsvWriter", "CsvWriter")
    assert points.file_bytes == pytest.approx(1_000 * 3600 * 50)
    large = advise(MEASURED, rate=400_000.0)
    assert (large.scans, large.writer, large.file_capacity) == (100, "ArrowWriter", 8e6)
    assert large.file_bytes == pytest.approx(400_000 * 3600 * 24)
    assert large.answers()["record into"] == "an Arrow stream: ArrowWriter(path), which takes 8.00 M rows/s"


def test_where_no_writer_leaves_headroom_the_fastest_is_named_and_where_none_keeps_up_it_is_said():
    assert advise(MEASURED, rate=1_000_000.0, channels=2).writer == "ArrowWriter"
    slow = replace(MEASURED, flushed={writer: dict.fromkeys(SIZES, 4e5) for writer in MEASURED.flushed})
    text = advise(slow, rate=500_000.0).answers()["record into"]
    assert text == "no file here keeps up: ArrowWriter takes at most 400 k rows/s"


def test_a_batch_is_no_larger_than_the_latency_allows():
    assert advise(MEASURED, rate=100_000.0, channels=16, latency=1.0).scans == 100
    assert advise(MEASURED, rate=100_000.0, channels=16, latency=0.0055).scans == 10


def test_a_latency_that_nothing_meets_is_answered_with_the_least_delay():
    found = advise(MEASURED, rate=1_000.0, latency=0.001)
    assert found.verdict == "not within 1 ms: this is the least delay measured here"
    assert (found.way, found.holds) == ("per point", False)


def test_more_than_the_capacity_is_not_held_and_the_loss_is_told():
    slow = replace(MEASURED, capacity={way: dict.fromkeys(SIZES, 4e5) for way in MEASURED.capacity})
    found = advise(slow, rate=500_000.0)
    assert found.expected_loss == pytest.approx(0.2)
    assert found.verdict.startswith("not held: 20% of the points would be lost")
    assert found.answers()["expected loss"] == "20.0%"
    assert "block" in found.answers()["when the queue is full"]


def test_a_loss_that_is_tolerated_is_dropped_and_counted():
    slow = replace(MEASURED, capacity={way: dict.fromkeys(SIZES, 4e5) for way in MEASURED.capacity})
    found = advise(slow, rate=500_000.0, loss=0.25)
    assert found.verdict == "held, with less than 10 times headroom"
    assert "drop_oldest" in found.answers()["when the queue is full"]


@pytest.mark.parametrize(("rate", "channels"), [(0.5, 1), (2e6, 1), (1_000.0, 17)])
def test_outside_of_what_was_measured_nothing_is_said_but_that(rate, channels):
    found = advise(MEASURED, rate=rate, channels=channels)
    assert list(found.answers()) == ["verdict"]
    assert found.answers()["verdict"].startswith("outside the measured range, which is from 1 Hz to 1 MHz")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rate": 0.0}, "rate is 0.0; give hertz"),
        ({"rate": math.nan}, "rate is nan; give hertz"),
        ({"rate": 1.0, "channels": 0}, "channels is 0; give a whole number"),
        ({"rate": 1.0, "channels": 1.5}, "channels is 1.5; give a whole number"),
        ({"rate": 1.0, "loss": 1.0}, "loss is 1.0; give the share"),
        ({"rate": 1.0, "latency": 0.0}, "latency is 0.0; give seconds"),
    ],
)
def test_what_is_no_request_is_refused(asked, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        advise(MEASURED, **asked)


def test_every_step_of_the_page_has_an_answer_and_what_it_promises_is_kept():
    for rate in RATES:
        for channels in CHANNELS:
            for loss in LOSSES:
                for latency in LATENCIES:
                    found = advise(MEASURED, rate=rate, channels=channels, loss=loss, latency=latency)
                    held = found.verdict.startswith("held")
                    assert held == (found.expected_loss <= loss and found.delay_ns <= latency * 1e9)
                    assert found.rate / found.scans <= advising.MOST_READS
                    assert all(text and "nan" not in text for text in found.answers().values())


def test_a_request_between_steps_takes_the_next_one():
    assert [step(rate, RATES) for rate in (1.0, 44_100.0, 1e6, 1.1e6)] == [1.0, 50_000.0, 1e6, None]


# The command


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive in which each example has a run of its own, as scripts leave them."""
    made = Archive(tmp_path / "runs")
    *rates, memory = results()
    made.add(made_run(*rates, profile="script"))
    made.add(made_run(memory, profile="script"))
    return made


def said(capsys, *arguments):
    """How a call ended, and what it printed."""
    try:
        status = main(arguments)
    except SystemExit as ended:
        status = ended.code
    return status, *capsys.readouterr()


def test_the_command_answers_from_the_runs_of_an_archive(archive, capsys):
    status, out, _ = said(capsys, "advise", "--rate", "50000", "--archive", str(archive.folder))
    assert status == 0
    assert out.startswith("50 kHz, 1 channel\n")
    assert "in batches of 10 rows: scans_per_read=10, on_batch rates/capacity" in " ".join(out.split())


def test_the_command_says_the_same_as_the_function(archive, capsys):
    asked = ["--rate", "44100", "--channels", "8", "--loss", "0.01", "--latency", "0.1"]
    _, out, _ = said(capsys, "advise", *asked, "--json", "--archive", str(archive.folder))
    expected = advise(MEASURED, rate=44_100.0, channels=8, loss=0.01, latency=0.1)
    assert json.loads(out)["answers"] == expected.answers()


def test_an_archive_that_lacks_a_measurement_names_it_and_the_script(tmp_path, capsys):
    archive = Archive(tmp_path / "runs")
    archive.add(made_run(*results()[:3], profile="script"))
    status, out, error = said(capsys, "advise", "--rate", "1000", "--archive", str(archive.folder))
    assert (status, out) == (2, "")
    assert "has no zero_copy/footprint; measure it: python zero_copy.py --archive runs" in error


def test_results_of_another_machine_are_not_mixed_in(archive, capsys):
    run = made_run(results()[0], profile="other")
    archive.add(Run({**run.document, "id": "2999" + run.id[4:]}, run.results))
    status, _, error = said(capsys, "advise", "--rate", "1000", "--archive", str(archive.folder))
    assert status == 2
    assert "has no rates/response, rates/files, zero_copy/footprint" in error


def test_a_run_can_be_named(archive, tmp_path, capsys):
    folder = made_run(*results()).save(tmp_path / "mine")
    status, out, _ = said(capsys, "advise", "--rate", "1000", "--run", str(folder), "--archive", str(archive.folder))
    assert status == 0
    assert "point by point" in out


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ([], "required: --rate"),
        (["--rate", "-1"], "'-1' is no finite number above 0"),
        (["--rate", "1", "--channels", "2.5"], "'2.5' is no whole number above 0"),
        (["--rate", "1", "--loss", "1"], "'1' is no share from 0 to below 1"),
    ],
)
def test_a_wrong_request_gets_one_sentence(archive, capsys, flags, sentence):
    status, out, error = said(capsys, "advise", *flags, "--archive", str(archive.folder))
    assert (status, out, error.count("\n")) == (2, "", 1)
    assert sentence in error

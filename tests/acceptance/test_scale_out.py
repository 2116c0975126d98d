"""Recordings spread over Dask workers, one of which is killed while reading: the results do not change."""

from __future__ import annotations

import os
import signal
import time

import dask
import distributed
import numpy as np
import psutil
import pytest

from evenhand import Run
from rust_daq import Channel
from rust_daq.process import Fft, Iir, MovingAverage
from rust_daq.storage import ArrowWriter, CsvWriter, compact, open_recording

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.name == "nt", reason="kill -9 is a signal, and Windows has none"),
    # Dask's own warnings when a worker ends and when it closes.
    pytest.mark.filterwarnings("ignore::Warning:distributed.*"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

BATCHES = 20


def analyse(path, held=None):
    """Process a recording with three processors; the first worker in the middle of one waits to be killed."""
    import os
    import time

    average, lowpass = MovingAverage(16), Iir([[0.02, 0.04, 0.02, 1.0, -1.56, 0.64]])
    fft = Fft(256, 100, 1e3)
    total, power = 0.0, np.zeros(129)
    with open_recording(path) as recording:
        for number, batch in enumerate(recording):
            if number == BATCHES // 2 and path.name == "ai3.arrow" and not held.exists():
                held.write_text(str(os.getpid()))
                time.sleep(600)
            total += float(average.process(batch).values.sum())
            power += fft.process(lowpass.process(batch)).power.sum(axis=0)
    bits = power.tobytes() + total.hex().encode()
    return {"rows": recording.next_row, "left_over": recording.leftover_bytes, "bits": bits}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Make recordings of every format, a damaged one, an invalid one and a missing one."""
    folder = tmp_path_factory.mktemp("recordings")
    paths = [folder / f"ai{number}.arrow" for number in range(7)] + [folder / "ai7.csv"]
    for number, path in enumerate(paths):
        channel, noise = Channel(f"ai{number}", "V"), np.random.default_rng(number)
        with (CsvWriter if path.suffix == ".csv" else ArrowWriter)(path) as writer:
            for block in range(BATCHES):
                writer.write(channel.batch(noise.normal(size=1_000), start=block * 10**9, rate=1e3))
    table, torn, text = folder / "table.parquet", folder / "torn.arrow", folder / "text.arrow"
    compact(paths[:2], table)
    torn.write_bytes(paths[0].read_bytes()[:-5_000])
    text.write_text("this is no recording")
    return [*paths, table, torn, text, folder / "missing.arrow"]


@pytest.fixture(scope="module")
def expected(recordings, tmp_path_factory):
    """Process the recordings in one process."""
    unheld = tmp_path_factory.mktemp("unheld") / "held"
    unheld.touch()
    with pytest.warns(UserWarning, match=r"torn\.arrow"):
        return {path.name: attempted(path, unheld) for path in recordings}


def attempted(path, held):
    try:
        return analyse(path, held)
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def spread(client, paths, held, meanwhile):
    tasks = client.compute([dask.delayed(analyse)(path, held) for path in paths])
    meanwhile(tasks)
    distributed.wait(tasks, timeout=120)
    errors = {path.name: task.exception() for path, task in zip(paths, tasks, strict=True)}
    return {
        path.name: f"{type(errors[path.name]).__name__}: {errors[path.name]}" if errors[path.name] else task.result()
        for path, task in zip(paths, tasks, strict=True)
    }


@pytest.fixture(scope="module")
def distributed_results(recordings, tmp_path_factory):
    """Process the recordings with two workers, one of which is killed while reading; also return the workers."""
    scratch = tmp_path_factory.mktemp("scratch")
    held, killed = scratch / "held", []

    def kill(tasks):
        deadline = time.monotonic() + 60
        while not (held.exists() and held.read_text()):
            assert time.monotonic() < deadline, "no worker came to the middle of the recording"
            time.sleep(0.01)
        pid = int(held.read_text())
        assert pid != os.getpid()
        assert not tasks[3].done()
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "local_directory": str(scratch)}
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        before = set(client.run(os.getpid).values())
        found = spread(client, recordings, held, kill)
        client.wait_for_workers(2, timeout=60)
        after = set(client.run(os.getpid).values())
    return {"found": found, "killed": killed[0], "before": before, "after": after}


def test_a_worker_was_killed_and_another_took_its_place(distributed_results):
    assert distributed_results["killed"] in distributed_results["before"]
    assert distributed_results["killed"] not in distributed_results["after"]
    assert len(distributed_results["after"]) == 2


def test_every_result_is_that_of_one_process_to_the_last_bit(distributed_results, expected):
    analysed = {name for name, result in expected.items() if isinstance(result, dict)}
    assert len(analysed) == 10
    assert {name: distributed_results["found"][name] for name in analysed} == {
        name: expected[name] for name in analysed
    }


def test_an_unreadable_recording_is_named_and_the_others_are_read(distributed_results, expected):
    failed = {name: result for name, result in distributed_results["found"].items() if not isinstance(result, dict)}
    assert failed == {name: expected[name] for name in ("text.arrow", "missing.arrow")}
    assert failed["text.arrow"].startswith("ValueError: ")
    assert failed["missing.arrow"].startswith("FileNotFoundError: ")
    assert all(name in message for name, message in failed.items())


def test_a_damaged_recording_is_reported_by_the_worker(distributed_results):
    assert distributed_results["found"]["torn.arrow"]["rows"] == (BATCHES - 1) * 1_000
    assert distributed_results["found"]["torn.arrow"]["left_over"] > 0
    assert distributed_results["found"]["ai0.arrow"]["left_over"] == 0


def test_no_worker_is_left(distributed_results):
    left = [pid for pid in distributed_results["before"] | distributed_results["after"] if psutil.pid_exists(pid)]
    psutil.wait_procs([psutil.Process(pid) for pid in left if psutil.pid_exists(pid)], timeout=10)
    assert [pid for pid in left if psutil.pid_exists(pid)] == []


def test_the_page_killed_a_worker_and_found_equal_results(build_folder):
    run = Run.load(build_folder / "run")
    row = run["scale_out/killed"].to_pandas().loc["two workers, one killed"]
    assert dict(row[["killed", "identical", "unreadable", "analysed"]]) == {
        "killed": 1,
        "identical": 1,
        "unreadable": 2,
        "analysed": 9,
    }
    # A profile with a budget may have no time for it.
    spread = run["scale_out/spread"]
    assert spread.cut or (spread.to_pandas().loc["two workers"]["identical"] == 1).all()

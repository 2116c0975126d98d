"""A writer process is killed in the middle of its work, again and again: acknowledged rows are in the file."""

from __future__ import annotations

import itertools
import os
import random
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import evenhand as bench
from rust_daq import Channel, storage
from rust_daq.storage import TornRecordingWarning, open_recording

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.name == "nt", reason="kill -9 is a signal, and Windows has none"),
]

KILLS = 50
"""How often each writer is killed under each `sync`."""

LONGEST = 0.03
"""The longest life of a writer in seconds: up to several hundred batches."""

ROWS = 50
SYNCS = ["none", "flush", "batch", 0.005]
WRITERS = ["ArrowWriter", "CsvWriter"]


def write(kind, path, sync, count):
    """Write numbered rows forever, and count the batches."""
    channel = Channel("ai0", "V")
    count(0)
    with getattr(storage, kind)(path, sync=sync) as writer:
        for batch in itertools.count():
            numbers = np.arange(batch * ROWS, (batch + 1) * ROWS)
            rows = channel.batch(numbers / 8, numbers * 1_000).with_first_sequence(int(numbers[0]))
            writer.write(rows)
            count(batch + 1)


def killed(path: Path, kind: str, sync: float | str, moment: float) -> int:
    """Kill a writer after a delay, and return the number of rows that it reported as written."""

    def work(count):
        write(kind, path, sync, count)

    return bench.killed(work, after=0, seconds=moment) * ROWS


def recovered(path: Path) -> int:
    """Read the remains, check each row, and return the number of rows."""
    rows = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TornRecordingWarning)
        for batch in open_recording(path) if path.exists() else ():
            numbers = np.arange(rows, rows + len(batch))
            np.testing.assert_array_equal(batch.values, numbers / 8)
            np.testing.assert_array_equal(batch.timestamps.astype("int64"), numbers * 1_000)
            assert batch.first_sequence == {"ai0": rows}
            assert [(channel.name, channel.unit) for channel in batch.channels] == [("ai0", "V")]
            rows += len(batch)
    return rows


@pytest.mark.parametrize("sync", SYNCS)
@pytest.mark.parametrize("kind", WRITERS)
def test_a_kill_costs_no_acknowledged_batch_and_makes_no_wrong_row(tmp_path, kind, sync):
    chance = random.Random(f"{kind} {sync}")
    all_said = 0
    for index in range(KILLS):
        path, moment = tmp_path / str(index), chance.uniform(0, LONGEST)
        said = killed(path, kind, sync, moment)
        found = recovered(path)
        lost = max(0, said - found)
        all_said += said
        # With "none" nothing is acknowledged, so rows in the writer's memory may be lost.
        assert sync == "none" or not lost, f"kill {index} of {kind}, {sync!r}, after {moment * 1e3:.3f} ms"
        assert found <= said + ROWS
    assert all_said > KILLS * ROWS


@pytest.fixture(scope="module")
def survived(build_folder: Path) -> pd.DataFrame:
    """Return the guide's table, which the same harness filled during the build of the site."""
    return bench.Run.load(build_folder / "run")["storage/survives"].to_pandas()


def test_the_guide_has_the_kills_of_every_sync(survived):
    ours = {name for name in survived.index if name.startswith(tuple(WRITERS))}
    assert {name.split(", ")[1] for name in ours if "ArrowWriter" in name} == {"none", "flush", "batch", "5 ms"}
    assert (survived["kills"] >= 5).all()
    opened = survived[["opens_normally", "after_repair", "not_at_all"]]
    assert (opened.sum(axis=1) == survived["kills"]).all()
    assert (survived.loc[sorted(ours), "rows_written"] >= 20_000).all()


def test_no_kill_in_the_guide_lost_an_acknowledged_row_or_made_a_wrong_one(survived):
    ours = survived[survived.index.str.startswith(tuple(WRITERS))]
    assert (ours[["wrong", "cut_wrong"]] == 0).all(axis=None)
    assert (ours.loc[~ours.index.str.endswith("none"), "rows_lost"] == 0).all()
    assert (ours["opens_normally"] == ours["kills"]).all()
    assert (ours["cut_recovered"] > 0).all()

"""A writer process is killed in the middle of its work, again and again: what was acknowledged is in the file."""

from __future__ import annotations

import json
import mmap
import os
import random
import signal
import struct
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from rust_daq.storage import TornRecordingWarning, open_recording
from site_folder import ROOT

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.name == "nt", reason="kill -9 is a signal, and Windows has none"),
]

KILLS = 50
"""How often each writer is killed under each `sync`."""

LONGEST = 0.03
"""Seconds that a writer lives at most: some hundred batches, or not one."""

ROWS = 50
SYNCS = ["none", "flush", "batch", 0.005]
WRITERS = ["ArrowWriter", "CsvWriter"]
RESULT = ROOT / "build" / "kills.json"

# It counts in memory that survives it what was acknowledged; a pipe would make it wait for its reader.
WRITER = """
import mmap, struct, sys
import numpy as np
from rust_daq import Channel, storage
kind, path, sync, counter, rows = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])
with open(counter, "r+b") as file:
    counted = mmap.mmap(file.fileno(), 16)
channel = Channel("ai0", "V")
batches = 0
struct.pack_into("<q", counted, 8, 1)
with getattr(storage, kind)(path, sync=sync if sync in ("none", "flush", "batch") else float(sync)) as writer:
    while True:
        numbers = np.arange(batches * rows, (batches + 1) * rows)
        batch = channel.batch(numbers / 8, numbers * 1_000).with_first_sequence(int(numbers[0]))
        writer.write(batch)
        batches += 1
        struct.pack_into("<q", counted, 0, batches)
"""


def killed(folder: Path, kind: str, sync: float | str, moment: float) -> tuple[Path, int]:
    """Kill a writer so long after it began; return its file, and how many rows it said were written."""
    path, counter = folder / "run", folder / "counter"
    counter.write_bytes(bytes(16))
    with counter.open("r+b") as file, mmap.mmap(file.fileno(), 16) as counted:
        command = [sys.executable, "-c", WRITER, kind, str(path), str(sync), str(counter), str(ROWS)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        try:
            while not struct.unpack_from("<q", counted, 8)[0]:
                assert process.poll() is None, process.communicate()[1].decode()
                time.sleep(0.001)
            time.sleep(moment)
            assert process.poll() is None, process.communicate()[1].decode()
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        return path, struct.unpack_from("<q", counted, 0)[0] * ROWS


def recovered(path: Path) -> int:
    """Read what is left; return how many rows, once each is right."""
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


@pytest.fixture(scope="module")
def told():
    """What became of each, which is written down for whoever wants to see it."""
    result: dict[str, dict[str, dict[str, int]]] = {}
    yield result
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


@pytest.mark.parametrize("sync", SYNCS)
@pytest.mark.parametrize("kind", WRITERS)
def test_a_kill_costs_no_acknowledged_batch_and_makes_no_wrong_row(tmp_path, told, kind, sync):
    chance = random.Random(f"{kind} {sync}")
    counts = {"kills": KILLS, "said": 0, "recovered": 0, "lost": 0, "kills_that_lost": 0}
    for index in range(KILLS):
        folder = tmp_path / str(index)
        folder.mkdir()
        moment = chance.uniform(0, LONGEST)
        path, said = killed(folder, kind, sync, moment)
        found = recovered(path)
        lost = max(0, said - found)
        counts["said"] += said
        counts["recovered"] += found
        counts["lost"] += lost
        counts["kills_that_lost"] += lost > 0
        # Under "none" nothing is acknowledged: what waits in the writer's memory goes with it.
        assert sync == "none" or not lost, f"kill {index} of {kind}, {sync!r}, after {moment * 1e3:.3f} ms"
        assert found <= said + ROWS
    told.setdefault(kind, {})[str(sync)] = counts
    assert counts["said"] > KILLS * ROWS

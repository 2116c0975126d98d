"""Fixtures of the storage tests: batches, recordings of them, and descriptions of their rows.

It imports little, because processes started by tests import it.
"""

import math
import struct
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np

from rust_daq import Batch, Channel
from rust_daq.storage import ArrowWriter, CsvWriter, TornRecordingWarning, compact, open_recording

HERE = Path(__file__).parent
FORMATS = ["arrow", "csv", "parquet"]
WRITERS = [ArrowWriter, CsvWriter]
SYNCS = ["none", "flush", "batch", 0.001]

LASER = Channel("laser", "mW")
LAMP = Channel("lamp", "K")
TUNED = Channel("laser", "mW", {"gain": 2})


def batch_of(rows, channel=LASER, first=None, start=0):
    """Return a batch of one channel."""
    numbers = np.arange(start, start + rows)
    batch = channel.batch(numbers / 8, numbers * 1_000)
    return batch if first is None else batch.with_first_sequence(first)


def mixed(rows, channels, first=None):
    """Return a batch whose rows alternate between the channels."""
    numbers = np.arange(rows)
    batch = Batch.from_numpy(numbers * 1_000, numbers / 8, channels, numbers % len(channels))
    return batch if first is None else batch.with_first_sequence(first)


def record(writer, *batches):
    """Write batches, close the writer and return it."""
    with writer:
        for batch in batches:
            writer.write(batch)
    return writer


def write(path, batches, channels=None):
    """Write a recording in the format of the path's suffix, with everything that the format can store."""
    path = Path(path)
    if path.suffix == ".csv":
        record(CsvWriter(path, drop_metadata=True, sequences=True), *batches)
        return path
    stream = path.with_suffix(".stream") if path.suffix == ".parquet" else path
    record(ArrowWriter(stream, channels=channels), *batches)
    if path.suffix == ".parquet":
        compact(stream, path)
        stream.unlink()
    return path


def describe_rows(batches, *, metadata=True):
    """Describe each row: time, name, unit, bits of the value, metadata and sequence number."""
    rows = []
    for batch in batches:
        following = dict(batch.first_sequence or {})
        for point in batch:
            number = following.get(point.channel)
            if number is not None:
                following[point.channel] = number + 1
            document = None if point.metadata is None or not metadata else repr(point.metadata)
            rows.append((point.timestamp_ns, point.channel, point.unit, bits(point.value), document, number))
    return rows


def bits(value):
    """Return the bits of a float; all NaN are equal."""
    return "NaN" if math.isnan(value) else struct.pack("<d", value)


def read_torn(path):
    """Read a recording like `read`, without a warning if it is torn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TornRecordingWarning)
        return read(path)


def run(code, *arguments, before=()):
    """Run code in another process, which can import this module; return its output."""
    command = [*before, sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def read(path):
    """Read a recording; return the description of its rows, and the recording at its end."""
    recording = open_recording(path)
    return describe_rows(recording), recording


WRITING = """
import sys
from recordings import batch_of
from rust_daq.storage import ArrowWriter, CsvWriter
writer = globals()[sys.argv[1]](sys.argv[2], **eval(sys.argv[3]))
writer.write(batch_of(5))
print("ready", flush=True)
sys.stdin.readline()
"""


class WritingProcess:
    """A process that has a writer open."""

    def __init__(self, writer_class, path, **settings):
        command = [sys.executable, "-c", WRITING, writer_class.__name__, str(path), repr(settings)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=HERE)
        assert self._process.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.kill()

    def kill(self):
        self._process.kill()
        self._process.communicate()

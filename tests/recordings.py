"""What the tests of storage have in common: batches, the files they become, and what those tell of them."""

import math
import struct
from pathlib import Path

import numpy as np
from batches import INT64, documents, names, text
from hypothesis import strategies as st

from rust_daq import Batch, Channel
from rust_daq.storage import ArrowWriter, CsvWriter, compact, open_recording

FORMATS = ["arrow", "csv", "parquet"]

LASER = Channel("laser", "mW")
LAMP = Channel("lamp", "K")
TUNED = Channel("laser", "mW", {"gain": 2})


def of(rows, channel=LASER, first=None, start=0):
    """Return a batch of one channel."""
    numbers = np.arange(start, start + rows)
    batch = channel.batch(numbers / 8, numbers * 1_000)
    return batch if first is None else batch.with_first_sequence(first)


def mixed(rows, channels, first=None):
    """Return a batch whose rows are of the channels in turn."""
    numbers = np.arange(rows)
    batch = Batch.from_numpy(numbers * 1_000, numbers / 8, channels, numbers % len(channels))
    return batch if first is None else batch.with_first_sequence(first)


@st.composite
def recorded(draw, *, names=names, text=text, times=INT64, metadata=documents, own=False):
    """Channels, and batches of them: numbered or not, with every float, some without a row."""
    facts = draw(st.lists(st.tuples(names, text), min_size=1, max_size=3, unique_by=lambda channel: channel[0]))
    channels = [Channel(name, unit, draw(metadata)) for name, unit in facts]
    if own:
        channels += [Channel(name, unit, draw(metadata)) for name, unit in facts]
    row = st.tuples(times, st.floats(), st.integers(0, len(channels) - 1))
    batches = []
    for rows in draw(st.lists(st.lists(row, max_size=12), min_size=1, max_size=4)):
        columns = [[row[column] for row in rows] for column in range(3)]
        batch = Batch.from_numpy(*columns[:2], channels, columns[2])
        if draw(st.booleans()):
            batch = batch.with_first_sequence({name: draw(st.integers(0, 2**62)) for name, _ in facts})
        batches.append(batch)
    return channels, batches


def write(path, batches, channels=None):
    """Write a recording of the format that the path's suffix names, with all that the format has room for."""
    path = Path(path)
    if path.suffix == ".csv":
        with CsvWriter(path, drop_metadata=True, sequences=True) as writer:
            for batch in batches:
                writer.write(batch)
        return path
    stream = path.with_suffix(".stream") if path.suffix == ".parquet" else path
    with ArrowWriter(stream, channels=channels) as writer:
        for batch in batches:
            writer.write(batch)
    if path.suffix == ".parquet":
        compact(stream, path)
        stream.unlink()
    return path


def told(batches, *, metadata=True):
    """Return what batches tell of each row: time, name, unit, bits of the value, metadata and sequence number."""
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
    """Return what tells a float from another; every NaN is one."""
    return "NaN" if math.isnan(value) else struct.pack("<d", value)


def read(path):
    """Return what a recording tells of its rows, and the recording at its end."""
    recording = open_recording(path)
    return told(recording), recording

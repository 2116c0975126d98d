"""Channels, points and batches for the tests of several files."""

import gc
import pickle

import numpy as np
import psutil
from hypothesis import strategies as st

from rust_daq import Batch, Channel, DataPoint

LASER = Channel("laser", "mW", {"gain": 2, "big": 2**80})
PROBE = Channel("probe", "K")
STAGE = Channel("stage", "")
CHANNELS = [LASER, PROBE, STAGE, Channel("laser", "mW", {"gain": 4}), Channel("laser", "mW")]

# Without NumPy's NaT, which is not a time.
INT64 = st.integers(-(2**63) + 1, 2**63 - 1)
text = st.text(st.characters(codec="utf-8"), max_size=6)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
points = st.builds(DataPoint, INT64, names, st.floats(), text, documents)
rows = st.lists(st.tuples(INT64, st.floats(), st.sampled_from(CHANNELS)).map(lambda row: row[2].point(row[1], row[0])))


@st.composite
def rows_of_any_channels(draw):
    """Draw points of several channels, some of one name with different metadata."""
    facts = st.lists(st.tuples(names, text, documents), max_size=5, unique_by=lambda channel: channel[0])
    channels = [Channel(*channel) for channel in draw(facts)]
    channels += [Channel(channel.name, channel.unit, draw(documents)) for channel in channels[:2]]
    if not channels:
        return []
    row = st.tuples(st.sampled_from(channels), st.floats(), INT64)
    return [channel.point(value, stamp) for channel, value, stamp in draw(st.lists(row, max_size=20))]


@st.composite
def recorded(draw, *, names=names, text=text, times=INT64, metadata=documents, own=False):
    """Draw channels and batches of them: numbered or not, with any float, some without rows."""
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


def of_one(count=6):
    return LASER.batch(np.arange(count, dtype=float), np.arange(count) * 10)


def of_many(count=6, channels=CHANNELS):
    """Return a batch whose rows alternate between the channels."""
    numbers = np.arange(count)
    return Batch.from_numpy(numbers * 10, numbers.astype(float), channels, numbers % len(channels))


def of_distinct(count=6):
    return of_many(count, [LASER, PROBE])


def of_own(count=6):
    """Return points of one name with different metadata."""
    rows = range(count)
    return Batch.from_points([DataPoint(row, "laser", row, "mW", {"row": row} if row % 2 else None) for row in rows])


def address(column):
    return int(np.asarray(column).ctypes.data)


def pickle_out_of_band(given):
    """Pickle an object with out-of-band buffers; return the pickle and the buffers."""
    buffers = []
    return pickle.dumps(given, 5, buffer_callback=buffers.append), buffers


class Handed:
    """Returns the same capsules at each call; they can be consumed once."""

    def __init__(self, name, capsules):
        setattr(self, name, lambda requested_schema=None: capsules)


def growth(work, before, times):
    """Return by how many bytes the process grows during `times` repetitions, after `before` warm-up repetitions."""
    process = psutil.Process()
    work(before)
    gc.collect()
    resident = process.memory_info().rss
    work(times)
    gc.collect()
    return process.memory_info().rss - resident

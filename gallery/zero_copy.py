"""
Is it a copy or a view, and who owns it?
========================================

Between an acquisition and a plot there are three or four packages, and each of
them may copy the data. This page shows which ways out of a batch and into one
share its memory, and measures what a copy costs.

**Safe to copy as it is.** Its processes need some hundred megabytes of memory.
It writes no file.

.. in-short::
    :figure: zero_copy/views

    :verdict:`zero_copy/views/pyarrow.table(batch) vs a copy of both columns
    | faster, slower: A million rows become an Arrow table in {this}; a copy of
    both columns takes {other}.
    | no difference shown: A million rows become an Arrow table in the time of
    a copy of both columns, {this} and {other}.
    | inconclusive, not judged: A million rows become an Arrow table in {this};
    a copy of both columns takes {other}. This run does not decide between
    them.`

    :verdict:`zero_copy/pickle/batch vs two NumPy arrays
    | faster, slower: A pickled round trip of 100,000 rows takes {this} as a
    batch, and {other} as two NumPy arrays.
    | no difference shown: A pickled round trip of 100,000 rows takes the same
    time as a batch and as two NumPy arrays, {this} and {other}.
    | inconclusive, not judged: A pickled round trip of 100,000 rows takes
    {this} as a batch, and {other} as two NumPy arrays; this run does not
    decide between them.`

    Use the views of a batch to read. Take a copy where you want to change
    something: ``batch.values.copy()``.

:order: 9
:group: Batches and memory
:weight: 3
:about: a copy or a view, into NumPy, Arrow and other processes
"""

# %%
# Same memory or not
# ------------------
# Two arrays share memory where they have a byte in common. A batch never
# changes, so it copies whatever another part of the program can still write
# to: a NumPy array, and Arrow data too, because pyarrow takes over NumPy's
# memory without a copy. Nothing can write to a batch, so everything taken from
# it may share its memory. ``share=True`` skips the copy of Arrow data. Then
# that data must not be written to any more.

# Preparation: The settings, and the check of each way
import numpy as np
import pandas as pd
import pyarrow as pa

import evenhand as bench
from rust_daq import Batch, Channel

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)

samples = np.random.default_rng(1).normal(size=1_000_000)
batch = Channel("laser", "V").batch(samples, start=0, rate=1_000.0)
table = pa.table(batch)
column = table["value"].chunk(0).to_numpy()
ways = {
    "Channel.batch(samples)": np.shares_memory(batch.values, samples),
    "batch.values": np.shares_memory(batch.values, batch.values),
    "batch[10:20]": np.shares_memory(batch[10:20].values, batch.values),
    "batch[::2]": np.shares_memory(batch[::2].values, batch.values),
    "pyarrow.table(batch)": np.shares_memory(column, batch.values),
    "Batch.from_arrow(table)": np.shares_memory(
        Batch.from_arrow(table).values, batch.values
    ),
    "Batch.from_arrow(table, share=True)": np.shares_memory(
        Batch.from_arrow(table, share=True).values, batch.values
    ),
    "Batch.from_arrow(batch)": np.shares_memory(
        Batch.from_arrow(batch).values, batch.values
    ),
    "Batch.concat([batch, batch])": np.shares_memory(
        Batch.concat([batch, batch]).values, batch.values
    ),
}
# %%

found = pd.DataFrame(
    {"it is": ["a view" if same else "a copy" for same in ways.values()]},
    index=pd.Index(ways, name="way"),
)
bench.TableMarkup(found, "Which ways share memory")

# %%
# What a view costs
# -----------------
# A million rows. The table of the batch has the names of the channels as a
# third column. The table of the two arrays has no such column, and pyarrow
# searches its instants for missing ones.


# Preparation: The names that the statements use
def setup():
    """Return the names that the statements use."""
    import pickle
    from datetime import datetime, timezone

    import msgspec
    import numpy as np

    from rust_daq import Batch, Channel

    class Struct(msgspec.Struct, gc=False, frozen=True):
        timestamp: datetime
        channel: str
        value: float
        unit: str

    utc = timezone.utc
    channel = Channel("laser", "V")
    samples = np.random.default_rng(1).normal(size=1_000_000)
    batch = channel.batch(samples, start=0, rate=1_000.0)
    times = batch.timestamps.copy()
    part = batch[:100_000]
    arrays = times[:100_000].copy(), samples[:100_000].copy()

    several = [Channel(f"ai{number}", "V") for number in range(16)]

    def interleaved(n):
        which = np.arange(n, dtype=np.int32) % 16
        return Batch.from_numpy(times[:n], samples[:n], several, which)

    def round_trip(data):
        buffers = []
        text = pickle.dumps(data, 5, buffer_callback=buffers.append)
        return pickle.loads(text, buffers=buffers)  # noqa: S301 -- its own

    return locals()


def setup_arrow():
    """Return the same names, and those of the statements with Arrow."""
    import pyarrow as pa

    names = setup()
    return names | {"pa": pa, "table": pa.table(names["batch"])}


# %%

views = bench.compare(
    {
        "pyarrow.table(batch)": bench.Statement(
            "pa.table(batch)", setup_arrow
        ),
        "pyarrow.table of two arrays": bench.Statement(
            "pa.table({'timestamp': times, 'value': samples})", setup_arrow
        ),
        "Batch.from_arrow": bench.Statement(
            "Batch.from_arrow(table)", setup_arrow
        ),
        "Batch.from_arrow, shared": bench.Statement(
            "Batch.from_arrow(table, share=True)", setup_arrow
        ),
        "batch.values": "batch.values",
        "batch[1:]": "batch[1:]",
        "a copy of both columns": "(times.copy(), samples.copy())",
    },
    setup=setup,
    name="views",
    settings=settings,
    share=0.4,
)
views

# %%

views.plot()

# %%
# Into another process
# --------------------
# From protocol 5 on, a pickle may leave large memory outside, and
# ``multiprocessing`` or Dask moves it once. At the other end a batch shares
# that memory if it is ``bytes`` or a column of a batch. Otherwise it copies
# it: a read-only view does not show whether something else can write. This is
# the round trip of 100,000 rows, against the same two NumPy arrays. NumPy
# leaves the values outside too. It copies the instants into the pickle:
# ``datetime64`` offers no buffer. Nothing is sent: the way between two
# processes is not measured.

bench.compare(
    {
        "batch": "round_trip(part)",
        "two NumPy arrays": "round_trip(arrays)",
    },
    setup=setup,
    name="pickle",
    settings=settings,
    share=0.2,
)

# %%
# How many bytes per row
# ----------------------
# In a list each point is an object, and a ``msgspec.Struct`` also refers to a
# datetime and a float. A batch stores eight bytes of time and eight of value
# for each row, and with several channels the channel's number. With one
# channel a row takes
# :measured:`zero_copy/footprint/batch/100000/per_point_bytes`, with sixteen
# :measured:`zero_copy/footprint/batch, 16 channels/100000/per_point_bytes`.

bench.footprint(
    {
        "list of points": "channel.points(samples[:n], start=0, rate=1e3)",
        "list of msgspec.Struct": (
            "[Struct(datetime.fromtimestamp(i, utc), 'laser', float(i), 'V')"
            " for i in range(n)]"
        ),
        "batch": "channel.batch(samples[:n], start=0, rate=1e3)",
        "batch, 16 channels": "interleaved(n)",
    },
    sizes=[100_000],
    setup=setup,
    settings=settings,
    share=0.4,
)

# %%
# What to do
# ----------
# Every view keeps the memory alive that it shows. You can drop the batch: its
# arrays stay valid, and the memory is freed with the last of them. A batch
# that shares Arrow data keeps that data alive in the same way. No view can be
# written to. :doc:`/slow` has the rule.

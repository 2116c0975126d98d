"""
Is a stream written faster here than by pyarrow?
================================================

``ArrowWriter`` and pyarrow write the same format, an Arrow IPC stream. This
page measures what the writer of this package costs for a batch against
pyarrow's, with and without a storage device that confirms it. It also measures
reading the file, and whether a pipeline that writes one keeps up.

**Copy with care.** It writes some megabytes into a temporary folder, which it
removes. Measure on the file system that you record to.

.. in-short::
    :figure: streams/written

    :verdict:`streams/written/ArrowWriter, flush vs new_stream(buffer), flush
    | faster, slower: Two hundred batches, each flushed, take {this} with
    ArrowWriter, and {other} with pyarrow.
    | no difference shown: Two hundred batches, each flushed, take the same
    time with ArrowWriter and with pyarrow, {this} and {other}.
    | inconclusive, not judged: Two hundred batches, each flushed, take {this}
    with ArrowWriter, and {other} with pyarrow; this run does not decide
    between them.`

    :verdict:`streams/written/ArrowWriter, none vs new_stream(buffer)
    | faster, slower: Behind a buffer they take {this} and {other}.
    | no difference shown: Behind a buffer both take the same time, {this} and
    {other}.
    | inconclusive, not judged: Behind a buffer they take {this} and {other};
    this run does not decide between them.`

    Give a pipeline an ArrowWriter as its sink. Keep its default,
    ``sync="flush"``, so that the rows survive the process. Write large
    batches.

:order: 13
:group: Files
:weight: 3
:about: a stream against pyarrow's, to the device and back, and in a pipeline
"""

# %%
# Batch by batch
# --------------
# Two hundred existing batches of 1,000 rows are written to a new file. With
# ``none``, and with pyarrow's buffer, the operating system receives a few
# batches at once. With ``flush`` it receives each batch, also from pyarrow's
# buffer. ``new_stream(path)`` passes on each part of a batch alone.
# ArrowWriter also writes a checksum of each batch. Creating, closing and
# removing the file is part of each time.

# Preparation: The settings, and the names that the statements use
import dataclasses

import evenhand as bench

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    import contextlib
    import functools
    import os
    import tempfile
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    import pyarrow.ipc

    from rust_daq import Channel
    from rust_daq.storage import ArrowWriter, open_recording

    samples = np.random.default_rng(1).normal(size=1_000)
    batch = Channel("ai0", "V").batch(samples, start=0, rate=1e4)
    record = pa.record_batch(batch)
    fdatasync = getattr(os, "fdatasync", os.fsync)
    folder = tempfile.TemporaryDirectory()  # until the process ends
    fresh, kept = Path(folder.name) / "fresh", Path(folder.name) / "kept"

    def ours(sync, count=200):
        """Write a fresh file with ArrowWriter, and remove it."""
        with ArrowWriter(fresh, sync=sync) as writer:
            for _ in range(count):
                writer.write(batch)
        fresh.unlink()

    def theirs(buffered, settled=(), count=200):
        """Write a fresh file with pyarrow, settling each batch."""
        steps = {}
        with contextlib.ExitStack() as opened:
            sink = str(fresh)
            if buffered:
                file = opened.enter_context(pa.OSFile(sink, "wb"))
                descriptor = opened.enter_context(fresh.open("rb")).fileno()
                buffer = pa.BufferedOutputStream(file, 1 << 18)
                sink = opened.enter_context(buffer)
                steps["flush"] = buffer.flush
                steps["sync"] = functools.partial(fdatasync, descriptor)
            stream = pa.ipc.new_stream(sink, record.schema)
            opened.enter_context(stream)
            for _ in range(count):
                stream.write_batch(record)
                for step in settled:
                    steps[step]()
        fresh.unlink()

    def read_ours():
        """Read the stream with this package."""
        return sum(len(batch) for batch in open_recording(kept))

    def read_theirs():
        """Read the stream with pyarrow."""
        with pa.OSFile(str(kept)) as file, pa.ipc.open_stream(file) as stream:
            return sum(len(batch) for batch in stream)

    with ArrowWriter(kept) as writer:
        for _ in range(200):
            writer.write(batch)
    assert read_ours() == read_theirs() == 200_000
    return locals()


# %%

written = bench.compare(
    {
        "ArrowWriter, none": "ours('none')",
        "ArrowWriter, flush": "ours('flush')",
        "new_stream(buffer), flush": "theirs(True, ['flush'])",
        "new_stream(path)": "theirs(False)",
        "new_stream(buffer)": "theirs(True)",
    },
    setup=setup,
    name="written",
    settings=settings,
    share=0.4,
)
written

# %%

written.plot()

# %%
# :verdict:`streams/written/ArrowWriter, flush vs ArrowWriter, none
# | slower, faster: ArrowWriter takes {this} when it flushes each batch, and
# {other} when it does not.
# | no difference shown: ArrowWriter takes the same time when it flushes each
# batch and when it does not, {this} and {other}.
# | inconclusive, not judged: ArrowWriter takes {this} when it flushes each
# batch, and {other} when it does not; this run does not decide between them.`
#
# To the storage device
# ---------------------
# With ``sync="batch"`` the writer waits until the device has each batch. With
# pyarrow that is ``flush`` and ``fdatasync``. Each writes a hundred batches.

bench.compare(
    {
        "ArrowWriter, batch": "ours('batch', 100)",
        "pyarrow, fdatasync": "theirs(True, ['flush', 'sync'], 100)",
    },
    setup=setup,
    name="synced",
    settings=settings,
    share=0.2,
)

# %%
# :verdict:`streams/synced/ArrowWriter, batch vs pyarrow, fdatasync
# | faster, slower: ArrowWriter takes {this} for them, and pyarrow {other}.
# | no difference shown: ArrowWriter and pyarrow show no difference, {this} and
# {other}.
# | inconclusive, not judged: ArrowWriter takes {this} for them, and pyarrow
# {other}; this run does not decide between them.`
#
# And back
# --------
# Two hundred batches, read one by one. ``open_recording`` checks each
# checksum.

bench.compare(
    {"open_recording": "read_ours()", "pyarrow": "read_theirs()"},
    setup=setup,
    name="read",
    settings=settings,
    share=0.2,
)

# %%
# In a pipeline
# -------------
# A source, a moving average and an ArrowWriter share one core, in batches of a
# thousandth of a second. While the queue is full, samples are dropped.


# Preparation: The pipeline that writes
def setup_pipeline():
    """Return the names that the statement uses."""
    import os
    import tempfile
    from pathlib import Path

    from rust_daq import Channel, Pipeline, SimulatedInstrument
    from rust_daq.process import MovingAverage
    from rust_daq.storage import ArrowWriter

    channel = Channel("ai0", "V")

    def held(rate):
        """Run a pipeline that writes, on one core, and return its numbers."""
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        scans = rate // 1_000
        source = SimulatedInstrument(rate, channel, scans_per_read=scans)
        with tempfile.TemporaryDirectory() as folder:
            sinks = [ArrowWriter(Path(folder) / "run")]
            steps = {"processors": [MovingAverage(16)], "sinks": sinks}
            pipeline = Pipeline(source, **steps, on_full="drop_newest")
            return pipeline.run(0.3).as_dict()

    return locals()


# %%

bench.observe(
    {"ArrowWriter": "held(n)"},
    columns=["processed_per_second", "dropped", "p50_ns", "p99_ns"],
    sizes=[100_000, 1_000_000, 10_000_000],
    size_label="points per second asked for",
    setup=setup_pipeline,
    name="held",
    settings=dataclasses.replace(settings, judges=False),
    share=0.2,
)

# %%
# What to do
# ----------
# :doc:`/gallery/rates` has the rows per second of each batch size.
# :doc:`/gallery/storage` has the other formats, and what survives a kill.

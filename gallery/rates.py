"""
From which rate on do I need batches?
=====================================

Point by point is the simplest program, and somewhere it stops keeping up.
After this page you know how many points a second a pipeline takes for each
size of its batches, for one channel and for many, how late its slowest points
are, and what a file takes of them, so that you can say for your own rate what
to use.

**Copy with care.** It keeps two cores busy for some seconds, and writes some
megabytes into a temporary folder, which it removes.
"""

# %%
# As fast as it goes
# ------------------
# An instrument that is asked for far more than anybody can take, read in
# batches of ``n`` rows, a moving average of 16 for each channel, and a
# callback that is given each batch, or each point. How many points a second
# come through is the capacity; over your own rate it is your headroom.

from rust_daq import bench

settings = bench.settings(__doc__)


def setup():
    """Return the names that the statements use."""
    from rust_daq import Channel, Pipeline, SimulatedInstrument
    from rust_daq.process import MovingAverage

    channels = [Channel(f"ai{number}", "V") for number in range(16)]

    def take(given):
        """Stand for whoever takes a batch or a point."""

    def run(rate, scans, seconds, count=1, **callback):
        """Acquire from so many channels, and return what it tells."""
        several = channels[:count]
        source = SimulatedInstrument(rate, several, scans_per_read=scans)
        pipeline = Pipeline(source, [MovingAverage(16)], **callback)
        return pipeline.run(seconds).as_dict()

    def capacity(rows, count=1, **callback):
        """Acquire some ten thousand points or more, far above any rate."""
        scans = -(-rows // count)
        seconds = (20_000 + 1_000 * rows) / 1e9
        return run(1e9 / count, scans, seconds, count, **callback)

    return locals()


capacity = bench.observe(
    {
        "per batch": "capacity(n, on_batch=take)",
        "per batch, 16 channels": "capacity(n, 16, on_batch=take)",
        "per point": "capacity(n, on_point=take)",
    },
    columns=["processed_per_second"],
    sizes=[1, 10, 100, 1_000],
    size_label="rows a batch",
    setup=setup,
    name="capacity",
    settings=settings,
    share=0.4,
)
capacity

# %%

capacity.plot()

# %%
# What is paid for each batch, waking the other thread above all, is shared by
# its rows; what is paid for each row stays. With a callback for each point a
# Python object is made and a function called for every one, whatever the size
# of the batch.
#
# How late the slowest are
# ------------------------
# Read and handed over point by point at 10 kHz, which is often enough for a
# 99.9th percentile within a second. A response time counts from the instant at
# which the point was due. It is mostly the system's: how late it wakes a
# thread that sleeps.

response = bench.observe(
    {"per point, 10 kHz": "run(10_000, 1, 1.0, on_point=take)"},
    columns=["p50_ns", "p99_ns", "p99_9_ns", "max_ns", "dropped"],
    setup=setup,
    name="response",
    settings=settings,
    share=0.4,
)
response

# %%
# What a file takes
# -----------------
# Batches of ``n`` rows into a fresh file, each handed to the operating system
# before the next, so that it survives the process. An Arrow stream says for
# each batch what it holds, which a batch of one row pays for alone; a row of
# CSV takes the same whatever comes with it.


def files():
    """Return the names that the statements use."""
    import tempfile
    import time
    from pathlib import Path

    import numpy as np

    from rust_daq import Channel
    from rust_daq.storage import ArrowWriter, CsvWriter

    channel = Channel("ai0", "V")
    samples = np.random.default_rng(1).normal(size=1_000)

    def record(writer_class, rows):
        """Write some batches; return rows a second and bytes a row."""
        batch = channel.batch(samples[:rows], start=0, rate=1e4)
        count = 20 + 2_000 // rows
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run"
            begin = time.perf_counter()
            with writer_class(path, sync="flush") as writer:
                for _ in range(count):
                    writer.write(batch)
            seconds = time.perf_counter() - begin
            size = path.stat().st_size
        rows = count * len(batch)
        return {"flushed_per_second": rows / seconds, "row_bytes": size / rows}

    return locals()


bench.observe(
    {
        "ArrowWriter": "record(ArrowWriter, n)",
        "CsvWriter": "record(CsvWriter, n)",
    },
    columns=["flushed_per_second", "row_bytes"],
    sizes=[1, 10, 100, 1_000],
    size_label="rows a batch",
    setup=files,
    name="files",
    settings=settings,
    share=0.2,
)

# %%
# What to do
# ----------
# Go point by point while your rate is a tenth of what that takes or less, and
# in batches above: as large as the delay that you can bear, and no larger than
# where the capacity stops growing. :doc:`/advice` does this for your own rate,
# with the numbers of this page, and so does ``python -m rust_daq.bench
# advise`` with the numbers of your own machine.

"""
From which rate on do I need batches?
=====================================

Point by point is the simplest program, and at some rate it stops keeping up.
This page measures how many points per second a pipeline processes at each
batch size, with one channel and with sixteen. It also measures the tail of the
response times, and how many rows per second are written to a file.

**Copy with care.** It keeps two cores busy for some seconds, and writes some
megabytes into a temporary folder, which it removes.

.. in-short::
    :figure: rates/capacity

    :verdict:`rates/capacity/per point/1000/processed_per_second vs per batch
    | faster, slower: In batches of 1,000 a pipeline processes points at
    {other} with a callback for each batch, and at {this} with one for each
    point.
    | no difference shown: In batches of 1,000 a pipeline shows no difference
    between a callback for each batch and for each point, {other} and {this}.
    | inconclusive, not judged: In batches of 1,000 a pipeline processes points
    at {other} with a callback for each batch, and at {this} with one for each
    point; this run does not decide between them.`

    When it reads and passes on one point at a time, it processes them at
    :measured:`rates/capacity/per point/1/processed_per_second`. At 10 kHz, one
    such point in a thousand has a response time over
    :measured:`rates/response/per point, 10 kHz/p99_9_ns`.

    Use the largest batch that fills within half of the latency that you
    accept. Stop where the capacity no longer grows.

:order: 15
:group: Pipeline and threads
:weight: 3
:about: from which rate on batches are needed, and the tail of the response
    times
"""

# %%
# At full speed
# -------------
# A pipeline reads a simulated instrument at a rate that nothing can follow, in
# batches of ``n`` rows. It has a moving average of 16 for each channel and a
# callback that takes each batch, or each point. Its capacity is the number of
# points per second that come through. A read has a row of every channel, so
# with sixteen channels a batch has a multiple of sixteen rows. The two
# smallest sizes therefore have sixteen, and the table compares them with fewer
# rows of one channel. A run this short does not show a backlog that builds up
# in minutes.

# Preparation: The settings, and the acquisition
import evenhand as bench

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    from rust_daq import Channel, Pipeline, SimulatedInstrument
    from rust_daq.process import MovingAverage

    channels = [Channel(f"ai{number}", "V") for number in range(16)]

    def take(given):
        """Do nothing, in place of the code that uses a batch or a point."""

    def run(rate, scans, seconds, count=1, **callback):
        """Acquire from the first `count` channels, and return the numbers."""
        several = channels[:count]
        source = SimulatedInstrument(rate, several, scans_per_read=scans)
        pipeline = Pipeline(source, [MovingAverage(16)], **callback)
        return pipeline.run(seconds).as_dict()

    def capacity(rows, count=1, **callback):
        """Acquire twenty thousand points or more, far above any rate."""
        scans = -(-rows // count)
        seconds = (20_000 + 1_000 * rows) / 1e9
        return run(1e9 / count, scans, seconds, count, **callback)

    return locals()


# %%

capacity = bench.observe(
    {
        "per batch": "capacity(n, on_batch=take)",
        "per batch, 16 channels": "capacity(n, 16, on_batch=take)",
        "per point": "capacity(n, on_point=take)",
    },
    columns=["processed_per_second"],
    compared=["processed_per_second"],
    sizes=[1, 10, 100, 1_000],
    size_label="rows per batch, at least",
    setup=setup,
    name="capacity",
    settings=settings,
    share=0.4,
)
capacity

# %%

capacity.plot()

# %%
# A callback for each point takes a Python object and a call for each row,
# however large the batch is.
#
# The tail of the response times
# ------------------------------
# The pipeline reads points one by one at 10 kHz and passes them on. That makes
# enough of them for a 99.9th percentile within a second. A response time
# counts from the instant at which the point was due.

response = bench.observe(
    {"per point, 10 kHz": "run(10_000, 1, 1.0, on_point=take)"},
    columns=["p50_ns", "p99_ns", "p99_9_ns", "max_ns"],
    compared=["p99_9_ns"],
    setup=setup,
    name="response",
    settings=settings,
    share=0.4,
)
response

# %%
# What a file takes
# -----------------
# Batches of ``n`` rows are written to a new file. Each batch is flushed to the
# operating system before the next one. The file has at most 22,000 rows:
# whether the storage device sustains such a rate for hours is not measured. An
# Arrow stream has a header for each batch, which many rows share. A row of CSV
# has none.


# Preparation: The names that the statements use
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
        """Write some batches; return rows per second and bytes per row."""
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


# %%

bench.observe(
    {
        "ArrowWriter": "record(ArrowWriter, n)",
        "CsvWriter": "record(CsvWriter, n)",
    },
    columns=["flushed_per_second", "row_bytes"],
    compared=["flushed_per_second"],
    sizes=[1, 10, 100, 1_000],
    size_label="rows per batch",
    setup=files,
    name="files",
    settings=settings,
    share=0.2,
)

# %%
# What to do
# ----------
# Go point by point only where the time from one sample to the next is already
# half of the latency that you accept.
#
# Your headroom is the rate that the pipeline and the file reach together, over
# your own rate. They share a thread, and their times add up: where one reaches
# a rows per second and the other b, both together reach 1 / (1/a + 1/b). The
# command ``python -m rust_daq.advise`` computes this for your rate from the
# numbers of your own machine.

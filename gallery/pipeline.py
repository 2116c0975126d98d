"""
What happens when the consumer is too slow?
===========================================

An acquisition holds its rate, loses points, or falls behind. This page
measures up to which rate a pipeline holds point by point and in batches, how
late its points are next to a busy Python thread, and what each setting for a
full queue loses.

**Copy with care.** It keeps a core busy and paces an acquisition while it
runs, so run it on an idle machine. It writes some megabytes into a temporary
folder, which it removes.

.. in-short::
    :figure: pipeline/held

    With a full queue the pipeline waits or drops, as you choose. With
    ``drop_oldest``, :measured:`pipeline/stalled/drop_oldest/dropped` of
    :measured:`pipeline/stalled/drop_oldest/produced` points were dropped, and
    the report counts them.

    :verdict:`pipeline/highest/per batch/highest_per_second vs per point
    | faster, slower: On one core a pipeline holds up to {this} in batches of
    1,000, and {other} point by point.
    | no difference shown: On one core a pipeline holds the same rate in
    batches of 1,000 and point by point, {this} and {other}.
    | inconclusive, not judged: On one core a pipeline holds up to {this} in
    batches of 1,000, and {other} point by point; this run does not decide
    between them.`

    :verdict:`pipeline/busy/pipeline, busy/p99_ns vs Python, busy
    | faster, slower: Next to a busy Python thread, the 99th percentile of the
    response time at 1 kHz is {this} for a pipeline that calls no Python, and
    {other} for a loop in Python.
    | no difference shown: Next to a busy Python thread, a pipeline that calls
    no Python and a loop in Python show no difference at the 99th percentile at
    1 kHz, {this} and {other}.
    | inconclusive, not judged: Next to a busy Python thread, the 99th
    percentile of the response time at 1 kHz is {this} for a pipeline that
    calls no Python, and {other} for a loop in Python; this run does not decide
    between them.`

    Use batches when a point needs a large part of its period. Give the queue
    room for the longest pause of your consumer.

:order: 11
:group: Pipeline and threads
:weight: 4
:about: acquisitions at a rate: held, late or lost, in batches and point by
    point
"""

# %%
# Is 1 kHz held?
# --------------
# A moving average of 16, point by point. The pipeline reads a sine with noise
# and passes nothing on. The loop in Python averages a constant, and passes a
# stamped dict to a function that does nothing. Each runs alone and next to a
# Python thread that computes. Each reports how late its points were, from the
# instant at which they were due. A pipeline without a callback needs no GIL
# here, because the simulated instrument is in Rust; a source in Python takes
# it for each read. A loop in Python takes it each time that it wakes up. A run
# makes a thousand points, so that ten lie beyond the 99th percentile.

# Preparation: The settings, the pipeline, the loop, and the busy thread
import asyncio
import importlib.util
import os
import queue
import tempfile
import threading
import time
from collections import deque
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.ipc

import evenhand as bench
from rust_daq import Channel, Pipeline, Report, SimulatedInstrument
from rust_daq.process import MovingAverage
from rust_daq.storage import ArrowWriter

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)

channel = Channel("ai0", "V")

if importlib.util.find_spec("bottleneck"):
    import bottleneck
else:
    print("bottleneck is not installed here, so NumPy is not compared.")


def there(contenders):
    """Return those contenders that are there on this Python."""
    if importlib.util.find_spec("bottleneck"):
        return contenders
    return {
        name: contenders[name] for name in contenders if "NumPy" not in name
    }


def take(given):
    """Do nothing, in place of the code that uses a batch or a point."""


def with_cost(work, summarise):
    """Run work, summarise what it returns, and add the work's own cost."""
    before = time.process_time_ns()
    returned = work()
    cpu = time.process_time_ns() - before
    numbers = summarise(returned)
    return numbers | {"cpu_per_point_ns": cpu / numbers["processed"]}


def run(rate, seconds=0.1, scans_per_read=None, **parts):
    """Run a pipeline, and return its numbers."""
    source = SimulatedInstrument(rate, channel, scans_per_read=scans_per_read)
    pipeline = Pipeline(source, [MovingAverage(16)], **parts)
    return with_cost(lambda: pipeline.run(seconds), Report.as_dict)


def in_python(rate, seconds):
    """Take points one by one in a Python loop, and return its numbers."""
    last, lates = deque(maxlen=16), []
    for due in bench.deadlines(rate, seconds):
        last.append(1.5)
        take({"timestamp": time.time_ns(), "value": sum(last) / len(last)})
        lates.append(time.perf_counter_ns() - due)
    return bench.responses(lates, rate)


def while_busy(work, *arguments, **further):
    """Run work while another thread computes, and return its numbers."""
    done = threading.Event()

    def compute():
        while not done.is_set():
            pass

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        return work(*arguments, **further)
    finally:
        done.set()
        thread.join()


# %%

bench.observe(
    {
        "Python, busy": "while_busy(in_python, 1_000, 1.0)",
        "pipeline, busy": "while_busy(run, 1_000, 1.0, scans_per_read=1)",
    },
    columns=["p99_ns", "p50_ns"],
    compared=["p99_ns"],
    namespace={"run": run, "in_python": in_python, "while_busy": while_busy},
    name="busy",
    settings=settings,
    share=0.1,
)

# %%

bench.observe(
    {
        "Python": "in_python(1_000, 1.0)",
        "pipeline": "run(1_000, 1.0, scans_per_read=1)",
    },
    columns=["p99_ns", "p50_ns"],
    compared=["p99_ns"],
    namespace={"run": run, "in_python": in_python},
    name="alone",
    settings=settings,
    share=0.1,
)

# %%
# :verdict:`pipeline/alone/pipeline/p99_ns vs Python
# | faster, slower: Alone, the 99th percentile is {this} for the pipeline, and
# {other} for the loop.
# | no difference shown: Alone, the pipeline and the loop show no difference,
# {this} and {other}.
# | inconclusive, not judged: Alone, the 99th percentile is {this} for the
# pipeline, and {other} for the loop; this run does not decide between them.`
# :doc:`/gallery/compare_alternatives` compares them alone, each with a file.
# Its verdict can differ.
#
# Up to a million points per second
# ---------------------------------
# Here a callback takes the result. One pipeline reads batches of a hundredth
# of a second, and one reads and passes on single points. The third contender
# is built from NumPy, ``bottleneck``, a thread and ``queue.Queue``, with equal
# batches. Each also reports the processor time of the whole process per point.
# A run lasts a tenth of a second, and few runs meet a rare pause of the
# machine; :doc:`rates` measures a second at 10 kHz. The third contender notes
# one response time per batch in Python, and the pipelines count theirs in
# Rust. Summarising them afterwards is not part of the processor time.


# Preparation: The acquisition with NumPy, a thread and a queue
def with_numpy(rate, size, seconds=0.1, take=take):
    """Acquire with NumPy, a thread and a queue, and return its numbers."""
    waiting = queue.Queue(100)
    noise = np.random.default_rng(1)

    def read():
        for block, due in enumerate(bench.deadlines(rate / size, seconds)):
            rows = np.arange(block * size, (block + 1) * size)
            values = np.sin(rows * 62.8 / rate)
            values += 0.1 * noise.normal(size=size)
            waiting.put((due, rows * round(1e9 / rate), values))
        waiting.put(None)

    def acquire():
        thread = threading.Thread(target=read)
        thread.start()
        tail, lates = np.zeros(15), []
        while (given := waiting.get()) is not None:
            due, times, values = given
            whole = np.concatenate([tail, values])
            take((times, bottleneck.move_mean(whole, 16, min_count=1)[15:]))
            tail = whole[-15:]
            lates.append(time.perf_counter_ns() - due)
        thread.join()
        return lates

    def summarise(lates):
        each = np.repeat(lates, size)
        return bench.responses(each, rate)

    return with_cost(acquire, summarise)


# %%

held = bench.observe(
    there(
        {
            "per batch": "run(n, on_batch=take)",
            "per point": "run(n, scans_per_read=1, on_point=take)",
            "NumPy, queue": "with_numpy(n, n // 100)",
        }
    ),
    columns=["p99_ns", "p50_ns", "cpu_per_point_ns"],
    sizes=[10_000, 100_000, 1_000_000],
    size_label="points per second asked for",
    compared=["cpu_per_point_ns"],
    namespace={"run": run, "with_numpy": with_numpy, "take": take},
    name="held",
    settings=settings,
    share=0.35,
)
held

# %%
# Where the response time rises steeply, the rate is not held: every point
# waits for those before it.

held.plot()

# %%
# In batches a point takes :measured:`pipeline/held/per
# batch/10000/cpu_per_point_ns` of processor time at 10 kHz, and
# :measured:`pipeline/held/per batch/1000000/cpu_per_point_ns` at 1 MHz. The
# next measurement uses batches of 1,000 at 1 MHz. The pipeline passes them to
# a callback or to a loop, plain or asyncio. A display takes the newest points
# twenty times per second. Two contenders write their averages into a stream of
# Arrow and pass each batch to the operating system: the pipeline with its own
# writer, NumPy with pyarrow's.


# Preparation: The loops, the display, and the acquisitions that write
def read(work, rate, scans_per_read, seconds=0.1):
    """Run a pipeline from which work reads, and return its numbers."""
    source = SimulatedInstrument(rate, channel, scans_per_read=scans_per_read)
    pipeline = Pipeline(source, [MovingAverage(16)])

    def acquire():
        pipeline.start(seconds)
        work(pipeline)
        return pipeline.stop()

    return with_cost(acquire, Report.as_dict)


def loop(pipeline):
    """Take each batch."""
    for given in pipeline:
        take(given)


def async_loop(pipeline):
    """Take each batch, as a task of an event loop."""

    async def work():
        async for given in pipeline:
            take(given)

    asyncio.run(work())


def display(pipeline):
    """Take the newest points twenty times per second."""
    while not pipeline.wait(0.05):
        take(pipeline.latest(1_000))


def written(work):
    """Run work that writes a file, remove it, and return the numbers."""
    with tempfile.TemporaryDirectory() as folder:
        return work(Path(folder) / "run")


def written_by_pyarrow(path, rate, size):
    """Acquire with NumPy, write with pyarrow, and return the numbers."""
    pa.array(np.arange(size))  # slow once: pyarrow imports pandas for it
    names = pa.array(["ai0"] * size).dictionary_encode()
    instant = pa.timestamp("ns", "UTC")
    fields = {"timestamp": instant, "value": "float64", "channel": names.type}
    schema = pa.schema(fields)
    with pa.ipc.new_stream(str(path), schema) as stream:

        def write(given):
            times, values = given
            stamps = pa.array(times.view("M8[ns]")).cast(instant)
            columns = [stamps, values, names]
            stream.write_batch(pa.record_batch(columns, schema=schema))

        return with_numpy(rate, size, take=write)


# %%

batch = {"scans_per_read": 1_000}
names = {"run": run, "with_numpy": with_numpy, "take": take, "batch": batch}
names |= {"written": written, "written_by_pyarrow": written_by_pyarrow}
ways = {
    "NumPy, queue": "with_numpy(1e6, 1_000)",
    "NumPy, queue, to a file": (
        "written(lambda path: written_by_pyarrow(path, 1e6, 1_000))"
    ),
    "pipeline": "run(1e6, **batch, on_batch=take)",
    "pipeline, to a file": (
        "written(lambda path: "
        "run(1e6, **batch, on_batch=take, sinks=[ArrowWriter(path)]))"
    ),
    "loop": "read(loop, 1e6, **batch)",
    "async loop": "read(async_loop, 1e6, **batch)",
    "latest": "read(display, 1e6, **batch)",
}
bench.observe(
    there(ways),
    columns=["cpu_per_point_ns"],
    compared=["cpu_per_point_ns"],
    namespace=names
    | {"ArrowWriter": ArrowWriter, "read": read}
    | {"loop": loop, "async_loop": async_loop, "display": display},
    name="cost",
    settings=settings,
    share=0.1,
)

# %%
# - :verdict:`pipeline/cost/loop/cpu_per_point_ns vs pipeline
#   | faster, slower: In a loop a point takes {this} of processor time; with a
#   callback for each batch it takes {other}.
#   | no difference shown: In a loop and with a callback for each batch a point
#   takes the same processor time, {this} and {other}.
#   | inconclusive, not judged: In a loop a point takes {this} of processor
#   time; with a callback for each batch it takes {other}. This run does not
#   decide between them.`
# - :verdict:`pipeline/cost/async loop/cpu_per_point_ns vs loop
#   | faster, slower: In an asyncio loop it takes {this}; in a plain loop it
#   takes {other}.
#   | no difference shown: In an asyncio loop and in a plain loop it takes the
#   same, {this} and {other}.
#   | inconclusive, not judged: In an asyncio loop it takes {this}; in a plain
#   loop it takes {other}. This run does not decide between them.`
# - :verdict:`pipeline/cost/latest/cpu_per_point_ns vs pipeline
#   | faster, slower: With a display it takes {this}; with a callback for each
#   batch it takes {other}.
#   | no difference shown: With a display and with a callback for each batch it
#   takes the same, {this} and {other}.
#   | inconclusive, not judged: With a display it takes {this}; with a callback
#   for each batch it takes {other}. This run does not decide between them.`
#
# Up to where it breaks
# ---------------------
# This is the highest rate that holds for a twentieth of a second. A rate holds
# if a queue with room for a hundredth of a second drops nothing, and all
# points are processed, and in the file, at most five milliseconds after the
# end. Each rate is tried twice, and one success counts. A callback takes each
# batch, or each point. All threads share one core, where the system lets a
# process choose.


bracket = 1e4, 2e8


def highest(path=None, **parts):
    """Return the highest rate that a pipeline holds on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

    def holds(rate):
        room = max(1000, round(rate / 100))
        parts.update(capacity=room, on_full="drop_newest")
        if path:
            parts["sinks"] = [ArrowWriter(path, overwrite=True)]
        told = run(rate, 0.05, **parts)
        return not told["dropped"] and told["elapsed_ns"] < 0.055e9

    return {"highest_per_second": bench.highest_rate(holds, *bracket)}


bench.observe(
    {
        "per batch": "highest(**batch, on_batch=take)",
        "per batch, to a file": (
            "written(lambda path: highest(path, **batch, on_batch=take))"
        ),
        "per point": "highest(scans_per_read=1, on_point=take)",
    },
    columns=["highest_per_second"],
    compared=["highest_per_second"],
    steps={"highest_per_second": bench.search_step(*bracket)},
    namespace=names | {"highest": highest},
    name="highest",
    settings=settings,
    share=0.2,
)

# %%
# When the queue is full
# ----------------------
# A source of 10 kHz, a queue of 1,000 points, and a consumer that takes 2,000
# points per second. Blocking stores everything, late. Dropping loses points
# and counts them: a jump of ``Batch.first_sequence`` shows where. A point is
# *late* when it reaches the queue after the next batch was due.


def stall(batch):
    """Take half a millisecond for each point."""
    time.sleep(len(batch) / 2_000)


def stalled(policy):
    """Run a pipeline whose consumer stalls, and return its numbers."""
    return run(1e4, 0.25, 100, on_batch=stall, capacity=1_000, on_full=policy)


bench.observe(
    {
        "block": "stalled('block')",
        "drop_oldest": "stalled('drop_oldest')",
        "drop_newest": "stalled('drop_newest')",
    },
    columns=[
        "produced",
        "processed",
        "dropped",
        "late",
        "p50_ns",
        "max_ns",
        "elapsed_ns",
    ],
    namespace={"stalled": stalled},
    name="stalled",
    settings=settings,
    share=0.15,
)

# %%
# What to do
# ----------
# Block where every point counts and the instrument can wait. Drop the oldest
# points where a person watches, and the newest where the first points must
# stay. :doc:`/slow` has the rule.

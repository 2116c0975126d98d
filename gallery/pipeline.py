"""
What happens when the consumer is too slow?
===========================================

An acquisition at a rate is held, or it loses points, or it falls behind. After
this page you know up to which rate a pipeline holds point by point and in
batches, how late its points are next to a busy Python thread, and what each
way to deal with a full queue loses.

**Copy with care.** It keeps a core busy and paces an acquisition while it
runs, so measure where nobody waits for them; it writes some megabytes into a
temporary folder, which it removes.

:order: 11
:weight: 4
:about: acquisitions at a rate: held, late or lost, in batches and point by
    point
"""

# %%
# Is 1 kHz held?
# --------------
# A sine with noise and a moving average of 16, point by point, as a pipeline
# and as a loop in Python, each alone and next to a Python thread that
# computes. Each reports how late its points were, from the moment at which
# they were due. A pipeline without a callback needs no GIL; a loop in Python
# takes it each time that it wakes up. A run makes a thousand points, so that
# ten lie beyond the 99th percentile.

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
from rust_daq import Channel, Pipeline, SimulatedInstrument
from rust_daq.process import MovingAverage
from rust_daq.storage import ArrowWriter

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)

channel = Channel("ai0", "V")

if importlib.util.find_spec("bottleneck"):
    import bottleneck
else:
    print("bottleneck is not there on this Python: NumPy is not compared.")


def there(contenders):
    """Return those contenders that are there on this Python."""
    if importlib.util.find_spec("bottleneck"):
        return contenders
    return {
        name: contenders[name] for name in contenders if "NumPy" not in name
    }


def take(given):
    """Stand for whoever takes a batch or a point."""


def with_cost(work):
    """Return what work tells, with the processor time of a point."""
    before = time.process_time_ns()
    numbers = work()
    cpu = time.process_time_ns() - before
    return numbers | {"cpu_per_point_ns": cpu / numbers["processed"]}


def run(rate, seconds=0.1, scans_per_read=None, **parts):
    """Return what a pipeline tells."""
    source = SimulatedInstrument(rate, channel, scans_per_read=scans_per_read)
    pipeline = Pipeline(source, [MovingAverage(16)], **parts)
    return with_cost(lambda: pipeline.run(seconds).as_dict())


def in_python(rate, seconds):
    """Return what a loop in Python tells, which takes point by point."""
    last, lates = deque(maxlen=16), []
    for due in bench.deadlines(rate, seconds):
        last.append(1.5)
        take({"timestamp": time.time_ns(), "value": sum(last) / len(last)})
        lates.append(time.perf_counter_ns() - due)
    return bench.responses(lates, rate)


def beside(work, *arguments, **further):
    """Return what some work tells, next to a thread that computes."""
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


bench.observe(
    {
        "Python, busy": "beside(in_python, 1_000, 1.0)",
        "pipeline, busy": "beside(run, 1_000, 1.0, scans_per_read=1)",
        "Python": "in_python(1_000, 1.0)",
        "pipeline": "run(1_000, 1.0, scans_per_read=1)",
    },
    columns=["p99_ns", "p50_ns"],
    compared=["p99_ns"],
    namespace={"run": run, "in_python": in_python, "beside": beside},
    name="busy",
    settings=settings,
    share=0.2,
)

# %%
# - :verdict:`pipeline/busy/pipeline, busy/p99_ns vs Python, busy
#   | faster, slower: Next to the busy thread the 99th percentile of the
#   pipeline is {this}, that of the loop {other}.
#   | inconclusive: Next to the busy thread this run cannot tell the 99th
#   percentile of the pipeline, {this}, from that of the loop, {other}.`
# - :verdict:`pipeline/busy/pipeline/p99_ns vs Python
#   | faster, slower: Alone it is {this} for the pipeline, and {other} for the
#   loop.
#   | no difference shown: Alone they show no difference, {this} and {other}.
#   | inconclusive: Alone this run cannot tell them apart, {this} and {other}.`
#
# :doc:`/gallery/compare_alternatives` compares them alone, each with a file;
# its verdict can differ.
#
# Up to a million points per second
# ---------------------------------
# The same with a callback that takes the result: as a pipeline in batches of a
# hundredth of a second, as one that reads and hands over one by one, and built
# from NumPy, ``bottleneck``, a thread and ``queue.Queue``, in equal batches.
# Each also reports the processor time of the whole process per point.


def with_numpy(rate, size, seconds=0.1, take=take):
    """Return what an acquisition of NumPy, a thread and a queue tells."""
    waiting = queue.Queue(100)
    noise = np.random.default_rng(1)

    def read():
        for block, due in enumerate(bench.deadlines(rate / size, seconds)):
            angle = np.arange(block * size, (block + 1) * size) * 62.8 / rate
            waiting.put((due, np.sin(angle) + 0.1 * noise.normal(size=size)))
        waiting.put(None)

    def acquire():
        thread = threading.Thread(target=read)
        thread.start()
        tail, lates = np.zeros(15), []
        while (given := waiting.get()) is not None:
            due, values = given
            whole = np.concatenate([tail, values])
            take(bottleneck.move_mean(whole, 16, min_count=1)[15:])
            tail = whole[-15:]
            lates += [time.perf_counter_ns() - due] * size
        thread.join()
        return bench.responses(lates, rate) | {"dropped": 0}

    return with_cost(acquire)


held = bench.observe(
    there(
        {
            "per batch": "run(n, on_batch=take)",
            "per point": "run(n, scans_per_read=1, on_point=take)",
            "NumPy, queue": "with_numpy(n, n // 100)",
        }
    ),
    columns=["p99_ns", "p50_ns", "dropped", "cpu_per_point_ns"],
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
# next measurement is in batches of 1,000 at 1 MHz. The pipeline hands them
# to a callback, or to a loop, plain or of asyncio; a display takes the newest
# points twenty times per second. Two contenders write their averages into a
# stream of Arrow, each batch handed to the operating system: the pipeline by
# its own writer, NumPy by pyarrow's.


def read(work, rate, scans_per_read, seconds=0.1):
    """Return what a pipeline tells from which some work reads."""
    source = SimulatedInstrument(rate, channel, scans_per_read=scans_per_read)
    pipeline = Pipeline(source, [MovingAverage(16)])

    def acquire():
        pipeline.start(seconds)
        work(pipeline)
        return pipeline.stop().as_dict()

    return with_cost(acquire)


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
    """Return what work tells that writes into a file, which is removed."""
    with tempfile.TemporaryDirectory() as folder:
        return work(Path(folder) / "run")


def written_by_pyarrow(path, rate, size):
    """Return what the acquisition with NumPy tells that writes."""
    times = np.arange(size) * round(1e9 / rate)
    pa.array(times)  # what is slow once: pyarrow imports pandas for it
    schema = pa.schema({"timestamp": pa.timestamp("ns"), "value": "float64"})
    blocks = []
    with pa.ipc.new_stream(str(path), schema) as stream:

        def write(values):
            since = len(blocks) * size * round(1e9 / rate)
            columns = [pa.array((times + since).view("M8[ns]")), values]
            stream.write_batch(pa.record_batch(columns, schema=schema))
            blocks.append(len(values))

        return with_numpy(rate, size, take=write)


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
#   | faster, slower: In a loop a point takes {this} of processor time, with a
#   callback for each batch {other}.
#   | no difference shown: In a loop and with a callback for each batch a point
#   takes the same processor time, {this} and {other}.
#   | inconclusive: This run cannot tell a loop, {this}, from a callback for
#   each batch, {other}.`
# - :verdict:`pipeline/cost/async loop/cpu_per_point_ns vs loop
#   | faster, slower: In a loop of asyncio it takes {this}, in a plain one
#   {other}.
#   | no difference shown: In a loop of asyncio and in a plain one it takes the
#   same, {this} and {other}.
#   | inconclusive: This run cannot tell a loop of asyncio, {this}, from a
#   plain one, {other}.`
# - :verdict:`pipeline/cost/latest/cpu_per_point_ns vs pipeline
#   | faster, slower: With a display it takes {this}, with a callback for each
#   batch {other}.
#   | no difference shown: With a display and with a callback for each batch it
#   takes the same, {this} and {other}.
#   | inconclusive: This run cannot tell a display, {this}, from a callback for
#   each batch, {other}.`
#
# Up to where it breaks
# ---------------------
# The highest rate that holds for a twentieth of a second: a queue of a
# hundredth of a second drops nothing, and a tenth of that time later all is
# done, in the file too. A callback takes each batch, or each point. All
# threads share one core, where the system lets a process choose.


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
# per second. Blocking stores everything, late; dropping loses points, and
# counts them: a jump of ``Batch.first_sequence`` shows where.


def stall(batch):
    """Take half a millisecond for each point."""
    time.sleep(len(batch) / 2_000)


def stalled(policy):
    """Return what a pipeline tells whose consumer stalls."""
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
# :verdict:`pipeline/highest/per batch/highest_per_second vs per point
# | faster: One core holds up to {this} in batches of 1,000, and {other} point
# by point. Take batches when a point needs a good part of its period.
# | no difference shown: In batches of 1,000 and point by point one core holds
# the same rate, {this} and {other}.`
# Give the queue room for the longest pause of your consumer. Block where every
# point counts and the instrument can wait; drop the oldest where a person
# watches, and the newest where the first points have to stay. :doc:`/slow`
# has the rule.

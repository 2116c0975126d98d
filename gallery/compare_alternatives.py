"""
Does a 1 kHz acquisition hold, and with which kind of point?
============================================================

This page combines one variant of each measurement: the cost of a point, of a
batch, and its memory. Then an acquisition runs at its real rate, with a moving
average over the last 16 values and a writer, as a pipeline and made by hand.
The page measures which of them keeps up, how late it is, and the highest rate
that it holds.

**Copy with care.** The acquisition runs at its rate for as long as you ask, so
leave the machine alone while it runs. It writes into a temporary folder, which
it removes.

.. in-short::
    :figure: compare_alternatives/paced

    :verdict:`compare_alternatives/acquisition/pure Python/p99_ns vs
    rust_daq.Pipeline
    | faster, slower: At 1 kHz the 99th percentile of the response time is
    {other} for the pipeline, and {this} for a loop in Python.
    | no difference shown: At 1 kHz the pipeline and a loop in Python show no
    difference at the 99th percentile of the response time, {other} and {this}.
    | inconclusive, not judged: At 1 kHz the 99th percentile of the response
    time is {other} for the pipeline, and {this} for a loop in Python; this run
    does not decide between them.`

    Each acquisition writes its file, and no busy thread runs next to it. In a
    loop without a file,
    :measured:`compare_alternatives/paced/rust_daq.DataPoint/sentence`.

    At 1 kHz choose the program that is easiest to write. Use the pipeline when
    your rate is near the loop's limit, or when another Python thread is busy:
    :doc:`pipeline` measures that case.

:order: 5
:group: Pipeline and threads
:weight: 4
:about: one of each, and an acquisition at 1 kHz
"""

# %%
# The contenders
# --------------
# Four kinds of point, each stamped when it is made, and a moving average in
# Python for a loop that stays in Python. The names ``now`` and ``utc`` are
# looked up once; :doc:`timestamps` looks them up for each point. The values
# repeat, so the points share their floats; :doc:`benchmark_memory` makes a
# float for each.

# Preparation: The settings, and the names that the statements use
import evenhand as bench

settings = bench.settings(
    __doc__,
    samples=40_000,
    repeats=7,
    runs=5,
    rate=1000.0,
    duration=15.0,
    packages={"rust-daq": "rust_daq:build_info"},
)


def setup():
    """Return the names that the statements use."""
    from collections import deque
    from dataclasses import dataclass
    from datetime import datetime, timezone
    from itertools import cycle
    from math import fsum, sin

    import msgspec

    from rust_daq import DataPoint

    @dataclass(slots=True)
    class Slots:
        timestamp: datetime
        channel: str
        value: float
        unit: str

    class Struct(msgspec.Struct, gc=False, frozen=True):
        timestamp: datetime
        channel: str
        value: float
        unit: str

    now, utc = datetime.now, timezone.utc
    signal = cycle([sin(step / 16) for step in range(1000)])
    window = deque(maxlen=16)

    def average(value):
        """Return the mean of the last 16 values."""
        window.append(value)
        return fsum(window) / len(window)

    return locals()


# %%

one = {
    "rust_daq.DataPoint": "DataPoint(now(utc), 'laser', next(signal), 'V')",
    "dict": (
        "{'timestamp': now(utc), 'channel': 'laser', "
        "'value': next(signal), 'unit': 'V'}"
    ),
    "dataclass, slots": "Slots(now(utc), 'laser', next(signal), 'V')",
    "msgspec.Struct": "Struct(now(utc), 'laser', next(signal), 'V')",
}
bench.check_equal(
    one, fields=["timestamp:type", "channel", "value", "unit"], setup=setup
)

# %%
# One point, one batch, one memory
# --------------------------------

cost = bench.compare(
    one, setup=setup, name="cost", settings=settings, share=0.1
)
cost

# %%

latency = bench.latency(
    one,
    setup=setup,
    name="latency",
    calls=settings.samples,
    settings=settings,
    share=0.08,
)
latency

# %%

batches = {name: f"[{code} for _ in range(n)]" for name, code in one.items()}
throughput = bench.throughput(
    batches,
    sizes=(10_000,),
    setup=setup,
    repeats=settings.repeats,
    settings=settings,
    share=0.07,
)
throughput

# %%

footprint = bench.footprint(
    batches,
    sizes=(10_000,),
    setup=setup,
    runs=settings.runs,
    settings=settings,
    share=0.05,
)
footprint

# %%
# The acquisition
# ---------------
# The same acquisition runs point by point, three times: as a pipeline, with a
# thread, ``queue.Queue`` and a NumPy ring, and as one loop in Python. Each
# takes a sample at fixed instants, stamps it, averages it, writes it and
# passes it on. The response time counts from the instant at which the sample
# was due.
#
# Each writes in its usual format: the pipeline a stream of Arrow, the ring
# blocks of 100 rows with ``tofile``, and the loop rows with ``csv``. In each
# case a buffer decides when the data reaches the operating system. The
# pipeline passes on a ``DataPoint``, and its source adds noise to the sine.
# The others pass on a dict.


# Preparation: The three acquisitions
import csv
import queue
import tempfile
import threading
import time
from collections import deque
from math import fsum, sin
from pathlib import Path

import numpy as np

from rust_daq import Channel, Pipeline, SimulatedInstrument
from rust_daq.process import MovingAverage
from rust_daq.storage import ArrowWriter

clock, laser = time.perf_counter_ns, Channel("laser", "V")


def take(point):
    """Do nothing, in place of the code that uses a point."""


def as_dict(stamp, mean):
    """Return a point as a dict."""
    return {"timestamp": stamp, "channel": "laser", "value": mean, "unit": "V"}


def pipeline(rate, seconds, path):
    """Acquire on threads of Rust, which call back for each point."""
    source = SimulatedInstrument(rate, laser, scans_per_read=1)
    steps = {"processors": [MovingAverage(16)], "on_point": take}
    steps["sinks"] = [ArrowWriter(path, sync="none")]
    return Pipeline(source, **steps).run(seconds).as_dict()


def with_numpy(rate, seconds, path):
    """Acquire on a thread, and average in a ring of NumPy."""
    waiting = queue.Queue()

    def read():
        for sample, due in enumerate(bench.deadlines(rate, seconds)):
            waiting.put((due, time.time_ns(), sin(sample / 16)))
        waiting.put(None)

    thread = threading.Thread(target=read)
    thread.start()
    ring, lates = np.zeros(16), []
    block = np.empty(100, [("timestamp", "i8"), ("value", "f8")])
    with path.open("wb") as file:
        while (given := waiting.get()) is not None:
            due, stamp, ring[len(lates) % 16] = given
            mean = ring[: len(lates) + 1].mean()
            block[len(lates) % 100] = stamp, mean
            if len(lates) % 100 == 99:
                block.tofile(file)
            take(as_dict(stamp, mean))
            lates.append(clock() - due)
        block[: len(lates) % 100].tofile(file)
    thread.join()
    return bench.responses(lates, rate)


def in_python(rate, seconds, path):
    """Acquire in one loop."""
    window, lates = deque(maxlen=16), []
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["timestamp", "channel", "value", "unit"])
        for sample, due in enumerate(bench.deadlines(rate, seconds)):
            stamp = time.time_ns()
            window.append(sin(sample / 16))
            mean = fsum(window) / len(window)
            rows.writerow([stamp, "laser", mean, "V"])
            take(as_dict(stamp, mean))
            lates.append(clock() - due)
    return bench.responses(lates, rate)


def acquire(work, rate, seconds):
    """Run an acquisition that writes into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        return work(rate, seconds, Path(folder) / "run")


works = {
    "rust_daq.Pipeline": "pipeline",
    "NumPy, queue, thread": "with_numpy",
    "pure Python": "in_python",
}
names = {
    "acquire": acquire,
    "pipeline": pipeline,
    "with_numpy": with_numpy,
    "in_python": in_python,
}


# %%

# Two contenders are judged against the first, from rounds of 1,000 arrivals,
# which is what a 99th percentile takes.
rounds = bench.fewest_rounds(2)
if settings.rate * settings.duration < 1_000 * rounds:
    rounds = 1
seconds = settings.duration / rounds
acquisition = bench.observe(
    {
        name: f"acquire({work}, {settings.rate}, {seconds})"
        for name, work in works.items()
    },
    columns=["p99_ns", "p50_ns", "max_ns", "processed_per_second"],
    compared=["p99_ns"],
    namespace=names,
    rounds=rounds,
    name="acquisition",
    settings=settings,
)
acquisition

# %%
# The highest rate
# ----------------
# Each acquisition runs for a twentieth of a second at one rate after another,
# and holds a rate when it processes over nine tenths of it in one of two
# tries. A run this short does not show a backlog that builds up in minutes.
# Headroom is the highest rate that is held, over the requested one. The search
# begins at 100 Hz, so that it can also find a headroom below 1. The table
# judges nothing; :doc:`/claims` judges two of these numbers against 1.


# Preparation: The search for the highest rate
bracket = 100, 2_000_000


def highest(work, rate):
    """Return the highest rate that an acquisition holds."""

    def holds(rate):
        told = acquire(work, rate, 0.05)
        return told["processed_per_second"] > 0.9 * rate

    held = bench.highest_rate(holds, *bracket)
    return {"highest_per_second": held, "headroom": held / rate}


# %%

step = bench.search_step(*bracket)
bench.observe(
    {
        name: f"highest({work}, {settings.rate})"
        for name, work in works.items()
    },
    columns=["highest_per_second", "headroom"],
    steps={"highest_per_second": step, "headroom": step},
    namespace=names | {"highest": highest},
    rounds=min(rounds, bench.fewest_rounds(1)),
    name="headroom",
    settings=settings,
)

# %%
# A loop, and the kinds of point
# ------------------------------
# A loop in Python, with two kinds of point: it sleeps until a point is due,
# makes it and feeds the average. The row "scheduler" is an empty statement at
# the same pace. It runs as many rounds as one verdict needs. An
# arrival is late when it is done after the next one is due, and missed when it
# is not done by the end. The capacity is the highest rate at which the loop
# still works off its backlog in one of two short bursts. Its range is the last
# step of this search, not an interval over rounds. Capacity and headroom
# describe this loop, which writes no file. The table above shows acquisitions
# that write one.

paced = bench.paced(
    {
        "rust_daq.DataPoint": f"average({one['rust_daq.DataPoint']}.value)",
        "dict": f"average({one['dict']}['value'])",
    },
    rate=settings.rate,
    duration=min(settings.duration, bench.fewest_rounds(1) * seconds),
    setup=setup,
    settings=settings,
)
paced

# %%

paced.plot()

# %%
# What to do
# ----------
# With a headroom below 1 an acquisition never catches up.
#
# Where a note below the table names other processes, the verdict is about a
# busy machine. :doc:`/gallery/pipeline` has other rates, batches and a busy
# neighbour. :doc:`/slow` says when to leave the loop to Rust.

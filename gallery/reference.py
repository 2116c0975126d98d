"""
What does each call cost?
=========================

The name of a call does not show whether it takes nanoseconds or milliseconds.
This page measures every call, so that you know which one does not belong in
your loop.

**Safe to copy as it is.** It writes into a temporary folder, which it removes.

.. in-short::

    A point of a channel takes
    :measured:`reference/calls/rust_daq/Channel.point_ns`, a batch of a
    thousand rows :measured:`reference/calls/rust_daq/Channel.batch_ns`, and
    opening and closing an ArrowWriter
    :measured:`reference/calls/rust_daq/ArrowWriter and close_ns`.

    Open files and make pipelines and processors before the loop. Inside it,
    pass batches.

:order: 18
:group: Points
:weight: 1
:about: what each call of the package costs
"""

# %%
# Every call, once
# ----------------
# A call that takes many rows receives a thousand; a frame has 1,024 samples.
# Each call is repeated until that takes two milliseconds, three times over,
# with the garbage collector on, and the shortest time counts. Other processes
# repeat this where the profile allows the time. Nothing is compared, so the
# calls share a process.

# Preparation: The settings, and the names that the calls use
import importlib.util

import evenhand as bench

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the calls use."""
    import gc
    import pickle
    import tempfile
    import timeit
    from datetime import datetime, timezone
    from itertools import count
    from pathlib import Path

    import numpy as np
    import pyarrow as pa

    import rust_daq
    from rust_daq import (
        Batch,
        Channel,
        DataPoint,
        Metadata,
        Pipeline,
        SharedSink,
        SimulatedInstrument,
        process,
        storage,
    )

    ready = datetime.fromtimestamp(1_700_000_000.25, timezone.utc)
    frame = np.random.default_rng(1).normal(size=1_024)
    samples, stamps = frame[:1_000].copy(), np.arange(1_000)
    which = np.arange(1_000, dtype=np.int32) % 2
    document = {"gain": 2, "operator": "ada"}
    shared = Metadata(document)
    channel, other = Channel("laser", "V", shared), Channel("lamp", "V")
    point = channel.point(1.5, 0)
    batch = channel.batch(samples, start=0, rate=1e3)
    arrow_table, halves = pa.table(batch), [batch[:500], batch[500:]]
    mixed = Batch.from_numpy(stamps, samples, [channel, other], which)
    plain, framed = (
        other.batch(part, start=0, rate=1e3) for part in (samples, frame)
    )
    unsorted = batch[::-1]
    points = batch.to_points()
    instrument = SimulatedInstrument(1e6, other)
    pipeline = Pipeline([batch])
    report = pipeline.run()
    sections = [[0.02, 0.04, 0.02, 1.0, -1.56, 0.64]]
    average, lowpass = process.MovingAverage(16), process.Iir(sections)
    fft, chain = process.Fft(1024, 512, 1e3), process.Chain(average)
    spectra, out = fft.process(framed), np.empty(1_000)
    temporary = tempfile.TemporaryDirectory()  # it goes when the process does
    folder = Path(temporary.name)
    arrow = storage.ArrowWriter(folder / "run.arrow")
    rows = storage.CsvWriter(folder / "run.csv")
    sink = SharedSink(rows)
    kept, table, numbers = folder / "kept", folder / "table", count()
    with storage.ArrowWriter(kept) as writer:
        writer.write(plain)

    def costs(calls):
        """Return the nanoseconds of each call."""
        return {f"{name}_ns": cost(code) for name, code in calls.items()}

    def cost(code):
        timer = timeit.Timer(code, "gc.enable()", globals=names)
        loops = 1
        while (seconds := timer.timeit(loops)) < 0.002:
            loops *= 2
        fastest = min(seconds, timer.timeit(loops), timer.timeit(loops))
        return fastest / loops * 1e9

    names = locals()
    return names


# %%

# Preparation: The calls
given = "ready, 'laser', 1.5, 'V'"
calls = {
    "DataPoint": f"DataPoint({given})",
    "DataPoint.now": "DataPoint.now('laser', 1.5, 'V')",
    "DataPoint.replace": "point.replace(value=2.5)",
    "Channel": "Channel('laser', 'V', shared)",
    "Channel.point": "channel.point(1.5)",
    "Channel.points": "channel.points(samples, start=0, rate=1e3)",
    "Channel.batch": "channel.batch(samples, start=0, rate=1e3)",
    "Metadata": "Metadata(document)",
    "Batch.from_points": "Batch.from_points(points)",
    "Batch.from_numpy": "Batch.from_numpy(stamps, samples, channel)",
    "Batch.from_arrow": "Batch.from_arrow(arrow_table)",
    "Batch.concat": "Batch.concat(halves)",
    "Batch.with_first_sequence": "batch.with_first_sequence(10)",
    "Batch.to_points": "batch.to_points()",
    "Batch.by_channel": "mixed.by_channel()",
    "Batch.sort_by_time": "unsorted.sort_by_time()",
    "Batch, index": "batch[10]",
    "Batch, slice": "batch[10:20]",
    "Batch, pickled": "pickle.dumps(batch, 5)",
    "SimulatedInstrument": "SimulatedInstrument(1e6, other)",
    "SimulatedInstrument.batch": "instrument.batch(1_000)",
    "Pipeline": "Pipeline([batch], [average])",
    "Pipeline.run": "pipeline.run()",
    "Pipeline.start and stop": "pipeline.start()\npipeline.stop()",
    "Pipeline.wait": "pipeline.wait()",
    "Pipeline.latest": "pipeline.latest(1_000)",
    "Pipeline, loop": "for _ in pipeline: pass",
    "SharedSink": "SharedSink(rows)",
    "SharedSink.write": "sink.write(plain)",
    "Report.percentile_ns": "report.percentile_ns(0.99)",
    "Report.as_dict": "report.as_dict()",
    "MovingAverage": "process.MovingAverage(16)",
    "MovingAverage.process": "average.process(batch)",
    "MovingAverage.process_values": "average.process_values(samples, out)",
    "MovingAverage.reset": "average.reset()",
    "Iir": "process.Iir(sections)",
    "Iir.process": "lowpass.process(batch)",
    "Iir.process_values": "lowpass.process_values(samples, out)",
    "Iir.reset": "lowpass.reset()",
    "Fft": "process.Fft(1024, 512, 1e3)",
    "Fft.process": "fft.process(framed)",
    "Fft.process_values": "fft.process_values(frame)",
    "Fft.reset": "fft.reset()",
    "Spectra.decibels": "spectra.decibels()",
    "Chain": "process.Chain(average)",
    "Chain.process": "chain.process(batch)",
    "Chain.reset": "chain.reset()",
    "ArrowWriter and close": (
        "storage.ArrowWriter(folder / str(next(numbers))).close()"
    ),
    "ArrowWriter.write": "arrow.write(plain)",
    "ArrowWriter.flush": "arrow.flush()",
    "CsvWriter and close": (
        "storage.CsvWriter(folder / str(next(numbers))).close()"
    ),
    "CsvWriter.write": "rows.write(plain)",
    "CsvWriter.flush": "rows.flush()",
    "open_recording and close": "storage.open_recording(kept).close()",
    "Recording, read": "for _ in storage.open_recording(kept): pass",
    "compact": "storage.compact(kept, table, overwrite=True)",
    "build_info": "rust_daq.build_info()",
}

# End of preparation
measured = bench.observe(
    {"rust_daq": "costs(calls)"},
    columns=[f"{name}_ns" for name in calls],
    setup=setup,
    namespace={"calls": calls},
    name="calls",
    settings=settings,
)
measured

# %%
# The measurement kit
# -------------------
# These calls judge, check and describe. Each result reports how long its own
# measuring call took. They do not belong in a loop. One round is enough.


# Preparation: The names that the calls of the kit use
def kit():
    """Return the same names, and the kit's."""
    import time

    import pandas as pd

    import evenhand as bench
    from evenhand.results.figure import blank

    names, described = setup(), bench.machine()
    ratio = bench.Estimate(0.9, 0.88, 0.92, 0.95, 12)
    folder, numbers = names["folder"], names["numbers"]
    settings = bench.Settings(rounds=1)
    two = bench.compare({"one": "1", "two": "1"}, settings=settings)

    def endless(count):
        count(1)
        time.sleep(60)

    def run():
        return bench.Run.of([two], profile="script", machine=described)

    made = run()
    kept = made.save(folder / "kept_run")

    def add():
        made.save(folder / str(next(numbers)))

    names |= {
        "bench": bench,
        "ratio": ratio,
        "blank": blank,
        "pair": {"read blocks": {"before": ratio, "after": ratio}},
        "one_two": {"one": "1", "two": "1"},
        "two": two,
        "frame": two.table(),
        "endless": endless,
        "run": run,
        "add": add,
        "kept": kept,
    }
    return names


# %%

# Preparation: The calls of the kit
kit_calls = {
    "bench.decide": "bench.decide(ratio)",
    "bench.fewest_rounds": "bench.fewest_rounds(3)",
    "bench.Interrupted": "bench.Interrupted(two)",
    "bench.Estimate": "bench.Estimate(0.9, 0.88, 0.92, 0.95, 12)",
    "bench.Settings": "bench.Settings(rounds=6)",
    "bench.Statement": "bench.Statement('1')",
    "bench.statements": "bench.statements(one_two)",
    "bench.check_equal": "bench.check_equal(one_two, fields=['real'])",
    "bench.Claim": "bench.Claim('', 'a/b', bench.Cost('x', 'y'), 'faster')",
    "bench.Wording": "bench.Wording.parse('a/b/c vs d | faster: less')",
    "bench.responses": "bench.responses(samples, 1e3)",
    "bench.highest_rate": "bench.highest_rate(lambda rate: True, 1, 2)",
    "bench.search_step": "bench.search_step(1, 2)",
    "bench.deadlines": "for _ in bench.deadlines(1e6, 1e-6): pass",
    "bench.killed": "bench.killed(endless)",
    "bench.machine": "bench.machine()",
    "bench.Run.of": "run()",
    "bench.Archive.add": "add()",
    "bench.Run.opened": "bench.Run.opened(kept)",
    "bench.TableMarkup": "bench.TableMarkup(frame, '')._repr_html_()",
}
if importlib.util.find_spec("matplotlib"):
    kit_calls["bench.FigureMarkup"] = "two.figure()._repr_html_()"
    kit_calls["bench.dumbbells"] = (
        "bench.dumbbells(pair, blank()[1], label='ratio', unit='')"
    )

# End of preparation
bench.observe(
    {"evenhand": "costs(calls)"},
    columns=[f"{name}_ns" for name in kit_calls],
    setup=kit,
    namespace={"calls": kit_calls},
    rounds=1,
    name="kit",
    settings=settings,
    share=0.0,
)

# %%
# What to do
# ----------
# Divide a row that takes many rows by its thousand, and compare it with the
# row of a single one. Keep calls that take microseconds outside a loop over
# samples. Each page of the :doc:`/api/index` has the rows of its class next to
# the description. :doc:`crossing` measures which part of a call is the call
# itself.

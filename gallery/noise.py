"""
How far apart do two identical programs measure?
================================================

Measure the same program twice, and the two numbers differ. A difference of
that size between two programs means nothing. This page measures how far apart
identical programs were in this run, for each kind of measurement.

**Safe to copy as it is.** It writes no file. Run it while nothing else runs.

.. in-short::
    :figure: noise/cost

    :verdict:`noise/cost/DataPoint, again vs DataPoint
    | faster, slower: The same statement takes {other} and then {this}, and
    this run calls that a difference.
    | no difference shown: The same statement takes {other} and then {this}: no
    difference is shown.
    | inconclusive, not judged: The same statement takes {other} and then
    {this}; this run does not decide whether they differ.`

    Noise floor of this run: :measured:`noise/cost/noise_floor|%`. No ratio of
    two identical statements' costs was further from 1.

    Compare a program with itself once, on your machine. Trust a difference
    only where it exceeds that floor.

:order: 19
:group: Points
:weight: 2
:about: how far apart two identical programs measure
"""

# %%
# The same program, several times
# -------------------------------
# The two contenders of each pair differ only in their names. They are measured
# like all others here: in fresh processes that take turns, over several
# rounds. Any difference between them comes from the machine, the memory layout
# of a process, and chance.

# Preparation: The settings, and the names that the statements use
import pandas as pd

import evenhand as bench
from evenhand.results import quantity

settings = bench.settings(
    __doc__, samples=20_000, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    from datetime import datetime, timezone

    from rust_daq import Channel, DataPoint, Pipeline, SimulatedInstrument
    from rust_daq.process import MovingAverage

    ready = datetime.fromtimestamp(1_700_000_000.25, timezone.utc)
    channel = Channel("laser", "V")
    # Two million points, far faster than they can be processed.
    instrument = SimulatedInstrument(1e9, channel, scans_per_read=1_000)
    pipeline = Pipeline(instrument, [MovingAverage(16)])
    return locals()


# %%

point = "DataPoint(ready, 'laser', 1.5, 'V')"
mapping = "{'timestamp': ready, 'channel': 'laser', 'value': 1.5, 'unit': 'V'}"


def twice(code, name):
    """Return a contender and the same one again."""
    return {name: code, f"{name}, again": code}


# %%
# The cost of an operation
# ------------------------

cost = bench.compare(
    {
        **twice(point, "DataPoint"),
        **twice(mapping, "dict"),
    },
    setup=setup,
    name="cost",
    settings=settings,
    share=0.4,
)
cost

# %%

cost.plot()

# %%
# Single calls, batches, a pipeline
# ---------------------------------

latency = bench.latency(
    twice(point, "DataPoint"),
    setup=setup,
    name="latency",
    calls=settings.samples,
    settings=settings,
    share=0.15,
)
batches = bench.throughput(
    twice(f"[{point} for _ in range(n)]", "DataPoint"),
    sizes=(10_000, 100_000),
    setup=setup,
    name="batches",
    settings=settings,
    share=0.2,
)
pipeline = bench.observe(
    twice("pipeline.run(0.002).as_dict()", "pipeline"),
    columns=["processed_per_second"],
    compared=["processed_per_second"],
    setup=setup,
    name="pipeline",
    settings=settings,
    share=0.15,
)

# %%
# The noise floors of this run
# ----------------------------
# For each kind, the table shows the ratio of two identical programs that is
# farthest from 1. A difference between two different programs has to exceed it
# to mean anything, whatever its interval says. Verdicts in tables do not apply
# it; those of :doc:`/claims` do. Single calls are timed in steps of the clock,
# so their floor can be 0. Bytes have no such floor: counts repeat, or the
# range over the runs shows that they do not.

floors = {
    "cost of an operation": cost.facts()["noise_floor"],
    "p50 of single calls": latency.facts()["p50_noise_floor"],
    "p95 of single calls": latency.facts()["p95_noise_floor"],
    "p99 of single calls": latency.facts()["p99_noise_floor"],
    "time for a batch": batches.facts()["noise_floor"],
    "a point, 100,000 over 10,000": batches.facts()["scaling_noise_floor"],
    "points per second": pipeline.facts()["processed_noise_floor"],
}
table = pd.DataFrame(
    {"noise floor": [quantity.percent(floor) for floor in floors.values()]},
    index=pd.Index(floors, name="measurement"),
)
bench.TableMarkup(table, "How far apart identical programs measured")

# %%
# What to do
# ----------
# Add a contender with the same statement, and ask the result for its
# ``noise_floor``. When it exceeds the effect that you look for, close other
# programs and measure longer. When that does not help, look for a larger
# effect. :doc:`/claims` judges every claim of this guide against these floors.

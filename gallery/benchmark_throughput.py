"""
How fast are whole batches, and is their time proportional?
===========================================================

Points rarely come alone. This page measures how many points per second each
way of writing them sustains at batch sizes of 1,000, 10,000 and 100,000, and
whether the time for a batch grows in proportion to its size.

**Safe to copy as it is.** It measures in its own processes and writes no file.

.. in-short::
    :figure: benchmark_throughput/throughput

    :verdict:`benchmark_throughput/throughput/rust_daq.DataPoint/100000 vs dict
    | faster, slower: In lists of 100,000, DataPoints reach {this} and dicts
    {other}.
    | no difference shown: In lists of 100,000, DataPoints and dicts reach the
    same rate, {this} and {other}.
    | inconclusive, not judged: In lists of 100,000, DataPoints reach {this}
    and dicts {other}; this run does not decide between them.`

    :verdict:`benchmark_throughput/throughput/rust_daq.DataPoint/100000 vs
    msgspec.Struct
    | faster, slower: A msgspec.Struct reaches {other}.
    | no difference shown: A msgspec.Struct reaches the same rate, {other}.
    | inconclusive, not judged: A msgspec.Struct reaches {other}; this run does
    not decide between it and the DataPoint.`

    Choose the batch size by these rates and by the delay that you can accept.
    When the cost per point is too high at every size, do not make a list of
    Python objects: :doc:`batches` compares it with columns.

:order: 2
:group: Batches and memory
:weight: 2
:about: lists of 1,000, 10,000 and 100,000 points, and the fixed cost of a list
"""

# %%
# The contenders
# --------------
# Each statement makes a list of ``n`` points with an existing timestamp. The
# kit sets ``n``.

# Preparation: The settings, and the names that the statements use
import evenhand as bench

settings = bench.settings(
    __doc__, repeats=7, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    from dataclasses import dataclass
    from datetime import datetime, timezone

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

    ready = datetime.fromtimestamp(1_700_000_000.25, timezone.utc)
    return locals()


# %%

one = {
    "rust_daq.DataPoint": "DataPoint(ready, 'laser', 1.5, 'V')",
    "dict": (
        "{'timestamp': ready, 'channel': 'laser', 'value': 1.5, 'unit': 'V'}"
    ),
    "dataclass, slots": "Slots(ready, 'laser', 1.5, 'V')",
    "msgspec.Struct": "Struct(ready, 'laser', 1.5, 'V')",
}
batches = {name: f"[{code} for _ in range(n)]" for name, code in one.items()}

bench.check_equal(
    one, fields=["timestamp", "channel", "value", "unit"], setup=setup
)

# %%
# The measurement
# ---------------
# Each statement makes a batch and drops it. The garbage collector stays on, as
# in your own program.

throughput = bench.throughput(
    batches, setup=setup, settings=settings, repeats=settings.repeats
)
throughput

# %%

throughput.plot()

# %%
# Is it proportional?
# -------------------
# The time for a batch of N points is fitted as *a + b N* over sizes from 1 to
# 100,000, each size with equal relative weight. *a* is the fixed cost of a
# call and *b* the cost of a point. The knee is at *a / b* points. The *largest
# residual* says how far the fit is from the measured times. Above 10 % the
# time is not proportional, and the table shows no knee. The ratio of a point
# at 100,000 to one at 10,000 is measured directly.

bench.TableMarkup(
    throughput.fit_table(), "The fit: a + b N", source=throughput.key
)

# %%
# What to do
# ----------
# Look up the rate at your batch size in the table above. :doc:`/slow` says
# what to use where a list of Python objects is too slow.

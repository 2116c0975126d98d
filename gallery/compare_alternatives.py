"""
Does a 1 kHz acquisition hold, and with which kind of point?
============================================================

This page brings one variant of each measurement together: the cost of a point,
of a batch, its memory, and then an acquisition that really runs at its rate,
with a moving average over the last 16 values. After it you know whether a loop
in Python keeps up at 1 kHz, how late it is, and how much faster it could go.

**Copy with care.** The acquisition runs at its rate for as long as you say, so
leave the machine alone meanwhile; it writes no file unless a flag asks for it.
"""

# %%
# The contenders
# --------------
# Until the package has processors of its own, every contender feeds the same
# moving average in Python.

from rust_daq import bench

settings = bench.settings(
    __doc__, samples=40_000, repeats=7, runs=5, rate=1000.0, duration=15.0
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
# A point is due at fixed instants. The loop sleeps until then, makes the point
# and feeds the average. The response time counts from the instant at which the
# point was due, so a loop that was held up shows all the points that waited.
# The row "scheduler" is an empty statement paced alike: no Python loop on this
# machine can be more punctual than that.

read = {name: f"average({code}.value)" for name, code in one.items()}
read["dict"] = f"average({one['dict']}['value'])"
paced = bench.paced(
    read,
    rate=settings.rate,
    duration=settings.duration,
    setup=setup,
    settings=settings,
)
paced

# %%

paced.plot()

# %%
# What to do
# ----------
# Headroom is the highest rate without a growing backlog over the rate asked
# for: below 1 the loop falls behind for good. The percentiles are mostly the
# scheduler's, since a sleeping thread is woken late; a cheaper point does not
# mend that. :doc:`/tuning` says when to leave the loop to Rust.

"""
What does one point cost?
=========================

A data point is a timestamp, a channel, a value and a unit, at times with
metadata. You can keep it in a dict, a dataclass, a ``msgspec.Struct`` or a
:class:`rust_daq.DataPoint`. After this page you know what one construction
costs in each of them, how much of that is the clock, what metadata add, and
how slow the slowest calls are.
"""

# %%
# The contenders
# --------------
# The function runs in each worker process, so every class is made there
# exactly as it stands here. Each contender is written as you would write it
# without the others, and all of them build the same data, which is checked
# first.

from rust_daq import bench

settings = bench.settings(__doc__, samples=50_000)


def setup():
    """Return the names that the statements use."""
    from dataclasses import dataclass
    from datetime import datetime, timezone

    import msgspec

    from rust_daq import DataPoint

    @dataclass
    class Plain:
        timestamp: datetime
        channel: str
        value: float
        unit: str
        metadata: dict | None = None

    @dataclass(slots=True)
    class Slots:
        timestamp: datetime
        channel: str
        value: float
        unit: str
        metadata: dict | None = None

    class Struct(msgspec.Struct, gc=False, frozen=True):
        timestamp: datetime
        channel: str
        value: float
        unit: str
        metadata: dict | None = None

    now, utc = datetime.now, timezone.utc
    ready = datetime.fromtimestamp(1_700_000_000.25, utc)
    shared = {"gain": 2, "mode": "cw"}
    return locals()


def contenders(timestamp, metadata="None"):
    """Return the statements for one kind of timestamp and metadata."""
    arguments = f"{timestamp}, 'laser', 1.5, 'V', {metadata}"
    return {
        "rust_daq.DataPoint": f"DataPoint({arguments})",
        "dict": (
            f"{{'timestamp': {timestamp}, 'channel': 'laser', "
            f"'value': 1.5, 'unit': 'V', 'metadata': {metadata}}}"
        ),
        "dataclass": f"Plain({arguments})",
        "dataclass, slots": f"Slots({arguments})",
        "msgspec.Struct": f"Struct({arguments})",
    }


fields = ["channel", "value", "unit", "metadata"]
bench.check_equal(
    contenders("ready"), fields=["timestamp", *fields], setup=setup
)
bench.check_equal(
    contenders("now(utc)"), fields=["timestamp:type", *fields], setup=setup
)

# %%
# A timestamp that is there already
# ---------------------------------
# The statement is timed many times over in fresh processes, and the contenders
# take turns, so that a neighbour on the machine disturbs all of them alike.
# The ratio is the median over those rounds, with an interval over rounds.

ready = bench.compare(
    contenders("ready"),
    setup=setup,
    name="ready",
    settings=settings,
    share=0.24,
)
ready

# %%

ready.plot()

# %%
# The cheapest construction here:
# :measured:`benchmark_datapoint/ready/fastest`. A binding has to take five
# Python objects apart and check them before it can keep them; a dict literal
# and a C extension that merely stores references skip that work. What the
# binding does for it: the time zone, the number and the names are known to be
# sound.
#
# A timestamp in each construction
# --------------------------------

stamped = bench.compare(
    contenders("now(utc)"),
    setup=setup,
    name="stamped",
    settings=settings,
    share=0.24,
)
stamped

# %%
# The clock is part of every row now. How much it is shows when the same
# construction is measured with and without it, next to the clock alone:

clock = bench.compare(
    {
        "ready timestamp": contenders("ready")["rust_daq.DataPoint"],
        "stamped": contenders("now(utc)")["rust_daq.DataPoint"],
        "datetime.now alone": "now(utc)",
        "time.time_ns alone": "time_ns()",
    },
    setup=lambda: setup() | {"time_ns": __import__("time").time_ns},
    name="clock",
    settings=settings,
    share=0.16,
)
clock

# %%
# Metadata: none, shared, made for each point
# -------------------------------------------
# A ``DataPoint`` takes a snapshot, so a later change to your dict does not
# reach the point; a ``msgspec.Struct`` keeps a reference to a dict that
# anybody can change. The difference in cost is the price of the snapshot.

own = "{'gain': 2, 'mode': 'cw'}"
metadata = bench.compare(
    {
        f"{name}, {kind}": contenders("ready", given)[name]
        for name in ("rust_daq.DataPoint", "msgspec.Struct")
        for kind, given in (
            ("none", "None"),
            ("shared", "shared"),
            ("per point", own),
        )
    },
    setup=setup,
    name="metadata",
    settings=settings,
    share=0.2,
)
metadata

# %%
# The slowest calls
# -----------------
# A mean hides the tail, so here each call is timed alone. Reading the clock
# takes about as long as such a call: the row "clock" is an empty statement
# measured alike, and a percentile within three times of it is marked.

latency = bench.latency(
    contenders("ready"),
    setup=setup,
    name="latency",
    calls=settings.samples,
    settings=settings,
    share=0.16,
)
latency

# %%
# What to do
# ----------
# Compare your rate with the cost above: at 1 kHz there is a millisecond for
# each point. When points are too dear, make fewer Python objects rather than
# cheaper ones; :doc:`/tuning` says how.

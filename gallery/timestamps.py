"""
Who stamps the time, and what does it cost?
===========================================

Each point has the instant of its measurement, so something has to read a clock
for it. This page measures the cost of each clock, and the cost of reading the
instant back.

**Safe to copy as it is.** It reads the clock, sets nothing and writes no file.

.. in-short::
    :figure: timestamps/stamped

    :verdict:`timestamps/clock/stamped in Rust vs stamped by datetime.now
    | faster, slower: A point takes {this} when Rust reads the clock, and
    {other} with datetime.now.
    | no difference shown: A point takes the same time when Rust reads the
    clock and with datetime.now, {this} and {other}.
    | inconclusive, not judged: A point takes {this} when Rust reads the clock,
    and {other} with datetime.now; this run does not decide between them.`

    :verdict:`timestamps/stamped/Channel.point vs msgspec.Struct, ns
    | faster, slower: A msgspec.Struct that stores the nanoseconds of
    time.time_ns takes {other}.
    | no difference shown: A msgspec.Struct that stores the nanoseconds of
    time.time_ns takes the same time, {other}.
    | inconclusive, not judged: A msgspec.Struct that stores the nanoseconds of
    time.time_ns takes {other}; this run does not decide between it and the
    channel's point.`

    Let the channel stamp what you measure now: ``channel.point(value)``. Pass
    the instrument's own clock where it has one: ``channel.point(value,
    timestamp)`` takes nanoseconds.

:order: 6
:group: Points
:weight: 4
:about: who stamps the time, which clock, and reading it back
"""

# %%
# The contenders
# --------------
# A channel knows its name and unit and reads the clock in Rust.
# ``DataPoint.now`` receives both, and also reads the clock in Rust. The other
# contenders receive ``datetime.now(timezone.utc)``, as in a program without
# this package. The last one stores plain nanoseconds.

# Preparation: The settings, and the names that the statements use
import evenhand as bench

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    import time
    from dataclasses import dataclass
    from datetime import datetime, timezone
    from typing import NamedTuple

    import attrs
    import msgspec

    from rust_daq import Channel, DataPoint

    @dataclass(slots=True)
    class Slots:
        timestamp: datetime
        channel: str
        value: float
        unit: str
        metadata: dict | None = None

    class Named(NamedTuple):
        timestamp: datetime
        channel: str
        value: float
        unit: str
        metadata: dict | None = None

    @attrs.define
    class Attrs:
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

    channel = Channel("laser", "V")
    ready = datetime.fromtimestamp(1_700_000_000.25, timezone.utc)
    point = DataPoint(ready, "laser", 1.5, "V")
    struct = Struct(ready, "laser", 1.5, "V")
    number = 1.5 + 0j
    return locals()


def setup_pydantic():
    """Return the names that the statement of pydantic uses."""
    from datetime import datetime, timezone

    import pydantic

    class Model(pydantic.BaseModel):
        timestamp: datetime
        channel: str
        value: float
        unit: str
        metadata: dict | None = None

    return locals()


# %%

now = "datetime.now(timezone.utc)"
given = f"{now}, 'laser', 1.5, 'V'"
stamped = {
    "Channel.point": "channel.point(1.5)",
    "DataPoint.now": "DataPoint.now('laser', 1.5, 'V')",
    "DataPoint": f"DataPoint({given})",
    "dict": (
        f"{{'timestamp': {now}, 'channel': 'laser', 'value': 1.5, "
        "'unit': 'V', 'metadata': None}"
    ),
    "dataclass, slots": f"Slots({given})",
    "NamedTuple": f"Named({given})",
    "attrs, slots": f"Attrs({given})",
    "msgspec.Struct": f"Struct({given})",
    "pydantic": bench.Statement(
        f"Model(timestamp={now}, channel='laser', value=1.5, unit='V')",
        setup_pydantic,
    ),
    "msgspec.Struct, ns": "Struct(time.time_ns(), 'laser', 1.5, 'V')",
}

bench.check_equal(
    {name: code for name, code in stamped.items() if "ns" not in name},
    fields=["timestamp:type", "channel", "value", "unit", "metadata"],
    setup=setup,
)

# %%
# A point of now
# --------------

points = bench.compare(
    stamped, setup=setup, name="stamped", settings=settings, share=0.5
)
points

# %%

points.plot()

# %%
# The clock alone
# ---------------
# A point with an existing timestamp shows the cost without a clock.
# ``datetime.now`` looks up two names, reads the clock, and makes an object
# with year, month and day. ``DataPoint.now`` reads the same clock and stores
# the nanoseconds. All points here receive the same name, value and unit.

clock = bench.compare(
    {
        "stamped in Rust": "DataPoint.now('laser', 1.5, 'V')",
        "stamped by datetime.now": f"DataPoint({given})",
        "dict, stamped by datetime.now": stamped["dict"],
        "ready timestamp": "DataPoint(ready, 'laser', 1.5, 'V')",
        "datetime.now alone": now,
        "time.time_ns alone": "time.time_ns()",
    },
    setup=setup,
    name="clock",
    settings=settings,
    share=0.25,
)
clock

# %%
# Reading it back
# ---------------
# A point stores its texts as objects. It stores the value and the instant as
# numbers of eight bytes, which become an object on reading: a float, or a
# datetime. ``complex.real`` is CPython's own attribute of that kind.

bench.compare(
    {
        "attribute of msgspec.Struct": "struct.value",
        ".channel": "point.channel",
        ".unit": "point.unit",
        ".value": "point.value",
        ".timestamp_ns": "point.timestamp_ns",
        ".timestamp": "point.timestamp",
        "complex.real": "number.real",
    },
    setup=setup,
    name="reading",
    settings=settings,
    share=0.25,
)

# %%
# What to do
# ----------
# :verdict:`timestamps/reading/.timestamp_ns vs .timestamp
# | faster: Reading timestamp_ns takes {this}, and timestamp {other}. Compute
# with timestamp_ns, and convert it to a datetime where a person reads it.
# | slower: Reading timestamp_ns takes {this}, and timestamp {other}.
# | no difference shown: Reading timestamp_ns and timestamp takes the same
# time, {this} and {other}.
# | inconclusive, not judged: Reading timestamp_ns takes {this}, and timestamp
# {other}; this run does not decide between them.` This is the wall clock,
# which can be set. For the time between two points of one program use
# ``time.monotonic_ns``. :doc:`/slow` has the rule.

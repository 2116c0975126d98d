"""
Who stamps the time, and what does it cost?
===========================================

Each point has the instant of its measurement, and somebody has to read a clock
for it. After this page you know the cost of each clock, who should read it,
and the cost of reading the instant back.

**Safe to copy as it is.** It reads the clock, sets nothing and writes no file.

:order: 6
:weight: 4
:about: who stamps the time, which clock, and reading it back
"""

# %%
# The contenders
# --------------
# A channel knows its name and unit and reads the clock in Rust, as
# ``DataPoint.now`` does. The others get ``datetime.now(timezone.utc)``, as a
# program without this package would write; the last one gets, and stores,
# plain nanoseconds.

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
# A point with a ready timestamp shows the cost without a clock.
# ``datetime.now`` looks up two names, reads the clock, and makes an object
# with year, month and day; a channel reads the same clock and stores the
# nanoseconds.

clock = bench.compare(
    {
        "stamped in Rust": "channel.point(1.5)",
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
# numbers of eight bytes, which become an object when they are read: a float,
# or a datetime. ``complex.real`` is CPython's own attribute of that kind.

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
# :verdict:`timestamps/clock/stamped in Rust vs stamped by datetime.now
# | faster: A point takes {this} when Rust stamps it, and {other} with
# datetime.now. Let the channel stamp what you measure now.
# | slower: A point takes {other} with datetime.now, and {this} when Rust
# stamps it.`
# Hand over the instrument's own clock where it has one: ``channel.point(value,
# timestamp)`` takes nanoseconds as they are.
# :verdict:`timestamps/reading/.timestamp_ns vs .timestamp
# | faster: Reading timestamp_ns takes {this}, and timestamp {other}. Work with
# the former, and turn it into a datetime where a person reads it.
# | slower: Reading timestamp_ns takes {this}, and timestamp {other}.
# | no difference shown: Reading timestamp_ns and timestamp takes the same
# time, {this} and {other}.
# | inconclusive: This run cannot tell reading timestamp_ns, {this}, from
# reading timestamp, {other}.`
# This is the wall clock,
# which may be set; for the time between two points of one program see
# ``time.monotonic_ns``. :doc:`/slow` has the rule.

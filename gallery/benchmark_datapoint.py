"""
What does one point cost?
=========================

A data point is a timestamp, a channel, a value and a unit, sometimes with
metadata. You can store it in a dict, a dataclass, a ``msgspec.Struct`` or a
:class:`rust_daq.DataPoint`. This page measures what one construction costs in
each of them, by position and by keyword, and the tail of single calls.

**Safe to copy as it is.** It measures in its own processes and writes no file.

.. in-short::
    :figure: benchmark_datapoint/ready

    :verdict:`benchmark_datapoint/ready/rust_daq.DataPoint vs dict
    | faster, slower: A point takes {this} as a DataPoint and {other} as a
    dict.
    | no difference shown: A point takes the same time as a DataPoint and as a
    dict, {this} and {other}.
    | inconclusive, not judged: A point takes {this} as a DataPoint and {other}
    as a dict; this run does not decide between them.`

    :verdict:`benchmark_datapoint/ready/rust_daq.DataPoint vs msgspec.Struct
    | faster, slower: A msgspec.Struct takes {other}; the DataPoint takes
    {ratio} times as long.
    | no difference shown: A msgspec.Struct takes the same time, {other}.
    | inconclusive, not judged: A msgspec.Struct takes {other}; this run does
    not decide between it and the DataPoint.`
    The lowest cost in this run:
    :measured:`benchmark_datapoint/ready/fastest`.

    Compare your rate with these costs: at 1 kHz there is a millisecond for
    each point. When the cost does not fit, make fewer Python objects:
    :doc:`/slow` says how.

:order: 1
:group: Points
:weight: 4
:about: cost and latency of one construction, against a dict, dataclasses and
    `msgspec`
"""

# %%
# The contenders
# --------------
# The setup function runs in each worker process and defines every class there.
# pydantic takes long to import, so only its own workers import it. Each
# contender is written as you would write it without the others. A check first
# confirms that all of them build equal data.

# Preparation: The settings, and the classes of the contenders
import evenhand as bench

settings = bench.settings(
    __doc__, samples=50_000, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    from dataclasses import dataclass
    from datetime import datetime, timezone
    from typing import NamedTuple

    import attrs
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

    class Tracked(msgspec.Struct):
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

    ready = datetime.fromtimestamp(1_700_000_000.25, timezone.utc)
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

    ready = datetime.fromtimestamp(1_700_000_000.25, timezone.utc)
    return locals()


# %%

given = "ready, 'laser', 1.5, 'V'"
named = "timestamp=ready, channel='laser', value=1.5, unit='V'"
contenders = {
    "rust_daq.DataPoint": f"DataPoint({given})",
    "dict": (
        "{'timestamp': ready, 'channel': 'laser', 'value': 1.5, 'unit': 'V', "
        "'metadata': None}"
    ),
    "dataclass": f"Plain({given})",
    "dataclass, slots": f"Slots({given})",
    "NamedTuple": f"Named({given})",
    "attrs, slots": f"Attrs({given})",
    "msgspec.Struct, tracked": f"Tracked({given})",
    "msgspec.Struct": f"Struct({given})",
    "pydantic": bench.Statement(f"Model({named})", setup_pydantic),
}
keywords = {
    "rust_daq.DataPoint": f"DataPoint({named})",
    "msgspec.Struct": f"Struct({named})",
    "dataclass, slots": f"Slots({named})",
}

fields = ["timestamp", "channel", "value", "unit", "metadata"]
bench.check_equal(contenders, fields=fields, setup=setup)
bench.check_equal(keywords, fields=fields, setup=setup)

# %%
# By position
# -----------
# Each statement is timed many times in fresh processes. The contenders take
# turns, so that other load on the machine affects all of them alike. The ratio
# is the median over the rounds, with an interval.

ready = bench.compare(
    contenders, setup=setup, name="ready", settings=settings, share=0.5
)
ready

# %%

ready.plot()

# %%
# The contenders do different work. A class in Python calls its ``__init__``
# and sets its attributes one by one. A ``msgspec.Struct`` stores references. A
# :class:`rust_daq.DataPoint` checks its arguments and stores two numbers and
# two references, in an object that the garbage collector does not track.
# pydantic also checks its arguments, in its own Rust core. Each statement
# drops its point at once, and the next ``DataPoint`` takes that memory again,
# as CPython's dicts and floats do. A program that stores its points allocates
# each: :doc:`benchmark_throughput` measures lists.
#
# By keyword
# ----------

bench.compare(
    keywords, setup=setup, name="keywords", settings=settings, share=0.2
)

# %%
# The tail
# --------
# A mean hides the tail. Here each call is timed alone, together with a reading
# of the clock. The row "clock" is an empty statement, measured the same way. A
# percentile within three times of the clock's is marked.

latency = bench.latency(
    contenders,
    setup=setup,
    name="latency",
    calls=settings.samples,
    compared=["p95", "p99"],
    settings=settings,
    share=0.3,
)
latency

# %%
# What to do
# ----------
# Add the clock and the metadata to the cost above: :doc:`timestamps` and
# :doc:`metadata` measure what they add. When the sum does not fit your rate,
# make fewer Python objects: :doc:`/slow` says how.

"""
What does one point cost?
=========================

A data point is a timestamp, a channel, a value and a unit, at times with
metadata. You can keep it in a dict, a dataclass, a ``msgspec.Struct`` or a
:class:`rust_daq.DataPoint`. After this page you know what one construction
costs in each of them, by position and by keyword, and the tail of single
calls.

**Safe to copy as it is.** It measures in processes of its own and writes no
file.

:order: 1
:weight: 4
:about: cost and latency of one construction, against a dict, dataclasses and
    `msgspec`
"""

# %%
# The contenders
# --------------
# The function runs in each worker process, so every class is made there
# exactly as it stands here; pydantic takes long to import, so that only its
# own workers do. Each contender is written as you would write it without the
# others, and all of them build equal data, which is checked first.

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
# The statement is timed many times over in fresh processes, and the contenders
# take turns, so that a neighbour on the machine disturbs all of them alike.
# The ratio is the median over those rounds, with an interval over rounds.

ready = bench.compare(
    contenders, setup=setup, name="ready", settings=settings, share=0.5
)
ready

# %%

ready.plot()

# %%
# The winner, where this run has one:
# :measured:`benchmark_datapoint/ready/fastest`.
#
# - :verdict:`benchmark_datapoint/ready/rust_daq.DataPoint vs dict
#   | faster, slower: A DataPoint takes {ratio} times as long as a dict.`
# - :verdict:`benchmark_datapoint/ready/rust_daq.DataPoint vs msgspec.Struct
#   | faster, slower: A DataPoint takes {ratio} times as long as the untracked
#   msgspec.Struct.`
#
# The contenders do different things. A class in Python calls its ``__init__``
# and sets its attributes one by one; a ``msgspec.Struct`` stores references. A
# :class:`rust_daq.DataPoint` checks its arguments and stores two numbers and
# two references, in an object that the garbage collector does not track.
# pydantic checks, too, in a Rust core of its own.
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
# of the clock: the row "clock" is an empty statement measured alike, and a
# percentile within three times of it is marked.

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
# Compare your rate with the cost above: at 1 kHz there is a millisecond for
# each point. The clock and the metadata come on top: :doc:`timestamps` and
# :doc:`metadata` say what they add. When that does not fit, make fewer Python
# objects; :doc:`/tuning` says how.

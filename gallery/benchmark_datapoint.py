"""
What does one point cost?
=========================

A data point is a timestamp, a channel, a value and a unit.  You can keep it in a dict, a dataclass, a `msgspec` struct
or a :class:`rust_daq.DataPoint`.  After this page you know what one construction costs in each, how much of it is the
clock, and what the slowest calls look like.
"""

# %%
# The contenders
# --------------
# This function runs in each fresh worker process, so every class below is made there, exactly as it stands here.

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

    class Struct(msgspec.Struct, gc=False, frozen=True):
        timestamp: datetime
        channel: str
        value: float
        unit: str
        metadata: dict | None = None

    utc = timezone.utc
    now = datetime.now
    stamp = now(utc)
    return locals()


ready = {
    "rust_daq.DataPoint": "DataPoint(stamp, 'laser', 1.5, 'V')",
    "dict": "{'timestamp': stamp, 'channel': 'laser', 'value': 1.5, 'unit': 'V', 'metadata': None}",
    "dataclass": "Plain(stamp, 'laser', 1.5, 'V')",
    "msgspec.Struct": "Struct(stamp, 'laser', 1.5, 'V')",
}

# %%
# With a ready timestamp
# ----------------------

with_ready_timestamp = bench.compare(ready, setup=setup, name="ready", settings=settings, share=0.5)
with_ready_timestamp

# %%
# :measured:`benchmark_datapoint/ready/fastest` is the cheapest to construct here.

with_ready_timestamp.plot()

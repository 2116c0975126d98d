"""
What does metadata cost, shared or per point?
=============================================

A gain, an operator, a serial number: metadata explains a measurement, and
rarely differs from one point to the next. After this page you know what a copy
of its own costs a point, what a shared one costs, and what it costs to make
the metadata again for each point.

**Safe to copy as it is.** It measures in processes of its own and writes no
file.

:order: 7
:weight: 2
:about: metadata: none, shared, a copy for each point
"""

# %%
# The contenders
# --------------
# A :class:`rust_daq.DataPoint` takes a snapshot of a dict, so that a later
# change to it does not reach the point. A dict literal has to copy for the
# same promise; a dataclass and a ``msgspec.Struct`` keep a reference to a
# dict that anybody can change. A :class:`rust_daq.Metadata` cannot change, so
# it is shared and never copied.

import evenhand as bench

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    from dataclasses import dataclass
    from datetime import datetime, timezone

    import msgspec

    from rust_daq import Channel, DataPoint, Metadata

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

    ready = datetime.fromtimestamp(1_700_000_000.25, timezone.utc)
    metadata = {"gain": 2, "mode": "cw"}
    nested = {"gain": 2, "mode": "cw", "axes": [1.0, 2.0, {"unit": "mm"}]}
    twenty = {f"gain of stage {stage}": stage for stage in range(20)}
    shared = Metadata(metadata)
    bare, channel = Channel("laser", "V"), Channel("laser", "V", shared)
    point = DataPoint(ready, "laser", 1.5, "V", metadata)
    sharing = DataPoint(ready, "laser", 1.5, "V", shared)
    return locals()


given = "ready, 'laser', 1.5, 'V'"
contenders = {
    "DataPoint, dict": f"DataPoint({given}, metadata)",
    "DataPoint, shared": f"DataPoint({given}, shared)",
    "dict, copied": (
        "{'timestamp': ready, 'channel': 'laser', 'value': 1.5, 'unit': 'V', "
        "'metadata': dict(metadata)}"
    ),
    "dataclass, reference": f"Slots({given}, metadata)",
    "msgspec.Struct, reference": f"Struct({given}, metadata)",
}

bench.check_equal(
    contenders,
    fields=["timestamp", "channel", "value", "unit", "metadata"],
    setup=setup,
)

# %%
# A copy, a share, a reference
# ----------------------------

kept = bench.compare(
    contenders, setup=setup, name="kept", settings=settings, share=0.35
)
kept

# %%

kept.plot()

# %%
# What the point itself costs
# ---------------------------
# A point without metadata, with a share, with a copy of two entries, with a
# dict that is made for it, and with nested metadata. Then a point of a channel
# without and with metadata.

price = bench.compare(
    {
        "none": f"DataPoint({given})",
        "shared": f"DataPoint({given}, shared)",
        "dict of two": f"DataPoint({given}, metadata)",
        "made again": f"DataPoint({given}, {{'gain': 2, 'mode': 'cw'}})",
        "nested": f"DataPoint({given}, nested)",
        "channel without": "bare.point(1.5, ready)",
        "channel with": "channel.point(1.5, ready)",
    },
    setup=setup,
    name="price",
    settings=settings,
    share=0.35,
)
price

# %%
# :verdict:`metadata/price/shared vs none
# | faster, slower: A point that shares its metadata takes {this}, and one
# without {other}.
# | no difference shown: A point that shares its metadata takes as much time
# as one without, {this} and {other}.
# | inconclusive: This run cannot tell a point that shares its metadata,
# {this}, from one without, {other}.`
# :verdict:`metadata/price/shared vs dict of two
# | faster, slower: With a share a point takes {this}, with a copy of two
# entries {other}.`
# A copy allocates a dict and checks each entry, so that anything but JSON is
# refused when the point is made.
#
# What it takes in memory
# -----------------------
# A thousand stored points, counted in processes of their own.

kinds = {
    "none": f"DataPoint({given})",
    "shared": f"DataPoint({given}, shared)",
    "dict of two": f"DataPoint({given}, metadata)",
    "dict of twenty": f"DataPoint({given}, twenty)",
}
footprint = bench.footprint(
    {name: f"[{code} for _ in range(n)]" for name, code in kinds.items()},
    sizes=(1_000,),
    runs=2,
    setup=setup,
    settings=settings,
    share=0.15,
)
footprint

# %%
# Reading them
# ------------
# Reading returns a fresh dict, which can be changed without reaching the
# point. The JSON text of a ``Metadata`` is written once and stored.

bench.compare(
    {
        "metadata of a copy": "point.metadata",
        "metadata of a share": "sharing.metadata",
        "Metadata.json": "shared.json",
    },
    setup=setup,
    name="reading",
    settings=settings,
    share=0.15,
)

# %%
# :verdict:`metadata/reading/metadata of a share vs metadata of a copy
# | faster, slower: Reading a share takes {this}, and reading a copy {other}.
# | no difference shown: Reading a share and reading a copy show no difference,
# {this} and {other}.`
#
# What to do
# ----------
# Give metadata to the channel, once. Where a few points differ, make a
# ``Metadata`` for each kind and hand it over. Give a dict only to the point
# that has one of its own; :doc:`/slow` has the rule.

"""
What does metadata cost, shared or per point?
=============================================

A gain, an operator, a serial number: metadata explains a measurement, and
rarely differs from one point to the next. This page measures what a point
costs with its own copy, with a shared one, and with metadata that is made
again for each point.

**Safe to copy as it is.** It measures in its own processes and writes no file.

.. in-short::
    :figure: metadata/kept

    :verdict:`metadata/price/shared vs dict of two
    | faster, slower: A point with shared metadata takes {this}; a point with a
    copy of two entries takes {other}.
    | no difference shown: A point takes the same time with shared metadata and
    with a copy of two entries, {this} and {other}.
    | inconclusive, not judged: A point with shared metadata takes {this}; a
    point with a copy of two entries takes {other}. This run does not decide
    between them.`

    :verdict:`metadata/price/shared vs none
    | faster, slower: A point without metadata takes {other}.
    | no difference shown: A point without metadata takes the same time,
    {other}.
    | inconclusive, not judged: A point without metadata takes {other}; this
    run does not decide between it and the shared one.`

    Give metadata to the channel, once. Where a few points differ, make one
    ``Metadata`` for each kind and share it.

:order: 7
:group: Points
:weight: 2
:about: metadata: none, shared, a copy for each point
"""

# %%
# The contenders
# --------------
# A :class:`rust_daq.DataPoint` takes a snapshot of a dict, so that a later
# change of the dict does not reach the point. A dict literal has to copy for
# the same promise. A dataclass and a ``msgspec.Struct`` store a reference to a
# dict that anybody can change. A :class:`rust_daq.Metadata` cannot change, so
# points share it without a copy.

# Preparation: The settings, and the names that the statements use
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


# %%

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
# First a point without metadata, with shared metadata, with a copy of two
# entries, with a dict that is made for it, and with nested metadata. Then a
# point of a channel without and with metadata.

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
# A copy allocates a dict and checks each entry. Anything but JSON is refused
# when the point is made.
#
# What it takes in memory
# -----------------------
# A thousand stored points, counted in their own processes.

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
# Reading returns a new dict, which you can change without changing the point.
# The JSON text of a ``Metadata`` is written once and stored.

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
# | faster, slower: Reading shared metadata takes {this}; reading a copy takes
# {other}.
# | no difference shown: Reading shared metadata and reading a copy show no
# difference, {this} and {other}.
# | inconclusive, not judged: Reading shared metadata takes {this}; reading a
# copy takes {other}. This run does not decide between them.`
#
# What to do
# ----------
# Pass a dict only to a point whose metadata differs from all others.
# :doc:`/slow` has the rule.

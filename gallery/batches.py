"""
Point by point, a list, or a batch?
===================================

An instrument that returns a block of samples leaves you the choice: make a
point of each, make a list of points in one call, or keep the block as columns.
This page measures the cost of each, and the cost of reading the points of a
batch back one by one.

**Safe to copy as it is.** It measures in its own processes and writes no file.

.. in-short::
    :figure: batches/block

    :verdict:`batches/block/Channel.points vs msgspec.Struct
    | faster, slower: A list of 1,000 points takes {this} with Channel.points
    and {other} as a comprehension of msgspec structs.
    | no difference shown: A list of 1,000 points takes the same time with
    Channel.points and as a comprehension of msgspec structs, {this} and
    {other}.
    | inconclusive, not judged: A list of 1,000 points takes {this} with
    Channel.points and {other} as a comprehension of msgspec structs; this run
    does not decide between them.`

    :verdict:`batches/columns/Channel.batch vs NumPy
    | faster, slower: Columns of 100,000 samples take {this} as a batch and
    {other} as NumPy arrays.
    | no difference shown: Columns of 100,000 samples take the same time as a
    batch and as NumPy arrays, {this} and {other}.
    | inconclusive, not judged: Columns of 100,000 samples take {this} as a
    batch and {other} as NumPy arrays; this run does not decide between them.`

    Store blocks as a batch. Make points of it where a single sample means
    something: an alarm, a log line, the cursor of a plot.

:order: 3
:group: Batches and memory
:weight: 4
:about: point by point, a list in one call, or columns
"""

# %%
# The contenders
# --------------
# Every contender starts from the same NumPy array, as an instrument's driver
# returns it. Iterating over an array makes a NumPy scalar of each entry, so
# the comprehensions first ask for a list of floats.

# Preparation: The settings, and the names that the statements use
import evenhand as bench

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    import time
    from datetime import datetime, timezone

    import msgspec
    import numpy as np

    from rust_daq import Channel

    class Struct(msgspec.Struct, gc=False, frozen=True):
        timestamp: datetime
        channel: str
        value: float
        unit: str
        metadata: dict | None = None

    ready = datetime.fromtimestamp(1_700_000_000.25, timezone.utc)
    channel = Channel("laser", "V")
    random = np.random.default_rng(1)
    block, kept = random.normal(size=1_000), random.normal(size=300_000)
    samples = random.normal(size=100_000)
    return locals()


# %%


def lists(array):
    """Return the ways to make a list of points of an array."""
    structs = f"Struct(ready, 'laser', v, 'V') for v in {array}.tolist()"
    dicts = (
        "{'timestamp': ready, 'channel': 'laser', 'value': v, 'unit': 'V', "
        f"'metadata': None}} for v in {array}.tolist()"
    )
    return {
        "Channel.points": f"channel.points({array})",
        "msgspec.Struct": f"[{structs}]",
        "dict": f"[{dicts}]",
    }


fields = ["channel", "value", "unit", "metadata"]
first = {name: f"({code})[0]" for name, code in lists("block").items()}
bench.check_equal(first, fields=fields, setup=setup)

# %%
# A list of a block
# -----------------
# Each statement makes a list of 1,000 points and drops it. `Channel.points`
# crosses from Python to Rust once for all of them, and its points share the
# strings of the channel.

block = bench.compare(
    lists("block"), setup=setup, name="block", settings=settings, share=0.23
)
block

# %%

block.plot()

# %%
# A list of 300,000
# -----------------
# A block of 300,000 samples, as in an acquisition that stores everything. The
# list is made and dropped here too.

bench.compare(
    lists("kept"), setup=setup, name="kept", settings=settings, share=0.23
)

# %%
# Columns
# -------
# A batch stores a copy of the values and a timestamp for each. The NumPy
# contender is a copy and an array of timestamps. With a rate, each timestamp
# is computed from its index in integers, so that rounding errors do not add
# up.

bench.compare(
    {
        "Channel.batch": "channel.batch(samples)",
        "NumPy": (
            "(np.full(len(samples), time.time_ns(), 'M8[ns]'), samples.copy())"
        ),
        "Channel.batch, rate": "channel.batch(samples, start=0, rate=3.0)",
        "NumPy, rate": (
            "((np.arange(len(samples)) * (1e9 / 3.0)).round()"
            ".astype('M8[ns]'), samples.copy())"
        ),
    },
    setup=setup,
    name="columns",
    settings=settings,
    share=0.23,
)

# %%
# Reading the points back
# -----------------------
# Iterating over a batch of a million rows makes each point when the loop
# reaches it. The list already contains its million objects. The loop reads the
# value of each.


def setup_reading():
    """Return a million rows as a batch and as a list."""
    names = setup()
    values = names["random"].normal(size=1_000_000)
    batch = names["channel"].batch(values, start=0, rate=1_000.0)
    ready, struct = names["ready"], names["Struct"]
    structs = [struct(ready, "laser", value, "V") for value in values.tolist()]

    def read(items):
        for item in items:
            item.value

    return locals()


bench.compare(
    {
        "Batch, iterated": "read(batch)",
        "list of msgspec.Struct": "read(structs)",
    },
    setup=setup_reading,
    name="iteration",
    settings=settings,
    share=0.3,
)

# %%
# What to do
# ----------
# :verdict:`batches/kept/Channel.points vs msgspec.Struct
# | faster: When you need all points as objects, ask for the list in one call.
# 300,000 take {this}; a comprehension of msgspec structs takes {other}.
# | no difference shown: One call and a comprehension of msgspec structs make a
# list of 300,000 in the same time, {this} and {other}.
# | slower, inconclusive, not judged: A list of 300,000 takes {this} in one
# call, and {other} by a comprehension of msgspec structs; this run does not
# show that one call is worth it.`
# :doc:`/slow` has the rules for more rates. :doc:`zero_copy` explains who owns
# the memory of a batch.

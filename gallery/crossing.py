"""
What does it cost to cross from Python to Rust?
===============================================

A call of an extension takes time before it does any work. Python finds the
method, passes the arguments, and makes an object of the result. This page
measures that cost for several operations, next to the work itself.

**Safe to copy as it is.** It writes no file.

.. in-short::
    :figure: crossing/points

    :verdict:`crossing/points/one call for all vs called from Python
    | faster, slower: A point takes {this} when one call makes a thousand, and
    {other} with one call for each point.
    | no difference shown: A point takes the same time when one call makes a
    thousand and with one call for each point, {this} and {other}.
    | inconclusive, not judged: A point takes {this} when one call makes a
    thousand, and {other} with one call for each point; this run does not
    decide between them.`

    :verdict:`crossing/average/one call for all vs called from Python
    | faster, slower: Averaging a sample takes {this} in one call for a
    thousand, and {other} with one call for each sample.
    | no difference shown: Averaging a sample takes the same time in one call
    for a thousand and with one call for each sample, {this} and {other}.
    | inconclusive, not judged: Averaging a sample takes {this} in one call for
    a thousand, and {other} with one call for each sample; this run does not
    decide between them.`

    Pass blocks: one call for many samples. Compare the crossing with the work
    behind it, row by row in the table below.

:order: 16
:group: Batches and memory
:weight: 2
:about: what crossing from Python to Rust costs, operation by operation
"""

# %%
# A thousand items, looped in Rust and looped in Python
# -----------------------------------------------------
# Both loops of a pair work on the same data. A check first confirms that both
# make equal points. One loop runs in Rust, inside one call. The other runs in
# Python, with a call for each item. They are contenders of one comparison and
# take turns. Their difference is the crossing: the call, the arguments, the
# result, and one step of Python's loop. For processors it also contains what a
# call on one sample cannot share with its neighbours; their results go to
# existing memory. Times are for one of the thousand items.

# Preparation: The settings, and the names that the statements use
import pandas as pd

import evenhand as bench
from evenhand.results.quantity import span

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)
ITEMS = 1_000


def setup():
    """Return the names that the statements use."""
    import numpy as np

    from rust_daq import Channel
    from rust_daq.process import Iir, MovingAverage

    samples = np.random.default_rng(1).normal(size=1_000)
    stamps = np.arange(1_000) * 1_000_000
    pairs = list(zip(samples.tolist(), stamps.tolist(), strict=True))
    channel = Channel("laser", "V")
    batch = channel.batch(samples, stamps)
    rows = range(len(batch))
    average, lowpass = MovingAverage(16), Iir([[0.2, 0.4, 0.2, 1, -0.6, 0.3]])
    singles = [samples[row : row + 1] for row in rows]
    out, single = np.empty_like(samples), np.empty(1)

    def one_by_one(processor):
        for sample in singles:
            processor.process_values(sample, single)

    return locals()


# %%

names = setup()
channel, batch, pairs = names["channel"], names["batch"], names["pairs"]
assert channel.points(names["samples"], names["stamps"]) == [
    channel.point(value, stamp) for value, stamp in pairs
]
assert batch.to_points() == [batch[row] for row in names["rows"]]

# %%
# A point
# -------
# Python passes a float and an integer for each point. Rust finds both as
# numbers in an array.

IN_RUST, IN_PYTHON = "one call for all", "called from Python"


def crossing(name, contenders, share):
    """Compare the two loops of an operation."""
    return bench.compare(
        contenders,
        setup=setup,
        items=ITEMS,
        name=name,
        settings=settings,
        share=share,
    )


points = crossing(
    "points",
    {
        IN_RUST: "channel.points(samples, stamps)",
        IN_PYTHON: "[channel.point(value, stamp) for value, stamp in pairs]",
    },
    share=0.3,
)
points

# %%
# A row of a batch, a sample of a stream
# --------------------------------------
# The points of a batch are made by one call, by an index for each row, and by
# its iterator. A processor receives its samples in one array, or in a thousand
# arrays of one sample.

rows = crossing(
    "rows",
    {
        IN_RUST: "batch.to_points()",
        IN_PYTHON: "[batch[row] for row in rows]",
        "iterated": "[point for point in batch]",
    },
    share=0.3,
)
average = crossing(
    "average",
    {
        IN_RUST: "average.process_values(samples, out)",
        IN_PYTHON: "one_by_one(average)",
    },
    share=0.2,
)
lowpass = crossing(
    "filter",
    {
        IN_RUST: "lowpass.process_values(samples, out)",
        IN_PYTHON: "one_by_one(lowpass)",
    },
    share=0.2,
)

# %%
# One row per operation
# ---------------------

operations = {
    "make a point": points,
    "make the point of a row": rows,
    "average a sample": average,
    "filter a sample": lowpass,
}

table = pd.DataFrame(
    {
        IN_RUST: [span(r.cost(IN_RUST)) for r in operations.values()],
        IN_PYTHON: [span(r.cost(IN_PYTHON)) for r in operations.values()],
        "the crossing": [
            span(r.difference(IN_PYTHON)) for r in operations.values()
        ],
    },
    index=pd.Index(operations, name="operation"),
)
bench.TableMarkup(table, "One item of a thousand, and the difference")

# %%

bench.dumbbells(
    {
        name: {way: r.cost(way) for way in (IN_PYTHON, IN_RUST)}
        for name, r in operations.items()
    },
    label="time per item",
    source=points.key,
)

# %%
# :verdict:`crossing/rows/iterated vs called from Python
# | faster, slower: The iterator of a batch makes a point in {this}; an index
# for each row makes it in {other}.
# | no difference shown: The iterator of a batch and an index for each row
# make a point in the same time, {this} and {other}.
# | inconclusive, not judged: The iterator of a batch makes a point in {this};
# an index for each row makes it in {other}. This run does not decide between
# them.` Criterion measures other operations inside Rust: :doc:`/criterion`.
#
# What to do
# ----------
# Compare each crossing with its work. Where the crossing is a large part of
# the time, pass blocks. :doc:`/slow` has the rule.

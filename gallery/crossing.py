"""
What does it cost to cross from Python to Rust?
===============================================

A call of an extension takes time before it does anything: Python finds the
method, hands the arguments over, and makes an object of the result. After this
page you know how much that is for each operation, next to its work.

**Safe to copy as it is.** It writes no file.

:order: 16
:weight: 2
:about: what crossing from Python to Rust costs, operation by operation
"""

# %%
# A thousand items, looped in Rust and looped in Python
# -----------------------------------------------------
# Each pair works on the same data; that both ways make equal points is checked
# first. In one the loop is Rust's, inside one call; in the other it is
# Python's, a call for each. They are contenders of one comparison and take
# turns. Their difference is the crossing: the call, the arguments, the result,
# and the step of Python's loop. Times are for one of the thousand.

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


names = setup()
channel, batch, pairs = names["channel"], names["batch"], names["pairs"]
assert channel.points(names["samples"], names["stamps"]) == [
    channel.point(value, stamp) for value, stamp in pairs
]
assert batch.to_points() == [batch[row] for row in names["rows"]]

# %%
# A point
# -------
# Python hands over a float and an integer for each point; Rust finds both as
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
# its iterator. A processor gets its samples in one array, or in a thousand
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

points.plot()

# %%
# :verdict:`crossing/average/one call for all vs called from Python
# | faster: In one call a sample is averaged in {this}, in a call of its own in
# {other}.
# | no difference shown: A sample is averaged in as much time in one call as in
# a call of its own, {this} and {other}.`
# :verdict:`crossing/rows/iterated vs called from Python
# | faster, slower: The iterator of a batch makes a point in {this}, an index
# for each row in {other}.
# | no difference shown: The iterator of a batch and an index for each row
# make a point in the same time, {this} and {other}.
# | inconclusive: This run cannot tell the iterator of a batch, {this} for a
# point, from an index for each row, {other}.`
# Criterion measures other operations inside Rust; :doc:`/criterion` has them.
#
# What to do
# ----------
# Compare a crossing with the work behind it, row by row. Where it is a large
# part, hand over blocks: one call for many samples. :doc:`/slow` has the
# rule.

"""
How much memory does a point take, counted where it really is?
==============================================================

Many guides count with ``tracemalloc``, which sees the memory of Python's
allocator. A Rust extension may allocate elsewhere. This page counts the bytes
of a stored point in each form, shows which counter sees them, and measures
what ``tracemalloc`` costs.

**Safe to copy as it is.** It counts in its own processes and writes no file.

.. in-short::
    :figure: benchmark_memory/footprint

    :verdict:`benchmark_memory/footprint/rust_daq.DataPoint/100000 vs
    msgspec.Struct
    | faster, slower: A stored point takes {this} as a DataPoint, and {other}
    as a msgspec.Struct with its datetime and float.
    | no difference shown: A stored point takes the same memory as a DataPoint
    and as a msgspec.Struct with its datetime and float, {this} and {other}.
    | inconclusive, not judged: A stored point takes {this} as a DataPoint, and
    {other} as a msgspec.Struct with its datetime and float; this run does not
    decide between them.`

    :verdict:`benchmark_memory/footprint/rust_daq.DataPoint/100000 vs dict
    | faster, slower: As a dict it takes {other}.
    | no difference shown: As a dict it takes the same memory, {other}.
    | inconclusive, not judged: As a dict it takes {other}; this run does not
    decide between it and the DataPoint.`

    Count the whole heap to include memory that Rust allocates. Use
    ``tracemalloc`` in a diagnostic run, and measure time in another.

:order: 4
:group: Batches and memory
:weight: 2
:about: memory, counted by Python's allocator, by the whole heap, by the
    operating system
"""

# %%
# What each counter sees
# ----------------------
# The first table checks the counters: Python and Rust each allocate the same
# known number of bytes once.

import evenhand as bench

settings = bench.settings(
    __doc__, runs=5, packages={"rust-daq": "rust_daq:build_info"}
)

bench.footprint_self_test(
    {
        "bytes made by Rust": bench.Statement(
            "_Allocation(n)", "from rust_daq._core import _Allocation"
        )
    },
    settings=settings,
)

# %%
# The contenders
# --------------
# Each statement makes a list of ``n`` points, which stays alive during the
# count.


# Preparation: The names that the statements use
def setup():
    """Return the names that the statements use."""
    from dataclasses import dataclass
    from datetime import datetime, timezone

    import msgspec

    from rust_daq import DataPoint

    @dataclass(slots=True)
    class Slots:
        timestamp: datetime
        channel: str
        value: float
        unit: str

    class Struct(msgspec.Struct, gc=False, frozen=True):
        timestamp: datetime
        channel: str
        value: float
        unit: str

    now, utc = datetime.now, timezone.utc
    return locals()


# %%

one = {
    "rust_daq.DataPoint": "DataPoint(now(utc), 'laser', float(i), 'V')",
    "dict": (
        "{'timestamp': now(utc), 'channel': 'laser', "
        "'value': float(i), 'unit': 'V'}"
    ),
    "dataclass, slots": "Slots(now(utc), 'laser', float(i), 'V')",
    "msgspec.Struct": "Struct(now(utc), 'laser', float(i), 'V')",
}
batches = {name: f"[{code} for i in range(n)]" for name, code in one.items()}

bench.check_equal(
    {
        name: bench.Statement(code, setup, {"i": 3})
        for name, code in one.items()
    },
    fields=["timestamp:type", "channel", "value", "unit"],
)

# %%
# The count
# ---------
# Memory is counted in its own processes, never while time is measured. Every
# point here has its own timestamp and value, as in an acquisition.

footprint = bench.footprint(
    batches, setup=setup, settings=settings, runs=settings.runs, share=0.7
)
footprint

# %%

footprint.plot()

# %%
# A dict, a dataclass and a struct store references. The datetime and the float
# are separate objects, which are counted here too. A ``DataPoint`` stores the
# instant and the value as eight bytes each.
#
# What tracemalloc costs while it is on
# -------------------------------------


def traced():
    """Return the same names, in a process that traces its allocations."""
    import tracemalloc

    names = setup() | {"i": 3}
    tracemalloc.start()
    return names


code = one["rust_daq.DataPoint"]
tracemalloc = bench.compare(
    {
        "tracemalloc off": bench.Statement(code, setup, {"i": 3}),
        "tracemalloc on": bench.Statement(code, traced),
        "dict, tracemalloc off": bench.Statement(one["dict"], setup, {"i": 3}),
        "dict, tracemalloc on": bench.Statement(one["dict"], traced),
    },
    name="tracemalloc",
    settings=settings,
    share=0.3,
)
tracemalloc

# %%
# What to do
# ----------
# :verdict:`benchmark_memory/tracemalloc/tracemalloc on vs tracemalloc off
# | faster, slower: A point takes {this} to make with tracemalloc on, and
# {other} with it off.
# | no difference shown: A point takes the same time to make with tracemalloc
# on and off, {this} and {other}.
# | inconclusive, not judged: A point takes {this} to make with tracemalloc on,
# and {other} with it off; this run does not decide between them.`
# Trace in a diagnostic run only. :doc:`/slow` lists this among the known
# bottlenecks.

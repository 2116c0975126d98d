"""
How much memory does a point take, counted where it really is?
==============================================================

Many guides count with ``tracemalloc``, which sees the memory that Python's
allocator hands out. A Rust extension may allocate elsewhere. After this page
you know how many bytes a stored point takes in each form, which counter sees
them, and what it costs to leave ``tracemalloc`` on.

**Safe to copy as it is.** It counts in processes of its own and writes no
file.

:order: 4
:weight: 2
:about: memory, counted by Python's allocator, by the whole heap, by the
    operating system
"""

# %%
# What each counter sees
# ----------------------
# First the counters themselves: the same known number of bytes, allocated once
# by Python and once by Rust.

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
# Each statement makes a list of ``n`` points, which stays alive while it is
# counted.


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
# Memory is counted in processes of its own, never while time is measured.
# Every point has a timestamp and a value of its own here, as in an
# acquisition.

footprint = bench.footprint(
    batches, setup=setup, settings=settings, runs=settings.runs, share=0.7
)
footprint

# %%

footprint.plot()

# %%
# A dict, a dataclass and a struct store references; the datetime and the
# float are objects of their own, and are counted here too. A ``DataPoint``
# stores the instant and the value as eight bytes each.
#
# :verdict:`benchmark_memory/footprint/rust_daq.DataPoint/100000 vs
# msgspec.Struct
# | faster, slower: It takes {this}, and a msgspec.Struct with its datetime and
# float {other}.`
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
# :measured:`benchmark_memory/tracemalloc/tracemalloc on/sentence`. Trace in a
# diagnostic run and measure time in another; :doc:`/slow` has the row.
# To include memory that Rust allocates, count the whole heap.

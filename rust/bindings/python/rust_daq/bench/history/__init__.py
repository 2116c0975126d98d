"""A history: runs of the same operations on many commits, and what became of each operation over them."""

from rust_daq.bench.history.measure import Revision, measure
from rust_daq.bench.history.previous import Previous
from rust_daq.bench.history.series import Series, series
from rust_daq.bench.history.steps import Change, changes
from rust_daq.bench.history.store import Store, add, index, read

__all__ = [
    "Change",
    "Previous",
    "Revision",
    "Series",
    "Store",
    "add",
    "changes",
    "index",
    "measure",
    "read",
    "series",
]

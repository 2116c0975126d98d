"""The history: runs of the same operations on many commits, and the trend of each operation."""

from evenhand.gate.history.commit import Revision, measure
from evenhand.gate.history.previous import Previous
from evenhand.gate.history.series import Series, series
from evenhand.gate.history.steps import Change, changes
from evenhand.gate.history.store import Store, add, index, read

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

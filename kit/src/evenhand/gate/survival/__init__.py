"""Survival of recordings: the data that readers find in the files of killed writers, counted and archived."""

from evenhand.gate.survival.evidence import Evidence, Gathered, gather, read
from evenhand.gate.survival.remains import Remains, Survival, recover, survive

__all__ = ["Evidence", "Gathered", "Remains", "Survival", "gather", "read", "recover", "survive"]

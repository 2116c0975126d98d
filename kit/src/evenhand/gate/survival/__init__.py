"""What readers still find in the files of killed writers: by format, counted kill by kill, and kept."""

from evenhand.gate.survival.evidence import Evidence, Gathered, gather, read
from evenhand.gate.survival.remains import Remains, Survival, recover, survive

__all__ = ["Evidence", "Gathered", "Remains", "Survival", "gather", "read", "recover", "survive"]

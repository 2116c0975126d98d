"""What readers still find in the files of killed writers: by format, counted kill by kill, and kept."""

from rust_daq.bench.survival.evidence import Evidence, Gathered, gather, read
from rust_daq.bench.survival.remains import Remains, Survival, recover, survive

__all__ = ["Evidence", "Gathered", "Remains", "Survival", "gather", "read", "recover", "survive"]

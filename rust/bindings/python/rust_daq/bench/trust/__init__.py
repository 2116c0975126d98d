"""How far a gate's verdicts can be trusted: decisions about builds of which the truth is known, kept and counted."""

from rust_daq.bench.trust.evidence import Evidence, append, read
from rust_daq.bench.trust.rates import Rate

__all__ = ["Evidence", "Rate", "append", "read"]

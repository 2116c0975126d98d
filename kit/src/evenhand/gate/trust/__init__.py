"""How far a gate's verdicts can be trusted: decisions about builds of which the truth is known, kept and counted."""

from evenhand.gate.trust.evidence import Evidence, append, read
from evenhand.gate.trust.rates import Rate

__all__ = ["Evidence", "Rate", "append", "read"]

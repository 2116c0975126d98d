"""The regression gate: two builds of a package, alive side by side, and a verdict that can be believed.

``python -m rust_daq.bench.gate --help`` says how to run it for a package of your own.
"""

from rust_daq.bench.gate.gate import QUICK, Gate, Outcome, Plan, run
from rust_daq.bench.gate.operation import Operation, OperationError, Operations
from rust_daq.bench.gate.side import BASE, CANDIDATE, Side, SideError

__all__ = [
    "BASE",
    "CANDIDATE",
    "QUICK",
    "Gate",
    "Operation",
    "OperationError",
    "Operations",
    "Outcome",
    "Plan",
    "Side",
    "SideError",
    "run",
]

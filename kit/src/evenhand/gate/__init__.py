"""The regression gate: two builds of a package, alive side by side, and a verdict that can be believed.

``python -m evenhand.gate --help`` says how to run it for a package of your own.
"""

from evenhand.gate.gate import QUICK, Gate, Outcome, Plan, run
from evenhand.gate.operation import Operation, OperationError, Operations
from evenhand.gate.side import BASE, CANDIDATE, Side, SideError

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

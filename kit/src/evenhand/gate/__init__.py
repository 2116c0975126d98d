"""The regression gate: measure two builds of a package side by side, and reach a verdict that can be trusted.

``python -m evenhand.gate --help`` shows how to run it for your own package.
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

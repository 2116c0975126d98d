"""Trust in a gate's verdicts: its decisions about builds whose true difference is known, archived and counted."""

from evenhand.gate.trust.evidence import Evidence, append, read
from evenhand.gate.trust.judging import judge_again
from evenhand.gate.trust.rates import Rate

__all__ = ["Evidence", "Rate", "append", "judge_again", "read"]

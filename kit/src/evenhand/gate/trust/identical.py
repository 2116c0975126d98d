"""Comparisons of identical statements: every verdict of faster or slower is false.

Each comparison is made as in a build of a site, with the fewest rounds that its verdicts take, so the evidence applies
to published numbers.  No part of the comparison knows that the statements are copies.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from evenhand.gate.trust.evidence import Evidence
from evenhand.judge.decision import fewest_rounds
from evenhand.measure.sampling import collect
from evenhand.measure.settings import Settings
from evenhand.measure.statement import Statement
from evenhand.measure.timing_loop import SLICE_SECONDS
from evenhand.results.comparison import Comparison, CostSampler
from evenhand.results.result import COLLECTOR

COPIES = 4
ROUNDS = fewest_rounds(COPIES - 1)
SLICES = 4
"""The number of slices in the profiles for published sites."""
PLAN = {"name": "identical", "copies": COPIES, "rounds": ROUNDS, "slices": SLICES}


def next_statement(evidence: Evidence, variant: str, statements: Mapping[str, Statement]) -> str:
    """Return the statement with the fewest comparisons so far."""
    seen = [line["statement"] for line in evidence.identical if line["variant"] == variant]
    return min(statements, key=seen.count)


def compare_copies(name: str, statement: Statement) -> Comparison:
    """Compare copies of one statement."""
    stated = {f"copy {number}": statement for number in range(1, COPIES + 1)}
    plan = {"most_slices": SLICES, "slice_seconds": SLICE_SECONDS, "collector": COLLECTOR}
    settings = Settings(example="identical", rounds=ROUNDS, slices=SLICES)
    return collect(CostSampler(stated, plan, COPIES - 1), name, settings, 1.0)


def decide(name: str, statement: Statement, variant: str, session: str) -> dict[str, Any]:
    """Make one comparison, and return its line of the archive with verdicts and measurements."""
    started, begin = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    result = compare_copies(name, statement)
    copies = list(result.contenders)
    return {
        "kind": "identical",
        "session": session,
        "started": started,
        "seconds": round(time.monotonic() - begin, 1),
        "variant": variant,
        "statement": name,
        "verdicts": {copy: result.verdict(copy) for copy in copies[1:]},
        "costs": {copy: [float(f"{value:.4g}") for value in result.costs[copy]] for copy in copies},
    }

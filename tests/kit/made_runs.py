"""Results and runs with chosen numbers, for tests that read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenhand import machine
from evenhand.measure.statement import Statement
from evenhand.results.comparison import Comparison
from evenhand.results.result import SAMPLE_COLUMNS
from evenhand.runs.run import Run

STARTED = "2026-01-02T03:04:05+00:00"
COSTS = {"one": 100.0, "two": 50.0}
HERE = machine()
"""This machine, described once, because its packages have to be looked up for that."""


def made_result(
    name: str = "made", example: str = "first", costs: Mapping[str, float] = COSTS, rounds: int = 8, **changed: Any
) -> Comparison:
    """Make a comparison with exact costs, by default in eight rounds of two slices."""
    rows = [
        (contender, "slice_ns", 1, index, turn, 1000, cost * 1000, 1)
        for index in range(rounds)
        for turn in range(2)
        for contender, cost in costs.items()
    ]
    contenders = {contender: {"statement": "pass", "fingerprint": Statement("pass").fingerprint} for contender in costs}
    given: dict[str, Any] = {
        "name": name,
        "example": example,
        "contenders": contenders,
        "settings": {"slices": 2, "rounds": rounds},
        "samples": pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        "started": STARTED,
    }
    return Comparison(**given | changed)


def made_run(*results: Comparison, profile: str = "quick", **further: Any) -> Run:
    """Make a run of results, by default one; without `packages` it has no measured packages."""
    return Run.of(results or (made_result(),), profile=profile, **{"machine": HERE, "packages": {}} | further)

"""Error and detection rates of the gate with their intervals, counted from archived decisions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from evenhand.gate.trust.evidence import Evidence
from evenhand.judge.decision import FEWEST_ROUNDS
from evenhand.judge.statistics import median_intervals, ratio_interval
from evenhand.results import quantity

ALARMS = ("slower", "faster")
DRAWS = 4_000
"""Samples drawn for each simulated coverage."""
SEED = 20_061_124


@dataclass(frozen=True)
class Rate:
    """A proportion: `count` out of `of`.

    Parameters
    ----------
    count, of : int
        Numerator and denominator.
    """

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share; NaN if `of` is 0."""
        return self.count / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The interval at 95 %, by Clopper and Pearson (1934)."""
        if not self.of:
            return (0.0, 1.0)
        found = scipy.stats.binomtest(self.count, self.of).proportion_ci(0.95, method="exact")
        return (float(found.low), float(found.high))

    def __str__(self) -> str:
        """``1.0 % (0.0 to 5.4)``."""
        if not self.of:
            return "not measured"
        low, high = self.interval
        return f"{quantity.percent(self.value)} ({quantity.digits(100 * low)} to {quantity.digits(100 * high)})"


def whole_gates(evidence: Evidence, variant: str) -> Rate:
    """Return the rate of gates of identical builds that raised an alarm about any operation."""
    gates = evidence.of(variant, 1.0)
    alarmed = [any(result["status"] in ALARMS for result in gate["operations"].values()) for gate in gates]
    return Rate(sum(alarmed), len(gates))


def false_comparisons(evidence: Evidence, variant: str, statement: str | None = None) -> Rate:
    """Return the rate of comparisons of identical statements with at least one false verdict."""
    lines = [
        line for line in evidence.identical if line["variant"] == variant and statement in {None, line["statement"]}
    ]
    return Rate(sum(any(verdict in ALARMS for verdict in line["verdicts"].values()) for line in lines), len(lines))


def found(evidence: Evidence, variant: str, injected: float, operation: str | None = None) -> Rate:
    """Return the rate of injected slowdowns that were found, counted per operation and gate."""
    statuses = [
        result["status"]
        for gate in evidence.of(variant, injected)
        for name, result in gate["operations"].items()
        if operation in {None, name}
    ]
    return Rate(statuses.count("slower"), len(statuses))


def errors(evidence: Evidence, variant: str, injected: float, operation: str) -> list[float]:
    """Return the logarithmic errors of the estimates."""
    missed = []
    for gate in evidence.of(variant, injected):
        truth, result = evidence.truth(gate, operation), gate["operations"].get(operation)
        if truth is not None and result is not None and result.get("ratio"):
            missed.append(math.log(result["ratio"] / truth))
    return missed


def samples(gate: Mapping[str, Any], stage: str) -> dict[str, tuple[list[float], list[float]]]:
    """Return candidate and base of each operation, with one number per round."""
    return {
        name: (result[stage]["candidate"], result[stage]["base"])
        for name, result in gate["operations"].items()
        if result.get(stage)
    }


def live_coverage(evidence: Evidence, variant: str) -> Rate:
    """Return the rate of 95 % intervals of the first stage that contain the true ratio, for identical builds."""
    held = []
    for gate in evidence.of(variant, 1.0):
        for new, old in samples(gate, "first").values():
            estimate = ratio_interval(new, old)
            if estimate.has_interval:
                held.append(estimate.low <= 1 <= estimate.high)
    return Rate(sum(held), len(held))


def simulated_coverage(evidence: Evidence, variant: str, rounds: int, operation: str) -> Rate:
    """Return the rate of 95 % intervals that contain the true ratio, from `rounds` recorded rounds drawn at random."""
    pool = pooled(evidence, variant, operation)
    if len(pool) < 2 * rounds or rounds < FEWEST_ROUNDS:
        return Rate(0, 0)
    random = np.random.default_rng(SEED + rounds)
    low, high = median_intervals([random.choice(pool, rounds, replace=False) for _ in range(DRAWS)])
    return Rate(int(np.sum((low <= 0) & (high >= 0))), DRAWS)


def pooled(evidence: Evidence, variant: str, operation: str) -> Sequence[float]:
    """Return the logarithms of all recorded rounds' ratios of identical builds, from both stages."""
    logs: list[float] = []
    for gate in evidence.of(variant, 1.0):
        for stage in ("first", "second"):
            if operation in (recorded := samples(gate, stage)):
                new, old = recorded[operation]
                logs += list(np.log(new) - np.log(old))
    return logs


def operations(evidence: Evidence) -> list[str]:
    """Return the operations that gates decided about, in the order of their first decision."""
    names: Iterable[str] = (name for gate in evidence.gates for name in gate["operations"])
    return list(dict.fromkeys(names))

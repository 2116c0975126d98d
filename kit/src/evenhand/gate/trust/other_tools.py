"""The rules of common benchmark tools, applied to the same samples: false changes of identical builds."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from evenhand.gate.trust.evidence import Evidence
from evenhand.gate.trust.rates import Rate, operations, samples
from evenhand.gate.trust.rules import RULES

PROCESSES = 24
"""Processes of a run, combined from consecutive gates, because those tools use dozens of them."""


def called(evidence: Evidence, variant: str, *, apart: bool) -> dict[str, Rate]:
    """Return how often each rule reports a change between identical builds.

    Parameters
    ----------
    evidence : Evidence
        With gates of identical builds.
    variant : str
        The neighbours during the gates.
    apart : bool
        Whether a run is compared with the next one, as those tools are used, or with the one that was sampled in the
        same rounds.
    """
    counts = {name: [0, 0] for name in RULES}
    for operation in operations(evidence):
        for old, new in pairs(runs(evidence, variant, operation), apart=apart):
            for name, rule in RULES.items():
                counts[name][0] += rule(old, new)
                counts[name][1] += 1
    return {name: Rate(*count) for name, count in counts.items()}


def runs(evidence: Evidence, variant: str, operation: str) -> list[tuple[list[float], list[float]]]:
    """Return base and candidate of each run: the first stages of consecutive gates of a session."""
    made: list[tuple[list[float], list[float]]] = []
    by_session: dict[str, list[Mapping[str, Any]]] = {}
    for gate in evidence.of(variant, 1.0):
        by_session.setdefault(gate["session"], []).append(gate)
    for gates in by_session.values():
        base: list[float] = []
        candidate: list[float] = []
        for gate in gates:
            rounds = samples(dict(gate), "first").get(operation)
            if rounds is None:
                continue
            candidate, base = [*candidate, *rounds[0]], [*base, *rounds[1]]
            if len(base) >= PROCESSES:
                made.append((base, candidate))
                base, candidate = [], []
    return made


def pairs(made: list[tuple[list[float], list[float]]], *, apart: bool) -> list[tuple[list[float], list[float]]]:
    """Return the pairs to compare."""
    if not apart:
        return made
    return [(first[0], second[1]) for first, second in pairwise(made)]

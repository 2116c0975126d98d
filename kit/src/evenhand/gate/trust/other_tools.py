"""The same samples in the hands of common harnesses: what their rules call changed though nothing did."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from evenhand.gate.trust.evidence import Evidence
from evenhand.gate.trust.rates import Rate, operations, samples
from evenhand.gate.trust.rules import RULES

PROCESSES = 24
"""Processes of a run, of which those tools take some dozens; made of gates that followed one another."""


def called(evidence: Evidence, variant: str, *, apart: bool) -> dict[str, Rate]:
    """How often each rule called identical builds changed.

    Parameters
    ----------
    evidence : Evidence
        With gates of identical builds.
    variant : str
        Of which circumstances.
    apart : bool
        Whether a run is compared with the one after it, as those tools are used, or with the one beside it, sampled
        alive in the same rounds.
    """
    counts = {name: [0, 0] for name in RULES}
    for operation in operations(evidence):
        for old, new in pairs(runs(evidence, variant, operation), apart=apart):
            for name, rule in RULES.items():
                counts[name][0] += rule(old, new)
                counts[name][1] += 1
    return {name: Rate(*count) for name, count in counts.items()}


def runs(evidence: Evidence, variant: str, operation: str) -> list[tuple[list[float], list[float]]]:
    """Base and candidate of each run: the first stages of gates that followed one another in a session."""
    made: list[tuple[list[float], list[float]]] = []
    by_session: dict[str, list[Mapping[str, Any]]] = {}
    for gate in evidence.of(variant, 1.0):
        by_session.setdefault(gate["session"], []).append(gate)
    for gates in by_session.values():
        base: list[float] = []
        candidate: list[float] = []
        for gate in gates:
            told = samples(dict(gate), "first").get(operation)
            if told is None:
                continue
            candidate, base = [*candidate, *told[0]], [*base, *told[1]]
            if len(base) >= PROCESSES:
                made.append((base, candidate))
                base, candidate = [], []
    return made


def pairs(made: list[tuple[list[float], list[float]]], *, apart: bool) -> list[tuple[list[float], list[float]]]:
    """What is compared with what."""
    if not apart:
        return made
    return [(first[0], second[1]) for first, second in pairwise(made)]

"""Archived decisions, judged again by the rules of this version.

The archive has the measurement of each round, so a changed rule needs no new measurement, with one exception: a gate's
second stage was measured only for the operations that the rules of that day selected.  An operation that only today's
rules select keeps its archived decision, and the correction does not count it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evenhand.gate.findings import judge_first, judge_second, suspects
from evenhand.gate.trust.evidence import Evidence
from evenhand.gate.trust.rates import samples
from evenhand.judge.decision import decide
from evenhand.judge.estimate import LEVEL
from evenhand.judge.statistics import corrected_level, ratio_interval


def judge_again(evidence: Evidence) -> Evidence:
    """Return the evidence with the decisions that this version makes from the archived rounds."""
    return replace(
        evidence,
        gates=tuple(judge_gate(line) for line in evidence.gates),
        identical=tuple(judge_comparison(line) for line in evidence.identical),
    )


def judge_gate(line: Mapping[str, Any]) -> dict[str, Any]:
    """Judge a gate; an operation without rounds, or selected only by the rules of today, keeps its decision."""
    first, second = (samples(line, stage) for stage in ("first", "second"))
    selected = suspects(first)
    confirmed = judge_second({name: second[name] for name in selected if name in second})
    decisions = {}
    for name, archived in line["operations"].items():
        decisions[name] = dict(archived)
        if name in first and (name in confirmed or name not in selected):
            finding = confirmed.get(name) or judge_first(*first[name])
            low, ratio, high = finding.ratio.low, finding.ratio.value, finding.ratio.high
            found = {"status": finding.status, "stage": finding.stage, "ratio": ratio, "low": low, "high": high}
            decisions[name] |= found
    return {**line, "operations": decisions}


def judge_comparison(line: Mapping[str, Any]) -> dict[str, Any]:
    """Judge a comparison of identical statements; what was too close to the empty statement stays unjudged."""
    baseline, *copies = line["costs"]
    level = corrected_level(LEVEL, len(copies))
    verdicts = {}
    for copy in copies:
        ratio = ratio_interval(line["costs"][copy], line["costs"][baseline], level)
        unjudged = line["verdicts"].get(copy) == "not judged"
        verdicts[copy] = "not judged" if unjudged else decide(ratio)
    return {**line, "verdicts": verdicts}

"""Archived decisions, judged again from their rounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_trust import SESSION

from evenhand.gate.trust import append, judge_again, read

ABOUT = {"session": "s", "started": "2026-01-02T00:00:00+00:00", "variant": "quiet"}


def rounds(count: int, ratio: float) -> dict[str, list[float]]:
    """Return rounds whose ratio varies a little around a known one."""
    base = 100 + np.arange(count) % 3
    return {"base": list(map(float, base)), "candidate": list(base * ratio * (1 + 0.001 * (np.arange(count) % 5)))}


def judged(tmp_path: Path, line: dict[str, Any]) -> dict[str, Any]:
    """Return an archived line as it is judged again."""
    path = tmp_path / "trust.jsonl"
    append(path, SESSION)
    append(path, ABOUT | line)
    found = judge_again(read(path))
    [again] = found.gates or found.identical
    return dict(again)


@pytest.mark.parametrize(
    ("archived", "first", "second", "status"),
    [
        ("unchanged", rounds(8, 1.1), rounds(20, 1.1), "slower"),
        ("slower", rounds(8, 0.9985), None, "unchanged"),
        ("slower", rounds(8, 1.1), rounds(20, 0.998), "unchanged"),
        ("inconclusive", rounds(8, 1.1), None, "inconclusive"),  # selected now, and not measured again then
        ("failed", None, None, "failed"),
    ],
)
def test_a_gate_is_judged_from_its_rounds(tmp_path, archived, first, second, status):
    told = {"status": archived, "ratio": 1.0, "first": first, "second": second}
    again = judged(tmp_path, {"kind": "gate", "injected": 1.0, "operations": {"one": told}})
    assert again["operations"]["one"]["status"] == status
    assert again["operations"]["one"]["first"] == first


@pytest.mark.parametrize(
    ("archived", "outside", "verdict"),
    [("faster", 1, "inconclusive"), ("inconclusive", 0, "faster"), ("not judged", 0, "not judged")],
)
def test_a_comparison_is_judged_from_its_costs(tmp_path, archived, outside, verdict):
    # With seven rounds and three ratios, one round on the other side of 1 is enough not to exclude it.
    costs = [90.0 + number for number in range(7 - outside)] + [120.0] * outside
    found = {"copy 1": [100.0] * 7, "copy 2": costs, "copy 3": [100.0] * 7, "copy 4": [100.0] * 7}
    verdicts = {"copy 2": archived, "copy 3": "slower", "copy 4": "slower"}
    line = {"kind": "identical", "statement": "a name", "verdicts": verdicts, "costs": found}
    again = judged(tmp_path, line)
    assert again["verdicts"] == {"copy 2": verdict, "copy 3": "no difference shown", "copy 4": "no difference shown"}

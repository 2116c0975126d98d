"""Copies of one statement have equal results with the real clock: a small version of ``nox -s trust``."""

from __future__ import annotations

import pytest

from evenhand.gate.operation import Operations
from evenhand.gate.trust.identical import compare_copies
from evenhand.measure.statement import Statement
from site_folder import ROOT

pytestmark = [pytest.mark.acceptance, pytest.mark.alone]
COPIED = Operations.read(ROOT / "conf" / "gate" / "operations.toml").identical

EACH = 4
MOST = 4
"""Of 28 comparisons. Where 2 of 100 are false, more than 4 of 28 are false in 2 of 10,000 runs of this test; where 1 of
4 is false, as with harnesses that differ, in 9 of 10."""


def test_copies_of_a_statement_are_rarely_judged_faster_or_slower() -> None:
    false = []
    for name, fields in COPIED.items():
        for _ in range(EACH):
            result = compare_copies(name, Statement(fields["statement"], fields.get("setup")))
            told = {copy: result.verdict(copy) for copy in list(result.contenders)[1:]}
            assert "not judged" not in told.values()
            if {"faster", "slower"} & set(told.values()):
                false.append(f"{name}: {told}")
    assert len(false) <= MOST, "\n".join(false)

"""Kinds of measurement agree about one statement, on the real clock."""

from __future__ import annotations

import pytest

from rust_daq.bench import Settings, Statement, compare, throughput

pytestmark = pytest.mark.acceptance

SIZES = (10, 1_000)
APART = 1.25
"""A wrong number of loops made a batch read half as long again."""


@pytest.mark.parametrize("text", ["[0.0] * n", "bytes(100 * n)", "sum(range(n))"])
def test_throughput_and_compare_agree_on_a_batch_of_each_size(text: str) -> None:
    # The fastest of eight rounds each: a neighbour that comes and goes only ever adds, and spoils a median of few.
    settings = Settings(rounds=8)
    batches = throughput({"batch": text}, sizes=SIZES, settings=settings)
    for size in SIZES:
        single = float(compare({"batch": Statement(text, f"n = {size}")}, settings=settings).costs["batch"].min())
        batch = float(batches.times["batch", size].min())
        assert 1 / APART < batch / single < APART, f"{text} at {size}: {batch:.0f} ns and {single:.0f} ns"

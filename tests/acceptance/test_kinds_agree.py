"""Kinds of measurement agree about one statement, with the real clock."""

from __future__ import annotations

import pytest

from evenhand import Settings, Statement, compare, throughput

pytestmark = [pytest.mark.acceptance, pytest.mark.alone]

SIZES = (10, 1_000)
TRIES = 6
APART = 1.25
"""A wrong number of loops once made a batch appear 50 % slower."""


# Not `[0.0] * n`: it counts one object's references up, n times the same word, and some processors
# forward a store to the next load at two paces, by what ran before (1.2 or 2.6 µs for a thousand).
@pytest.mark.parametrize("text", ["list(range(n))", "bytes(100 * n)", "sum(range(n))"])
def test_throughput_and_compare_agree_on_a_batch_of_each_size(text: str) -> None:
    # Compare the fastest rounds of more and more rounds, because disturbances only add time.
    settings = Settings(rounds=8)
    fastest: dict[tuple[str, int], float] = {}
    for _ in range(TRIES):
        batches = throughput({"batch": text}, sizes=SIZES, settings=settings)
        for size in SIZES:
            single = compare({"batch": Statement(text, f"n = {size}")}, settings=settings).costs["batch"].min()
            for kind, found in (("compare", single), ("throughput", batches.times["batch", size].min())):
                fastest[kind, size] = min(float(found), fastest.get((kind, size), float("inf")))
        ratios = [fastest["throughput", size] / fastest["compare", size] for size in SIZES]
        if all(1 / APART < ratio < APART for ratio in ratios):
            return
    pytest.fail(f"{text}: {fastest}")

"""Measurements doctored so that a claim has the ratio that a test needs, for each kind of reading."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any

import pandas as pd
from made_runs import STARTED

import evenhand as bench
from evenhand.results.result import SAMPLE_COLUMNS

ROUNDS = 8
SMALL, LARGE = 10_000, 100_000
Row = tuple[Any, ...]


def spread(value: float, wide: bool) -> list[float]:
    """Return a number for each round: always the same, or so spread that nothing can be concluded."""
    return [value * (2.0 if index % 2 else 0.5) if wide else value for index in range(ROUNDS)]


def result(kind: type, claim: bench.Claim, names: Sequence[str], rows: Sequence[Row], **settings: Any) -> Any:
    """Make a result of a kind under the name that the claim reads."""
    example, _, name = claim.measurement.partition("/")
    return kind(
        name=name,
        example=example,
        contenders={contender: {"statement": contender, "fingerprint": contender} for contender in names},
        settings={"rounds": ROUNDS, **settings},
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started=STARTED,
    )


def sample(contender: str, what: str, value: float, index: int, size: int = 1) -> Row:
    """Make one sample of a round."""
    return (contender, what, size, index, 0, 1, value, 1)


@singledispatch
def doctored(reading: bench.Reading, claim: bench.Claim, ratio: float, wide: bool) -> Any:
    """Make the result that `claim` reads, so that the judged ratio is `ratio`, or far from certain."""
    message = f"there is no doctor for {reading!r}; a reading needs one here"
    raise NotImplementedError(message)


@doctored.register
def _(reading: bench.Cost, claim: bench.Claim, ratio: float, wide: bool) -> Any:
    costs = {reading.to: spread(100.0, wide=False), reading.contender: spread(100.0 * ratio * reading.share, wide)}
    rows = [sample(name, "slice_ns", cost, index) for name, found in costs.items() for index, cost in enumerate(found)]
    return result(bench.Comparison, claim, list(costs), rows)


@doctored.register
def _(reading: bench.Percentile, claim: bench.Claim, ratio: float, wide: bool) -> Any:
    calls = {"clock": spread(1.0, wide=False), reading.to: spread(100.0, wide=False)}
    calls[reading.contender] = spread(100.0 * ratio, wide)
    rows = [sample(name, "call_ns", time, index) for name, times in calls.items() for index, time in enumerate(times)]
    return result(bench.Latency, claim, list(calls), rows, calls=10_000)


@doctored.register
def _(reading: bench.Scaling, claim: bench.Claim, ratio: float, wide: bool) -> Any:
    names = [name for name in (reading.to, reading.contender) if name]
    rows = []
    for name in names:
        steeper = spread(ratio, wide) if name == reading.contender else spread(1.0, wide=False)
        rows += [sample(name, "batch_ns", SMALL * 1.0, index, SMALL) for index in range(ROUNDS)]
        rows += [sample(name, "batch_ns", LARGE * more, index, LARGE) for index, more in enumerate(steeper)]
    return result(bench.Throughput, claim, names, rows, sizes=[SMALL, LARGE])


@doctored.register
def _(reading: bench.Bytes, claim: bench.Claim, ratio: float, wide: bool) -> Any:
    size = reading.size
    rows = [sample(reading.to, reading.of or reading.what, 1000.0, index, size) for index in range(ROUNDS)]
    counts = spread(1000.0 * ratio, wide)
    rows += [sample(reading.contender, reading.what, count, index, size) for index, count in enumerate(counts)]
    names = dict.fromkeys([reading.to, reading.contender])
    return result(bench.Footprint, claim, list(names), rows, sizes=[size], runs=ROUNDS)


@doctored.register
def _(reading: bench.Number, claim: bench.Claim, ratio: float, wide: bool) -> Any:
    told = {reading.to: spread(100.0, wide=False), reading.contender: spread(100.0 * ratio, wide)}
    return observed(claim, reading.column, reading.size, told)


@doctored.register
def _(reading: bench.AtLeast, claim: bench.Claim, ratio: float, wide: bool) -> Any:
    return observed(claim, reading.column, reading.size, {reading.contender: spread(reading.bound / ratio, wide)})


def observed(claim: bench.Claim, column: str, size: int, told: dict[str, list[float]]) -> Any:
    """Make an observation of one number."""
    rows = [
        sample(name, column, value, index, size) for name, found in told.items() for index, value in enumerate(found)
    ]
    sizes = None if size == 1 else [size]
    return result(bench.Observed, claim, list(told), rows, columns=[column], compared=[column], sizes=sizes)


@doctored.register
def _(reading: bench.Missed, claim: bench.Claim, ratio: float, wide: bool) -> Any:
    # A count is exact: there are missed arrivals or none.  A single round is not judged.
    rounds = 1 if wide else ROUNDS
    rows = []
    for index in range(rounds):
        rows += [
            (reading.contender, "response_ns", 1, index, 0, 1, 50_000.0, 990),
            sample(reading.contender, "late", 0, index),
        ]
        rows += [(reading.contender, "waited_ns", 1, index, 0, 1, 9e9, 10)] if ratio > 1 else []
    return result(bench.Paced, claim, [reading.contender], rows, rate=1000.0, arrivals=1000, duration=8.0)


@doctored.register
def _(reading: bench.Tail, claim: bench.Claim, ratio: float, wide: bool) -> Any:
    del claim
    column = f"{reading.which}_ns"
    times = {reading.to: spread(1000.0, wide=False), reading.call: spread(1000.0 * ratio * reading.share, wide)}
    return {call: {"rounds": {column: found}} for call, found in times.items()}

"""Calibration of slowdowns: find the amount of burnt work for a target, and measure its effect precisely."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from evenhand.gate.interleaving import Trial, attempt, measure, per_round
from evenhand.gate.operation import Operation
from evenhand.gate.side import BASE, CANDIDATE, Side
from evenhand.judge.statistics import ratio_interval
from evenhand.measure.process import WorkerError
from evenhand.measure.statement import Statement

SEARCH_ROUNDS = 12
SETTLE_ROUNDS = 120
"""Rounds that measure the true slowdown of an operation, ten times as precisely as a gate."""
LARGEST_AMOUNT = 1 << 20
NEAR_ENOUGH = 0.006
"""One step of burnt work, as a share of the shortest operation."""
TRIES = 3


@dataclass(frozen=True)
class Burning(Side):
    """A side that burns work in each operation.

    Parameters
    ----------
    burn : str
        Source text with ``{amount}`` in it.
    amounts : mapping of str to int
        By the operation's name; 0 for others.
    """

    burn: str = ""
    amounts: Mapping[str, int] = field(default_factory=dict)

    def statement(self, operation: Operation) -> Statement:
        """Return the operation with its amount of burnt work."""
        return operation.on(self.python, self.burn.format(amount=self.amounts.get(operation.name, 0)))


def calibrate(
    operation: Operation,
    sides: Mapping[str, Burning],
    targets: list[float],
    progress: Callable[[str, int, int], None],
) -> Iterator[dict[str, float | int | str]]:
    """Find the amount of work for each target, and measure its effect.

    Yields
    ------
    dict
        One line of the archive per target: ``amount``, the resulting ``ratio`` with its interval, and ``fastest``,
        the ratio of the fastest rounds, which uses neither a bootstrap nor a median.
    """
    quiet = {name: with_amount(side, operation, 0) for name, side in sides.items()}
    trial = attempt(operation, quiet)
    for error in trial.refused.values():
        raise error
    seen = search(operation, sides, trial, max(targets), progress)
    for target in targets:
        yield settle(interpolate(seen, target), target, operation, sides, trial, progress)


def settle(
    amount: int,
    target: float,
    operation: Operation,
    sides: Mapping[str, Burning],
    trial: Trial,
    progress: Callable[[str, int, int], None],
) -> dict[str, float | int | str]:
    """Measure the effect of an amount; if it misses the target, also try amounts nearer to it."""
    tried: dict[int, dict[str, float | int | str]] = {}
    missed: dict[int, float] = {}
    while len(tried) < TRIES and amount not in tried:
        new, old = sample(operation, sides, trial, amount, SETTLE_ROUNDS, progress)
        estimate = ratio_interval(new, old)
        missed[amount] = abs(math.log(estimate.value / target))
        tried[amount] = {
            "kind": "calibration",
            "operation": operation.name,
            "target": target,
            "amount": amount,
            "ratio": round(estimate.value, 5),
            "low": round(estimate.low, 5),
            "high": round(estimate.high, 5),
            "rounds": SETTLE_ROUNDS,
            "fastest": round(float(np.quantile(new, 0.1) / np.quantile(old, 0.1)), 5),
        }
        if missed[amount] > NEAR_ENOUGH:
            amount = correct(amount, estimate.value, target)
    return tried[min(missed, key=lambda each: missed[each])]


def correct(amount: int, ratio: float, target: float) -> int:
    """Return the amount for the target if time grows linearly with it, limited to half and twice `amount`."""
    share = math.log(target) / max(math.log(ratio), 1e-3)
    return max(round(amount * min(max(share, 0.5), 2.0)), 1)


def search(
    operation: Operation,
    sides: Mapping[str, Burning],
    trial: Trial,
    largest: float,
    progress: Callable[[str, int, int], None],
) -> list[tuple[int, float]]:
    """Double the amount until the largest target is passed, and return each amount with its ratio."""
    seen = [(0, 1.0)]
    amount = 1
    while seen[-1][1] < largest and amount <= LARGEST_AMOUNT:
        new, old = sample(operation, sides, trial, amount, SEARCH_ROUNDS, progress)
        # More work never takes less time, even if a few noisy rounds say so.
        seen.append((amount, max(ratio_interval(new, old).value, seen[-1][1])))
        amount *= 2
    return seen


def interpolate(seen: list[tuple[int, float]], target: float) -> int:
    """Interpolate the amount for a target between two amounts whose ratios are known."""
    ratios = [math.log(ratio) for _, ratio in seen]
    place = next((index for index, ratio in enumerate(ratios) if ratio >= math.log(target)), len(ratios) - 1)
    (before, after), (low, high) = (seen[place - 1][0], seen[place][0]), (ratios[place - 1], ratios[place])
    share = (math.log(target) - low) / (high - low) if high > low else 1.0
    return max(round(before + min(share, 1.0) * (after - before)), 1)


def sample(
    operation: Operation,
    sides: Mapping[str, Burning],
    trial: Trial,
    amount: int,
    rounds: int,
    progress: Callable[[str, int, int], None],
) -> tuple[np.ndarray, np.ndarray]:
    """Measure a candidate that burns `amount` against a base that burns nothing; return one number per round.

    Raises
    ------
    WorkerError
        If the operation failed in a round.
    """
    burning = {
        BASE: with_amount(sides[BASE], operation, 0),
        CANDIDATE: with_amount(sides[CANDIDATE], operation, amount),
    }
    what = f"{operation.name}, {amount} steps"
    found = measure({operation.name: trial}, burning, rounds, lambda done, total: progress(what, done, total))
    if found.interrupted:
        raise KeyboardInterrupt
    if failure := found.failed.get(operation.name):
        raise WorkerError(failure)
    result = found.results[operation.name]
    return per_round(result, CANDIDATE).to_numpy(), per_round(result, BASE).to_numpy()


def with_amount(side: Burning, operation: Operation, amount: int) -> Burning:
    """Return a side that burns `amount` in one operation."""
    return Burning(side.label, side.python, side.build, burn=side.burn, amounts={operation.name: amount})

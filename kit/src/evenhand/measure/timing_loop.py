"""The timing loop around statements: calibrated once for all contenders of a call, so that it is the same for each.

The number of copies of a statement in the loop alone changes what an execution takes by several per cent, so it is
part of the measurement: contenders that are compared have the same.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evenhand.measure.process import TIMEOUT, WorkerProcess
from evenhand.measure.records import Sample
from evenhand.measure.round import core_of, turns
from evenhand.measure.statement import Statement

SLICES = 20
"""Slices of a round and contender: many short ones, because a neighbour on the machine comes and goes."""
SLICE_SECONDS = 0.005
CALIBRATION_SECONDS = 0.002
EMPTY_SHARE = 0.02
"""The empty loop is at most this share of what the cheapest of a group takes."""
MOST_COPIES = 200
TRIES = 3
LONG_SECONDS = 1.0
"""A first execution of so long is not repeated to find out how long it takes."""
SAME_COPIES = 10.0
"""Contenders within this factor in cost, one to the next, have the same number of copies."""
SAME_LOOPS = 1.5
"""Contenders within this factor in cost, one to the next, make the same number of loops in a slice."""
FLOOR = 2.0
"""Copies that take together less than the empty loop around them cannot be told from it."""
PATIENCE = 5.0
"""A slice is given up after so many times of what it is expected to take, where that is longer than the time limit."""
CHEAPEST = 1.0
"""Nanoseconds below which no two costs are told apart."""


@dataclass(frozen=True)
class Timing:
    """What a worker found of its statement.

    Parameters
    ----------
    empty : float
        Nanoseconds of a loop around nothing.
    cost : float
        Nanoseconds of an execution, by its timing.
    wall : float
        Nanoseconds of an execution with all that is done around it.
    parallel : bool
        Whether other threads or processes worked for it.
    """

    empty: float
    cost: float
    wall: float
    parallel: bool = False


@dataclass(frozen=True)
class Calibration:
    """How a statement is timed.

    Parameters
    ----------
    repeats : int
        Copies of the statement in the loop.
    loops : int
        Passes of the loop in a slice.
    cost, empty : float
        Nanoseconds of an execution and of a pass around nothing, as the calibration found them.
    wall : float
        Nanoseconds that an execution takes with all that is done around it.
    """

    repeats: int = 1
    loops: int = 1
    cost: float = 0.0
    empty: float = 0.0
    wall: float = 0.0

    @property
    def slice_seconds(self) -> float:
        """How long one slice takes, with the empty loop that is timed after it."""
        return self.loops * (self.repeats * self.wall + 2 * self.empty) / 1e9

    def record(self) -> dict[str, Any]:
        """What a result keeps of it."""
        whole = self.repeats * self.cost + self.empty
        return {"repeats": self.repeats, "loops": self.loops, "empty_loop_share": self.empty / whole if whole else 1.0}


def tried(worker: WorkerProcess, **of: Any) -> Timing:
    """Execute a statement once, untimed, and try how long it takes.

    Where an execution is longer than a slice, the shortest one of three decides: the first may have done what is done
    once, such as an import, and any may have met a neighbour on the machine.  One of a second or more is not repeated.

    Parameters
    ----------
    worker : WorkerProcess
        The one that has it.
    **of
        ``source`` and ``size``, where another text than the worker's is executed.
    """
    first = worker.ask({"do": "once", **of})
    for _ in range(TRIES - 1):
        if SLICE_SECONDS <= first["seconds"] < LONG_SECONDS:
            again = worker.ask({"do": "once", **of})
            first = min(first, again, key=lambda found: float(found["seconds"]))
    if first["seconds"] >= SLICE_SECONDS:
        return Timing(0.0, first["seconds"] * 1e9, first["seconds"] * 1e9, first["parallel"])
    return Timing(**worker.ask({"do": "calibrate", "seconds": CALIBRATION_SECONDS, **of}))


def keep_on_one_core(workers: Mapping[str, WorkerProcess], index: int) -> None:
    """Keep the workers of a round on one core, which they use in turn: another one for each round.

    A worker stays where the system began it.  So one that began on a core with a neighbour would be slower in each
    slice, and its statement would seem to be.
    """
    core = core_of(index)
    if core is not None:
        for worker in workers.values():
            worker.ask({"do": "pin", "core": core})


def shared(trials: Mapping[str, Timing], *, alone: bool = False) -> dict[str, Calibration]:
    """Calibrate contenders together: similar ones get the same copies and the same loops.

    Copies fill the loop until it is a fiftieth of the cheapest of a group and while the most expensive one fits its
    slice.  All contenders are one group where that is possible.

    Parameters
    ----------
    trials : mapping of str to Timing
        By contender.
    alone : bool
        Each execution is timed alone: one copy.
    """
    copies = dict.fromkeys(trials, 1) if alone else copies_of(trials)
    found = {}
    for group in chained({name: trials[name].wall for name in trials}, SAME_LOOPS):
        # They share their copies, too: a factor between neighbours that is below 1.5 is below ten.
        passes = [copies[name] * trials[name].wall + trials[name].empty for name in group]
        loops = max(int(SLICE_SECONDS * 1e9 / statistics.geometric_mean(passes)), 1) if min(passes) > 0 else 1
        for name in group:
            trial = trials[name]
            found[name] = Calibration(copies[name], loops, trial.cost, trial.empty, trial.wall)
    return {name: found[name] for name in trials}


def copies_of(trials: Mapping[str, Timing]) -> dict[str, int]:
    """How often each statement stands in the loop."""
    costs = {name: trial.cost for name, trial in trials.items()}
    copies: dict[str, int] = {}
    if not trials:
        return copies
    groups = [list(costs)] if fits(trials, costs) else chained(costs, SAME_COPIES)
    for group in groups:
        most = SLICE_SECONDS * 1e9 / max(*(costs[name] for name in group), 1.0)
        copies |= dict.fromkeys(group, max(min(wanted(trials, group), int(most)), 1))
    return copies


def fits(trials: Mapping[str, Timing], group: Iterable[str]) -> bool:
    """Whether as many copies as the cheapest of a group needs leave the most expensive within its slice."""
    return wanted(trials, group) * max(trials[name].cost for name in group) <= SLICE_SECONDS * 1e9


def wanted(trials: Mapping[str, Timing], group: Iterable[str]) -> int:
    """The copies that make the empty loop a small share of the cheapest of a group."""
    known = [trials[name] for name in group]
    # What cannot be told from nothing decides for no other.
    cheapest = min(
        [trial for trial in known if trial.cost * MOST_COPIES > trial.empty] or known, key=lambda trial: trial.cost
    )
    # The loop around a long statement was not timed: it is no part of it worth a name.
    enough = math.ceil((1 / EMPTY_SHARE - 1) * cheapest.empty / max(cheapest.cost, 1e-3))
    return min(max(enough, 1), MOST_COPIES)


def chained(values: Mapping[str, float], factor: float) -> list[list[str]]:
    """Group names whose values are within a factor of the next larger one."""
    ordered = sorted(values, key=lambda name: values[name])
    groups: list[list[str]] = []
    for name in ordered:
        if groups and values[name] <= factor * max(values[groups[-1][-1]], CHEAPEST):
            groups[-1].append(name)
        else:
            groups.append([name])
    return groups


def slices_within(most: int, calibrations: Iterable[Calibration], slice_seconds: float = SLICE_SECONDS) -> int:
    """How many slices a round has: fewer where a slice is long, never less than a pair."""
    longest = max(calibration.slice_seconds for calibration in calibrations)
    pairs = math.ceil(most * slice_seconds / max(longest, slice_seconds) / 2)
    return min(most, max(2 * pairs, 2))


def ask_slice(worker: WorkerProcess, calibration: Calibration, **of: Any) -> dict[str, int]:
    """Time one slice: nanoseconds of the statement, of the empty loop, and of the processor."""
    request = {"do": "cost", "repeats": calibration.repeats, "loops": calibration.loops, **of}
    return worker.ask(request, max(PATIENCE * calibration.slice_seconds, worker.timeout))


def sample_slices(
    workers: Mapping[str, WorkerProcess],
    calibrations: Mapping[str, Calibration],
    index: int,
    slices: int,
    *,
    quantity: str = "slice_ns",
    size: int = 1,
    of: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Sample]:
    """Ask workers that are alive side by side in turn, forward then backward.

    Parameters
    ----------
    workers, calibrations : mapping
        By contender.
    index, slices : int
        The round, and how many slices it has.
    quantity : str
        What the samples are called.
    size : int
        The value of ``n``, for the samples.
    of : mapping, optional
        By contender, ``source`` and ``size`` where another text than the worker's is timed.
    """
    further = of or {}
    samples: list[Sample] = []
    alongside: dict[tuple[str, str], list[int]] = {}
    order = turns(list(workers), index, slices)
    for _, contender in order[: len(workers)]:
        ask_slice(workers[contender], calibrations[contender], **further.get(contender, {}))  # warms up
    for turn, contender in order:
        found = calibrations[contender]
        answer = ask_slice(workers[contender], found, **further.get(contender, {}))
        executed = found.loops * found.repeats
        samples.append(Sample(contender, quantity, float(answer["elapsed"]), index, turn, size, executed))
        for part in ("empty", "processor"):
            if answer[part] is not None:
                alongside.setdefault((contender, part), []).append(answer[part])
    for (contender, part), values in alongside.items():
        executed = calibrations[contender].loops * calibrations[contender].repeats * len(values)
        samples.append(Sample(contender, f"{part}_ns", float(sum(values)), index, 0, size, executed))
    return samples


def sample_fresh_round(
    stated: Mapping[str, Statement], index: int, slices: int, core: int | None = None, timeout: float = TIMEOUT
) -> list[Sample]:
    """Sample one round of statements that can be timed only once in a process, such as an import."""
    samples = []
    for turn, contender in turns(list(stated), index, slices):
        with WorkerProcess(contender, stated[contender], core, timeout) as worker:
            elapsed = ask_slice(worker, Calibration())["elapsed"]
        samples.append(Sample(contender, "slice_ns", float(elapsed), index, turn))
    return samples


def differing_copies(records: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
    """Say which contenders have another number of copies than the first one, by what a result keeps of them."""
    copies = {name: record["repeats"] for name, record in records.items() if "repeats" in record}
    if len(set(copies.values())) < 2:
        return ()
    text = ", ".join(f"{name} {count}" for name, count in copies.items())
    told = f"copies of the statement in the loop: {text}"
    return (
        f"{told}; they differ where costs are more than ten times apart, and their effect is far smaller than that",
    )

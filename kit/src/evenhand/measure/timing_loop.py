"""The timing loop around statements: calibrated once for all contenders of a call, so that it is the same for each.

The number of copies of a statement in the loop changes the cost of an execution by several per cent, so it is part of
the measurement: compared contenders have the same number.
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
"""The empty loop takes at most this share of the time of the cheapest contender in a group."""
MOST_COPIES = 200
TRIES = 3
LONG_SECONDS = 1.0
"""A first execution of this length is not repeated."""
SAME_COPIES = 10.0
"""Neighbours in cost within this factor have the same number of copies."""
SAME_LOOPS = 1.5
"""Neighbours in cost within this factor make the same number of loops in a slice."""
FLOOR = 2.0
"""With this many copies, a statement that takes less than the empty loop cannot be told from it."""
PATIENCE = 5.0
"""A slice fails after this multiple of its expected time, where that is longer than the time limit."""
CHEAPEST = 1.0
"""Nanoseconds below which costs cannot be told apart."""


@dataclass(frozen=True)
class Timing:
    """What a worker measured in the trial of its statement.

    Parameters
    ----------
    empty : float
        Nanoseconds of an empty loop.
    cost : float
        Nanoseconds of an execution, without the loop.
    wall : float
        Nanoseconds of an execution with all of the harness around it.
    parallel : bool
        Whether other threads or processes did part of the work.
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
        Nanoseconds of an execution and of a pass of the empty loop, from the calibration.
    wall : float
        Nanoseconds of an execution with all of the harness around it.
    """

    repeats: int = 1
    loops: int = 1
    cost: float = 0.0
    empty: float = 0.0
    wall: float = 0.0

    @property
    def slice_seconds(self) -> float:
        """Duration of one slice, including the empty loop that is timed after it."""
        return self.loops * (self.repeats * self.wall + 2 * self.empty) / 1e9

    def record(self) -> dict[str, Any]:
        """The facts that a result stores."""
        whole = self.repeats * self.cost + self.empty
        return {"repeats": self.repeats, "loops": self.loops, "empty_loop_share": self.empty / whole if whole else 1.0}


def tried(worker: WorkerProcess, **of: Any) -> Timing:
    """Execute a statement once, untimed, then estimate how long it takes.

    Where an execution is longer than a slice, the shortest of three decides: the first may include one-time work, such
    as an import, and any may be disturbed by a neighbour on the machine.  One of a second or more is not repeated.

    Parameters
    ----------
    worker : WorkerProcess
        The statement's worker.
    **of
        ``source`` and ``size``, to execute another text than the worker's.
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
    """Keep the workers of a round on one core, which they use in turn: a different one for each round.

    A worker stays where the system started it.  Without this, a worker on a core with a neighbour would be slower in
    each slice, and its statement would appear slower.
    """
    core = core_of(index)
    if core is not None:
        for worker in workers.values():
            worker.ask({"do": "pin", "core": core})


def shared(trials: Mapping[str, Timing], *, alone: bool = False) -> dict[str, Calibration]:
    """Calibrate contenders together: similar ones get the same copies and the same loops.

    The loop is filled with copies until it is a fiftieth of the cheapest of a group, as long as the most expensive one
    fits its slice.  All contenders are one group where that is possible.

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
    """The number of copies of each statement in the loop."""
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
    """Whether the copies that the cheapest of a group needs leave the most expensive within its slice."""
    return wanted(trials, group) * max(trials[name].cost for name in group) <= SLICE_SECONDS * 1e9


def wanted(trials: Mapping[str, Timing], group: Iterable[str]) -> int:
    """The number of copies that makes the empty loop a small share of the cheapest of a group."""
    known = [trials[name] for name in group]
    # A statement at the floor does not decide for the others.
    cheapest = min(
        [trial for trial in known if trial.cost * MOST_COPIES > trial.empty] or known, key=lambda trial: trial.cost
    )
    # The loop around a long statement was not timed: its share is negligible.
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
    """Time one slice: nanoseconds of the statement, of the empty loop, and of processor time."""
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
    """Ask workers in turn, forward then backward.

    Parameters
    ----------
    workers, calibrations : mapping
        By contender.
    index, slices : int
        The round, and its number of slices.
    quantity : str
        Name of the samples.
    size : int
        The value of ``n``, for the samples.
    of : mapping, optional
        By contender, ``source`` and ``size`` to time another text than the worker's.
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
    """Report contenders that have a different number of copies, from the facts that a result stores."""
    copies = {name: record["repeats"] for name, record in records.items() if "repeats" in record}
    if len(set(copies.values())) < 2:
        return ()
    text = ", ".join(f"{name} {count}" for name, count in copies.items())
    counts = f"copies of the statement in the loop: {text}"
    return (
        f"{counts}; they differ where costs are more than ten times apart, and their effect is far smaller than that",
    )

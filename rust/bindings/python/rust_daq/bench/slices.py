"""Slices: many short timings of a statement that fill a round, workers taking turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rust_daq.bench.process import TIMEOUT, WorkerProcess
from rust_daq.bench.round import alive, turns
from rust_daq.bench.statement import Statement

SLICES = 20
"""Slices a round and contender: many short ones, for a neighbour on the machine comes and goes."""
SLICE_SECONDS = 0.005
CALIBRATION_SECONDS = 0.002

Row = tuple[Any, ...]
"""A sample, in the order of `result.SAMPLE_COLUMNS`."""


def calibrate(worker: WorkerProcess, statement: Statement) -> dict[str, Any]:
    """Find how often the statement is repeated and how many loops fill one slice."""
    return worker.ask(
        {
            "do": "calibrate",
            "seconds": CALIBRATION_SECONDS,
            "slice": SLICE_SECONDS,
            "repeats": isinstance(statement.code, str),
        }
    )


def calibration_record(found: Mapping[str, Any]) -> dict[str, Any]:
    """What a result keeps of a contender's calibration."""
    return {
        "repeats": found["repeats"],
        "loops": found["loops"],
        "empty_loop_share": found["empty"] / (found["repeats"] * found["cost"] + found["empty"]),
    }


def slice_seconds(found: Mapping[str, float]) -> float:
    """How long one slice takes, by its calibration."""
    return found["loops"] * (found["repeats"] * found["cost"] + found["empty"]) / 1e9


def sample_round(
    stated: Mapping[str, Statement],
    calibrations: Mapping[str, Mapping[str, Any]],
    index: int,
    slices: int = SLICES,
    core: int | None = None,
    timeout: float = TIMEOUT,
) -> list[Row]:
    """Sample one round, in fresh workers."""
    with alive(stated, core, timeout) as workers:
        return sample_slices(workers, calibrations, index, slices)


def sample_slices(
    workers: Mapping[str, WorkerProcess], calibrations: Mapping[str, Mapping[str, Any]], index: int, slices: int
) -> list[Row]:
    """Ask workers that are alive side by side in turn, forward then backward."""
    rows: list[Row] = []
    for contender, worker in workers.items():
        ask_slice(worker, calibrations[contender])  # warm-up, not kept
    for turn, contender in turns(list(workers), index, slices):
        found = calibrations[contender]
        elapsed = ask_slice(workers[contender], found)
        loops = found["loops"] * found["repeats"]
        rows.append((contender, "slice_ns", 1, index, turn, loops, float(elapsed), 1))
    return rows


def sample_fresh_round(
    stated: Mapping[str, Statement],
    index: int,
    slices: int,
    core: int | None = None,
    timeout: float = TIMEOUT,
) -> list[Row]:
    """Sample one round of statements that can be timed only once in a process, such as an import."""
    rows: list[Row] = []
    for turn, contender in turns(list(stated), index, slices):
        with WorkerProcess(contender, stated[contender], core, timeout) as worker:
            elapsed = ask_slice(worker, {"repeats": 1, "loops": 1})
        rows.append((contender, "slice_ns", 1, index, turn, 1, float(elapsed), 1))
    return rows


def ask_slice(worker: WorkerProcess, found: Mapping[str, Any]) -> int:
    """Time one slice."""
    elapsed: int = worker.ask({"do": "cost", "repeats": found["repeats"], "loops": found["loops"]})["elapsed"]
    return elapsed

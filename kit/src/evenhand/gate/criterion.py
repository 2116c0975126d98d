"""Criterion benchmarks as operations of a gate: the executables of both sides take short turns.

Criterion itself compares a run with an earlier one, and reports a change in identical code whenever the machine's
pace has changed.  Here it only measures.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psutil

from evenhand.gate.operation import Operation
from evenhand.gate.side import Side, SideError
from evenhand.measure.process import WorkerError
from evenhand.measure.records import Sample
from evenhand.measure.round import turns

PREFIX = "Criterion: "
SLICES = 2
"""Processes per side in a round."""
MEASURING = [
    *("--noplot", "--quiet", "--warm-up-time", "0.1", "--measurement-time", "0.2"),
    # Criterion's minimum; only the median of its samples is stored.
    *("--sample-size", "10", "--nresamples", "1001"),
]
LISTING_SECONDS = 60


def operations(sides: Mapping[str, Side]) -> tuple[Operation, ...]:
    """Return the benchmarks of both sides.

    Raises
    ------
    SideError
        If an executable cannot list its benchmarks.
    """
    names = list(dict.fromkeys(name for side in sides.values() for name in list_benchmarks(side)))
    return tuple(
        Operation(f"{PREFIX}{name.replace('/', ', ')}", name, kind="criterion", counted=False) for name in names
    )


def list_benchmarks(side: Side) -> list[str]:
    """Return the names of a side's benchmarks."""
    try:
        answer = subprocess.run(  # noqa: S603 - an executable that the caller built
            [side.benchmarks, "--bench", "--list"],
            capture_output=True,
            text=True,
            timeout=LISTING_SECONDS,
            check=True,
            env=environment(side),
        )
    except (OSError, subprocess.SubprocessError) as error:
        message = f"the benchmarks of {side.label} cannot be listed ({error})"
        raise SideError(message) from error
    return [line.removesuffix(": benchmark") for line in answer.stdout.splitlines() if line.endswith(": benchmark")]


def refuse_missing(operation: Operation, name: str, side: Side) -> None:
    """Raise if a side does not have the benchmark, as a worker does for an unknown name."""
    if operation.statement not in list_benchmarks(side):
        message = f"the {name} has no benchmark {operation.statement!r}"
        raise WorkerError(message, "NameError")


def environment(side: Side) -> dict[str, str]:
    """Return the environment variables of an executable: an embedded interpreter finds its packages through PATH."""
    folder = str(Path(side.python).parent)
    return {**os.environ, "PATH": os.pathsep.join([folder, os.environ.get("PATH", "")])}


def sample_round(
    operation: Operation, sides: Mapping[str, Side], index: int, core: int | None, timeout: float
) -> list[Sample]:
    """Run one benchmark with both executables, in turns."""
    samples = []
    for turn, name in turns(list(sides), index, SLICES):
        nanoseconds = measure(operation.statement, name, sides[name], core, timeout)
        samples.append(Sample(name, "slice_ns", nanoseconds, index, turn))
    return samples


def measure(benchmark: str, name: str, side: Side, core: int | None, timeout: float) -> float:
    """Run a benchmark, and return the median of Criterion's samples in nanoseconds."""
    with tempfile.TemporaryDirectory() as folder:
        with subprocess.Popen(  # noqa: S603 - an executable that the caller built
            [side.benchmarks, "--bench", "--exact", benchmark, *MEASURING],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**environment(side), "CRITERION_HOME": folder},
        ) as process:
            if core is not None:
                with contextlib.suppress(psutil.NoSuchProcess):
                    psutil.Process(process.pid).cpu_affinity([core])
            try:
                _, errors = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                message = f"the benchmark {benchmark!r} ({name}) did not finish within {timeout:g} s"
                raise WorkerError(message) from None
            except BaseException:
                process.kill()
                raise
        found = [json.loads(path.read_text(encoding="utf-8")) for path in Path(folder).glob("**/new/estimates.json")]
        if process.returncode or len(found) != 1:
            reason = errors.decode(errors="replace").strip().splitlines()[-1:] or ["no output"]
            message = f"the benchmark {benchmark!r} ({name}) failed with status {process.returncode}: {reason[0]}"
            raise WorkerError(message)
    return float(found[0]["median"]["point_estimate"])

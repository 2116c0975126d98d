"""Counting bytes in separate processes, for `footprint`."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from evenhand.measure.process import WorkerProcess
from evenhand.measure.records import Sample
from evenhand.measure.statement import Statement, is_expression
from evenhand.results import quantity

COUNTED = {
    "traced": ("traced_current_bytes", "traced_peak_bytes"),
    "heap": ("heap_bytes", "heap_peak_bytes"),
    "resident": ("resident_bytes",),
}
"""The counters, as the worker names them, and what each counts."""
EMPTY = "empty statement"
"""Counted alongside, at size 0: what a counter itself adds."""
TRIAL = 1_000
"""Items of the trial that estimates how long a run takes."""

Job = tuple[str, Statement, int, str, int]
"""Contender, statement, size, counter, run."""


def expression(contender: str, statement: Statement) -> str:
    """Return the statement as an expression of `n`, whose value the worker keeps.

    Raises
    ------
    ValueError
        If it is not an expression: nothing would be kept while counting.
    """
    if not isinstance(statement.code, str):
        return f"{statement.source.removesuffix('()')}(n)"
    text = statement.source.strip()
    if not is_expression(text):
        message = (
            f"the statement of {contender!r} is not an expression: {text!r}; a footprint keeps what an expression "
            "returns, for example '[point() for i in range(n)]'"
        )
        raise ValueError(message)
    return text


def count(
    contender: str, statement: Statement, size: int, counter: str, alive: set[WorkerProcess] | None = None
) -> dict[str, Any]:
    """Count once, in a fresh process, which is in `alive` while it runs.

    The capture file goes to a folder that is always removed.
    """
    alive = set() if alive is None else alive
    with tempfile.TemporaryDirectory() as folder, WorkerProcess(contender, statement) as worker:
        alive.add(worker)
        try:
            return worker.ask(
                {
                    "do": "hold",
                    "expression": expression(contender, statement),
                    "size": size,
                    "counter": counter,
                    "folder": folder,
                }
            )
        finally:
            alive.discard(worker)


def seconds_of(stated: Mapping[str, Statement], sizes: Sequence[int]) -> float:
    """How long a run takes, estimated from a trial of each contender at a small size."""
    total = 0.0
    for contender, statement in stated.items():
        begin = time.perf_counter()
        found = count(contender, statement, TRIAL, "heap")
        start = time.perf_counter() - begin - found["seconds"]
        total += len(COUNTED) * sum(start + found["seconds"] * size / TRIAL for size in sizes)
    return total / at_once()


def at_once() -> int:
    """How many processes count in parallel; they may, because nothing in them is timed."""
    return min(os.cpu_count() or 1, 4)


def count_empty(missing: dict[str, str]) -> list[Sample]:
    """Count an empty statement with every counter: what each itself adds."""
    return samples_of_jobs([(EMPTY, Statement("None"), 0, counter, 0) for counter in COUNTED], missing)


def count_run(stated: Mapping[str, Statement], sizes: Sequence[int], run: int, missing: dict[str, str]) -> list[Sample]:
    """Count every contender at every size with every counter, once."""
    jobs: list[Job] = [
        (contender, statement, size, counter, run)
        for contender, statement in stated.items()
        for size in sizes
        for counter in COUNTED
        if counter not in missing
    ]
    return samples_of_jobs(jobs, missing)


def samples_of_jobs(jobs: Sequence[Job], missing: dict[str, str]) -> list[Sample]:
    """Do the jobs; counters that are not available here are entered in `missing`, with the reason."""
    samples: list[Sample] = []
    with closing(counted_side_by_side(jobs)) as answers:
        for (contender, _, size, counter, run), counted in answers:
            if "missing" in counted:
                missing[counter] = counted["missing"]
                continue
            samples += [Sample(contender, what, float(value), run, size=size) for what, value in counted.items()]
    return samples


def counted_side_by_side(jobs: Sequence[Job]) -> Generator[tuple[Job, dict[str, Any]], None, None]:
    """Do the jobs, a few at a time, in order; when anything ends it early, the workers end too."""
    alive: set[WorkerProcess] = set()

    def work(job: Job) -> dict[str, Any]:
        contender, statement, size, counter, _ = job
        return count(contender, statement, size, counter, alive)

    pool = ThreadPoolExecutor(at_once())
    futures = [pool.submit(work, job) for job in jobs]
    try:
        for job, future in zip(jobs, futures, strict=True):
            yield job, future.result()["counted"]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        # A worker may be starting just now, so look again until no thread is left.
        while not all(future.done() for future in futures):
            for worker in list(alive):
                worker.kill()
            time.sleep(0.02)


def not_available(counter: str, why: str) -> str:
    """Say that a column is empty, and why."""
    return f"the {counter} columns are not available here: {why}"


def own_cost(samples: Sequence[Sample]) -> list[str]:
    """Report what the counters themselves add: the count of an empty statement."""
    own = {sample.quantity: sample.value for sample in samples if sample.contender == EMPTY}
    if not own:
        return []
    parts = ", ".join(f"{what.removesuffix('_bytes').replace('_', ' ')} {quantity.memory(own[what])}" for what in own)
    return [f"an empty statement counts: {parts}; nothing is subtracted"]

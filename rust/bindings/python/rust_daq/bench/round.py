"""A round: fresh workers alive side by side, asked in turn."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from rust_daq.bench.process import TIMEOUT, WorkerProcess
from rust_daq.bench.statement import Statement


@contextmanager
def alive(
    stated: Mapping[str, Statement], core: int | None = None, timeout: float = TIMEOUT
) -> Iterator[dict[str, WorkerProcess]]:
    """Start a worker for each contender; all of them end when the round does, whatever happens.

    They start beside one another, as many as there are cores: nothing is timed before the last of them is ready.
    On one core, if one is named: they take turns, so that none has to wait for it.
    """
    begun: list[Future[WorkerProcess]] = []
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for name, statement in stated.items():
                begun.append(pool.submit(WorkerProcess, name, statement, core, timeout))
        yield {name: worker.result() for name, worker in zip(stated, begun, strict=True)}
    finally:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for worker in begun:
                if worker.exception() is None:
                    pool.submit(worker.result().close)


def core_of(index: int) -> int | None:
    """The core of a round: each in turn, so that a neighbour on one of them spoils some rounds and not all.

    Returns
    -------
    int or None
        None where the system pins no process.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    return cores[index % len(cores)]


def turns(contenders: list[str], index: int, slices: int) -> list[tuple[int, str]]:
    """The order of a round: forward, then backward, with the first one rotated from round to round."""
    first = index % len(contenders)
    forward = contenders[first:] + contenders[:first]
    return [(turn, contender) for turn in range(slices) for contender in (forward if turn % 2 == 0 else forward[::-1])]

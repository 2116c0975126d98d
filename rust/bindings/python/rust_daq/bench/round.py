"""A round: fresh workers alive side by side, asked in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rust_daq.bench.process import WorkerProcess
from rust_daq.bench.statement import Statement


@contextmanager
def alive(stated: Mapping[str, Statement]) -> Iterator[dict[str, WorkerProcess]]:
    """Start a worker for each contender; all of them end when the round does, whatever happens."""
    workers: dict[str, WorkerProcess] = {}
    try:
        for contender, statement in stated.items():
            workers[contender] = WorkerProcess(contender, statement)
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def turns(contenders: list[str], index: int, slices: int) -> list[tuple[int, str]]:
    """The order of a round: forward, then backward, with the first one rotated from round to round."""
    first = index % len(contenders)
    forward = contenders[first:] + contenders[:first]
    return [(turn, contender) for turn in range(slices) for contender in (forward if turn % 2 == 0 else forward[::-1])]

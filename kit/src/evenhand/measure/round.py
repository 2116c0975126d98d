"""A round: fresh workers, alive at the same time, asked in turn."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from evenhand.measure.fork_server import ForkServer
from evenhand.measure.process import TIMEOUT, WORKER, WorkerProcess
from evenhand.measure.shared_imports import SharedImports
from evenhand.measure.statement import Harness, Statement

FEWEST_WORKERS = 3
"""With fewer workers, a server takes as long to start as they do."""


@contextmanager
def alive(
    stated: Mapping[str, Statement],
    core: int | None = None,
    timeout: float = TIMEOUT,
    shared: SharedImports | None = None,
    index: int = 0,
) -> Iterator[dict[str, WorkerProcess]]:
    """Start a worker for each contender; all of them end with the round, whatever happens.

    Every statement has the same harness around it.  The workers start in parallel, as many as there are cores: nothing
    is timed before the last one is ready.  They run on one core, if one is named, because they take turns anyway.
    Where their shared modules are known, they are forked from servers that have imported them.  They start in the order
    of the round `index`, because the system places them in that order.
    """
    harness = Harness.of(stated)
    begun: dict[str, Future[WorkerProcess]] = {}
    with ExitStack() as stack:
        servers = serving(stack, stated, shared)
        stack.callback(close_all, begun)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for _, name in turns(list(stated), index, 1):
                server = servers.get(name)
                made = pool.submit(WorkerProcess, name, stated[name], core, timeout, harness=harness, server=server)
                begun[name] = made
        yield {name: begun[name].result() for name in stated}


def serving(stack: ExitStack, stated: Mapping[str, Statement], shared: SharedImports | None) -> dict[str, ForkServer]:
    """Start the fork servers of a round; workers without a server are spawned."""
    if shared is None or not can_fork(stated):
        return {}
    python = next(iter(stated.values())).python or sys.executable
    root = stack.enter_context(ForkServer.start(python, WORKER, TIMEOUT))
    return branched(stack, root, shared, {})


def branched(
    stack: ExitStack, server: ForkServer, shared: SharedImports, served: dict[str, ForkServer]
) -> dict[str, ForkServer]:
    """Let a server import what its workers share, and fork a server for those that share more, all in parallel."""
    if not server.load(shared.modules):
        return served  # its workers fork from the parent server, which still works
    served |= dict.fromkeys(everyone(shared), server)
    further = [(stack.enter_context(server.branch()), part) for part in shared.servers]
    if further:
        with ThreadPoolExecutor(len(further)) as pool:
            begun = [pool.submit(branched, stack, branch, part, served) for branch, part in further]
        for each in begun:
            each.result()  # raises an error of the thread here
    return served


def everyone(shared: SharedImports) -> Iterator[str]:
    """The workers of a server and of those that fork from it."""
    yield from shared.workers
    for part in shared.servers:
        yield from everyone(part)


def can_fork(stated: Mapping[str, Statement]) -> bool:
    """Whether the workers of a round may be forked: on Linux, from one interpreter, if enough of them gain by it."""
    pythons = {statement.python for statement in stated.values()}
    return sys.platform == "linux" and len(pythons) == 1 and len(stated) >= FEWEST_WORKERS


def shared_imports(workers: Mapping[str, WorkerProcess]) -> SharedImports:
    """The modules that the workers of a round have imported, arranged by what they share."""
    return SharedImports.of({name: worker.ask({"do": "imports"})["modules"] for name, worker in workers.items()})


def close_all(begun: Mapping[str, Future[WorkerProcess]]) -> None:
    """End all workers that were started."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for worker in begun.values():
            if worker.exception() is None:
                pool.submit(worker.result().close)


def core_of(index: int) -> int | None:
    """The core of a round: each in turn, so that a neighbour on one core disturbs only some rounds.

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
    """The order of a round: alternately forward and backward.

    Odd rounds begin backward, and after every second round the first contender changes.  So in each pair of rounds each
    contender comes before any other as often as after it, even if a round has only one slice.
    """
    first = index // 2 % len(contenders)
    forward = contenders[first:] + contenders[:first]
    return [
        (turn, contender)
        for turn in range(slices)
        for contender in (forward if (turn + index) % 2 == 0 else forward[::-1])
    ]

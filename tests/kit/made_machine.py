"""A machine for tests: only statements, loops and readings of the clock move its clock, by chosen amounts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from evenhand.measure import worker
from evenhand.measure.process import TIMEOUT
from evenhand.measure.statement import Harness, Statement
from evenhand.measure.worker import Worker

WORK = "from made_machine import work"
"""The setup of a statement that takes a chosen time."""


class Machine:
    """A clock, and workers in this process that read it.

    Parameters
    ----------
    loop : int
        Nanoseconds that a pass of the timing loop takes.
    reading : int
        Nanoseconds that reading the clock takes.
    """

    def __init__(self, loop: int = 100, reading: int = 0) -> None:
        self.now = 0
        self.spent = 0
        self.own = 0
        self.loop = loop
        self.reading = reading
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.workers: list[MadeWorker] = []

    def work(self, nanoseconds: float, threads: int = 1) -> None:
        """Let time pass, and processor time for each thread."""
        self.now += int(nanoseconds)
        self.spent += int(nanoseconds) * threads
        self.own += int(nanoseconds) * min(threads, 1)

    def read(self) -> int:
        """Read the clock."""
        self.now += self.reading
        return self.now

    def repeat(self, value: None, times: int) -> Iterator[None]:
        """Return an iterator for the timing loop; each pass takes time."""
        for _ in range(times):
            self.now += self.loop
            yield value

    @contextmanager
    def alive(self, stated: Mapping[str, Statement], timeout: float = TIMEOUT, **further: Any) -> Any:
        """Replace `round.alive`, without processes."""
        del further
        harness = Harness.of(stated)
        yield {name: MadeWorker(self, name, statement, harness, timeout) for name, statement in stated.items()}


class MadeWorker:
    """Replaces `WorkerProcess`, without a process."""

    def __init__(
        self, machine: Machine, name: str, statement: Statement, harness: Harness | None = None, timeout: float = 120.0
    ) -> None:
        self.machine, self.name, self.timeout = machine, name, timeout
        self.worker = Worker()
        machine.workers.append(self)
        self.ask(statement.request(harness))

    def ask(self, request: dict[str, Any], timeout: float | None = None) -> Any:
        """Answer a request."""
        del timeout
        self.machine.requests.append((self.name, request))
        return getattr(self.worker, request["do"])(request)

    def close(self) -> None:
        """Close the event loop, if there is one."""
        if hasattr(self.worker, "_runner"):
            self.worker._runner.close()


CURRENT: list[Machine] = []


def work(nanoseconds: float, threads: int = 1) -> None:
    """Let the time pass on the machine of this test."""
    CURRENT[-1].work(nanoseconds, threads)


@contextmanager
def installed(patch: pytest.MonkeyPatch, machine: Machine) -> Iterator[Machine]:
    """Make the kit measure on this machine."""
    clock = SimpleNamespace(
        perf_counter_ns=machine.read,
        perf_counter=lambda: machine.read() / 1e9,
        process_time_ns=lambda: machine.spent,
        thread_time_ns=lambda: machine.own,
        sleep=lambda seconds: machine.work(seconds * 1e9, 0),
    )
    patch.setattr(worker, "time", clock)
    patch.setattr(worker, "itertools", SimpleNamespace(repeat=machine.repeat, count=itertools.count))
    # Do not freeze the objects of the tests.
    patch.setattr(worker, "gc", SimpleNamespace(collect=lambda: 0, freeze=lambda: None))
    patch.setattr("evenhand.measure.sampling.alive", machine.alive)
    patch.setattr("evenhand.measure.sampling.can_fork", lambda *_: False)
    patch.setattr("evenhand.measure.sampling.keep_on_one_core", lambda *_: None)  # the tests' own process
    CURRENT.append(machine)
    yield machine
    CURRENT.remove(machine)
    for made in machine.workers:
        made.close()

"""The frame of every measuring call: its plan, its rounds in fresh processes, and its result.

A kind of measurement is a `Sampler`: it defines how contenders are tried and how one round is sampled.  The rest is
here, once: the number of rounds, which is fixed before the first sample, the machine's pace, the announcement of a long
call, and the partial result of a stopped one.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from evenhand.judge.decision import fewest_rounds
from evenhand.measure.arguments import positive
from evenhand.measure.interrupts import Interrupts
from evenhand.measure.process import TIMEOUT, WorkerProcess
from evenhand.measure.records import Sample, samples_of
from evenhand.measure.round import alive, can_fork, shared_imports
from evenhand.measure.settings import Settings
from evenhand.measure.shared_imports import SharedImports
from evenhand.measure.statement import Statement
from evenhand.measure.timing_loop import keep_on_one_core
from evenhand.measure.yardstick import yardstick
from evenhand.results.result import Interrupted, Result, records

R = TypeVar("R", bound=Result)

LONG_SECONDS = 60.0
"""A call that takes longer is announced before it begins."""


class Sampler(ABC, Generic[R]):
    """How a kind of measurement fills a round.

    Parameters
    ----------
    stated : mapping of str to Statement
        The contenders.
    plan : mapping
        The numbers that decide the sampling; they are stored in the result.
    judged : int
        How many ratios are judged together, which determines the fewest rounds; 0 where nothing is compared.
    timeout : float, optional
        Seconds that a worker may take for a request.
    """

    kind: type[R]
    rounds_are = "rounds"
    """The name of the number of rounds in the result's settings."""
    foresees = True
    """Whether `prepare` returns how long a round takes, rather than an upper limit."""

    def __init__(
        self, stated: Mapping[str, Statement], plan: Mapping[str, Any], judged: int, timeout: float | None = None
    ) -> None:
        self.stated = stated
        self.plan = plan
        self.judged = judged
        self.timeout = TIMEOUT if timeout is None else positive("timeout", timeout, "seconds")
        self.shared: SharedImports | None = None
        self.pinned = False

    def sampled(self) -> Mapping[str, Statement]:
        """All that has a worker in each round: the contenders, and additions of the kind."""
        return self.stated

    def workers(self, index: int) -> AbstractContextManager[Mapping[str, WorkerProcess]]:
        """Start the workers of a round, in the order in which the round asks them."""
        return alive(self.sampled(), timeout=self.timeout, shared=self.shared, index=index)

    @abstractmethod
    def prepare(self, workers: Mapping[str, WorkerProcess]) -> float:
        """Try the contenders in the workers of the first round; return the seconds that a round samples."""

    @abstractmethod
    def sample(self, workers: Mapping[str, WorkerProcess], index: int) -> Sequence[Sample]:
        """Sample a round."""

    def rounds(self, settings: Settings, seconds: float, share: float) -> int:
        """The number of rounds, from the seconds that one takes."""
        return settings.rounds_within(seconds, share, fewest_rounds(self.judged) if self.judged else 1)

    def facts(self) -> dict[str, Any]:
        """Numbers fixed by the trial, for the result's settings."""
        return {}

    def recorded(self) -> Mapping[str, Statement]:
        """The statements that the result stores as its contenders."""
        return self.sampled()

    def records(self) -> dict[str, dict[str, Any]]:
        """What the result stores about each contender."""
        return records(self.recorded())

    def notes(self, samples: Sequence[Sample], rounds: int) -> Sequence[str]:
        """Limits of the sampling, each as a sentence."""
        del samples, rounds
        return ()


def measure(sampler: Sampler[R], name: str, settings: Settings, share: float = 1.0) -> R:
    """Make a measuring call: measure, or take the archived result, and record it.

    Raises
    ------
    ValueError
        If `share` is not from 0 to 1, or as in `Settings.measured`.
    WorkerError
        If a statement fails, or its worker dies or hangs.
    Interrupted
        If it was stopped; the finished rounds are in its ``result``.
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        message = f"share must be the part of the example's seconds, from 0 to 1, got {share!r}"
        raise ValueError(message)

    def make() -> R:
        return left_out(sampler, name, settings) if name in settings.cut else collect(sampler, name, settings, share)

    return settings.measured(sampler.kind, name, sampler.recorded(), sampler.plan, make)


def left_out(sampler: Sampler[R], name: str, settings: Settings) -> R:
    """Make the result of a call that the build's budget cut: it has contenders and no samples."""
    return sampler.kind(
        name=name,
        example=settings.example,
        contenders=records(sampler.recorded()),
        settings={**sampler.plan, sampler.rounds_are: 0, "cut": True},
        samples=samples_of(()),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def collect(sampler: Sampler[R], name: str, settings: Settings, share: float) -> R:
    """Sample round after round; the first round uses the workers of the trial."""
    started = datetime.now(UTC)
    samples: list[Sample] = []
    pace: list[float] = []
    rounds, first, sampled, stopped = 1, 0.0, 0.0, None
    try:
        with Interrupts() as interrupts:
            while len(pace) < rounds:
                index = len(pace)
                settings.progress(name, index, rounds)
                before, begin = yardstick(), time.perf_counter()
                with sampler.workers(index) as workers:
                    if index == 0:
                        starting = time.perf_counter() - begin
                        seconds = starting + sampler.prepare(workers)
                        rounds = sampler.rounds(settings, seconds, share)
                        if sampler.foresees:
                            announce(settings, name, rounds, seconds)
                    if sampler.pinned:
                        keep_on_one_core(workers, index)
                    asked = time.perf_counter()
                    found = sampler.sample(workers, index)
                    sampled += time.perf_counter() - asked
                    if index == 0 and rounds > 1 and workers and can_fork(sampler.sampled()):
                        sampler.shared = shared_imports(workers)
                samples += found
                pace.append(min(before, yardstick()))
                first = first or time.perf_counter() - begin
                interrupts.check()
    except (KeyboardInterrupt, SystemExit) as error:
        if not pace:
            raise
        stopped = error
        samples = [sample for sample in samples if sample.round < len(pace)]
    times = {"first_ns": round(first * 1e9), "sampled_ns": round(sampled * 1e9)}
    result = sampler.kind(
        name=name,
        example=settings.example,
        contenders=sampler.records(),
        settings={**sampler.plan, **sampler.facts(), sampler.rounds_are: len(pace), **times},
        samples=samples_of(samples),
        started=started.isoformat(timespec="seconds"),
        notes=tuple(sampler.notes(samples, len(pace))),
        pace=tuple(pace),
    )
    result = replace(result, notes=(*result.notes, *result.modes()))
    if stopped is None:
        return result
    note = f"incomplete: stopped after {len(pace)} of {rounds} rounds"
    raise Interrupted(replace(result, notes=(note, *result.notes))) from stopped


def announce(settings: Settings, name: str, rounds: int, seconds: float) -> None:
    """Announce how long a call will take, if that is long."""
    expected = rounds * seconds
    if expected > LONG_SECONDS:
        minutes = expected / 60
        settings.announce(f"{name}: {rounds} rounds of {seconds:.1f} s, about {minutes:.1f} minutes")

"""How a pipeline's run is waited for, ended and given up: with a way out at every place."""

import atexit
import gc
import math
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from rust_daq._core import _PipelineRun

LOOK_SECONDS = 0.1
"""How often a waiting call looks up for Ctrl-C."""

GRACE_SECONDS = 2.0
"""How long the call that Ctrl-C interrupts waits for a part that does not return."""

EXIT_SECONDS = 5.0
"""How long the end of the interpreter waits while no point is processed and no part returns."""


def seconds_of(argument: str, given: float | timedelta) -> float:
    """Read an argument that is a time: seconds or a timedelta."""
    if isinstance(given, timedelta):
        return given.total_seconds()
    try:
        seconds = None if isinstance(given, (str, bytes)) else float(given)
    except (TypeError, ValueError, OverflowError):
        seconds = None
    if seconds is None:
        message = f"{argument} must be a number of seconds or a timedelta, got {given!r} ({type(given).__name__})"
        raise TypeError(message)
    return seconds


def timeout_of(timeout: float | timedelta | None) -> float:
    """Read a timeout; without one the wait has no end."""
    if timeout is None:
        return math.inf
    seconds = seconds_of("timeout", timeout)
    if not seconds >= 0:
        message = f"timeout is {timeout!r}; pass seconds or a timedelta of at least 0, or None to wait without end"
        raise ValueError(message)
    return seconds


def wait_for(run: _PipelineRun, seconds: float) -> bool:
    """Wait until a run is over, or for so long; Ctrl-C is raised within `LOOK_SECONDS`."""
    deadline = time.monotonic() + seconds
    while not run.wait(max(0.0, min(LOOK_SECONDS, deadline - time.monotonic()))):
        if time.monotonic() >= deadline:
            return False
    return True


class Parts:
    """The parts of a pipeline, by the names that messages use."""

    def __init__(
        self, source: object, processors: tuple[Any, ...], sinks: tuple[Any, ...], **callbacks: object
    ) -> None:
        self.source = source
        self.processors = processors
        self.sinks = sinks
        self._takers = [
            *((f"sinks[{index}]", sink) for index, sink in enumerate(sinks)),
            *((name, callback) for name, callback in callbacks.items() if callback is not None),
        ]

    def under_way(self, run: _PipelineRun) -> str:
        """Name the calls that a run waits for."""
        texts = [self._named(kind, index) for kind, index in run.work()]
        return " and ".join(texts) or "its threads"

    def _named(self, kind: str, index: int) -> str:
        if kind == "hand over":
            return "the loop over the pipeline to take a batch"
        name, part = "source", self.source
        if kind == "process":
            name, part = f"processors[{index}]", self.processors[index]
        elif kind in {"write", "close"}:
            name, part = self._takers[index]
        verb = {"close source": "the closing of ", "close": "the closing of "}.get(kind, "")
        try:
            return f"{verb}{name} {repr(part)[:200]}"
        except Exception:
            return f"{verb}{name} ({type(part).__name__})"


_running: dict[_PipelineRun, "weakref.ref[Parts]"] = {}
"""The runs whose threads have to end before the interpreter does. Their parts are not kept alive by it."""

_given_up: set[_PipelineRun] = set()
"""Those of them for which nobody waits any more."""

_claims: dict[tuple[int, ...], _PipelineRun | None] = {}
"""The parts that are in use: None while a run that uses them is being started."""

_lock = threading.RLock()
"""Guards these tables. A finalizer that runs while a thread has it may come here again."""


def _prune() -> None:
    """Forget runs that ended without anybody's call; the caller has the lock."""
    for run in [run for run in _running if run.wait(0)]:
        _forget(run)


def _before_collection(phase: str, info: dict[str, int]) -> None:
    """Forget them before the garbage collector looks for cycles, which their exceptions may be part of."""
    if phase == "start" and info["generation"] > 1 and _lock.acquire(blocking=False):
        try:
            _prune()
        finally:
            _lock.release()


def _forget(run: _PipelineRun) -> None:
    _running.pop(run, None)
    _given_up.discard(run)
    for key in [key for key, user in _claims.items() if user is run]:
        del _claims[key]
    if not _running and _before_collection in gc.callbacks:
        gc.callbacks.remove(_before_collection)


def _key(part: object) -> tuple[int, ...]:
    """Identify a part; a bound method is another object at each access."""
    function = getattr(part, "__func__", None)
    return (id(part),) if function is None else (id(getattr(part, "__self__", None)), id(function))


def started(
    claimed: list[tuple[str, Any]], parts: Parts, begin: Callable[..., _PipelineRun], *arguments: object
) -> _PipelineRun:
    """Start a run that uses these parts alone; `begin` is the method of the extension that does it."""
    keys = [_key(part) for _, part in claimed]
    with _lock:
        _prune()
        taken = [part for key, part in zip(keys, claimed, strict=True) if key in _claims]
        if not taken:
            _claims.update(dict.fromkeys(keys))
    for name, part in taken:
        message = f"{name} {part!r} is in use by another pipeline that runs; {_remedy(name)}"
        raise RuntimeError(message)
    runs: list[_PipelineRun] = []
    try:
        # It runs code of the parts, so no lock is held. The list has the run before Ctrl-C can be seen: the signal is
        # raised between two calls, and this is one.
        runs.extend(map(begin, *([argument] for argument in arguments)))
        [run] = runs
        with _lock:
            _claims.update(dict.fromkeys(keys, run))
            _running[run] = weakref.ref(parts)
            if _before_collection not in gc.callbacks:
                gc.callbacks.append(_before_collection)
    except BaseException as error:
        for run in runs:
            give_up(run, parts, error)
        with _lock:
            for key in keys:
                _claims.pop(key, None)
        raise
    return run


def _remedy(name: str) -> str:
    if name.startswith("sinks"):
        return "stop that one first, or pass SharedSink(sink) to both"
    return "stop that one first, or make another one"


def ended(run: _PipelineRun) -> None:
    """Say that a run is over and that its caller knows."""
    with _lock:
        _forget(run)


def finish(run: _PipelineRun, parts: Parts, seconds: float, *, drain: bool) -> bool:
    """End a run and wait for it; whether it is over in time.

    Ctrl-C abandons the queue and waits at most `GRACE_SECONDS` more; a second one does not wait.
    """
    run.stop(drain)
    try:
        return wait_for(run, seconds)
    except BaseException as interrupt:
        give_up(run, parts, interrupt)
        raise


def is_inside(run: _PipelineRun) -> bool:
    """Tell whether the end of a run waits for the caller: one of its threads, or a loop that reads it."""
    return run.is_inside() or (run.is_read_here() and not run.wait(0))


def give_up(run: _PipelineRun, parts: Parts, interrupt: BaseException) -> bool:
    """Abandon what a run has waiting; whether its threads end in time. A note says what does not return."""
    over = False
    try:
        run.stop(False)
        over = wait_for(run, GRACE_SECONDS)
    finally:
        if not over:
            _given_up.add(run)
            interrupt.add_note(
                f"the pipeline was given up while it waits for {parts.under_way(run)}; "
                "its threads end when that returns, or with the process"
            )
    return over


def _end_all() -> None:
    """End all runs at the end of the interpreter, whatever one of them raises."""
    with _lock:
        runs = dict(_running)
    for run in runs:
        run.leave()  # no loop goes on from here
        run.stop(run not in _given_up)
    try:
        _await_progress([run for run in runs if run not in _given_up])
    except BaseException:
        for run in runs:
            run.stop(False)
    for run, parts_of in runs.items():
        if run.wait(0):
            for error in run.take_errors():
                # As Python reports what nobody can catch any more.
                sys.excepthook(type(error), error, error.__traceback__)
        elif run not in _given_up and sys.stderr is not None:
            parts = parts_of()
            call = "a part" if parts is None else parts.under_way(run)
            print(f"rust_daq: a pipeline was given up at exit while it waits for {call}", file=sys.stderr)


def _await_progress(runs: list[_PipelineRun]) -> None:
    """Wait until all are over, or nothing has moved for `EXIT_SECONDS`; then without their queues, once more."""
    for drain in (True, False):
        moved, seen = time.monotonic(), None
        while runs := [run for run in runs if not run.wait(LOOK_SECONDS / 2)]:
            state = [(run, run.report().processed, run.work()) for run in runs]
            if state != seen:
                moved, seen = time.monotonic(), state
            elif time.monotonic() - moved > EXIT_SECONDS:
                break
        if drain:
            for run in runs:
                run.stop(False)


def _forked() -> None:
    """Forget in a child what the parent's threads do, and whatever lock they hold."""
    global _lock  # noqa: PLW0603 - another thread may have held it
    _lock = threading.RLock()
    _running.clear()
    _given_up.clear()
    _claims.clear()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)

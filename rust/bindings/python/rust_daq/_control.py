"""Waiting for a pipeline's run, stopping it, and giving it up. Every wait can be interrupted."""

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
"""How often a waiting call checks for Ctrl-C."""

GRACE_SECONDS = 2.0
"""How long a call interrupted by Ctrl-C waits for a part that does not return."""

EXIT_SECONDS = 5.0
"""How long the interpreter waits at exit while no point is processed and no part returns."""


def parse_seconds(argument: str, given: float | timedelta) -> float:
    """Convert an argument to seconds, from a number or a timedelta."""
    if isinstance(given, timedelta):
        return given.total_seconds()
    try:
        seconds = None if isinstance(given, (str, bytes)) else float(given)
    except OverflowError:
        message = f"{argument} does not fit into a float; omit it to set no limit"
        raise OverflowError(message) from None
    except (TypeError, ValueError):
        seconds = None
    if seconds is None:
        message = f"{argument} must be a number of seconds or a timedelta, got {given!r} ({type(given).__name__})"
        raise TypeError(message)
    return seconds


def parse_timeout(timeout: float | timedelta | None) -> float:
    """Convert a timeout to seconds; None becomes infinity."""
    if timeout is None:
        return math.inf
    seconds = parse_seconds("timeout", timeout)
    if not seconds >= 0:
        message = f"timeout must be at least 0 seconds, got {timeout!r}; pass None to wait without limit"
        raise ValueError(message)
    return seconds


def wait_for(run: _PipelineRun, seconds: float) -> bool:
    """Wait until a run is over, for at most `seconds`; Ctrl-C is raised within `LOOK_SECONDS`."""
    deadline = time.monotonic() + seconds
    while not run.wait(max(0.0, min(LOOK_SECONDS, deadline - time.monotonic()))):
        if time.monotonic() >= deadline:
            return False
    return True


class Parts:
    """The parts of a pipeline, with the names used in messages."""

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

    def describe_calls(self, run: _PipelineRun) -> str:
        """Name the calls that a run is waiting for."""
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
"""The runs whose threads must end before the interpreter does. This table does not keep their parts alive."""

_given_up: set[_PipelineRun] = set()
"""The running runs that no call waits for any more."""

_claims: dict[tuple[int, ...], _PipelineRun | None] = {}
"""The parts in use, with their runs; None while the run is being started."""

_lock = threading.RLock()
"""Guards these tables. Reentrant, because a finalizer may run here while its thread holds the lock."""


def _prune() -> None:
    """Forget runs that ended without a call; the caller holds the lock."""
    for run in [run for run in _running if run.wait(0)]:
        _forget(run)


def _prune_before_collection(phase: str, info: dict[str, int]) -> None:
    """Prune before the garbage collector looks for cycles, because exceptions of these runs may be part of cycles."""
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
    if not _running and _prune_before_collection in gc.callbacks:
        gc.callbacks.remove(_prune_before_collection)


def _identify(part: object) -> tuple[int, ...]:
    """Return the identity of a part. A bound method is a new object at each access; its object and function count."""
    function = getattr(part, "__func__", None)
    return (id(part),) if function is None else (id(getattr(part, "__self__", None)), id(function))


def start_run(
    started: list[_PipelineRun],
    claimed: list[tuple[str, Any]],
    parts: Parts,
    begin: Callable[..., _PipelineRun],
    *arguments: object,
) -> None:
    """Start a run with exclusive use of the claimed parts; `begin` is the extension's method that starts it.

    The run is appended to `started`, which contains it even if Ctrl-C is raised here after its threads have started.
    """
    keys = [_identify(part) for _, part in claimed]
    with _lock:
        _prune()
        taken = [part for key, part in zip(keys, claimed, strict=True) if key in _claims]
        if not taken:
            _claims.update(dict.fromkeys(keys))
    for name, part in taken:
        message = f"{name} {part!r} is in use by another running pipeline; {_suggest(name)}"
        raise RuntimeError(message)
    try:
        # No lock is held, because `begin` runs code of the parts. `extend` is a single call, and Ctrl-C is raised only
        # between calls: the list contains the run before an interrupt can occur.
        started.extend(map(begin, *([argument] for argument in arguments)))
        _register(started, keys, parts)
    except BaseException:
        _register(started, keys, parts)
        raise


def _register(started: list[_PipelineRun], keys: list[tuple[int, ...]], parts: Parts) -> None:
    """Remember the run and its claims; without a run, release them."""
    with _lock:
        if not started:
            for key in keys:
                _claims.pop(key, None)
        for run in started:
            _claims.update(dict.fromkeys(keys, run))
            _running[run] = weakref.ref(parts)
            if _prune_before_collection not in gc.callbacks:
                gc.callbacks.append(_prune_before_collection)


def _suggest(name: str) -> str:
    if name.startswith("sinks"):
        return "stop that pipeline first, or pass SharedSink(sink) to both"
    return "stop that pipeline first, or create another object"


def release(run: _PipelineRun) -> None:
    """Release the parts of a finished run, after its result was delivered."""
    with _lock:
        _forget(run)


def finish_run(run: _PipelineRun, parts: Parts, seconds: float, *, drain: bool) -> bool:
    """Stop a run and wait for it; return whether it was over in time.

    Ctrl-C abandons the queue and waits at most `GRACE_SECONDS` more. A second Ctrl-C does not wait.
    """
    run.stop(drain)
    try:
        return wait_for(run, seconds)
    except BaseException as interrupt:
        give_up(run, parts, interrupt)
        raise


def is_inside(run: _PipelineRun) -> bool:
    """Return whether the run cannot end before the caller returns: one of its threads, or a loop that reads it."""
    return run.is_inside() or (run.is_read_here() and not run.wait(0))


def give_up(run: _PipelineRun, parts: Parts, interrupt: BaseException) -> bool:
    """Abandon the waiting batches; return whether the threads end in time. If not, a note names the pending calls."""
    over = False
    try:
        run.stop(False)
        over = wait_for(run, GRACE_SECONDS)
    finally:
        if not over:
            interrupt.add_note(
                f"the pipeline was given up while waiting for {parts.describe_calls(run)}; "
                "its threads end when that call returns, or with the process"
            )
            # Last, so that a run whose note was interrupted is reported at exit.
            _given_up.add(run)
    return over


def _end_all_runs() -> None:
    """End all runs at interpreter exit, even if one of them raises."""
    with _lock:
        runs = dict(_running)
    for run in runs:
        run.leave()  # no loop continues after this
        run.stop(run not in _given_up)
    try:
        _wait_while_active([run for run in runs if run not in _given_up])
    except BaseException:
        for run in runs:
            run.stop(False)
    for run, parts_of in runs.items():
        if run.wait(0):
            for error in run.take_errors():
                # Python reports exceptions this way when no caller is left to catch them.
                sys.excepthook(type(error), error, error.__traceback__)
        elif run not in _given_up and sys.stderr is not None:
            parts = parts_of()
            call = "a part" if parts is None else parts.describe_calls(run)
            print(f"rust_daq: a pipeline was given up at exit while waiting for {call}", file=sys.stderr)


def _wait_while_active(runs: list[_PipelineRun]) -> None:
    """Wait until all runs are over or inactive for `EXIT_SECONDS`; then abandon their queues and wait once more."""
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


def _reset_after_fork() -> None:
    """Forget the parent's runs and locks in a forked child, because the child has none of the parent's threads."""
    global _lock  # noqa: PLW0603 - another thread may have held it
    _lock = threading.RLock()
    _running.clear()
    _given_up.clear()
    _claims.clear()


atexit.register(_end_all_runs)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)

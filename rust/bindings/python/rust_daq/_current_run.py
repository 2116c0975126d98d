"""The current run of a pipeline, or the results of its last run."""

import math
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from rust_daq._control import (
    GRACE_SECONDS,
    LOOK_SECONDS,
    Parts,
    finish_run,
    give_up,
    is_inside,
    parse_seconds,
    release,
    start_run,
    wait_for,
)
from rust_daq._core import Report, _Newest, _PipelinePlan, _PipelineRun
from rust_daq._shared_sink import SharedSink


class CurrentRun:
    """The run of a pipeline, from its start until a call has collected its result."""

    def __init__(self, plan: _PipelinePlan, parts: Parts) -> None:
        self.run: _PipelineRun | None = None
        self.duration: float | None = None
        self._plan = plan
        self._parts = parts
        self._changed = threading.Condition()
        self._starter: int | None = None
        self._report: Report | None = None
        self._newest = _Newest()
        self._left: _PipelineRun | None = None
        """A run that is ending because the loop that started it was left; its result is not collected yet."""

    def start(self, duration: float | timedelta | None, *, read: bool = False) -> _PipelineRun:
        """Start a run; `read` means that a loop reads it from its first batch."""
        seconds = duration if duration is None else parse_seconds("duration", duration)
        self.settle()
        with self._changed:
            run = self.run
            if self._starter is not None:
                message = "another call is starting the pipeline; wait until that call has returned"
                raise RuntimeError(message)
            self._starter = threading.get_ident() if run is None else None
        if run is not None:
            run.report()  # after a fork, this raises an error that says so
            message = "the pipeline is running already; stop it first, or create another Pipeline"
            raise RuntimeError(message)
        started: list[_PipelineRun] = []
        try:
            try:
                # No lock is held, because this calls the source's iter() and the processors' reset().
                start_run(started, self._claimed(), self._parts, self._plan.start, seconds, read)
            finally:
                if started:
                    self.run, self.duration = started[0], seconds
                with self._changed:
                    self._starter = None
                    self._changed.notify_all()
        except BaseException as error:
            self.abandon(error)  # Ctrl-C arrived after its threads had started
            raise
        return started[0]

    def settle(self) -> None:
        """Wait for the end of a run whose loop was left, and raise its exception."""
        left = self._left
        if left is not None and left is self.run:
            self.end()

    def present(self) -> _PipelineRun | None:
        """Return the run. Its own threads may call this before `start` has returned in the starting thread."""
        with self._changed:
            while self._starter not in {None, threading.get_ident()}:
                self._changed.wait()
            return self.run

    def report(self) -> Report | None:
        """Return the report of the current run, or of the last one."""
        run = self.present()
        return self._report if run is None else run.report()

    def latest(self, n: int) -> Any:
        """Return the newest points of the current run, or of the last one."""
        points = self._plan.keep(n)
        run = self.present()
        newest = self._newest if run is None else run.newest(points)
        return newest.last(points)

    def end(self, *, drain: bool = True, seconds: float = math.inf) -> Report:
        """Stop the run, if there is one, and wait for its end; inside the run, only request the end."""
        run = self.present()
        if run is not None:
            if is_inside(run):
                run.stop(drain)
                return run.report()
            if not finish_run(run, self._parts, seconds, drain=drain):
                message = (
                    f"the run is not over after {seconds:g} s; it is waiting for {self._parts.describe_calls(run)}"
                )
                raise TimeoutError(message)
            error = self.collect(run)
            if error is not None:
                raise error
        if self._report is None:
            message = "the pipeline was never started; call run or start first"
            raise RuntimeError(message)
        return self._report

    def abandon(self, error: BaseException) -> None:
        """End the run because of an exception; further exceptions are added to it as notes."""
        run = self.run
        if run is not None and not is_inside(run) and give_up(run, self._parts, error):
            self.collect(run, error)

    def collect(self, run: _PipelineRun, error: BaseException | None = None) -> BaseException | None:
        """Store the report of a finished run, and return its exception; with an `error`, add notes to that instead."""
        newest = run.newest(sys.maxsize)
        with self._changed:
            if self.run is not run:
                return error
            self._report, self._newest, self.run, self._left = run.report(), newest, None, None
        release(run)
        for failure in run.take_errors():
            if error is None:
                error = failure
            else:
                error.add_note(f"then the pipeline also raised {failure!r}")
        if self.duration is not None and error is None and self._report.ended == "source":
            warnings.warn(
                f"source ended after {self._report.elapsed_ns / 1e9:.3g} s of the requested {self.duration:g} s",
                RuntimeWarning,
                stacklevel=5,
            )
        return error

    def _claimed(self) -> list[tuple[str, Any]]:
        """Return the parts that only one run at a time may use, with their names."""
        source = self._parts.source
        has_state = callable(source) or hasattr(source, "__next__")
        claimed = [("source", source)] if has_state else []
        claimed += [(f"processors[{index}]", step) for index, step in enumerate(self._parts.processors)]
        sinks = enumerate(self._parts.sinks)
        return claimed + [(f"sinks[{index}]", sink) for index, sink in sinks if not isinstance(sink, SharedSink)]

    # Loops

    def attach_reader(self) -> "LoopReader":
        """Attach a loop in this thread to the run, or to a new run if none is active."""
        run = self.present()
        if run is None or run is self._left:
            return LoopReader(self, self.start(None, read=True), 1, began=True)
        if run.is_inside():
            message = "a loop inside the run would wait for the run's own batches; iterate in another thread"
            raise RuntimeError(message)
        reader = run.attach()
        if reader is None:
            message = (
                "another loop is iterating over the pipeline, and each batch goes to one loop only; end that loop "
                "first, or pass its batches on"
            )
            raise RuntimeError(message)
        return LoopReader(self, run, reader, began=False)

    def leave(self, run: _PipelineRun) -> None:
        """Remember that a run is ending because its loop was left."""
        self._left = run

    def end_abandoned(self, run: _PipelineRun) -> None:
        """Wait for a run whose loop was left; warn if `stop` would raise or wait."""
        self.leave(run)
        if run.is_inside():  # the garbage collector finalized the loop in a thread of the run
            return
        if not wait_for(run, GRACE_SECONDS):
            what = f"is still waiting for {self._parts.describe_calls(run)}; stop waits for it too"
        elif run.report().ended == "failed":
            what = "failed; call stop to raise the exception"
        else:
            self.collect(run)
            return
        warnings.warn(f"the run of a loop that was left {what}", RuntimeWarning, stacklevel=4)


class LoopReader:
    """The connection of a loop to the run that it reads."""

    def __init__(self, current: CurrentRun, run: _PipelineRun, reader: int, *, began: bool) -> None:
        self.run = run
        self._current = current
        self._reader_id = reader
        self._began = began

    def take(self, seconds: float) -> Any:
        """Take the next batch, waiting at most `seconds`; None if no batch arrives."""
        return self.run.take(self._reader_id, seconds)

    def has_ended(self) -> bool:
        """Return whether no more batches will arrive, after `take` returned None in this thread."""
        return self.run.wait(0) or not self.run.is_read_here()

    def end(self) -> None:
        """Detach, and raise the exception of a finished run."""
        self.run.leave(self._reader_id)
        error = self._current.collect(self.run) if self.run.wait(0) else None
        if error is not None:
            raise error

    def leave(self, end: Callable[[_PipelineRun], object]) -> None:
        """Detach; if this loop started the run, `end` then ends it."""
        try:
            if self._began:
                self.run.stop(False)  # before leaving, so that the batch offered to the loop counts as not taken
            self.run.leave(self._reader_id)
        except RuntimeError:
            return  # this process was forked; the threads of the run are in its parent
        if self._began and self._current.run is self.run:
            end(self.run)

    def give_up(self, error: BaseException) -> None:
        """Detach because of an exception."""
        self.leave(lambda _: self._current.abandon(error))


def batches(current: CurrentRun) -> Iterator[Any]:
    """Yield one batch after another; Ctrl-C is raised while waiting."""
    reader = current.attach_reader()
    try:
        while True:
            batch = reader.take(LOOK_SECONDS)
            if batch is not None:
                yield batch
            elif reader.has_ended():
                break
    except GeneratorExit:
        reader.leave(current.end_abandoned)
        raise
    except BaseException as error:
        reader.give_up(error)
        raise
    reader.end()

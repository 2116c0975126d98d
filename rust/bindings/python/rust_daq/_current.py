"""What a pipeline has at present: a run, or what the last one left."""

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
    ended,
    finish,
    give_up,
    is_inside,
    seconds_of,
    started,
    wait_for,
)
from rust_daq._core import Report, _Newest, _PipelinePlan, _PipelineRun
from rust_daq._shared_sink import SharedSink


class Current:
    """The run of a pipeline, from its start to the call that learns how it ended."""

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
        """A run that ends because the loop that began it was left; nobody knows yet how."""

    def start(self, duration: float | timedelta | None, *, read: bool = False) -> _PipelineRun:
        """Begin a run; `read` by a loop from its first batch on."""
        seconds = duration if duration is None else seconds_of("duration", duration)
        self.settle()
        with self._changed:
            run = self.run
            if self._starter is not None:
                message = "the pipeline is being started by another call; wait until that has returned"
                raise RuntimeError(message)
            self._starter = threading.get_ident() if run is None else None
        if run is not None:
            run.report()  # of a fork this says what is the matter
            message = "the pipeline runs already; stop it first, or make another Pipeline"
            raise RuntimeError(message)
        try:
            try:
                # Calls the source's iter() and the processors' reset(): no lock is held.
                run = started(self._claimed(), self._parts, self._plan.start, seconds, read)
                self.run, self.duration = run, seconds
            finally:
                with self._changed:
                    self._starter = None
                    self._changed.notify_all()
        except BaseException as error:
            self.abandon(error)  # Ctrl-C came when its threads had begun
            raise
        return run

    def settle(self) -> None:
        """Wait for the end of a run whose loop was left, and raise what it raised."""
        left = self._left
        if left is not None and left is self.run:
            self.end()

    def present(self) -> _PipelineRun | None:
        """Give the run; its threads may ask for it before `start` has returned in another one."""
        with self._changed:
            while self._starter not in {None, threading.get_ident()}:
                self._changed.wait()
            return self.run

    def report(self) -> Report | None:
        """Report on the present run, or on the last one."""
        run = self.present()
        return self._report if run is None else run.report()

    def latest(self, n: int) -> Any:
        """Give the newest points of the present run, or of the last one."""
        points = self._plan.keep(n)
        run = self.present()
        newest = self._newest if run is None else run.newest(points)
        return newest.last(points)

    def end(self, *, drain: bool = True, seconds: float = math.inf) -> Report:
        """End the run, if there is one, and wait for its end; inside the run only request it."""
        run = self.present()
        if run is not None:
            if is_inside(run):
                run.stop(drain)
                return run.report()
            if not finish(run, self._parts, seconds, drain=drain):
                message = f"the run is not over after {seconds:g} s; it waits for {self._parts.under_way(run)}"
                raise TimeoutError(message)
            error = self.collect(run)
            if error is not None:
                raise error
        if self._report is None:
            message = "the pipeline was never started; call run or start first"
            raise RuntimeError(message)
        return self._report

    def abandon(self, error: BaseException) -> None:
        """End the run because of an exception, to which what else went wrong is added as notes."""
        run = self.run
        if run is not None and not is_inside(run) and give_up(run, self._parts, error):
            self.collect(run, error)

    def collect(self, run: _PipelineRun, error: BaseException | None = None) -> BaseException | None:
        """Keep the report of a run that is over, and give what went wrong; as notes to `error` where there is one."""
        newest = run.newest(sys.maxsize)
        with self._changed:
            if self.run is not run:
                return error
            self._report, self._newest, self.run, self._left = run.report(), newest, None, None
        ended(run)
        for failure in run.take_errors():
            if error is None:
                error = failure
            else:
                error.add_note(f"and then the pipeline raised {failure!r}")
        if self.duration is not None and error is None and self._report.ended == "source":
            warnings.warn(
                f"source had no more after {self._report.elapsed_ns / 1e9:.3g} s of the {self.duration:g} s asked for",
                RuntimeWarning,
                stacklevel=5,
            )
        return error

    def _claimed(self) -> list[tuple[str, Any]]:
        """Name the parts that only one run at a time can use."""
        source = self._parts.source
        has_state = callable(source) or hasattr(source, "__next__")
        claimed = [("source", source)] if has_state else []
        claimed += [(f"processors[{index}]", step) for index, step in enumerate(self._parts.processors)]
        sinks = enumerate(self._parts.sinks)
        return claimed + [(f"sinks[{index}]", sink) for index, sink in sinks if not isinstance(sink, SharedSink)]

    # Loops

    def place(self) -> "Place":
        """Let a loop in this thread read the run, or a new one if none runs."""
        run = self.present()
        if run is None or run is self._left:
            return Place(self, self.start(None, read=True), 1, began=True)
        if run.is_inside():
            message = "the loop would wait for batches of the run that it is inside; iterate in another thread"
            raise RuntimeError(message)
        reader = run.attach()
        if reader is None:
            message = (
                "another loop iterates over the pipeline, and each batch goes to one; end that one first, or pass on "
                "what it takes"
            )
            raise RuntimeError(message)
        return Place(self, run, reader, began=False)

    def leave(self, run: _PipelineRun) -> None:
        """Remember that a run ends because its loop was left."""
        self._left = run

    def leave_and_wait(self, run: _PipelineRun) -> None:
        """End a run whose loop was left; warn of what `stop` would raise."""
        self.leave(run)
        if run.is_inside():  # the collector found the loop in a thread of the run
            return
        if not wait_for(run, GRACE_SECONDS):
            what = f"still waits for {self._parts.under_way(run)}; stop waits for it too"
        elif run.report().ended == "failed":
            what = "failed; stop raises why"
        else:
            self.collect(run)
            return
        warnings.warn(f"the run that a loop began and left {what}", RuntimeWarning, stacklevel=4)


class Place:
    """What a loop has of the run that it reads."""

    def __init__(self, current: Current, run: _PipelineRun, reader: int, *, began: bool) -> None:
        self.run = run
        self._current = current
        self._reader = reader
        self._began = began

    def take(self, seconds: float) -> Any:
        """Take the next batch, for which it waits so long at most."""
        return self.run.take(self._reader, seconds)

    def has_ended(self) -> bool:
        """Tell whether nothing comes any more, after `take` had nothing in this thread."""
        return self.run.wait(0) or not self.run.is_read_here()

    def end(self) -> None:
        """Raise what went wrong in a run that is over."""
        self.run.leave(self._reader)
        error = self._current.collect(self.run) if self.run.wait(0) else None
        if error is not None:
            raise error

    def leave(self, end: Callable[[_PipelineRun], object]) -> None:
        """Give up the place; `end` then ends the run, if this loop began it."""
        try:
            if self._began:
                self.run.stop(False)  # first: the batch that waits for the loop was not taken
            self.run.leave(self._reader)
        except RuntimeError:
            return  # the threads of the run are in the parent of this process
        if self._began and self._current.run is self.run:
            end(self.run)

    def give_up(self, error: BaseException) -> None:
        """Give up the place because of an exception."""
        self.leave(lambda _: self._current.abandon(error))


def batches(current: Current) -> Iterator[Any]:
    """Take one batch after the other; Ctrl-C is seen while it waits."""
    place = current.place()
    try:
        while True:
            batch = place.take(LOOK_SECONDS)
            if batch is not None:
                yield batch
            elif place.has_ended():
                break
    except GeneratorExit:
        place.leave(current.leave_and_wait)
        raise
    except BaseException as error:
        place.give_up(error)
        raise
    place.end()

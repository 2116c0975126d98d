"""`rust_daq.Pipeline`: what a person does with a paced acquisition; its work is done in Rust."""

import functools
import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from rust_daq._chain import Processor, flattened
from rust_daq._control import LOOK_SECONDS, Parts, ended, finish, give_up, seconds_of, started, timeout_of, wait_for
from rust_daq._core import Batch, DataPoint, Report, SimulatedInstrument, _PipelinePlan, _PipelineRun
from rust_daq._progress import shown_progress
from rust_daq._shared_sink import SharedSink


class Sink(Protocol):
    """Where processed batches go; its `close`, if it has one, is called at the end of each run."""

    def write(self, batch: Any, /) -> object:
        """Take a batch, or spectra where the last processor makes them."""


class Pipeline:
    """A paced acquisition: a source, a bounded queue, processors, sinks and callbacks.

    One thread reads the source at absolute deadlines and puts its batches into the queue; another takes them out,
    sends them through the processors and hands them on. Both are Rust's: no Python object is made unless a part is
    Python's, and the GIL is not needed otherwise. A run numbers the samples of each channel from 0
    (`Batch.first_sequence`), resets the processors before it and closes the sinks after it.

    Every point is counted: produced is always processed, dropped, abandoned and queued together.

    Parameters
    ----------
    source : SimulatedInstrument, callable or iterable of Batch
        Where batches come from. A callable gives one at each call and None when there is no more.
    processors : sequence, optional
        What each batch goes through, in this order: those of `rust_daq.process`, or objects with a method
        ``process(batch)`` that gives a batch.
    sinks : sequence, optional
        Objects with a method ``write(batch)``, each given every processed batch; those of `rust_daq.storage` need no
        GIL.
    capacity : int, default 1_000_000
        The points that may wait in the queue; a batch may not have more.
    on_full : {"block", "drop_oldest", "drop_newest"}, default "block"
        What happens when a batch comes for which there is no room: the source waits, and its later points are late;
        the oldest batches that wait are dropped; or the batch itself is. A dropped batch shows as a jump of
        `Batch.first_sequence`.
    on_batch : callable, optional
        Called with each processed batch, after the sinks.
    on_point : callable, optional
        Called with each `DataPoint` of each processed batch, last of all.
    rate : float, optional
        At how many rows a second a callable or iterable is read, in hertz: it is asked for a batch each time when its
        next row is due. Without it, it is read as fast as it gives. An instrument has its own.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If processors cannot follow upon each other, `on_full` is none of these words, `capacity` is 0 or `rate` is not
        between 1e-9 and 1e9.

    Notes
    -----
    For each batch three locks, one wake-up of the consumer, and what the parts take, so O(b) in the batches and O(n) in
    the points. The memory is O(capacity) at most.

    Examples
    --------
    >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
    >>> from rust_daq.process import MovingAverage
    >>> instrument = SimulatedInstrument(1000.0, Channel("ai0", "V"))
    >>> batches = []
    >>> report = Pipeline(instrument, [MovingAverage(16)], on_batch=batches.append).run(0.05)
    >>> report.produced, report.dropped, sum(len(batch) for batch in batches)
    (50, 0, 50)
    """

    def __init__(
        self,
        source: SimulatedInstrument | Callable[[], Batch | None] | Iterable[Batch],
        processors: Sequence[Processor] = (),
        sinks: Sequence[Sink] = (),
        *,
        capacity: int = 1_000_000,
        on_full: Literal["block", "drop_oldest", "drop_newest"] = "block",
        on_batch: Callable[[Any], object] | None = None,
        on_point: Callable[[DataPoint], object] | None = None,
        rate: float | None = None,
    ) -> None:
        steps = flattened(_several("processors", "processors", processors))
        ends = _several("sinks", "objects with a method write(batch)", sinks)
        for index, sink in enumerate(ends):
            if any(sink is other for other in ends[:index]):
                message = f"sinks has {sink!r} twice, which would write each batch twice; pass it once"
                raise ValueError(message)
        called = {"source": source, "on_batch": on_batch, "on_point": on_point}
        called |= {f"processors[{index}].process": getattr(step, "process", None) for index, step in enumerate(steps)}
        called |= {f"sinks[{index}].write": getattr(sink, "write", None) for index, sink in enumerate(ends)}
        for name, function in called.items():
            if _is_async(function):
                message = f"{name} is an async function, which a pipeline does not await; pass a plain function"
                raise TypeError(message)
        self._plan = _PipelinePlan(source, steps, ends, capacity, on_full, on_batch, on_point, rate)
        self._parts = Parts(source, steps, ends, on_batch=on_batch, on_point=on_point)
        self._changed = threading.Condition()
        self._starter: int | None = None
        self._run: _PipelineRun | None = None
        self._duration: float | None = None
        self._report: Report | None = None

    def run(self, duration: float | timedelta | None = None) -> Report:
        """Acquire for so long, and wait for the end.

        Ctrl-C ends the run: waiting batches are abandoned, the sinks are closed, and `report` has the counts. If a part
        does not return within two seconds, the call raises all the same, and a note of the exception names that part.
        A second Ctrl-C raises at once. On a terminal, and with ``rich`` installed, a line on standard error shows the
        progress.

        Parameters
        ----------
        duration : float or timedelta, optional
            Seconds, above 0; without it, until the source has no more.

        Returns
        -------
        Report
            What was produced, processed and lost.

        Raises
        ------
        TypeError, ValueError
            If `duration` is no number above 0.
        RuntimeError
            If the pipeline runs already.
        Exception
            What a source, processor, sink or callback raised; what was written before is intact.

        Warns
        -----
        RuntimeWarning
            If the source has no more before the time is over.

        Notes
        -----
        It lasts as long as `duration`, and until what waits then is processed; O(n) in the points.

        Examples
        --------
        >>> from rust_daq import Channel, Pipeline
        >>> laser = Channel("laser", "mW")
        >>> report = Pipeline(laser.batch([value]) for value in (0.5, 0.25)).run()
        >>> report.processed, report.ended
        (2, 'source')
        """
        self.start(duration)
        run = self._run
        try:
            with shown_progress(self._duration) as show:
                while run is not None and not run.wait(LOOK_SECONDS):
                    show(self.report)
        except BaseException as error:
            self._abandon(error)
            raise
        return self.stop()

    def start(self, duration: float | timedelta | None = None) -> None:
        """Begin to acquire in the background; ``with pipeline:`` does so, and stops at its end.

        Parameters
        ----------
        duration : float or timedelta, optional
            Seconds, above 0; without it, until the source has no more or `stop` is called.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            As `run` does.

        Notes
        -----
        O(1): two threads are started.

        Examples
        --------
        >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
        >>> pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V")))
        >>> pipeline.start()
        >>> pipeline.report.ended is None  # while it runs
        True
        >>> pipeline.stop().ended
        'stopped'
        """
        seconds = duration if duration is None else seconds_of("duration", duration)
        with self._changed:
            run = self._run
            if self._starter is not None:
                message = "the pipeline is being started by another call; wait until that has returned"
                raise RuntimeError(message)
            self._starter = threading.get_ident() if run is None else None
        if run is not None:
            run.report()  # of a fork this says what is the matter
            message = "the pipeline runs already; stop it first, or make another Pipeline"
            raise RuntimeError(message)
        try:
            # Calls the source's iter() and the processors' reset(): no lock is held.
            run = started(self._claimed(), self._parts, lambda: self._plan.start(seconds))
            self._run, self._duration = run, seconds
        finally:
            with self._changed:
                self._starter = None
                self._changed.notify_all()

    def _present(self) -> _PipelineRun | None:
        """Give the run; its threads may ask for it before `start` has returned in another one."""
        with self._changed:
            while self._starter not in {None, threading.get_ident()}:
                self._changed.wait()
            return self._run

    def _claimed(self) -> list[tuple[str, Any]]:
        """Name the parts that only one run at a time can use."""
        source = self._parts.source
        has_state = callable(source) or hasattr(source, "__next__")
        claimed = [("source", source)] if has_state else []
        claimed += [(f"processors[{index}]", step) for index, step in enumerate(self._parts.processors)]
        sinks = enumerate(self._parts.sinks)
        return claimed + [(f"sinks[{index}]", sink) for index, sink in sinks if not isinstance(sink, SharedSink)]

    def wait(self, timeout: float | timedelta | None = None) -> bool:
        """Wait until the run is over, or for so long.

        Ctrl-C is raised within a fifth of a second; the run goes on then.

        Parameters
        ----------
        timeout : float or timedelta, optional
            Seconds, at least 0; without it, or with ``math.inf``, as long as it takes.

        Returns
        -------
        bool
            Whether it is over; also if none was started.

        Raises
        ------
        TypeError, ValueError
            If `timeout` is not a time of at least 0.
        RuntimeError
            In a callback, source, processor or sink of this pipeline: its end waits for their return.

        Notes
        -----
        O(1), and the time that it waits, with the GIL released.

        Examples
        --------
        >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
        >>> pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V")))
        >>> pipeline.start()
        >>> pipeline.wait(0.001)  # nobody has stopped it
        False
        >>> report = pipeline.stop()
        >>> pipeline.wait()
        True
        """
        seconds = timeout_of(timeout)
        run = self._present()
        if run is None:
            return True
        if run.is_inside():
            message = "wait was called inside the run that it would wait for; call stop here, and wait elsewhere"
            raise RuntimeError(message)
        return wait_for(run, seconds)

    def stop(self, *, drain: bool = True, timeout: float | timedelta | None = None) -> Report:
        """End the run, if there is one, and wait for its end.

        In a callback, source, processor or sink of this pipeline it requests the end and returns at once; the call that
        waits for the run, or a later `stop`, then has the final report.

        Parameters
        ----------
        drain : bool, default True
            Whether waiting batches are processed; they are abandoned otherwise.
        timeout : float or timedelta, optional
            The longest time to wait, in seconds; without it, as long as it takes.

        Returns
        -------
        Report
            The final report; inside the run, the present one.

        Raises
        ------
        TypeError, ValueError
            If `timeout` is not a time of at least 0.
        TimeoutError
            If the run is not over in time; the message names the part that does not return. The run still ends when
            that part returns; call `stop` again then.
        RuntimeError
            If nothing was ever started.
        Exception
            What a source, processor, sink or callback raised.

        Notes
        -----
        Without `drain` O(q) in the waiting batches, with it what their processing takes. Ctrl-C abandons them and
        behaves as in `run`.

        Examples
        --------
        >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
        >>> pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V")))
        >>> pipeline.start()
        >>> report = pipeline.stop(drain=False)
        >>> report.ended, report.produced == report.processed + report.abandoned
        ('stopped', True)

        Stop at a threshold:

        >>> def watch(batch):
        ...     if batch.values.max() > 0.5:
        ...         pipeline.stop(drain=False)
        >>> pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V")), on_batch=watch)
        >>> pipeline.run(60).ended
        'stopped'
        """
        seconds = timeout_of(timeout)
        run = self._present()
        if run is not None and run.is_inside():
            run.stop(drain)
            return run.report()
        if run is not None:
            if not finish(run, self._parts, seconds, drain=drain):
                message = f"the run is not over after {seconds:g} s; it waits for {self._parts.under_way(run)}"
                raise TimeoutError(message)
            error = self._collect(run)
            if error is not None:
                raise error
        if self._report is None:
            message = "the pipeline was never started; call run or start first"
            raise RuntimeError(message)
        return self._report

    @property
    def report(self) -> Report | None:
        """What the present run has done so far, or the last one did; None before the first."""
        run = self._present()
        return self._report if run is None else run.report()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.stop()
        else:
            self._abandon(error)

    def _abandon(self, error: BaseException) -> None:
        """End the run because of an exception, to which what else went wrong is added as notes."""
        run = self._run
        if run is not None and not run.is_inside() and give_up(run, self._parts, error):
            self._collect(run, error)

    def _collect(self, run: _PipelineRun, error: BaseException | None = None) -> BaseException | None:
        """Keep the report of a run that is over, and give what went wrong; as notes to `error` where there is one."""
        with self._changed:
            if self._run is not run:
                return error
            self._report, self._run = run.report(), None
        ended(run)
        for failure in run.take_errors():
            if error is None:
                error = failure
            else:
                error.add_note(f"and then the pipeline raised {failure!r}")
        if self._duration is not None and error is None and self._report.ended == "source":
            warnings.warn(
                f"source had no more after {self._report.elapsed_ns / 1e9:.3g} s of the {self._duration:g} s asked for",
                RuntimeWarning,
                stacklevel=4,
            )
        return error


_ASYNC_FLAGS = 0x80 | 0x200
"""`inspect.CO_COROUTINE` and `inspect.CO_ASYNC_GENERATOR`; the import takes longer than this package's."""


def _is_async(function: object) -> bool:
    """Tell whether a call gives something to await."""
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__func__", function)
    if not hasattr(function, "__code__") and callable(function):
        function = type(function).__call__
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & _ASYNC_FLAGS)


def _several(argument: str, wanted: str, given: Sequence[Any]) -> tuple[Any, ...]:
    try:
        return tuple(given)
    except TypeError:
        message = f"{argument} must be a sequence of {wanted}, got {given!r}; put it into a list"
        raise TypeError(message) from None

"""`rust_daq.Pipeline`: what a person does with a paced acquisition; its work is done in Rust."""

import atexit
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from rust_daq._chain import Processor, flattened
from rust_daq._core import Batch, DataPoint, Report, SimulatedInstrument, _PipelinePlan, _PipelineRun
from rust_daq._progress import shown_progress

_WAIT_SECONDS = 0.1
"""How often a blocking run looks up: for Ctrl-C, and to show how far it is."""


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
        self._plan = _PipelinePlan(source, steps, ends, capacity, on_full, on_batch, on_point, rate)
        self._lock = threading.Lock()
        self._run: _PipelineRun | None = None
        self._duration: float | None = None
        self._report: Report | None = None

    def run(self, duration: float | None = None) -> Report:
        """Acquire for so long, and wait for it.

        Ctrl-C ends it at once: what waits in the queue is abandoned, the sinks are closed, and `report` tells the rest.
        On a terminal, and with ``rich`` installed, a line on standard error shows how far it is.

        Parameters
        ----------
        duration : float, optional
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
        try:
            with shown_progress(duration) as show:
                while not self.wait(_WAIT_SECONDS):
                    show(self.report)
        except BaseException as error:
            self._end(drain=False, error=error)
            raise
        return self.stop()

    def start(self, duration: float | None = None) -> None:
        """Begin to acquire in the background; ``with pipeline:`` does so, and stops at its end.

        Parameters
        ----------
        duration : float, optional
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
        with self._lock:
            if self._run is not None:
                self._run.report()  # of a fork this says what is the matter
                message = "the pipeline runs already; stop it first, or make another Pipeline"
                raise RuntimeError(message)
            self._run = self._plan.start(duration)
            self._duration = duration
            _started.add(self)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run is over, or for so long.

        Parameters
        ----------
        timeout : float, optional
            Seconds; without it, as long as it takes.

        Returns
        -------
        bool
            Whether it is over; also if none was started.

        Notes
        -----
        O(1), beside the waiting; the GIL is released meanwhile.

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
        run = self._run
        if run is None:
            return True
        if timeout is not None:
            return run.wait(timeout)
        while not run.wait(_WAIT_SECONDS):
            pass
        return True

    def stop(self, *, drain: bool = True) -> Report:
        """End the run, if there is one, and wait for its end.

        Parameters
        ----------
        drain : bool, default True
            Whether what waits in the queue is processed; it is abandoned otherwise.

        Returns
        -------
        Report
            Of the run.

        Raises
        ------
        RuntimeError
            If nothing was ever started.
        Exception
            What a source, processor, sink or callback raised.

        Notes
        -----
        Without `drain` O(q) in the batches that wait, with it what their processing takes.

        Examples
        --------
        >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
        >>> pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V")))
        >>> pipeline.start()
        >>> report = pipeline.stop(drain=False)
        >>> report.ended, report.produced == report.processed + report.abandoned
        ('stopped', True)
        """
        error = self._end(drain=drain)
        if error is not None:
            raise error
        if self._report is None:
            message = "the pipeline was never started; call run or start first"
            raise RuntimeError(message)
        return self._report

    @property
    def report(self) -> Report | None:
        """What the present run has done so far, or the last one did; None before the first."""
        run = self._run
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
            self._end(drain=False, error=error)

    def _end(self, *, drain: bool, error: BaseException | None = None) -> BaseException | None:
        """Stop, and give what went wrong; as notes to `error` where there is one."""
        run = self._run
        if run is None:
            return error
        run.stop(drain)
        while not run.wait(_WAIT_SECONDS):
            pass
        with self._lock:
            if self._run is not run:
                return error
            self._report, self._run = run.report(), None
            _started.discard(self)
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


_started: set[Pipeline] = set()
"""Those whose threads have to end before the interpreter does."""


def _end_all() -> None:
    for pipeline in tuple(_started):
        pipeline.stop()


atexit.register(_end_all)
if hasattr(os, "register_at_fork"):
    # A fork has not the threads.
    os.register_at_fork(after_in_child=_started.clear)


def _several(argument: str, wanted: str, given: Sequence[Any]) -> tuple[Any, ...]:
    try:
        return tuple(given)
    except TypeError:
        message = f"{argument} must be a sequence of {wanted}, got {given!r}; put it into a list"
        raise TypeError(message) from None

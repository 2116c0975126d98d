"""`rust_daq.Pipeline`: what a person does with a paced acquisition; its work is done in Rust."""

import functools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from rust_daq._chain import Processor, flattened
from rust_daq._control import LOOK_SECONDS, Parts, is_inside, timeout_of, wait_for
from rust_daq._core import Batch, DataPoint, Report, SimulatedInstrument, _PipelinePlan
from rust_daq._current import Current, batches
from rust_daq._progress import shown_progress


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

    ``for batch in pipeline`` and ``async for batch in pipeline`` take each processed batch of the run, or of a new one
    where none runs. `latest` is for a display.

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

    A loop takes the batches instead; it begins a run, which ends when the loop does:

    >>> laser = Channel("laser", "mW")
    >>> for batch in Pipeline(laser.batch([value]) for value in (0.5, 2.5, 3.5)):
    ...     print(batch.values)
    ...     if batch.values.max() > 1.0:
    ...         break
    [0.5]
    [2.5]
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
        plan = _PipelinePlan(source, steps, ends, capacity, on_full, on_batch, on_point, rate)
        self._current = Current(plan, Parts(source, steps, ends, on_batch=on_batch, on_point=on_point))

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
        run = self._current.start(duration)
        try:
            with shown_progress(self._current.duration) as show:
                while not run.wait(LOOK_SECONDS):
                    show(self.report)
        except BaseException as error:
            self._current.abandon(error)
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
        self._current.start(duration)

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
        run = self._current.present()
        if run is None:
            return True
        if run.is_inside():
            message = "wait was called inside the run that it would wait for; call stop here, and wait elsewhere"
            raise RuntimeError(message)
        if is_inside(run):
            message = "wait was called in a loop over the pipeline, which the run waits for; call stop here, or break"
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
        return self._current.end(drain=drain, seconds=timeout_of(timeout))

    @property
    def report(self) -> Report | None:
        """What the present run has done so far, or the last one did; None before the first."""
        return self._current.report()

    def latest(self, n: int) -> Any:
        """Return the newest points that were processed, for a display.

        The source never waits for it. A run keeps its newest batch, and from the first call on as many points as were
        ever asked for. Call it before `start` to have `n` points from the beginning on.

        Parameters
        ----------
        n : int
            The most points to return, of all channels together, at least 1; where the last processor makes spectra, the
            most frames.

        Returns
        -------
        Batch or Spectra
            The newest points of the present run, or of the last one; an empty batch before its first. Points before a
            change of a channel's unit, or of the frequencies of spectra, are left out.

        Raises
        ------
        TypeError, ValueError
            If `n` is not an integer of at least 1.

        Notes
        -----
        O(n) to join them, without the GIL. The pipeline keeps the fewest of its newest batches that have the largest n
        together: less than one batch more, and whatever they share their memory with.

        Examples
        --------
        >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
        >>> pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V"), scans_per_read=1))
        >>> len(pipeline.latest(16))
        0
        >>> with pipeline:
        ...     while len(newest := pipeline.latest(16)) < 16:
        ...         _ = pipeline.wait(0.01)  # a plot is drawn here
        >>> len(newest), len(pipeline.latest(1))
        (16, 1)
        """
        return self._current.latest(n)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the processed batches."""
        return batches(self._current)

    def __aiter__(self) -> AsyncIterator[Any]:
        """Iterate over the processed batches without blocking the event loop."""
        from rust_daq._async_loop import AsyncBatches

        return AsyncBatches(self._current)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        run = self._current.run
        if run is not None and run.is_read_here():
            run.leave()  # a loop that this thread has left waiting
        if error is None:
            self.stop()
        else:
            self._current.abandon(error)


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

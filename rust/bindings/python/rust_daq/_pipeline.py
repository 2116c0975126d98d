"""`rust_daq.Pipeline`: the Python interface of a paced acquisition that runs in Rust."""

import functools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Literal, Protocol, Self

from rust_daq._chain import Processor, flatten_chains
from rust_daq._control import LOOK_SECONDS, Parts, is_inside, parse_timeout, wait_for
from rust_daq._core import Batch, DataPoint, Report, SimulatedInstrument, _PipelinePlan
from rust_daq._current_run import CurrentRun, batches
from rust_daq._progress import show_progress


class Sink(Protocol):
    """Receives processed batches. Its `close`, if it has one, is called at the end of each run."""

    def write(self, batch: Any, /) -> object:
        """Write a batch, or spectra if the last processor returns spectra."""


class Pipeline:
    """A paced acquisition: a source, a bounded queue, processors, sinks and callbacks.

    One thread reads the source at absolute deadlines and puts its batches into the queue. Another thread takes them
    out, sends them through the processors and passes them to the sinks and callbacks. Both are Rust threads: they
    create Python objects and take the GIL only for parts written in Python.

    A run numbers the samples of each channel from 0 (`Batch.first_sequence`), unless the source has numbered them. It
    resets the processors before it starts and closes the sinks after it ends.

    ``for batch in pipeline`` and ``async for batch in pipeline`` receive each processed batch of the current run. If no
    run is active, they start one. `latest` returns the newest points, for a display.

    Every point is counted: produced = processed + dropped + abandoned + queued at all times.

    Parameters
    ----------
    source : SimulatedInstrument, callable or iterable of Batch
        The source of the batches. A callable returns a batch at each call, and None after the last one.
    processors : sequence, optional
        The processors of each batch, in this order: processors of `rust_daq.process`, or objects with a method
        ``process(batch)`` that returns a batch.
    sinks : sequence, optional
        Objects with a method ``write(batch)``. Each receives every processed batch. Writers of `rust_daq.storage` need
        no GIL.
    capacity : int, default 1_000_000
        The most points that may wait in the queue. No batch may have more.
    on_full : {"block", "drop_oldest", "drop_newest"}, default "block"
        What happens when the queue has no room for a batch. With ``"block"`` the source waits, and its later points are
        late. The other two drop the oldest waiting batches or the new batch. A dropped batch shows as a jump in
        `Batch.first_sequence`.
    on_batch : callable, optional
        Called with each processed batch, after the sinks.
    on_point : callable, optional
        Called with each `DataPoint` of each processed batch, after `on_batch`.
    rate : float, optional
        Rows per second (hertz) at which a callable or iterable is read: each call is made when its first row is due. By
        default it is read as fast as it returns. An instrument has its own rate.

    Raises
    ------
    TypeError
        If an argument has another type.
    ValueError
        If processors cannot follow one another, `on_full` is not one of these words, `capacity` is 0, or `rate` is not
        between 1e-9 and 1e9.

    Notes
    -----
    Each batch takes three locks and one wake-up of the consumer, plus the cost of the parts: O(b) in the batches and
    O(n) in the points. Memory is at most O(capacity).

    Examples
    --------
    >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
    >>> from rust_daq.process import MovingAverage
    >>> instrument = SimulatedInstrument(1000.0, Channel("ai0", "V"))
    >>> batches = []
    >>> report = Pipeline(instrument, [MovingAverage(16)], on_batch=batches.append).run(0.05)
    >>> report.produced, report.dropped, sum(len(batch) for batch in batches)
    (50, 0, 50)

    A loop can receive the batches instead. It starts a run, and the run ends with the loop:

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
        steps = flatten_chains(_as_tuple("processors", "processors", processors))
        ends = _as_tuple("sinks", "objects with a method write(batch)", sinks)
        for index, sink in enumerate(ends):
            if any(sink is other for other in ends[:index]):
                message = f"sinks contains {sink!r} twice, so each batch would be written twice; pass it once"
                raise ValueError(message)
        called = {"source": source, "on_batch": on_batch, "on_point": on_point}
        called |= {f"processors[{index}].process": getattr(step, "process", None) for index, step in enumerate(steps)}
        called |= {f"sinks[{index}].write": getattr(sink, "write", None) for index, sink in enumerate(ends)}
        for name, function in called.items():
            if _is_async(function):
                message = f"{name} is an async function, but a pipeline does not await; pass a plain function"
                raise TypeError(message)
        plan = _PipelinePlan(source, steps, ends, capacity, on_full, on_batch, on_point, rate)
        self._current = CurrentRun(plan, Parts(source, steps, ends, on_batch=on_batch, on_point=on_point))

    def run(self, duration: float | timedelta | None = None) -> Report:
        """Acquire for `duration`, and wait for the end.

        Ctrl-C ends the run: waiting batches are abandoned, the sinks are closed, and `report` has the counts. If a part
        does not return within two seconds, the call raises anyway, and a note of the exception names that part. A
        second Ctrl-C raises at once. A progress line appears on standard error if that is a terminal and ``rich`` is
        installed.

        Parameters
        ----------
        duration : float or timedelta, optional
            Seconds, above 0. By default the run lasts until the source ends.

        Returns
        -------
        Report
            How many points were produced, processed and lost.

        Raises
        ------
        TypeError, ValueError, OverflowError
            If `duration` is not a number above 0, or does not fit into a float.
        RuntimeError
            If the pipeline is running already.
        Exception
            Any exception of a source, processor, sink or callback. Rows written before it are intact.

        Warns
        -----
        RuntimeWarning
            If the source ends before `duration` has passed.

        Notes
        -----
        The call takes `duration`, plus the time to process the points that wait then; O(n) in the points.

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
            with show_progress(self._current.duration) as show:
                while not run.wait(LOOK_SECONDS):
                    show(self.report)
        except BaseException as error:
            self._current.abandon(error)
            raise
        return self.stop()

    def start(self, duration: float | timedelta | None = None) -> None:
        """Start to acquire in the background; ``with pipeline:`` starts a run and stops it at its end.

        Parameters
        ----------
        duration : float or timedelta, optional
            Seconds, above 0. By default the run lasts until the source ends or `stop` is called.

        Raises
        ------
        TypeError, ValueError, OverflowError, RuntimeError
            As for `run`.

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
        """Wait until the run is over, or until `timeout` has passed.

        Ctrl-C is raised within a fifth of a second, and the run continues.

        Parameters
        ----------
        timeout : float or timedelta, optional
            Seconds, at least 0. The default, like ``math.inf``, waits without limit.

        Returns
        -------
        bool
            Whether the run is over. True if no run was started.

        Raises
        ------
        TypeError, ValueError, OverflowError
            If `timeout` is not a time of at least 0, or does not fit into a float.
        RuntimeError
            If called in a callback, source, processor or sink of this pipeline: the run cannot end before they return.

        Notes
        -----
        O(1), plus the waiting time, with the GIL released.

        Examples
        --------
        >>> from rust_daq import Channel, Pipeline, SimulatedInstrument
        >>> pipeline = Pipeline(SimulatedInstrument(1000.0, Channel("ai0", "V")))
        >>> pipeline.start()
        >>> pipeline.wait(0.001)  # it is still running
        False
        >>> report = pipeline.stop()
        >>> pipeline.wait()
        True
        """
        seconds = parse_timeout(timeout)
        run = self._current.present()
        if run is None:
            return True
        if run.is_inside():
            message = "wait was called inside the run that it waits for; call stop here, and wait in another thread"
            raise RuntimeError(message)
        if is_inside(run):
            message = "wait was called in a loop over the pipeline, but the run waits for the loop; call stop, or break"
            raise RuntimeError(message)
        return wait_for(run, seconds)

    def stop(self, *, drain: bool = True, timeout: float | timedelta | None = None) -> Report:
        """Stop the run, if there is one, and wait for its end.

        In a callback, source, processor or sink of this pipeline, `stop` requests the end and returns at once. The
        final report then comes from the call that waits for the run, or from a later `stop`.

        Parameters
        ----------
        drain : bool, default True
            Whether to process the waiting batches. Otherwise they are abandoned.
        timeout : float or timedelta, optional
            The longest time to wait, in seconds. By default there is no limit.

        Returns
        -------
        Report
            The final report; inside the run, the current one.

        Raises
        ------
        TypeError, ValueError, OverflowError
            If `timeout` is not a time of at least 0, or does not fit into a float.
        TimeoutError
            If the run is not over in time. The message names the part that does not return. The run still ends when
            that part returns; call `stop` again then.
        RuntimeError
            If no run was ever started.
        Exception
            Any exception of a source, processor, sink or callback.

        Notes
        -----
        Without `drain`, O(q) in the waiting batches; with it, plus their processing. Ctrl-C abandons them and behaves
        as in `run`.

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
        return self._current.end(drain=drain, seconds=parse_timeout(timeout))

    @property
    def report(self) -> Report | None:
        """The report of the current run so far, or of the last run; None before the first run."""
        return self._current.report()

    def latest(self, n: int) -> Any:
        """Return the newest processed points, for a display.

        The source never waits for this call. A run keeps its newest batch; after the first call, it keeps the largest
        `n` that was requested. Call `latest` before `start` to keep `n` points from the beginning.

        Parameters
        ----------
        n : int
            The most points to return, of all channels together, at least 1. If the last processor returns spectra, the
            most frames.

        Returns
        -------
        Batch or Spectra
            The newest points of the current run, or of the last one; an empty batch before the first batch. Points
            before a change of a channel's unit, or of the frequencies of spectra, are omitted.

        Raises
        ------
        TypeError, ValueError
            If `n` is not an integer of at least 1.

        Notes
        -----
        O(n) to join the batches, without the GIL. The pipeline keeps the fewest newest batches that together have the
        largest `n`: at most one batch more than needed, plus the memory that these batches share.

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
            run.leave()  # a loop in this thread was left without ending
        if error is None:
            self.stop()
        else:
            self._current.abandon(error)


_ASYNC_FLAGS = 0x80 | 0x200
"""`inspect.CO_COROUTINE` and `inspect.CO_ASYNC_GENERATOR`; the import takes longer than this package's."""


def _is_async(function: object) -> bool:
    """Return whether a call returns an awaitable or an async iterator."""
    while isinstance(function, functools.partial):
        function = function.func
    function = getattr(function, "__func__", function)
    if not hasattr(function, "__code__") and callable(function):
        function = type(function).__call__
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & _ASYNC_FLAGS)


def _as_tuple(argument: str, wanted: str, given: Sequence[Any]) -> tuple[Any, ...]:
    try:
        return tuple(given)
    except TypeError:
        message = f"{argument} must be a sequence of {wanted}, got {given!r}; pass a list"
        raise TypeError(message) from None

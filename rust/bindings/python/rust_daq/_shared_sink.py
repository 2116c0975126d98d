"""`rust_daq.SharedSink`."""

import threading
from types import TracebackType
from typing import Any, Self


class SharedSink:
    """A sink shared by several running pipelines, such as one file for two devices.

    Batches are written one at a time, in the order in which the pipelines finish them. Pipelines do not close the sink:
    its owner closes it after they end.

    Parameters
    ----------
    sink : object with a method ``write(batch)``
        The sink to share.

    Raises
    ------
    TypeError
        If `sink` has no method `write`.

    Notes
    -----
    The writers of `rust_daq.storage` need no GIL here either. The cost is O(1) for each batch, in addition to the sink.

    Examples
    --------
    >>> import tempfile
    >>> from rust_daq import Channel, Pipeline, SharedSink, SimulatedInstrument
    >>> from rust_daq.storage import ArrowWriter
    >>> channels = [Channel("left", "V"), Channel("right", "V")]
    >>> writer = ArrowWriter(tempfile.mkdtemp() + "/run.arrow", channels=channels)
    >>> with SharedSink(writer) as shared:
    ...     devices = [Pipeline(SimulatedInstrument(1000.0, channel), sinks=[shared]) for channel in channels]
    ...     for device in devices:
    ...         device.start(0.01)
    ...     reports = [device.wait() and device.stop() for device in devices]
    >>> writer.rows, writer.closed
    (20, True)
    """

    def __init__(self, sink: Any) -> None:
        if not callable(getattr(sink, "write", None)):
            message = f"sink must be an object with a method write(batch), got {sink!r} ({type(sink).__name__})"
            raise TypeError(message)
        self._sink = sink
        self._lock = threading.Lock()

    @property
    def sink(self) -> Any:
        """The shared sink."""
        return self._sink

    def write(self, batch: Any, /) -> object:
        """Write a batch, after waiting for other threads that are writing.

        Parameters
        ----------
        batch : Batch or Spectra
            The batch to write.

        Returns
        -------
        object
            The return value of the sink.

        Raises
        ------
        Exception
            Any exception of the sink.

        Notes
        -----
        O(1), plus the cost of the sink.

        Examples
        --------
        >>> from rust_daq import SharedSink
        >>> class Log(list):
        ...     write = list.append
        >>> shared = SharedSink(Log())
        >>> shared.write("a batch")
        >>> shared.sink
        ['a batch']
        """
        with self._lock:
            return self._sink.write(batch)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if (close := getattr(self._sink, "close", None)) is not None:
            close()

    def __repr__(self) -> str:
        return f"SharedSink({self._sink!r})"

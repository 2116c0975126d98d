"""`rust_daq.SharedSink`."""

import threading
from types import TracebackType
from typing import Any, Self


class SharedSink:
    """A sink that several running pipelines write to, such as one file for two devices.

    One batch at a time is written, in the order in which the pipelines finish them. No pipeline closes the sink: its
    owner does, once the pipelines are over.

    Parameters
    ----------
    sink : object with a method ``write(batch)``
        Where the batches go.

    Raises
    ------
    TypeError
        If `sink` has no method `write`.

    Notes
    -----
    The writers of `rust_daq.storage` need no GIL here either. O(1) of its own for each batch.

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
        """The sink itself."""
        return self._sink

    def write(self, batch: Any, /) -> object:
        """Write a batch once no other thread writes.

        Parameters
        ----------
        batch : Batch or Spectra
            Handed to the sink.

        Returns
        -------
        object
            What the sink returned.

        Raises
        ------
        Exception
            What the sink raised.

        Notes
        -----
        O(1), and what the sink takes.

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

"""`rust_daq.storage.open_recording`."""

import math
import os
import time
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self, SupportsFloat, SupportsIndex

from rust_daq._core import Batch, _RecordingReader
from rust_daq._parquet import MAGIC, ParquetReader

_PAUSE = 0.02
"""Seconds between two checks of a growing file: short enough to show no delay; a check takes microseconds."""


class TornRecordingWarning(UserWarning):
    """A recording is incomplete: cut off, damaged, or missing a part. All whole batches were returned.

    Examples
    --------
    >>> import tempfile, warnings
    >>> from pathlib import Path
    >>> from rust_daq import Channel
    >>> from rust_daq.storage import ArrowWriter, TornRecordingWarning, open_recording
    >>> path = Path(tempfile.mkdtemp()) / "run.arrow"
    >>> with ArrowWriter(path) as writer:
    ...     for start in range(2):
    ...         writer.write(Channel("ai0", "V").batch([0.5] * 100, start=start * 10**9, rate=100.0))
    >>> path.write_bytes(path.read_bytes()[:-1_000]) < writer.bytes
    True
    >>> with open_recording(path) as recording, warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     rows = sum(len(batch) for batch in recording)
    >>> rows, recording.leftover_bytes > 0, caught[0].category is TornRecordingWarning
    (100, True, True)
    """


class Reader(Protocol):
    """Reads the batches of one format."""

    @property
    def format(self) -> Literal["arrow", "csv", "parquet"] | None:
        """The format; None while the file is empty."""

    @property
    def next_row(self) -> int:
        """The number of the next row."""

    @property
    def leftover_bytes(self) -> int | None:
        """The bytes after the last whole batch, once the end is reached."""

    @property
    def torn(self) -> str | None:
        """Why the file is incomplete; None if it is complete."""

    def next(self) -> Batch | None:
        """Return the next batch, or None at the end."""

    def follow(self) -> Batch | None:
        """Return the next batch; None if no batch is available yet, and at the end, when `leftover_bytes` is known."""


class Recording(Iterator[Batch]):
    """Iterates over the batches of a recording; `open_recording` opens one.

    Only the last returned batch is in memory. A ``with`` block closes the file at its end; otherwise the file is closed
    with the object. The next batch takes O(n) in its rows. The GIL is released while an Arrow or CSV file is read.

    Examples
    --------
    >>> import tempfile
    >>> from rust_daq import Channel
    >>> from rust_daq.storage import CsvWriter, open_recording
    >>> path = tempfile.mkdtemp() + "/run.csv"
    >>> with CsvWriter(path) as writer:
    ...     writer.write(Channel("ai0", "V").batch([0.5, 0.25], start=0, rate=1000.0))
    >>> recording = open_recording(path)
    >>> recording.path.name, recording.format, recording.leftover_bytes
    ('run.csv', 'csv', None)
    >>> next(recording).values
    array([0.5 , 0.25])
    >>> next(recording, "no more")
    'no more'
    >>> recording.next_row, recording.leftover_bytes
    (2, 0)
    >>> recording.close()
    """

    def __init__(
        self, path: str | os.PathLike[str], reader: Reader, *, follow: bool = False, timeout: float = math.inf
    ) -> None:
        self._path = Path(path)
        self._reader: Reader = reader
        self._follow = follow
        self._timeout = timeout
        self._open = True

    @property
    def path(self) -> Path:
        """The file, or the common name of all parts."""
        return self._path

    @property
    def format(self) -> Literal["arrow", "csv", "parquet"] | None:
        """The format of the file, detected from its content; None while it is empty."""
        return self._reader.format

    @property
    def next_row(self) -> int:
        """The number of the next row, counted from 0; at the end, the number of rows in the recording."""
        return self._reader.next_row

    @property
    def leftover_bytes(self) -> int | None:
        """The bytes after the last whole batch (CSV: row); 0 for a complete recording, None before the end."""
        return self._reader.leftover_bytes

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Batch:
        self._check_open()
        ended = self.leftover_bytes is not None
        batch = self._wait() if self._follow else self._reader.next()
        if batch is not None:
            return batch
        if self._reader.torn is not None and not ended:
            message = (
                f"{self._path}: {self._reader.torn}; {self.next_row} rows before it were read, "
                f"{self.leftover_bytes} bytes are left over"
            )
            warnings.warn(message, TornRecordingWarning, stacklevel=2)
        raise StopIteration

    def _wait(self) -> Batch | None:
        """Wait for the next batch and return it; None at the end."""
        deadline = time.monotonic() + self._timeout
        while True:
            self._check_open()
            batch = self._reader.follow()
            if batch is not None or self.leftover_bytes is not None:
                return batch
            rest = deadline - time.monotonic()
            if rest <= 0:
                message = (
                    f"{self._path}: no row arrived for {self._timeout:g} s, but a writer still has the recording open; "
                    "iterate again to keep waiting"
                )
                raise TimeoutError(message)
            time.sleep(min(_PAUSE, rest))

    def _check_open(self) -> None:
        if not self._open:
            message = f"{self._path}: the recording is closed; open it again"
            raise ValueError(message)

    def close(self) -> None:
        """Close the file. The counts remain available; closing again does nothing. O(1).

        Examples
        --------
        >>> import tempfile
        >>> from rust_daq import Channel
        >>> from rust_daq.storage import ArrowWriter, open_recording
        >>> path = tempfile.mkdtemp() + "/run.arrow"
        >>> with ArrowWriter(path) as writer:
        ...     writer.write(Channel("ai0", "V").batch([0.5, 0.25], start=0, rate=1000.0))
        >>> recording = open_recording(path)
        >>> len(next(recording))
        2
        >>> recording.close()
        >>> recording.next_row
        2
        """
        if self._open:
            self._open = False
            self._reader = _Closed(self._reader)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Recording {str(self._path)!r}, {self.format}, next row {self.next_row}>"


class _Closed:
    """The counts of a closed reader."""

    def __init__(self, reader: Reader) -> None:
        self.format = reader.format
        self.next_row = reader.next_row
        self.leftover_bytes = reader.leftover_bytes
        self.torn = reader.torn

    def next(self) -> Batch | None:
        return None

    def follow(self) -> Batch | None:
        return None


def open_recording(
    path: str | os.PathLike[str],
    *,
    follow: bool = False,
    timeout: float | timedelta | None = None,
) -> Recording:
    """Open a file of `ArrowWriter`, `CsvWriter` or `compact`, to iterate over its batches.

    The file is read on demand, one batch at a time. An Arrow stream returns the batches that were written. CSV and
    Parquet return up to 65,536 rows at once, and fewer where sequence numbers jump. A file that is still being written,
    or that was cut off, returns every whole batch (CSV: every whole row) and then warns.

    Opening takes O(c) in the channels for a stream, O(1) for CSV, and O(g) in the row groups for Parquet.

    Parameters
    ----------
    path : str or os.PathLike
        The file; its format is detected from its content. If the file does not exist, the parts written with
        `rotate_bytes` are opened: ``run.arrow`` opens ``run.part0000.arrow`` and all parts after it.
    follow : bool, default False
        Whether to wait for rows that a writer still adds, in this process or another. The iteration ends after the last
        whole batch, once the writer has closed the recording or its process has ended. Waiting takes almost no CPU
        time, and Ctrl-C ends it at once. On a file system without locks, an Arrow stream ends once it was closed, and
        CSV only by `timeout`.
    timeout : float or datetime.timedelta, optional
        The longest time, in seconds, to wait for the next batch with `follow`. The default waits as long as the writer
        has the recording open.

    Returns
    -------
    Recording
        An iterator of `Batch`.

    Raises
    ------
    TypeError
        If an argument has another type.
    ValueError
        If `timeout` is negative or NaN, or passed without `follow`. If the file is not a recording, was written by a
        newer version of this package, or is a Parquet file that was cut off, because its index is at the end.
    OverflowError
        If `timeout` does not fit into a float.
    OSError
        If the file cannot be read. Iterating raises `TimeoutError` if no batch arrives in time; it may be continued.
    ModuleNotFoundError
        If the file is Parquet and pyarrow is missing; ``pip install pyarrow`` installs it.

    Warns
    -----
    TornRecordingWarning
        At the end of the iteration, if the file was cut off, was not closed or is damaged, or if a part is missing.
        `Recording.next_row` is then the number of the first missing row, and `Recording.leftover_bytes` is the number
        of bytes that could not be read.

    Examples
    --------
    >>> import tempfile
    >>> from rust_daq import Channel
    >>> from rust_daq.storage import ArrowWriter, open_recording
    >>> path = tempfile.mkdtemp() + "/run.arrow"
    >>> with ArrowWriter(path) as writer:
    ...     writer.write(Channel("ai0", "V").batch([0.5, 0.25], start=0, rate=1000.0))
    >>> with open_recording(path) as recording:
    ...     print(sum(batch.values.sum() for batch in recording), recording.next_row)
    0.75 2
    """
    if not isinstance(follow, bool):
        message = f"follow must be a bool, got {follow!r}"
        raise TypeError(message)
    seconds = _seconds(timeout)
    if timeout is not None and not follow:
        message = f"timeout is {timeout!r}, but follow is False; pass follow=True to wait for rows, or omit timeout"
        raise ValueError(message)
    reader = ParquetReader(path) if is_parquet(path) else _RecordingReader(path)
    return Recording(path, reader, follow=follow, timeout=seconds)


def _seconds(timeout: float | timedelta | None) -> float:
    if timeout is None:
        return math.inf
    if not isinstance(timeout, timedelta | SupportsFloat | SupportsIndex):
        message = f"timeout must be a number of seconds or a timedelta, got {timeout!r}"
        raise TypeError(message)
    try:
        seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)
    except OverflowError:
        message = "timeout does not fit into a float; omit it to wait as long as the writer has the recording open"
        raise OverflowError(message) from None
    if not seconds >= 0:
        message = f"timeout must be at least 0 seconds, got {timeout!r}"
        raise ValueError(message)
    return seconds


def is_parquet(path: str | os.PathLike[str]) -> bool:
    """Return whether a file begins like Parquet, as far as it goes; an unreadable file is left to the reader."""
    try:
        found = Path(path)
        if not found.is_file():
            return False
        with found.open("rb") as file:
            beginning = file.read(len(MAGIC))
    except (OSError, TypeError, ValueError):
        return False
    return bool(beginning) and MAGIC.startswith(beginning)

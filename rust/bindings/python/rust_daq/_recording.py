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
"""Seconds between two looks at a file that may grow: an eye sees no delay, and a look takes microseconds."""


class TornRecordingWarning(UserWarning):
    """A recording ends in the middle of something, or a part of it is missing: all whole batches were given.

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
    """What gives the batches of one format."""

    @property
    def format(self) -> Literal["arrow", "csv", "parquet"] | None:
        """The format; None while the file is empty."""

    @property
    def next_row(self) -> int:
        """The number of the row that comes next."""

    @property
    def leftover_bytes(self) -> int | None:
        """The bytes behind the last whole batch, once the end is reached."""

    @property
    def torn(self) -> str | None:
        """Why no more can be read, where the file does not say that it is whole."""

    def next(self) -> Batch | None:
        """Return the next batch, None at the end."""

    def follow(self) -> Batch | None:
        """Return the next batch, None while there is none and at the end, where `leftover_bytes` is known."""


class Recording(Iterator[Batch]):
    """The batches of a recording, one after the other; `open_recording` opens one.

    Only the batch that was given last is in memory. In a ``with`` block the file is closed at the end, and otherwise
    with the object. The next batch takes O(n) in its rows, with the GIL released while a file of Arrow or CSV is read.

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
        """The file, or the name of all parts."""
        return self._path

    @property
    def format(self) -> Literal["arrow", "csv", "parquet"] | None:
        """The format of the file, by its content; None while it is empty."""
        return self._reader.format

    @property
    def next_row(self) -> int:
        """The number of the row that comes next, counted from 0, and so at the end how many rows were given."""
        return self._reader.next_row

    @property
    def leftover_bytes(self) -> int | None:
        """The bytes behind the last whole batch, or row of CSV, 0 of a whole recording; None before the end."""
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
        """Return the next batch, once there is one; None at the end."""
        deadline = time.monotonic() + self._timeout
        while True:
            self._check_open()
            batch = self._reader.follow()
            if batch is not None or self.leftover_bytes is not None:
                return batch
            rest = deadline - time.monotonic()
            if rest <= 0:
                message = (
                    f"{self._path}: no row came for {self._timeout:g} s, and the recording is still open for writing; "
                    "iterate again to wait on"
                )
                raise TimeoutError(message)
            time.sleep(min(_PAUSE, rest))

    def _check_open(self) -> None:
        if not self._open:
            message = f"{self._path}: the recording is closed; open it again"
            raise ValueError(message)

    def close(self) -> None:
        """Close the file; what was counted stays known, and to close it again does nothing. O(1).

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
    """What is still known of a reader."""

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
    """Open what `ArrowWriter`, `CsvWriter` or `compact` wrote, to iterate over its batches.

    The file is not loaded: it is read as the batches are asked for. An Arrow stream gives the batches that were
    written; of CSV and Parquet come up to 65,536 rows at once, fewer where sequence numbers jump. A file that is still
    written, or that was cut off, gives every whole batch (of CSV, every whole row) and then warns. O(c) in the channels
    to open a stream, O(1) for CSV, O(g) in the row groups for Parquet.

    Parameters
    ----------
    path : str or os.PathLike
        The file; its format is told by its content. Where there is no such file, its parts are opened, which a writer
        with `rotate_bytes` made: ``run.arrow`` opens ``run.part0000.arrow`` and all that follow.
    follow : bool, default False
        Whether the iteration waits for rows that a writer still adds, in this process or another. It ends when the
        writer has closed the recording, or its process has ended, and all whole batches were given. Waiting takes next
        to no CPU time, and Ctrl-C ends it at once. Where a file system has no locks, an Arrow stream ends when it was
        closed, and CSV only by `timeout`.
    timeout : float or datetime.timedelta, optional
        The longest time in seconds to wait for the next batch with `follow`; without it, as long as the writer lives.

    Returns
    -------
    Recording
        An iterator of `Batch`.

    Raises
    ------
    TypeError
        If an argument is of another type.
    ValueError
        If `timeout` is negative or NaN, or passed without `follow`. If the file is no recording, was written by a newer
        version of this package, or is Parquet that was cut off: its end says where everything is.
    OSError
        If the file cannot be read. `TimeoutError` while iterating, if no batch came in time; the iteration may go on.
    ModuleNotFoundError
        If it is Parquet and pyarrow is missing; ``pip install "rust-daq[parquet]"`` installs it.

    Warns
    -----
    TornRecordingWarning
        At the end of the iteration, if the file ends in the middle of something, was not closed, or is damaged, or if
        a part is missing.
        `Recording.next_row` then is the first row that is not there, and `Recording.leftover_bytes` how much could not
        be read.

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
        message = f"timeout is {timeout!r} without follow=True; pass both to wait for rows, or neither"
        raise ValueError(message)
    reader = ParquetReader(path) if is_parquet(path) else _RecordingReader(path)
    return Recording(path, reader, follow=follow, timeout=seconds)


def _seconds(timeout: float | timedelta | None) -> float:
    if timeout is None:
        return math.inf
    if not isinstance(timeout, timedelta | SupportsFloat | SupportsIndex):
        message = f"timeout must be a number of seconds or a timedelta, got {timeout!r}"
        raise TypeError(message)
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)
    if not seconds >= 0:
        message = f"timeout is {timeout!r}; pass a number of seconds of at least 0"
        raise ValueError(message)
    return seconds


def is_parquet(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file begins as Parquet does, as far as it goes; of what is no file the reader says so."""
    try:
        found = Path(path)
        if not found.is_file():
            return False
        with found.open("rb") as file:
            beginning = file.read(len(MAGIC))
    except (OSError, TypeError, ValueError):
        return False
    return bool(beginning) and MAGIC.startswith(beginning)

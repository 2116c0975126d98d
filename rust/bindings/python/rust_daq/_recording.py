"""`rust_daq.storage.open_recording`."""

import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from rust_daq._core import Batch, _RecordingReader
from rust_daq._parquet import MAGIC, ParquetReader


class TornRecordingWarning(UserWarning):
    """A recording ends in the middle of something: all that was whole before was given.

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
    >>> path.write_bytes(path.read_bytes()[:-100]) < writer.bytes
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
    def format(self) -> Literal["arrow", "csv", "parquet"]:
        """The format."""

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
        """Give the next batch, None at the end."""


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

    def __init__(self, path: str | os.PathLike[str], reader: Reader) -> None:
        self._path = Path(path)
        self._reader: Reader = reader
        self._open = True

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def format(self) -> Literal["arrow", "csv", "parquet"]:
        """What the file is, told by its content."""
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
        if not self._open:
            message = f"{self._path}: the recording is closed; open it again"
            raise ValueError(message)
        ended = self.leftover_bytes is not None
        batch = self._reader.next()
        if batch is not None:
            return batch
        if self._reader.torn is not None and not ended:
            message = (
                f"{self._path}: {self._reader.torn}; {self.next_row} rows before it were read, "
                f"{self.leftover_bytes} bytes are left over"
            )
            warnings.warn(message, TornRecordingWarning, stacklevel=2)
        raise StopIteration

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


def open_recording(path: str | os.PathLike[str]) -> Recording:
    """Open what `ArrowWriter`, `CsvWriter` or `compact` wrote, to iterate over its batches.

    The file is not loaded: it is read as the batches are asked for. An Arrow stream gives the batches that were
    written; of CSV and Parquet come up to 65,536 rows at once, fewer where sequence numbers jump. A file that is still
    written, or that was cut off, gives every whole batch (of CSV, every whole row) and then warns. O(c) in the channels
    to open a stream, O(1) for CSV, O(g) in the row groups for Parquet.

    Parameters
    ----------
    path : str or os.PathLike
        The file; its format is told by its content.

    Returns
    -------
    Recording
        An iterator of `Batch`.

    Raises
    ------
    TypeError
        If `path` is none.
    ValueError
        If the file is no recording, was written by a newer version of this package, or is Parquet that was cut off:
        its end says where everything is.
    OSError
        If the file cannot be read.
    ModuleNotFoundError
        If it is Parquet and pyarrow is missing; ``pip install "rust-daq[parquet]"`` installs it.

    Warns
    -----
    TornRecordingWarning
        At the end of the iteration, if the file ends in the middle of something, was not closed, or is damaged.
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
    if is_parquet(path):
        return Recording(path, ParquetReader(path))
    return Recording(path, _RecordingReader(path))


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

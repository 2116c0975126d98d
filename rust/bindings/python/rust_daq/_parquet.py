"""Recordings in Parquet, read and written with pyarrow."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from rust_daq._core import Batch, _RowTable, batches_of_rows

if TYPE_CHECKING:
    import pyarrow as pa

MAGIC = b"PAR1"
"""The first and the last bytes of a Parquet file."""

TEXTS = ["channel", "unit", "metadata"]
"""The columns with few distinct texts, stored as dictionaries."""

_VERSION_KEY = b"rust_daq.version"
_VERSION = 1
"""The newest schema version that this package reads."""

_ROWS = 1 << 16
"""The most rows in one read."""


class ParquetReader:
    """Reads the batches of a Parquet file."""

    format: Literal["parquet"] = "parquet"
    torn = None

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.next_row = 0
        self.leftover_bytes: int | None = None
        self._path = os.fspath(path)
        self._tables = self._open_tables()
        self._waiting: deque[Batch] = deque()
        self._lock = threading.Lock()

    def next(self) -> Batch | None:
        """Return the next batch, or None at the end. Threads that share the reader take turns."""
        with self._lock:
            return self._next()

    def _next(self) -> Batch | None:
        while not self._waiting:
            with self._report_damage(f"the Parquet file is damaged after row {self.next_row}"):
                table = next(self._tables, None)
                if table is not None:
                    self._waiting.extend(batches_of_rows(table))
                elif self.next_row != self._rows:
                    message = f"its metadata counts {self._rows} rows"
                    raise ValueError(message)
            if table is None:
                self.leftover_bytes = 0
                return None
        batch = self._waiting.popleft()
        self.next_row += len(batch)
        return batch

    def follow(self) -> Batch | None:
        """Return the next batch. A Parquet file is renamed into place when complete, so it never grows."""
        return self.next()

    def _open_tables(self) -> Iterator[pa.RecordBatch]:
        parquet = pyarrow_parquet()
        import pyarrow as pa

        # As bytes, because a file name need not be valid text.
        file = pa.OSFile(os.fsencode(self._path))
        cut_off = "the Parquet file is cut off or damaged; compact its recordings again"
        with self._report_damage(cut_off):
            metadata = parquet.read_metadata(file)
        _check_version(self._path, metadata.metadata or {})
        self._rows = metadata.num_rows
        settings = {"read_dictionary": TEXTS, "pre_buffer": False, "page_checksum_verification": True}
        with self._report_damage(cut_off):
            found = parquet.ParquetFile(file, metadata=metadata, **settings)
            if not found.schema_arrow.equals(pa.record_batch(_RowTable([])).schema):
                message = f"its columns are {found.schema_arrow.names}"
                raise ValueError(message)
            tables: Iterator[pa.RecordBatch] = found.iter_batches(batch_size=_ROWS)
        return tables

    @contextmanager
    def _report_damage(self, problem: str) -> Iterator[None]:
        """Replace pyarrow's various errors about a damaged file by one ValueError."""
        import pyarrow as pa

        try:
            yield
        except (pa.ArrowException, ValueError, TypeError, KeyError, OverflowError, OSError) as error:
            # An error with a number comes from the operating system.
            if isinstance(error, OSError) and error.errno is not None:
                raise OSError(error.errno, error.strerror, self._path) from error
            message = f"{self._path}: {problem} ({error})"
            raise ValueError(message) from error


def _check_version(path: str, metadata: dict[bytes, bytes]) -> None:
    version = metadata.get(_VERSION_KEY)
    if version is None:
        message = (
            f"{path}: the Parquet file is not a recording, because compact did not write it; read it with pyarrow and "
            "convert it with Batch.from_arrow"
        )
        raise ValueError(message)
    if not version.isdigit() or int(version) > _VERSION:
        message = (
            f"{path}: its schema has version {version.decode(errors='replace')}, but this rust_daq reads versions up "
            f"to {_VERSION}; install a newer rust_daq"
        )
        raise ValueError(message)


def pyarrow_parquet() -> Any:
    """Return `pyarrow.parquet`, or raise an error that says how to install it."""
    try:
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        message = "Parquet needs pyarrow, which is not installed; run pip install pyarrow"
        raise ModuleNotFoundError(message, name=error.name) from error
    return pyarrow.parquet

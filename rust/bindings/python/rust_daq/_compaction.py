"""`rust_daq.storage.compact`."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from glob import escape
from io import BufferedWriter
from pathlib import Path
from typing import Any

from rust_daq._core import Batch, _RowTable, is_written
from rust_daq._parquet import TEXTS, pyarrow_parquet
from rust_daq._recording import open_recording

_ROWS = 1 << 18
"""Rows in a row group. They are in memory at the same time."""

_BATCHES = 1 << 14
"""The most batches in a row group: each batch has a fixed cost, however few rows it has."""


def compact(
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    overwrite: bool = False,
) -> int:
    """Combine finished recordings into one Parquet file.

    Rows keep the order of the sources. The columns are ``timestamp``, ``channel``, ``value``, ``unit``, ``metadata``
    (JSON text) and ``sequence``; the last two are null where a row has no such value. The call needs memory for a few
    hundred thousand rows, or for the longest batch if that has more.

    The file is written under a temporary name in the folder of `target`, and renamed once it is complete and on the
    storage device. If a call is killed, the next call with the same target removes its temporary file.

    Recordings may use different units for one channel name. The column ``unit`` then has both, and `open_recording`
    begins another batch where the unit changes. O(n) in the rows.

    Parameters
    ----------
    sources : str, os.PathLike or iterable of them
        Recordings of any format. The name of a rotated recording includes all its parts. From a torn recording all
        whole batches are read, with a warning.
    target : str or os.PathLike
        The file to create. An existing file is refused.
    overwrite : bool, default False
        Whether to replace an existing file, once the new one is complete. A symbolic link is replaced; the file that it
        leads to stays.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    TypeError
        If an argument has another type.
    ValueError
        If `sources` is empty, or if a source is `target` or is not a recording.
    OSError
        If a source cannot be read, the target cannot be written, or a writer has the target open. `target` is then
        unchanged.
    ModuleNotFoundError
        If pyarrow is missing; ``pip install pyarrow`` installs it.

    Warns
    -----
    TornRecordingWarning
        As for `open_recording`.

    Examples
    --------
    >>> import tempfile
    >>> from rust_daq import Channel
    >>> from rust_daq.storage import ArrowWriter, compact, open_recording
    >>> folder = tempfile.mkdtemp()
    >>> paths = [f"{folder}/{number}.arrow" for number in range(2)]
    >>> for number, path in enumerate(paths):
    ...     with ArrowWriter(path) as writer:
    ...         writer.write(Channel(f"ai{number}", "V").batch([0.5, 0.25], start=0, rate=1000.0))
    >>> compact(paths, f"{folder}/run.parquet")
    4
    >>> with open_recording(f"{folder}/run.parquet") as recording:
    ...     [batch.channels for batch in recording][0]
    (Channel('ai0', 'V'), Channel('ai1', 'V'))
    """
    parquet = pyarrow_parquet()
    paths = _list_paths(sources)
    if not isinstance(target, str | os.PathLike):
        message = f"target must be a str or an os.PathLike of str, got {target!r}"
        raise TypeError(message)
    if not isinstance(overwrite, bool):
        message = f"overwrite must be a bool, got {overwrite!r}"
        raise TypeError(message)
    goal = Path(target)
    for path in paths:
        if _is_part_of(goal, path):
            message = f"target {str(goal)!r} is one of the sources; pass another file"
            raise ValueError(message)
    _check_free(goal, overwrite=overwrite)
    mark = hashlib.blake2b(os.fsencode(goal.name), digest_size=8).hexdigest()
    _remove_abandoned(goal.parent, mark)
    temporary = goal.with_name(f".{mark}.{secrets.token_hex(4)}.part")
    try:
        with _name_target(goal, temporary), temporary.open("xb") as file:
            _lock(file)
            rows = _write(parquet, paths, file)
            if sys.platform == "win32":
                # Windows cannot rename an open file.
                file.close()
            _publish(temporary, goal, overwrite=overwrite)
    finally:
        temporary.unlink(missing_ok=True)
    return rows


def _is_part_of(target: Path, source: Path) -> bool:
    """Return whether `target` is the recording `source` or, if `source` names a rotated recording, one of its parts."""
    if not target.exists():
        return False
    if source.exists():
        return target.samefile(source)
    return any(
        target.samefile(part) for part in source.parent.glob(f"{escape(source.stem)}.part*{escape(source.suffix)}")
    )


@contextmanager
def _name_target(target: Path, temporary: Path) -> Iterator[None]:
    """Name the target in a system error that names no file, or only the temporary file."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename not in (None, str(temporary)):
            raise
        problem = f"cannot be written: {error.strerror}"
        raise OSError(error.errno, problem, str(target)) from error


def _remove_abandoned(folder: Path, mark: str) -> None:
    """Remove temporary files that killed calls left behind. The file of a running call is locked and stays."""
    for left in folder.glob(f".{mark}.*.part"):
        try:
            with left.open("ab") as file:
                if not _lock(file):
                    continue
            left.unlink(missing_ok=True)
        except OSError:
            # Another user's file, or open elsewhere; it does not matter here.
            continue


def _lock(file: BufferedWriter) -> bool:
    """Lock a file while it is open; return False if another process holds the lock."""
    if sys.platform == "win32":
        # Windows cannot remove an open file, so no lock is needed.
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        # The file system has no locks.
        return True
    return True


def _list_paths(sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[Path]:
    if isinstance(sources, str | os.PathLike):
        sources = [sources]
    problem = "sources must be a path or an iterable of paths, got"
    if not isinstance(sources, Iterable):
        message = f"{problem} {sources!r}"
        raise TypeError(message)
    paths = []
    for source in sources:  # an iterable of the caller may raise its own errors
        if not isinstance(source, str | os.PathLike):
            message = f"{problem} {source!r} in it"
            raise TypeError(message)
        paths.append(Path(source))
    if not paths:
        message = "sources is empty; pass at least one recording"
        raise ValueError(message)
    return paths


def _check_free(target: Path, *, overwrite: bool) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder; pass the path of a file in it", str(target))
    if not target.parent.is_dir():
        problem = f"cannot be created: the folder {target.parent} does not exist; create it first"
        raise FileNotFoundError(errno.ENOENT, problem, str(target))
    if overwrite and is_written(target):
        problem = "is open in a writer; close the writer first, or pass another path"
        raise OSError(errno.EBUSY, problem, str(target))
    if not overwrite and os.path.lexists(target):
        problem = "exists already; pass another path, or overwrite=True to replace it"
        raise FileExistsError(errno.EEXIST, problem, str(target))


def _write(parquet: Any, paths: list[Path], file: BufferedWriter) -> int:
    """Write the rows of all recordings to a new file, and sync the file to the storage device."""
    import pyarrow as pa

    schema = pa.record_batch(_RowTable([])).schema
    encodings = {"timestamp": "DELTA_BINARY_PACKED", "sequence": "DELTA_BINARY_PACKED", "value": "PLAIN"}
    settings = {"compression": "zstd", "use_dictionary": TEXTS, "column_encoding": encodings}
    rows = 0
    with parquet.ParquetWriter(file, schema, write_page_checksum=True, **settings) as writer:
        for batches in _group_rows(paths):
            table = pa.Table.from_batches([pa.record_batch(_RowTable(batches))])
            writer.write_table(table, row_group_size=_ROWS)
            rows += table.num_rows
    file.flush()
    os.fsync(file.fileno())
    return rows


def _group_rows(paths: list[Path]) -> Iterator[list[Batch]]:
    """Yield lists of batches, each list to be written as one row group."""
    group: list[Batch] = []
    rows = 0
    for path in paths:
        with open_recording(path) as recording:
            for batch in recording:
                for begin in range(0, len(batch), _ROWS):
                    part = batch[begin : begin + _ROWS]
                    if group and (rows + len(part) > _ROWS or len(group) == _BATCHES):
                        yield group
                        group, rows = [], 0
                    group.append(part)
                    rows += len(part)
    if group:
        yield group


def _publish(temporary: Path, target: Path, *, overwrite: bool) -> None:
    """Rename a complete file to its target; without `overwrite`, fail if the target was created in the meantime."""
    if overwrite:
        temporary.replace(target)
    else:
        try:
            # Unlike a rename, a link replaces no existing file.
            target.hardlink_to(temporary)
        except FileExistsError:
            _check_free(target, overwrite=False)
            raise
        except OSError:
            # The file system has no hard links.
            _check_free(target, overwrite=False)
            temporary.rename(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

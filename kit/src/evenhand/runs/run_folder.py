"""The folder of a run with `run.json` and `samples.parquet`; it is written atomically and checked when read."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from types import UnionType
from typing import TYPE_CHECKING, Any

from evenhand.measure.records import SAMPLE_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
"""Version of the format, which ``schema/run-1.json`` describes."""
DOCUMENT = "run.json"
SAMPLES = "samples.parquet"
PART = ".writing-"
"""The prefix of a temporary folder during writing; such a folder is never a run."""
LATEST = "latest"
"""The name of an archive's newest run, which cannot be an id."""
LABEL = re.compile(r"[^\W\d_][\w.+-]{0,63}")
"""Labels begin with a letter, because ids begin with a digit; slashes separate the parts of an address."""
LONGEST_ID = 200
"""Bytes; the temporary folder's name is a few bytes longer."""
LONGEST_NUMBER = 25
"""Digits of an integer; 64 bits take 20."""
STALE_SECONDS = 3600
"""The age from which a temporary folder counts as abandoned on Windows, which cannot lock folders."""
REQUIRED: Mapping[str, type] = {
    "id": str,
    "measured": str,
    "profile": str,
    "complete": bool,
    "machine": dict,
    "build": dict,
    "results": list,
}
ENTRY: Mapping[str, type] = {
    "kind": str,
    "name": str,
    "example": str,
    "contenders": dict,
    "settings": dict,
    "started": str,
    "notes": list,
    "rows": list,
    "samples": int,
}
PACKAGE: Mapping[str, type | UnionType] = {"version": str, "files_sha256": str | None, "build": dict}


class ArchiveError(Exception):
    """A run is damaged, foreign, of a newer schema or missing; the message names the cause.

    Examples
    --------
    >>> from pathlib import Path
    >>> import evenhand as bench
    >>> try:
    ...     bench.Run.load(Path("nowhere"))
    ... except bench.ArchiveError as error:
    ...     print(error)
    nowhere is not a folder; give the folder of a run, which has run.json and samples.parquet
    """


def write(folder: Path, document: Mapping[str, Any], samples: Mapping[str, pd.DataFrame]) -> None:
    """Write a run into a temporary folder next to `folder`, and then rename it.

    Raises
    ------
    ArchiveError
        If the folder already exists; a run is never overwritten.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    with temporary_folder(folder) as part:
        frames = [frame.assign(result=key) for key, frame in samples.items()]
        columns = [*SAMPLE_COLUMNS, "result"]
        frame = pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns, dtype=object)
        # One thread: a script writes its run at interpreter exit, when no more threads can be started.
        table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
        pq.write_table(table, part / SAMPLES, compression="zstd")
        (part / DOCUMENT).write_text(text, encoding="utf-8")
        for path in (part / SAMPLES, part / DOCUMENT, part):
            synchronise(path)
        # Renaming fails onto a folder with files, but silently replaces an empty one, so check first.
        if folder.exists():
            raise ArchiveError(taken(folder))
        try:
            part.rename(folder)
        except OSError as error:
            if folder.exists():
                raise ArchiveError(taken(folder)) from error
            raise
        synchronise(folder.parent)


def check_id(name: str) -> None:
    """Refuse an id that is not a plain folder name.

    An id from another machine becomes a path here, so it must not lead outside the archive, be hidden or be reserved.

    Raises
    ------
    ArchiveError
        If the id is not a plain folder name.
    """
    plain = name.isprintable() and not set(name) & set('/\\:*?"<>|') and not name.endswith((" ", "."))
    if plain and name and not name.startswith(".") and name != LATEST and len(os.fsencode(name)) <= LONGEST_ID:
        return
    message = (
        f"the run id {shortened(name)!r} is not a plain folder name; use an id such as "
        "20260102T030405Z-0123456-89abcdef"
    )
    raise ArchiveError(message)


def check_label(name: str) -> None:
    """Refuse a label that could be mistaken for an id, a path or the address of a number.

    Raises
    ------
    ArchiveError
        If the label is not valid.
    """
    if name == LATEST or not LABEL.fullmatch(name):
        message = (
            f"{shortened(name)!r} is not a valid label; start with a letter, then use letters, digits, '.', '_', '+' "
            f"or '-', at most 64 characters and not {LATEST!r}, such as before-caching"
        )
        raise ArchiveError(message)


def shortened(text: str) -> str:
    """Shorten a long text to its beginning."""
    return text if len(text) <= LONGEST_ID else text[:LONGEST_ID] + "..."


def whole_number(text: str) -> int:
    """Parse an integer of a document; a very long one is refused."""
    if len(text) > LONGEST_NUMBER:
        message = f"it has an integer of {len(text.lstrip('-')):,} digits, {text[:10]}..."
        raise ValueError(message)
    return int(text)


def taken(folder: Path) -> str:
    """Return the message for an existing folder."""
    return f"{folder.name} already exists and is not overwritten; choose another name or move it away"


def read_document(folder: Path) -> dict[str, Any]:
    """Read and check `run.json`.

    Raises
    ------
    ArchiveError
        If the folder is not a run, is damaged or has a newer schema.
    """
    name = folder.name or folder.resolve().name
    try:
        present = {part: is_present(folder / part) for part in (DOCUMENT, SAMPLES)}
    except OSError as error:
        raise ArchiveError(unreadable(name, error)) from error
    if not folder.is_dir():
        message = f"{name} is not a folder; give the folder of a run, which has {DOCUMENT} and {SAMPLES}"
        raise ArchiveError(message)
    if not present[DOCUMENT]:
        what = f"is damaged: {DOCUMENT} is missing" if present[SAMPLES] else f"is not a run: it has no {DOCUMENT}"
        message = f"{name} {what}; remove it, or measure again"
        raise ArchiveError(message)
    document = parse(folder / DOCUMENT, name)
    if not present[SAMPLES]:
        message = f"{name} is damaged: {SAMPLES} is missing; remove it, or measure again"
        raise ArchiveError(message)
    return document


def is_present(path: Path) -> bool:
    """Whether a file exists; raises without permission to look, as `Path.is_file` does before Python 3.14."""
    try:
        return S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def read_file(path: Path) -> dict[str, Any]:
    """Read and check a single `run.json` without samples.

    Raises
    ------
    ArchiveError
        If the file is not a run, is damaged or has a newer schema.
    """
    return parse(path, path.name)


def parse(path: Path, name: str) -> dict[str, Any]:
    """Read and check a run's document; errors call it `name`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_int=whole_number)
    except OSError as error:
        raise ArchiveError(unreadable(name, error)) from error
    except (ValueError, RecursionError) as error:
        message = f"{name} is damaged: {DOCUMENT} cannot be read ({error}); remove it, or measure again"
        raise ArchiveError(message) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool):
        message = f"{name} is not a run: its {DOCUMENT} has no schema; move it out of the archive"
        raise ArchiveError(message)
    if schema != SCHEMA:
        todo = "install a newer version of the kit to read it" if schema > SCHEMA else "measure again"
        message = f"{name} has schema {schema}; this version reads {SCHEMA}; {todo}"
        raise ArchiveError(message)
    if missing := find_invalid_part(document):
        message = f"{name} is damaged: its {DOCUMENT} has no usable {missing}; remove it, or measure again"
        raise ArchiveError(message)
    check_id(document["id"])
    return dict(document)


def unreadable(name: str, error: OSError) -> str:
    """Return the message for a run that cannot be read for lack of permission; it may be complete."""
    # pyarrow includes a path of this machine in the message, so use the system's text only.
    reason = os.strerror(error.errno) if error.errno else error
    return f"{name} cannot be read ({reason}); grant access, or move it out of the archive"


def find_invalid_part(document: Mapping[str, Any]) -> str:
    """Return the first part of a document that is missing or has the wrong type; empty if there is none."""
    if missing := find_missing(document, REQUIRED):
        return repr(missing)
    for index, entry in enumerate(document["results"]):
        if not isinstance(entry, dict):
            return f"result {index}"
        if missing := find_missing(entry, ENTRY):
            return f"{missing!r} of result {index}"
        if not all(isinstance(row, dict) and "contender" in row for row in entry["rows"]):
            return f"'rows' of result {index}"
    packages = document.get("packages", {})  # runs of the first kits have none
    described = isinstance(packages, dict) and all(
        isinstance(facts, dict) and not find_missing(facts, PACKAGE) for facts in packages.values()
    )
    return "" if described else "'packages'"


def find_missing(part: Mapping[str, Any], kinds: Mapping[str, type | UnionType]) -> str:
    """Return the first key that is missing or whose value has the wrong type; empty if there is none."""
    return next((key for key, kind in kinds.items() if key not in part or not isinstance(part[key], kind)), "")


def check_samples(folder: Path, document: Mapping[str, Any]) -> None:
    """Check that the samples are complete, from the file's footer only, which is written last.

    Raises
    ------
    ArchiveError
        If they are not complete.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        footer = pq.read_metadata(folder / SAMPLES)
    except PermissionError as error:
        raise ArchiveError(unreadable(folder.name, error)) from error
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(damaged_samples(folder, str(error))) from error
    expected = sum(entry["samples"] for entry in document["results"])
    if footer.num_rows != expected:
        raise ArchiveError(damaged_samples(folder, f"{footer.num_rows} rows, but {DOCUMENT} lists {expected}"))
    absent = {*SAMPLE_COLUMNS, "result"} - set(footer.schema.names)
    if absent:
        raise ArchiveError(damaged_samples(folder, f"no column {', '.join(sorted(absent))}"))


def read_samples(folder: Path, document: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Read the samples of each result, by ``example/name``.

    Raises
    ------
    ArchiveError
        If they cannot be read, or their number differs from the document.
    """
    import pandas as pd
    import pyarrow as pa

    check_samples(folder, document)
    try:
        frame = pd.read_parquet(folder / SAMPLES)
    except PermissionError as error:
        raise ArchiveError(unreadable(folder.name, error)) from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ArchiveError(damaged_samples(folder, str(error))) from error
    grouped = {str(key): part for key, part in frame.groupby("result", sort=False)} if len(frame) else {}
    found = {}
    for entry in document["results"]:
        key = f"{entry['example']}/{entry['name']}"
        part = grouped.get(key, frame.iloc[:0]).drop(columns="result").reset_index(drop=True)
        if len(part) != entry["samples"]:
            reason = f"{len(part)} samples of {key}, but {DOCUMENT} lists {entry['samples']}"
            raise ArchiveError(damaged_samples(folder, reason))
        found[key] = part
    return found


def damaged_samples(folder: Path, reason: str) -> str:
    """Return the message for incomplete samples, without a path that the system's text may contain."""
    reason = " ".join(reason.replace(str(folder), folder.name).split())
    return f"{folder.name} is damaged: {SAMPLES} is incomplete ({reason}); remove it, or measure again"


@contextmanager
def temporary_folder(folder: Path) -> Iterator[Path]:
    """Make a locked temporary folder next to `folder`; it is removed afterwards unless it was renamed."""
    while True:
        part = folder.with_name(f"{PART}{folder.name}-{secrets.token_hex(4)}")
        part.mkdir()
        lock = acquire_lock(part, wait=True)
        if part.is_dir():
            break
        unlock(lock)  # a cleaning process removed the folder before it was locked
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        unlock(lock)


def remove_abandoned(archive: Path) -> list[str]:
    """Remove the temporary folders of killed writers, and return their names; folders in use stay."""
    removed = []
    for part in sorted(archive.glob(f"{PART}*")):
        lock = acquire_lock(part, wait=False)
        if lock is None:
            continue
        try:
            shutil.rmtree(part, ignore_errors=True)
            removed.append(part.name)
        finally:
            unlock(lock)
    return removed


if sys.platform == "win32":

    def acquire_lock(part: Path, *, wait: bool) -> int | None:
        """Judge by age, because Windows cannot lock folders; a folder with an open file cannot be removed anyway."""
        return -1 if wait or time.time() - part.stat().st_mtime > STALE_SECONDS else None

    def unlock(lock: int | None) -> None:
        """Do nothing, because there is no lock."""
        del lock

    def synchronise(path: Path) -> None:
        """Flush a file to the disk; for folders Windows does this automatically."""
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())

else:
    import fcntl

    def acquire_lock(part: Path, *, wait: bool) -> int | None:
        """Lock the folder; the system releases the lock when its process ends.  None if another process has it."""
        try:
            descriptor = os.open(part, os.O_RDONLY)
        except (FileNotFoundError, PermissionError):
            return None  # removed, or owned by another user
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if wait:
                return descriptor  # a file system without locks
            os.close(descriptor)
            return None
        return descriptor

    def unlock(lock: int | None) -> None:
        """Release the folder's lock."""
        if lock is not None:
            os.close(lock)

    def synchronise(path: Path) -> None:
        """Flush a file, or a folder's list of names, to the disk."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""The folder of a run, `run.json` and `samples.parquet`: written whole or not at all, never half-read."""

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
from typing import TYPE_CHECKING, Any

from evenhand.measure.records import SAMPLE_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
"""Version of the format; ``schema/run-1.json`` describes it."""
DOCUMENT = "run.json"
SAMPLES = "samples.parquet"
PART = ".writing-"
"""Begins the name of a folder that is being written; such a one is never a run."""
LATEST = "latest"
"""The newest run of an archive, so never the id of one."""
LABEL = re.compile(r"[^\W\d_][\w.+-]{0,63}")
"""A letter comes first, because ids begin with a digit; a slash would part an address."""
LONGEST_ID = 200
"""Bytes; a part that is written has a few more in its name."""
LONGEST_NUMBER = 25
"""Digits of an integer; 64 bits take 20."""
STALE_SECONDS = 3600
"""On Windows, which has no lock on folders: how old a part must be to be taken for abandoned."""
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
    "samples": int,
}


class ArchiveError(Exception):
    """A run that is torn, foreign, of a newer schema or not there; said in a sentence, never half-read.

    Examples
    --------
    >>> from pathlib import Path
    >>> import evenhand as bench
    >>> try:
    ...     bench.Run.load(Path("nowhere"))
    ... except bench.ArchiveError as error:
    ...     print(error)
    nowhere is no folder; give the folder of a run, which holds run.json and samples.parquet
    """


def write(folder: Path, document: Mapping[str, Any], samples: Mapping[str, pd.DataFrame]) -> None:
    """Write a run: into a sibling first, which then takes the folder's name.

    Raises
    ------
    ArchiveError
        If there is a folder of that name already; a run is never overwritten.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    with part_beside(folder) as part:
        frames = [frame.assign(result=key) for key, frame in samples.items()]
        columns = [*SAMPLE_COLUMNS, "result"]
        frame = pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns, dtype=object)
        # One thread: a script writes its run while the interpreter ends, when no thread can be started any more.
        table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
        pq.write_table(table, part / SAMPLES, compression="zstd")
        (part / DOCUMENT).write_text(text, encoding="utf-8")
        for path in (part / SAMPLES, part / DOCUMENT, part):
            synchronise(path)
        # A rename takes the place of an empty folder without a word, so look first; of a full one it fails.
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
    """Refuse an id that is not the plain name of a folder.

    An id from elsewhere becomes a path here: it must lead nowhere else, hide nothing and be no other word.

    Raises
    ------
    ArchiveError
        If the id is no such name.
    """
    plain = name.isprintable() and not set(name) & set('/\\:*?"<>|') and not name.endswith((" ", "."))
    if plain and name and not name.startswith(".") and name != LATEST and len(os.fsencode(name)) <= LONGEST_ID:
        return
    message = (
        f"a run has the id {shortened(name)!r}, which is no plain name of a folder; give it one such as "
        "20260102T030405Z-0123456-89abcdef"
    )
    raise ArchiveError(message)


def check_label(name: str) -> None:
    """Refuse a label that could be taken for an id, a path or the address of a number.

    Raises
    ------
    ArchiveError
        If the label is no such name.
    """
    if name == LATEST or not LABEL.fullmatch(name):
        message = (
            f"{shortened(name)!r} cannot be a label; give a letter, then letters, digits, '.', '_', '+' or '-', "
            f"at most 64 together and not {LATEST!r}, such as before-caching"
        )
        raise ArchiveError(message)


def shortened(text: str) -> str:
    """The beginning of a text, which may be of any length."""
    return text if len(text) <= LONGEST_ID else text[:LONGEST_ID] + "..."


def whole_number(text: str) -> int:
    """An integer of a document."""
    if len(text) > LONGEST_NUMBER:
        message = f"it has an integer of {len(text.lstrip('-')):,} digits, {text[:10]}..."
        raise ValueError(message)
    return int(text)


def taken(folder: Path) -> str:
    """The sentence for a name that is in use."""
    return f"{folder.name} exists already and is not overwritten; choose another name or move it away"


def read_document(folder: Path) -> dict[str, Any]:
    """Read and check `run.json`.

    Raises
    ------
    ArchiveError
        If the folder is no run, a torn one, or one of a newer schema.
    """
    name = folder.name
    try:
        present = {part: is_present(folder / part) for part in (DOCUMENT, SAMPLES)}
    except OSError as error:
        raise ArchiveError(unreadable(name, error)) from error
    if not folder.is_dir():
        message = f"{name} is no folder; give the folder of a run, which holds {DOCUMENT} and {SAMPLES}"
        raise ArchiveError(message)
    if not present[DOCUMENT]:
        what = f"is torn: {DOCUMENT} is missing" if present[SAMPLES] else f"is no run: it has no {DOCUMENT}"
        message = f"{name} {what}; remove it, or measure again"
        raise ArchiveError(message)
    document = parsed(folder / DOCUMENT, name)
    if not present[SAMPLES]:
        message = f"{name} is torn: {SAMPLES} is missing; remove it, or measure again"
        raise ArchiveError(message)
    return document


def is_present(path: Path) -> bool:
    """Whether there is a file; raises where the system does not let us look, as `Path.is_file` does before 3.14."""
    try:
        return S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def read_file(path: Path) -> dict[str, Any]:
    """Read and check a `run.json` that stands alone, without samples.

    Raises
    ------
    ArchiveError
        If the file is no run, a torn one, or one of a newer schema.
    """
    return parsed(path, path.name)


def parsed(path: Path, name: str) -> dict[str, Any]:
    """A run's document, checked; `name` is what an error calls it."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_int=whole_number)
    except OSError as error:
        raise ArchiveError(unreadable(name, error)) from error
    except (ValueError, RecursionError) as error:
        message = f"{name} is torn: {DOCUMENT} cannot be read ({error}); remove it, or measure again"
        raise ArchiveError(message) from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool):
        message = f"{name} is no run: its {DOCUMENT} names no schema; move it out of the archive"
        raise ArchiveError(message)
    if schema != SCHEMA:
        todo = "install a newer version of the kit to read it" if schema > SCHEMA else "measure again"
        message = f"{name} has schema {schema}, and this version reads {SCHEMA}; {todo}"
        raise ArchiveError(message)
    if missing := wrong_in(document):
        message = f"{name} is torn: its {DOCUMENT} has no usable {missing}; remove it, or measure again"
        raise ArchiveError(message)
    check_id(document["id"])
    return dict(document)


def unreadable(name: str, error: OSError) -> str:
    """The sentence for a run that the system does not let us read, which may be whole."""
    # pyarrow puts a path of this machine into the system's words.
    reason = os.strerror(error.errno) if error.errno else error
    return f"{name} cannot be read ({reason}); allow it, or move it out of the archive"


def wrong_in(document: Mapping[str, Any]) -> str:
    """The first part that a document lacks, or has as something else."""
    for key, kind in REQUIRED.items():
        if not isinstance(document.get(key), kind):
            return repr(key)
    for index, entry in enumerate(document["results"]):
        if not isinstance(entry, dict):
            return f"result {index}"
        for key, kind in ENTRY.items():
            if not isinstance(entry.get(key), kind):
                return f"{key!r} of result {index}"
    return ""


def check_samples(folder: Path, document: Mapping[str, Any]) -> None:
    """Check by the file's end alone, which is written last, that the samples are all there.

    Raises
    ------
    ArchiveError
        If they are not.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        footer = pq.read_metadata(folder / SAMPLES)
    except PermissionError as error:
        raise ArchiveError(unreadable(folder.name, error)) from error
    except (OSError, pa.ArrowException) as error:
        raise ArchiveError(torn_samples(folder, str(error))) from error
    promised = sum(entry["samples"] for entry in document["results"])
    if footer.num_rows != promised:
        raise ArchiveError(torn_samples(folder, f"{footer.num_rows} rows where {DOCUMENT} says {promised}"))
    absent = {*SAMPLE_COLUMNS, "result"} - set(footer.schema.names)
    if absent:
        raise ArchiveError(torn_samples(folder, f"no column {', '.join(sorted(absent))}"))


def read_samples(folder: Path, document: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Read the samples of each result, by ``example/name``.

    Raises
    ------
    ArchiveError
        If they cannot be read, or are not as many as the document says.
    """
    import pandas as pd
    import pyarrow as pa

    check_samples(folder, document)
    try:
        frame = pd.read_parquet(folder / SAMPLES)
    except PermissionError as error:
        raise ArchiveError(unreadable(folder.name, error)) from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise ArchiveError(torn_samples(folder, str(error))) from error
    grouped = {str(key): part for key, part in frame.groupby("result", sort=False)} if len(frame) else {}
    found = {}
    for entry in document["results"]:
        key = f"{entry['example']}/{entry['name']}"
        part = grouped.get(key, frame.iloc[:0]).drop(columns="result").reset_index(drop=True)
        if len(part) != entry["samples"]:
            reason = f"{len(part)} samples of {key} where {DOCUMENT} says {entry['samples']}"
            raise ArchiveError(torn_samples(folder, reason))
        found[key] = part
    return found


def torn_samples(folder: Path, reason: str) -> str:
    """The sentence for samples that are not whole, without the path that the system's words may hold."""
    reason = " ".join(reason.replace(str(folder), folder.name).split())
    return f"{folder.name} is torn: {SAMPLES} is not whole ({reason}); remove it, or measure again"


@contextmanager
def part_beside(folder: Path) -> Iterator[Path]:
    """A fresh folder to write in, locked while it is written and gone afterwards if it was not renamed."""
    while True:
        part = folder.with_name(f"{PART}{folder.name}-{secrets.token_hex(4)}")
        part.mkdir()
        lock = locked(part, wait=True)
        if part.is_dir():
            break
        unlock(lock)  # someone who cleans up found it before the lock was there
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        unlock(lock)


def remove_abandoned(archive: Path) -> list[str]:
    """Remove what writers that were killed have left; their names.  A part that is being written stays."""
    removed = []
    for part in sorted(archive.glob(f"{PART}*")):
        lock = locked(part, wait=False)
        if lock is None:
            continue
        try:
            shutil.rmtree(part, ignore_errors=True)
            removed.append(part.name)
        finally:
            unlock(lock)
    return removed


if sys.platform == "win32":

    def locked(part: Path, *, wait: bool) -> int | None:
        """Windows locks no folder: a part is free when it is old, and safe while a file of it is open."""
        return -1 if wait or time.time() - part.stat().st_mtime > STALE_SECONDS else None

    def unlock(lock: int | None) -> None:
        """Nothing is held."""
        del lock

    def synchronise(path: Path) -> None:
        """Make sure that a file is on the disk; Windows does it for folders itself."""
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())

else:
    import fcntl

    def locked(part: Path, *, wait: bool) -> int | None:
        """Take the folder's lock, which the system frees when its holder dies; None if another one has it."""
        try:
            descriptor = os.open(part, os.O_RDONLY)
        except (FileNotFoundError, PermissionError):
            return None  # gone, or another user's
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if wait:
                return descriptor  # a file system without locks
            os.close(descriptor)
            return None
        return descriptor

    def unlock(lock: int | None) -> None:
        """Let the folder's lock go."""
        if lock is not None:
            os.close(lock)

    def synchronise(path: Path) -> None:
        """Make sure that a file, or a folder's list of names, is on the disk."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

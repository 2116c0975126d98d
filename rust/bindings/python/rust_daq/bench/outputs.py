"""Where a command puts what it measured: a JSON document, figures, an archive."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from rust_daq.bench.result import Result

STANDARD_OUTPUT = "-"


class OutputError(Exception):
    """A place that cannot be written to; the sentence names the flag, the value and what to do."""


@dataclass(frozen=True)
class Outputs:
    """The places that the flags name.

    Parameters
    ----------
    json : Path, optional
        File of the run's document; ``-`` is standard output.
    plot_dir : Path, optional
        Folder of the figures.
    archive : Path, optional
        Folder of runs, to which this one is added.
    """

    json: Path | None = None
    plot_dir: Path | None = None
    archive: Path | None = None

    @property
    def to_standard_output(self) -> bool:
        """Whether the document goes to standard output, where no prose may then be."""
        return str(self.json) == STANDARD_OUTPUT

    def prepare(self) -> None:
        """Make the folders, after all places were found writable; nothing is left behind when one is not.

        Raises
        ------
        OutputError
            If a place cannot be written to.
        """
        folders = [*self._of_json(), *self._of_archive()]
        if self.plot_dir is not None:
            folders.append(("--plot-dir", self.plot_dir, self.plot_dir))
        for flag, value, folder in folders:
            refuse_unwritable(flag, value, folder)
        for flag, value, folder in folders:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(unwritable(flag, value, error)) from error

    def _of_json(self) -> list[tuple[str, Path, Path]]:
        """The folder that the document is written to, with flag and value."""
        if self.json is None or self.to_standard_output:
            return []
        if inspected("--json", self.json, self.json.is_dir):
            message = f"--json {self.json} is a folder; name a file in it, such as {self.json / 'run.json'}"
            raise OutputError(message)
        if not is_device(self.json):
            return [("--json", self.json, target(self.json).parent)]
        if not os.access(self.json, os.W_OK):
            raise OutputError(unwritable("--json", self.json, PermissionError("not allowed")))
        return []

    def _of_archive(self) -> list[tuple[str, Path, Path]]:
        """The folder that the run is added to, with flag and value."""
        if self.archive is None:
            return []
        if inspected("--archive", self.archive, (self.archive / "run.json").exists):
            message = f"--archive {self.archive} is a run; name the folder of runs that it lies in"
            raise OutputError(message)
        return [("--archive", self.archive, self.archive)]

    def write_json(self, text: str, standard_output: IO[str] | None = None) -> None:
        """Write the document, whole or not at all."""
        if standard_output is not None:
            standard_output.write(text)
            standard_output.flush()
        elif self.json is not None:
            write_whole(target(self.json), text)

    def save_figure(self, result: Result) -> list[Path]:
        """Save a result's figure as PNG and SVG.

        Returns
        -------
        list of Path
            Empty where no folder is named.
        """
        if self.plot_dir is None:
            return []
        from rust_daq.bench.figure import blank

        figure, ax = blank(result.key)
        result.draw(ax)
        stem = re.sub(r"[^\w.-]+", "-", f"{result.example}-{result.name}")
        paths = [self.plot_dir / f"{stem}.{ending}" for ending in ("png", "svg")]
        for path in paths:
            figure.savefig(path, dpi=160)
        return paths


def inspected(flag: str, value: Path, look: Callable[[], bool]) -> bool:
    """Ask the file system about a path that it may not be able to hold at all."""
    try:
        return look()
    except (OSError, ValueError) as error:
        raise OutputError(unwritable(flag, value, error)) from error


def refuse_unwritable(flag: str, value: Path, folder: Path) -> None:
    """Raise unless a file can be made in `folder`, or in the nearest of its parents that exists."""
    try:
        while not folder.exists():
            folder = folder.parent
        if not folder.is_dir():
            message = f"{flag} {value} cannot be written: {folder} is a file; name a place in a folder"
            raise OutputError(message)
        with tempfile.TemporaryFile(dir=folder):
            pass  # gone when closed
    except (OSError, ValueError) as error:
        raise OutputError(unwritable(flag, value, error)) from error


def unwritable(flag: str, value: Path, error: Exception) -> str:
    """The sentence for a place that the system refuses."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{flag} {value} cannot be written ({reason}); name a place where you may write"


def is_device(path: Path) -> bool:
    """Whether a path is a device or a pipe, such as /dev/null: to be written to, never to be replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def target(path: Path) -> Path:
    """The file that is to be replaced: the one that a link points to."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that whoever looks finds the old one or the new one, never a part."""
    if is_device(path):
        path.write_text(text, encoding="utf-8")
        return
    part = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

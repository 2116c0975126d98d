"""The outputs of a command: a JSON document, figures, an archive."""

from __future__ import annotations

import importlib.util
import os
import re
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import IO, TYPE_CHECKING

from evenhand.runs.archive import Archive
from evenhand.runs.run_folder import ArchiveError, is_present

if TYPE_CHECKING:
    from evenhand.results.result import Result

STANDARD_OUTPUT = "-"
FIGURES = (".png", ".svg")
ELSEWHERE = "name another place"
DOCUMENT = "run.json"
"""The file by which an archive recognises a run."""
NEEDS = {"--plot-dir": "matplotlib", "--archive": "pyarrow"}
"""The package that a flag needs."""
SHOWN = 1 << 10
"""Bytes at either end of a file from which a JSON document is recognised."""


class OutputError(Exception):
    """An output cannot be written; the message has the flag, the value and the remedy."""


@dataclass(frozen=True)
class Outputs:
    """The outputs that the flags name.

    Parameters
    ----------
    json : Path, optional
        File for the run's document; ``-`` is standard output.
    plot_dir : Path, optional
        Folder for the figures.
    archive : Path, optional
        Folder of runs to add the run to.
    markdown : Path, optional
        File for a table in Markdown.
    label : str, optional
        The name of the run in the archive.
    """

    json: Path | None = None
    plot_dir: Path | None = None
    archive: Path | None = None
    markdown: Path | None = None
    label: str | None = None

    @property
    def to_standard_output(self) -> bool:
        """Whether the document goes to standard output, which then must not have other text."""
        return str(self.json) == STANDARD_OUTPUT

    def prepare(self, *sources: Path) -> None:
        """Check that all outputs are writable, then make their folders; after an error no folder is left.

        Parameters
        ----------
        *sources : Path
            Files that the command runs or reads, which no output may replace.

        Raises
        ------
        OutputError
            If an output cannot be written, would replace another file, or needs a missing package.
        """
        self._refuse_invalid()
        for flag, package in NEEDS.items():
            if flag in self._named() and importlib.util.find_spec(package) is None:
                message = f"{flag} needs {package}, which is not installed; pip install {package}, or omit {flag}"
                raise OutputError(message)
        folders = [*self._of_json(), *self._of_archive()]
        if self.markdown is not None and not is_device(self.markdown):
            folders.append(("--markdown", self.markdown, target(self.markdown).parent))
        if self.plot_dir is not None:
            folders.append(("--plot-dir", self.plot_dir, self.plot_dir))
        self._refuse_replacing(sources)
        self._refuse_collisions()
        self._refuse_label()
        for flag, value, folder in folders:
            refuse_unwritable(flag, value, folder)
        for flag, value, folder in folders:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise OutputError(unwritable(flag, value, error)) from error

    def _files(self) -> dict[str, Path]:
        """Return the output files, by flag."""
        json = None if self.to_standard_output else self.json
        files = {"--json": json, "--markdown": self.markdown}
        return {flag: path for flag, path in files.items() if path is not None and not is_device(path)}

    def _folders(self) -> dict[str, Path]:
        """Return the output folders, by flag."""
        folders = {"--plot-dir": self.plot_dir, "--archive": self.archive}
        return {flag: path for flag, path in folders.items() if path is not None}

    def _named(self) -> dict[str, Path]:
        return self._files() | self._folders()

    def _refuse_invalid(self) -> None:
        """Refuse the name of a file that the system cannot have, such as one that is too long."""
        for flag, path in (("--json", None if self.to_standard_output else self.json), ("--markdown", self.markdown)):
            if path is not None:
                inspect(flag, path, partial(is_present, path))

    def _refuse_replacing(self, sources: tuple[Path, ...]) -> None:
        """Refuse to replace a file that this command has not written."""
        for flag, path in self._files().items():
            for source in sources:
                if os.path.realpath(path) == os.path.realpath(source):
                    message = f"{flag} {path} is {source.name}, an input of this command; name another file"
                    raise OutputError(message)
        document = self._files().get("--json")
        if document is not None and inspect("--json", document, document.is_file) and not is_json(document):
            message = f"--json {document} exists and is not a JSON document; name another file"
            raise OutputError(message)

    def _refuse_collisions(self) -> None:
        """Refuse outputs that would replace or hide one another."""
        real = {flag: Path(os.path.realpath(path)) for flag, path in self._named().items()}
        for first, second in combinations(real, 2):
            if real[first] == real[second]:
                message = f"{first} and {second} name the same place, {self._named()[first]}; name two places"
                raise OutputError(message)
        for flag, path in self._files().items():
            for other, place in real.items():
                if real[flag] in place.parents:
                    message = f"{flag} {path} would be the folder of {other} {self._named()[other]}; name two places"
                    raise OutputError(message)
            folder, plots = real.get("--archive"), real.get("--plot-dir")
            inside = folder is not None and folder in real[flag].parents
            if inside and (real[flag].parent != folder or real[flag].name == DOCUMENT):
                message = f"{flag} {path} would look like part of a run in --archive {self.archive}; {ELSEWHERE}"
                raise OutputError(message)
            if plots is not None and real[flag].parent == plots and real[flag].suffix in FIGURES:
                message = f"{flag} {path} has the name of a figure in --plot-dir {self.plot_dir}; {ELSEWHERE}"
                raise OutputError(message)
        if "--plot-dir" in real and real.get("--archive") in real["--plot-dir"].parents:
            message = f"--plot-dir {self.plot_dir} would look like a run in --archive {self.archive}; {ELSEWHERE}"
            raise OutputError(message)

    def _refuse_label(self) -> None:
        """Refuse a label that is invalid, taken, or without an archive."""
        if self.label is None:
            return
        if self.archive is None:
            message = f"--label {self.label} needs an archive; add --archive DIR, or omit --label"
            raise OutputError(message)
        try:
            Archive(self.archive).check_label(self.label)
        except ArchiveError as error:
            message = f"--label: {error}"
            raise OutputError(message) from error

    def _of_json(self) -> list[tuple[str, Path, Path]]:
        """Return the folder of the document, with flag and value."""
        if self.json is None or self.to_standard_output:
            return []
        if inspect("--json", self.json, self.json.is_dir):
            message = f"--json {self.json} is a folder; name a file in it, such as {self.json / 'run.json'}"
            raise OutputError(message)
        if not is_device(self.json):
            return [("--json", self.json, target(self.json).parent)]
        if not os.access(self.json, os.W_OK):
            raise OutputError(unwritable("--json", self.json, PermissionError("not allowed")))
        return []

    def _of_archive(self) -> list[tuple[str, Path, Path]]:
        """Return the folder of the archive, with flag and value."""
        if self.archive is None:
            return []
        if inspect("--archive", self.archive, (self.archive / "run.json").exists):
            message = f"--archive {self.archive} is a run; name the folder that contains it"
            raise OutputError(message)
        return [("--archive", self.archive, self.archive)]

    def write_json(self, text: str, standard_output: IO[str] | None = None) -> None:
        """Write the document atomically."""
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
            Empty if no folder was named.
        """
        if self.plot_dir is None:
            return []
        from evenhand.results.figure import blank

        figure, ax = blank(result.key)
        result.draw(ax)
        # Characters that are invalid in a file name become their numbers, so that different names stay different.
        named = re.sub(r"[^\w.-]", lambda found: f"%{ord(found[0]):02x}", result.name)
        stem = f"{result.example}-{named}"
        paths = [self.plot_dir / f"{stem}.{ending}" for ending in ("png", "svg")]
        for path in paths:
            figure.savefig(path, dpi=160)
        return paths


def inspect(flag: str, value: Path, look: Callable[[], bool]) -> bool:
    """Query the file system about a path that may be invalid."""
    try:
        return look()
    except (OSError, ValueError) as error:
        raise OutputError(unwritable(flag, value, error)) from error


def refuse_unwritable(flag: str, value: Path, folder: Path) -> None:
    """Raise unless a file can be made in `folder`, or in its nearest existing parent."""
    try:
        while not folder.exists():
            folder = folder.parent
        if not folder.is_dir():
            message = f"{flag} {value} cannot be written: {folder} is a file; name a path inside a folder"
            raise OutputError(message)
        with tempfile.TemporaryFile(dir=folder):
            pass  # gone when closed
    except (OSError, ValueError) as error:
        raise OutputError(unwritable(flag, value, error)) from error


def unwritable(flag: str, value: Path, error: Exception) -> str:
    """Return the message for an output that the system refuses."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{flag} {value} cannot be written ({reason}); name a place where you may write"


def is_json(path: Path) -> bool:
    """Whether a file is empty or looks like a JSON document, and may therefore be replaced."""
    try:
        with path.open("rb") as file:
            begin = file.read(SHOWN)
            file.seek(max(0, file.seek(0, os.SEEK_END) - SHOWN))
            end = file.read()
    except OSError as error:
        raise OutputError(unwritable("--json", path, error)) from error
    return not begin.strip() or (begin.lstrip()[:1] == b"{" and end.rstrip()[-1:] == b"}")


def is_device(path: Path) -> bool:
    """Whether a path is a device or a pipe, such as /dev/null, which is written to and never replaced."""
    return path.exists() and not path.is_file() and not path.is_dir()


def target(path: Path) -> Path:
    """Return the file to replace: for a link, the file that it points to."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def write_whole(path: Path, text: str) -> None:
    """Write a text file atomically, so that readers find the old or the new one, never a part."""
    if is_device(path):
        path.write_text(text, encoding="utf-8")
        return
    # Not from the name of the file, which may have the greatest length that the system allows.
    part = path.with_name(f".evenhand-{secrets.token_hex(8)}")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

"""The archive: a folder of runs."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from evenhand.runs import run_folder
from evenhand.runs.run import Run
from evenhand.runs.run_folder import DOCUMENT, LATEST, ArchiveError, is_present


@dataclass(frozen=True)
class Listing:
    """The contents of an archive; iterating yields the runs.

    Parameters
    ----------
    runs : tuple of Run
        The complete runs, oldest first.
    refused : mapping of str to str
        The folders without a complete run, by name, each with the reason.
    """

    runs: tuple[Run, ...]
    refused: Mapping[str, str]

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)


@dataclass(frozen=True)
class Archive:
    """A folder of runs.

    Parameters
    ----------
    folder : Path or str
        The folder of the runs; created when the first run is added.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import evenhand as bench
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     archive = bench.Archive(Path(folder, "runs"))
    ...     run = bench.Run.of([], profile="script")
    ...     archive.add(run).name == archive.latest().id
    True
    """

    folder: Path

    def __post_init__(self) -> None:
        """Accept a str too."""
        object.__setattr__(self, "folder", Path(self.folder))

    def add(self, run: Run) -> Path:
        """Write a run into the archive atomically, and remove the remains of killed writers.

        Raises
        ------
        ArchiveError
            If a run with this id or label exists, or the id is not a plain folder name.
        """
        run_folder.check_id(run.id)
        if run.label is not None:
            self.check_label(run.label)
        run_folder.remove_abandoned(self.folder)
        return run.save(self.folder / run.id)

    def check_label(self, label: str) -> None:
        """Refuse a label that a new run cannot have.

        Raises
        ------
        ArchiveError
            If it is not a valid label, or a run has it already.
        """
        run_folder.check_label(label)
        if taken := self.labels().get(label):
            message = f"the run {taken[0]} already has the label {label!r}; use another one, or remove that run"
            raise ArchiveError(message)

    def labels(self) -> dict[str, list[str]]:
        """Return the labels with the ids of their runs; a label can have several runs if archives were merged."""
        found: dict[str, list[str]] = {}
        for run in self.runs():
            if run.label is not None:
                found.setdefault(run.label, []).append(run.id)
        return found

    def names(self) -> list[str]:
        """Return the names of all run folders, complete or not, oldest first.

        Raises
        ------
        ArchiveError
            If the archive cannot be read for lack of permission.
        """
        try:
            return sorted(
                path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")
            )
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            message = f"the archive {self._name} cannot be read ({error.strerror or error}); grant access to it"
            raise ArchiveError(message) from error

    @property
    def _name(self) -> str:
        """The name of its folder, which messages call it by."""
        return self.folder.name or self.folder.resolve().name

    def runs(self) -> Listing:
        """List the runs; folders without a complete run are listed as refused.

        Returns
        -------
        Listing
            The samples of its runs are read when a result is accessed.
        """
        runs, refused = [], {}
        for name in self.names():
            try:
                runs.append(self._opened(name))
            except ArchiveError as error:
                refused[name] = str(error)
        return Listing(tuple(runs), refused)

    def _opened(self, name: str) -> Run:
        run = Run.opened(self.folder / name)
        if run.id != name:
            message = f"{name} contains the run {run.id}; rename the folder to that id"
            raise ArchiveError(message)
        return run

    def latest(self) -> Run:
        """Return the newest complete run.

        Raises
        ------
        ArchiveError
            If the archive has no complete run.
        """
        for name in reversed(self.names()):
            try:
                return self._opened(name)
            except ArchiveError:
                continue  # `runs` lists it as refused
        message = f"the archive {self._name} has no complete run; add one with a script's --archive"
        raise ArchiveError(message)

    def open(self, name: str) -> Run:
        """Read a run.

        Parameters
        ----------
        name : str
            Its id, an unambiguous beginning of the id, its label, or ``latest``.

        Raises
        ------
        ArchiveError
            If no run matches, several runs match, or the run is not complete.
        """
        if name == LATEST:
            return Run.load(self.folder / self.latest().id)
        names = self.names()
        found = [name] if name in names else [known for known in names if name and known.startswith(name)]
        labels = {} if found else self.labels()
        found = found or labels.get(name, [])
        if len(found) == 1:
            self._opened(found[0])
            return Run.load(self.folder / found[0])
        if found:
            many = "is the label" if name in labels else "is the beginning of the ids"
            message = f"{name!r} {many} of {len(found)} runs: {', '.join(found)}; give more of one id"
        else:
            near = difflib.get_close_matches(name, [*names, *labels], n=3) or [*names[-3:], *labels]
            known = f"; there are {', '.join(near)}" if near else "; it is empty"
            message = f"the archive {self._name} has no run {name!r}{known}"
        raise ArchiveError(message)


def opened(archive: Archive, name: str) -> Run:
    """Open the run with a name in an archive, or the run in a folder or file."""
    folder = Path(name)
    if is_file(folder):
        return Run.document_of(folder)
    if os.sep in name or "/" in name or is_file(folder / DOCUMENT):
        return Run.load(folder.resolve())
    refuse_missing(archive)
    return archive.open(name)


def is_file(path: Path) -> bool:
    """Whether a file exists; a name that the system cannot have, such as one that is too long, is that of no file."""
    try:
        return is_present(path)
    except OSError:
        return False


def refuse_missing(archive: Archive) -> None:
    """Raise if the folder of an archive does not exist, or cannot be looked for."""
    try:
        present = archive.folder.is_dir()
    except OSError as error:
        message = f"the archive {archive.folder} cannot be read ({error.strerror or error}); name another"
        raise ArchiveError(message) from error
    if not present:
        message = f"there is no archive {archive.folder}; make one with a script's --archive, or name another"
        raise ArchiveError(message)

"""The archive: a folder of runs."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from evenhand.runs import run_folder
from evenhand.runs.run import Run
from evenhand.runs.run_folder import DOCUMENT, LATEST, ArchiveError


@dataclass(frozen=True)
class Listing:
    """What an archive holds; iterating gives the runs.

    Parameters
    ----------
    runs : tuple of Run
        The whole ones, oldest first.
    refused : mapping of str to str
        The folders that are no whole run, by name, each with the sentence that says why.
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
    folder : Path
        Where the runs are; made when the first is added.

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

    def add(self, run: Run) -> Path:
        """Write a run into the archive, atomically, and remove what writers that were killed have left.

        Raises
        ------
        ArchiveError
            If a run of that id or label exists already, or its id is not the plain name of a folder.
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
            If it cannot be one, or a run has it already.
        """
        run_folder.check_label(label)
        if taken := self.labels().get(label):
            message = f"the run {taken[0]} has the label {label!r} already; give another one, or remove that run"
            raise ArchiveError(message)

    def labels(self) -> dict[str, list[str]]:
        """The labels of the whole runs, each with the ids of its runs: more than one where archives were joined."""
        found: dict[str, list[str]] = {}
        for run in self.runs():
            if run.label is not None:
                found.setdefault(run.label, []).append(run.id)
        return found

    def names(self) -> list[str]:
        """The names of all folders that stand for a run, whole or not, oldest first.

        Raises
        ------
        ArchiveError
            If the system does not let us read the archive.
        """
        try:
            return sorted(
                path.name for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith(".")
            )
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            message = f"the archive {self.folder.name} cannot be read ({error.strerror or error}); allow it"
            raise ArchiveError(message) from error

    def runs(self) -> Listing:
        """List the runs.  A folder that is no whole run is named, and hides none of the others.

        Returns
        -------
        Listing
            The samples of its runs are read when a result is asked for.
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
            message = f"{name} holds the run {run.id}; give the folder that name"
            raise ArchiveError(message)
        return run

    def latest(self) -> Run:
        """The newest whole run.

        Raises
        ------
        ArchiveError
            If there is none.
        """
        for name in reversed(self.names()):
            try:
                return self._opened(name)
            except ArchiveError:
                continue  # `runs` names it; the newest whole one is what was asked for
        message = f"the archive {self.folder.name} holds no whole run; a script's --archive adds one"
        raise ArchiveError(message)

    def open(self, name: str) -> Run:
        """Read a run.

        Parameters
        ----------
        name : str
            Its id, the beginning of it that no other id shares, its label, or ``latest``.

        Raises
        ------
        ArchiveError
            If there is no such run, more than one, or it is not whole.
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
            many = "is the label" if name in labels else "begins the names"
            message = f"{name!r} {many} of {len(found)} runs: {', '.join(found)}; give more of one id"
        else:
            near = difflib.get_close_matches(name, [*names, *labels], n=3) or [*names[-3:], *labels]
            known = f"; there are {', '.join(near)}" if near else "; it holds none"
            message = f"the archive {self.folder.name} has no run {name!r}{known}"
        raise ArchiveError(message)


def opened(archive: Archive, name: str) -> Run:
    """The run that a name or a folder stands for."""
    folder = Path(name)
    if folder.is_file():
        return Run.document_of(folder)
    if os.sep in name or "/" in name or (folder / DOCUMENT).is_file():
        return Run.load(folder.resolve())
    if not archive.folder.is_dir():
        message = f"there is no archive {archive.folder}; a script's --archive makes one, --archive names another"
        raise ArchiveError(message)
    return archive.open(name)

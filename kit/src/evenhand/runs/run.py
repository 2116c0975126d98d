"""A run: everything measured by one build of the site or one call of a command."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenhand.results import quantity
from evenhand.results.result import Result, plain, restored
from evenhand.runs import run_folder
from evenhand.runs.address import MISSING, descend, leaves, nearest
from evenhand.runs.machine import machine as machine_now
from evenhand.runs.packages import configured, describe
from evenhand.runs.run_folder import SCHEMA, ArchiveError

if TYPE_CHECKING:
    import pandas as pd

LONGEST_SUBJECT = 40
"""Characters of the subject in an id."""


@dataclass(frozen=True, eq=False)
class Run:
    """Everything measured by one build of the site or one call of a command.

    Parameters
    ----------
    document : mapping
        The content of `run.json`: identity, machine, build, and each result's document.
    results : mapping of str to Result
        The results by ``example/name``.

    Examples
    --------
    >>> import evenhand as bench
    >>> quick = bench.Settings(rounds=1)  # fast, but too few rounds for a verdict
    >>> result = bench.compare({"list": "[]"}, name="literals", settings=quick)
    >>> run = bench.Run.of([result], profile="script")
    >>> run.value("interactive/literals/fastest")
    ('fastest', 'list')
    """

    document: Mapping[str, Any]
    results: Mapping[str, Result]

    @classmethod
    def of(
        cls,
        results: Iterable[Result],
        *,
        profile: str,
        complete: bool = True,
        machine: Mapping[str, Any] | None = None,
        packages: Mapping[str, Mapping[str, Any]] | None = None,
        build: Mapping[str, Any] | None = None,
        label: str | None = None,
        **further: Any,
    ) -> Run:
        """Make a run from results that were just measured.

        Parameters
        ----------
        results : iterable of Result
            Results with different ``example/name``.
        profile : str
            The profile that set the duration of the measurement.
        complete : bool
            Whether the measurement finished.
        machine : mapping, optional
            The result of `bench.machine` before measuring began; by default, its result now.
        packages : mapping, optional
            ``version``, ``files_sha256`` and ``build`` of each measured package, as in `Settings.package_facts`; by
            default, those of the packages that the configuration nearest to the working folder names.
        build : mapping, optional
            Facts of the measured build; by default, those of the first package that has some.
        label : str, optional
            A name for the run in the archive, in addition to its id; see `check_label`.
        **further
            Facts outside the results (``criterion``, ``tails``), as JSON values; `value` reads them too.

        Raises
        ------
        ValueError
            If two results have the same name, or a further fact has the name of a part of every run.
        ArchiveError
            If the label is not valid.
        """
        by_key: dict[str, Result] = {}
        for result in results:
            if result.key in by_key:
                message = f"two results are called {result.key!r}; pass another name=... to one of them"
                raise ValueError(message)
            by_key[result.key] = result
        packages = describe(configured()) if packages is None else packages
        if build is None:
            build = next((facts["build"] for facts in packages.values() if facts["build"]), {})
        times = [result.started for result in by_key.values()]
        measured = min(times, default=datetime.now(UTC).isoformat(timespec="seconds"))
        document = {
            "schema": SCHEMA,
            "id": identity(measured, subject(build, packages)),
            "measured": measured,
            "profile": profile,
            "complete": complete,
            "machine": plain(machine_now(packages) if machine is None else machine),
            "packages": plain(packages),
            "build": plain(build),
            "results": [{**result.document(), "samples": len(result.samples)} for result in by_key.values()],
        }
        if label is not None:
            run_folder.check_label(label)
            document["label"] = label
        if taken := sorted(set(document) & set(further)):
            message = f"{', '.join(taken)} is already a part of every run; rename the further fact"
            raise ValueError(message)
        return cls(document | plain(further), by_key)

    @property
    def id(self) -> str:
        """The run's name in its archive; ids sort by time."""
        return str(self.document["id"])

    @property
    def label(self) -> str | None:
        """The run's label, if it has one."""
        found = self.document.get("label")
        return found if isinstance(found, str) else None

    @property
    def complete(self) -> bool:
        """Whether the measurement finished."""
        return bool(self.document["complete"])

    @property
    def packages(self) -> Mapping[str, Mapping[str, Any]]:
        """Facts of the measured packages by name; empty in a run of an older kit, which did not record them."""
        return dict(self.document.get("packages", {}))

    def __getitem__(self, key: str) -> Result:
        if key not in self.results:
            message = f"run {self.id} has no result {key!r}{nearest(key, self.results)}"
            raise KeyError(message)
        return self.results[key]

    def part(self, name: str) -> Any:
        """Return a result, or another part of the run, as a claim reads it.

        Parameters
        ----------
        name : str
            ``example/name``, or the name of a further fact (``tails``).

        Raises
        ------
        KeyError
            If there is no such part; the message has the most similar names.
        """
        return self.document[name] if name in self.document and name != "results" else self[name]

    def cut(self, path: str) -> bool:
        """Whether the address is that of a result that the build's budget cut, or inside one."""
        key = "/".join(path.split("/")[:2])
        return any(entry["settings"].get("cut", False) for name, entry in entries(self).items() if name == key)

    def value(self, path: str) -> tuple[str, Any]:
        """Look up one number or text.

        Parameters
        ----------
        path : str
            ``example/result/contender/column``; with sizes ``example/result/contender/size/column``; for a fact of a
            whole result ``example/result/fact``, such as ``took_ns``, the duration of its measurement; for a fact of
            the run ``measured``, ``profile``, ``machine/cpu``, ``build/commit`` or ``criterion/<benchmark>/mean_ns``.

        Returns
        -------
        column, value
            The column's name, whose suffix is the unit, and the value; None for every number of a cut result.

        Raises
        ------
        KeyError
            If there is no such number; the message has the most similar paths.
        """
        parts = path.split("/")
        found: Any = MISSING
        if parts[0] in self.document and parts[0] != "results":
            found = descend(self.document, parts)
        # An example may have the name of a part of the run, such as `machine`.
        if found is MISSING and (key := "/".join(parts[:2])) in self.results:
            found = self._look_up(key, parts[2:])
            if found is MISSING and self.results[key].cut:
                found = None
        if found is MISSING or isinstance(found, Mapping | list):
            what = "is a group, not one value" if found is not MISSING else "is not in this run"
            message = f"{path!r} {what}{nearest(path, list(self.paths()))}"
            raise KeyError(message)
        return parts[-1], plain_scalar(found)

    def _look_up(self, key: str, parts: list[str]) -> Any:
        """Return a result's fact, or the value in a row and column of its summary."""
        facts, rows = self._summary(key)
        found = descend(facts, parts)
        if found is MISSING and len(parts) > 1:
            return rows.get("/".join(parts[:-1]), {}).get(parts[-1], MISSING)
        return found

    @cached_property
    def _summaries(self) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]]:
        """Facts and rows of accessed results, so that intervals are not bootstrapped again for each number."""
        return {}

    def _summary(self, key: str) -> tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]:
        if key not in self._summaries:
            result = self.results[key]
            frame = result.to_pandas()
            names = ["/".join(map(str, row)) if isinstance(row, tuple) else str(row) for row in frame.index]
            columns = [str(column) for column in frame.columns]
            rows = {
                name: dict(zip(columns, row, strict=True))
                for name, row in zip(names, frame.itertuples(index=False), strict=True)
            }
            took = {"took_ns": result.settings["took_ns"]} if "took_ns" in result.settings else {}
            self._summaries[key] = (took | dict(result.facts()), rows)
        return self._summaries[key]

    def paths(self) -> Iterator[str]:
        """Yield every path that `value` accepts."""
        for head, tree in self.document.items():
            if head != "results":
                yield from leaves(head, tree)
        for key in self.results:
            facts, rows = self._summary(key)
            yield from leaves(key, facts)
            yield from (f"{key}/{name}/{column}" for name, row in rows.items() for column in row)

    def written(self, path: str, spec: str = "") -> str:
        """Format the number at `path`; see `value` and `quantity.written`."""
        column, value = self.value(path)
        return quantity.written(column, value, spec)

    def differences(self, other: Run) -> dict[str, tuple[Any, Any]]:
        """Return the conditions that make this run and another incomparable; empty if they are comparable.

        Returns
        -------
        dict
            For each differing condition, its value here and there.
        """
        mine, theirs = self.conditions(), other.conditions()
        return {name: (mine[name], theirs[name]) for name in mine if mine[name] != theirs[name]}

    def conditions(self) -> dict[str, Any]:
        """Return the conditions that must be equal for numbers of two runs to be comparable."""
        machine = self.document["machine"]
        names = (
            "cpu",
            "physical_cores",
            "logical_cores",
            "usable_cores",
            "system",
            "distribution",
            "architecture",
        )
        return {name: machine.get(name) for name in names} | {
            "implementation": machine.get("implementation"),
            "Python": ".".join(str(machine.get("python")).split(".")[:2]),
            "free_threaded": machine.get("free_threaded"),
            "profile": self.document["profile"],
        }

    def to_json(self) -> str:
        """Return the run without its samples, as the text of `run.json`."""
        return json.dumps(self.document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write the run as a folder, atomically.

        Raises
        ------
        ArchiveError
            If the folder already exists, or cannot be written.
        """
        folder = Path(folder)
        try:
            run_folder.write(folder, self.document, {key: result.samples for key, result in self.results.items()})
        except OSError as error:
            reason = error.strerror or error
            message = f"the run {folder.name} cannot be written to {folder.parent} ({reason}); name another folder"
            raise ArchiveError(message) from error
        return folder

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Run:
        """Read a run with all its samples.

        Raises
        ------
        ArchiveError
            If the folder has no complete run with a schema that this version supports.
        """
        run = cls.opened(folder)
        for key in run.results:
            run.results[key]
        return run

    @classmethod
    def document_of(cls, path: str | os.PathLike[str]) -> Run:
        """Read only a `run.json`, such as a site publishes; the run has summaries but no samples.

        Raises
        ------
        ArchiveError
            If the file has no run with a schema that this version supports.
        """
        return cls(run_folder.read_file(Path(path)), {})

    @classmethod
    def opened(cls, folder: str | os.PathLike[str]) -> Run:
        """Read a run's document and check that its samples exist; results are read when accessed.

        Raises
        ------
        ArchiveError
            If the folder has no complete run with a schema that this version supports.
        """
        folder = Path(folder)
        document = run_folder.read_document(folder)
        run_folder.check_samples(folder, document)
        return cls(document, ArchivedResults(folder, document))


class ArchivedResults(Mapping[str, Result]):
    """The results of a folder, each restored when it is first accessed.

    Parameters
    ----------
    folder : Path
        The run's folder.
    document : mapping
        The content of its `run.json`.
    """

    def __init__(self, folder: Path, document: Mapping[str, Any]) -> None:
        self._folder = folder
        self._document = document
        self._entries = {f"{entry['example']}/{entry['name']}": entry for entry in document["results"]}
        self._made: dict[str, Result] = {}

    @cached_property
    def _samples(self) -> dict[str, pd.DataFrame]:
        return run_folder.read_samples(self._folder, self._document)

    def __getitem__(self, key: str) -> Result:
        if key not in self._made:
            entry = self._entries[key]
            try:
                self._made[key] = restored(entry, self._samples[key])
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                message = (
                    f"{self._folder.name}: the result {key} of kind {entry['kind']!r} cannot be restored "
                    f"({type(error).__name__}: {error}); install a newer version of the kit, or measure again"
                )
                raise ArchiveError(message) from error
        return self._made[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def entries(run: Run) -> dict[str, Mapping[str, Any]]:
    """Return the entries of a run's results in its document, by ``example/name``."""
    return {f"{entry['example']}/{entry['name']}": entry for entry in run.document["results"]}


def identity(measured: str, subject: str) -> str:
    """Make a unique id for a run; ids sort by time."""
    stamp = datetime.fromisoformat(measured).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{stamp}-{subject}-{secrets.token_hex(4)}"


def subject(build: Mapping[str, Any], packages: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the subject of a run for its id: a commit, else the first package with its version, else Python."""
    if commit := build.get("commit"):
        found = str(commit)[:7]
    else:
        found = next((f"{name}-{facts['version']}" for name, facts in packages.items()), "python")
    # Projects choose these texts, and the id is the name of a folder.
    return re.sub(r"[^\w.+!-]", "-", found)[:LONGEST_SUBJECT]


def plain_scalar(value: Any) -> Any:
    """Convert a NumPy number to a Python one."""
    return value.item() if hasattr(value, "item") else value


RUN_VARIABLE = "EVENHAND_RUN"
"""The environment variable with the folder of the current run; set by a site's build, read by its pages' code."""


def current_run() -> Run:
    """Return the run that the pages of the current site build show.

    Raises
    ------
    RuntimeError
        Outside a build of the site.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.current_run()  # outside of a build
    Traceback (most recent call last):
        ...
    RuntimeError: EVENHAND_RUN is not set: there is a current run only while a site is built; use Run.load(folder)
    """
    folder = os.environ.get(RUN_VARIABLE)
    if not folder:
        message = f"{RUN_VARIABLE} is not set: there is a current run only while a site is built; use Run.load(folder)"
        raise RuntimeError(message)
    return Run.opened(Path(folder))

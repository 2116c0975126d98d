"""Recorders, which receive results: one that discards them, and one for the draft of a docs build."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from evenhand.measure.modules import local_modules
from evenhand.measure.statement import Statement
from evenhand.results.result import Result
from evenhand.runs.address import sharing
from evenhand.runs.packages import changed_packages
from evenhand.runs.run import Run

if TYPE_CHECKING:
    from evenhand.runs.draft import Draft

R = TypeVar("R", bound=Result)


class ReuseError(RuntimeError):
    """A measuring call has no archived result to reuse; the message names it and the change."""


def refuse_second(example: str, name: str, names: Iterable[str]) -> None:
    """Refuse a result whose numbers would have the address of another's.

    Raises
    ------
    ValueError
        If one of the example's `names` has the same address.
    """
    if (same := sharing(name, names)) is not None:
        message = f"{example} already has a result called {same!r}; pass another name=..."
        raise ValueError(message)


class Recorder:
    """Discards results: for a notebook, or a call from other code."""

    def expect(self, example: str, name: str) -> None:
        """Prepare for a measurement; raise if its result could not be stored."""

    def archived(
        self,
        example: str,
        kind: type[R],
        name: str,
        stated: Mapping[str, Statement],
        plan: Mapping[str, Any],
    ) -> R | None:
        """Return the archived result of the same measurement if this build reuses results; None to measure."""
        del example, kind, name, stated, plan
        return None

    def record(self, result: Result) -> None:
        """Store a result."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Report the progress of a measurement."""

    def announce(self, text: str) -> None:
        """Announce a long task."""
        print(text, file=sys.stderr, flush=True)


class DraftRecorder(Recorder):
    """Stores results in the draft of a docs build, and reuses archived ones if the plan names a run.

    Parameters
    ----------
    draft : Draft
        The build's draft.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    @cached_property
    def reused(self) -> Run | None:
        """The run to reuse, if the plan names one."""
        folder = self.draft.plan().get("reuse")
        return Run.opened(Path(folder)) if folder else None

    def expect(self, example: str, name: str) -> None:
        """Refuse a second result with the same address before it is measured."""
        refuse_second(example, name, self.draft.names(example))

    def archived(
        self,
        example: str,
        kind: type[R],
        name: str,
        stated: Mapping[str, Statement],
        plan: Mapping[str, Any],
    ) -> R | None:
        """Return the result of the same measurement in the run to reuse; None if the build measures.

        Raises
        ------
        ReuseError
            If a package's build, the Python version, a statement or a setting has changed, or there is no result.
        """
        if self.reused is None:
            return None
        changed = self.changed(self.reused, f"{example}/{name}", kind, stated, plan)
        if changed:
            why = f"{changed}; measure again: build without reusing"
            message = f"{example}/{name} cannot be reused from run {self.reused.id}: {why}"
            raise ReuseError(message)
        result = self.reused[f"{example}/{name}"]
        assert isinstance(result, kind)
        return result

    def changed(
        self,
        run: Run,
        key: str,
        kind: type[Result],
        stated: Mapping[str, Statement],
        plan: Mapping[str, Any],
    ) -> str:
        """Return how a measuring call differs from the run's result with the same name."""
        if why := changed_packages(run.packages, self.draft.packages()):
            return why
        # A statement's fingerprint hashes its bytecode, which differs between versions of Python.
        python = run.document["machine"].get("python")
        if python != platform.python_version():
            return f"it was measured with Python {python}, this is {platform.python_version()}"
        profile = self.draft.plan()["profile"]
        if run.document["profile"] != profile:
            return f"it was measured with the profile {run.document['profile']!r}, this build uses {profile!r}"
        entries = {f"{entry['example']}/{entry['name']}": entry for entry in run.document["results"]}
        if key not in entries:
            return "the run has no such result"
        entry = entries[key]
        if entry["kind"] != kind.kind:
            return f"it was a {entry['kind']} and is a {kind.kind} now"
        return changed_statements(entry["contenders"], stated) or changed_settings(entry["settings"], plan)

    def record(self, result: Result) -> None:
        """Store a result in the draft."""
        self.draft.add(result)

    def announce(self, text: str) -> None:
        """Print nothing: the duration of a build is known from its profile."""


def changed_statements(archived: Mapping[str, Mapping[str, Any]], stated: Mapping[str, Statement]) -> str:
    """Return the first contender that is new, gone, moved or changed, as a clause."""
    if gone := [name for name in archived if name not in stated]:
        return f"contender {gone[0]!r} is gone"
    for name, statement in stated.items():
        if name not in archived:
            return f"contender {name!r} is new"
        if archived[name].get("fingerprint") != statement.fingerprint:
            return f"the statement, setup or names of {name!r} changed"
        then, now = archived[name].get("modules", {}), local_modules(statement)
        if changed := sorted(module for module in then | now if then.get(module) != now.get(module)):
            return f"the module {changed[0]} next to the example, which {name!r} imports, changed"
    return "" if list(archived) == list(stated) else "the order of the contenders changed"


def changed_settings(archived: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    """Return the first changed setting, as a clause."""
    for name, value in plan.items():
        now = list(value) if isinstance(value, tuple) else value
        if archived.get(name) != now:
            return f"the setting {name!r} was {archived.get(name)!r} and is {now!r}"
    return ""

"""Where results go: nowhere, to a script's files, or to the draft of a docs build."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from evenhand.measure.modules import local_modules
from evenhand.measure.statement import Statement
from evenhand.results.result import Result
from evenhand.runs.packages import changed_packages
from evenhand.runs.run import Run

if TYPE_CHECKING:
    from evenhand.runs.draft import Draft

R = TypeVar("R", bound=Result)


class ReuseError(RuntimeError):
    """A measuring call of a build that reuses has no archived result; said by name, with what changed."""


class Recorder:
    """Keeps nothing: a notebook, or a call from anybody's own code."""

    def expect(self, example: str, name: str) -> None:
        """Hear that a measurement begins; raise if its result could not be kept."""

    def archived(
        self,
        example: str,
        kind: type[R],
        name: str,
        stated: Mapping[str, Statement],
        plan: Mapping[str, Any],
    ) -> R | None:
        """What is archived of the same measurement, when this build reuses; None to measure."""
        del example, kind, name, stated, plan
        return None

    def record(self, result: Result) -> None:
        """Keep a result."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Say how far a measurement is."""

    def announce(self, text: str) -> None:
        """Say what will take long."""
        print(text, file=sys.stderr, flush=True)


class DraftRecorder(Recorder):
    """Leaves results in the draft of a docs build, and takes archived ones where the plan names a run.

    Parameters
    ----------
    draft : Draft
        The build's draft.
    """

    def __init__(self, draft: Draft) -> None:
        self.draft = draft

    @cached_property
    def reused(self) -> Run | None:
        """The run that the plan names, if the build reuses."""
        folder = self.draft.plan().get("reuse")
        return Run.opened(Path(folder)) if folder else None

    def expect(self, example: str, name: str) -> None:
        """Refuse a second result of one name, before it is measured."""
        if self.draft.has(example, name):
            message = f"{example} has a result called {name!r} already; pass another name=..."
            raise ValueError(message)

    def archived(
        self,
        example: str,
        kind: type[R],
        name: str,
        stated: Mapping[str, Statement],
        plan: Mapping[str, Any],
    ) -> R | None:
        """What the run named by the plan has of the same measurement; None when the build measures.

        Raises
        ------
        ReuseError
            If it has none: another build of a package, another Python, a changed statement or changed settings.
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
        """What differs between a measuring call and what a run holds under its name."""
        if why := changed_packages(run.packages, self.draft.packages()):
            return why
        # A statement's fingerprint is that of its bytecode, which each Python writes in its own way.
        python = run.document["machine"].get("python")
        if python != platform.python_version():
            return f"it was measured with Python {python}, this is {platform.python_version()}"
        profile = self.draft.plan()["profile"]
        if run.document["profile"] != profile:
            return f"it was measured in the profile {run.document['profile']!r}, this build's is {profile!r}"
        entries = {f"{entry['example']}/{entry['name']}": entry for entry in run.document["results"]}
        if key not in entries:
            return "the run has no such result"
        entry = entries[key]
        if entry["kind"] != kind.kind:
            return f"it is a {entry['kind']} there and a {kind.kind} now"
        return changed_statements(entry["contenders"], stated) or changed_settings(entry["settings"], plan)

    def record(self, result: Result) -> None:
        """Keep a result in the draft."""
        self.draft.add(result)

    def announce(self, text: str) -> None:
        """Say nothing: how long a build takes is said by its profile."""


def changed_statements(archived: Mapping[str, Mapping[str, Any]], stated: Mapping[str, Statement]) -> str:
    """Which contenders are new, gone, in another order or say something else."""
    if gone := [name for name in archived if name not in stated]:
        return f"contender {gone[0]!r} is gone"
    for name, statement in stated.items():
        if name not in archived:
            return f"contender {name!r} is new"
        if archived[name].get("fingerprint") != statement.fingerprint:
            return f"the statement, setup or names of {name!r} changed"
        then, now = archived[name].get("modules", {}), local_modules(statement)
        if changed := sorted(module for module in then | now if then.get(module) != now.get(module)):
            return f"{name!r} imports the module {changed[0]} beside the example, which changed"
    return "" if list(archived) == list(stated) else "the order of the contenders changed"


def changed_settings(archived: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    """Which setting of the plan is another one."""
    for name, value in plan.items():
        now = list(value) if isinstance(value, tuple) else value
        if archived.get(name) != now:
            return f"the setting {name!r} was {archived.get(name)!r} and is {now!r}"
    return ""

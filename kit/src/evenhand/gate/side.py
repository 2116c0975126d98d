"""A side of the gate: an environment with one build of the package in it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from evenhand.gate.operation import Operation
from evenhand.measure.statement import Statement

BASE = "base"
CANDIDATE = "candidate"
ASK = "import json; from {module} import {function}; print(json.dumps({function}()))"
ASKING_SECONDS = 60


class SideError(RuntimeError):
    """A side cannot be measured at all: no interpreter, no package, or a debug build."""


@dataclass(frozen=True)
class Side:
    """One of the two builds that are compared.

    Parameters
    ----------
    label : str
        The name for readers: a revision and its commit.
    python : str
        The interpreter of its environment.
    build : mapping
        The build information that the package reports.
    prelude : str
        Source text that only this side runs after each setup.
    benchmarks : str
        Its Criterion benchmark executable, if those are measured as well.
    """

    label: str
    python: str
    build: Mapping[str, Any] = field(default_factory=dict)
    prelude: str = ""
    benchmarks: str = ""

    @classmethod
    def ask(cls, label: str, python: str, build_info: str, prelude: str = "", benchmarks: str = "") -> Self:
        """Make a side, with the build information that its package reports.

        Parameters
        ----------
        label, python, prelude, benchmarks : str
            As above.
        build_info : str
            ``"module:function"``; empty if the package does not describe its build.

        Raises
        ------
        SideError
            If the interpreter or the package cannot be used, or it is a debug build.
        """
        build = query_build(label, python, build_info) if build_info else {}
        if build.get("profile") == "debug":
            message = f"{label} is a debug build, which is not worth measuring; build it with --release"
            raise SideError(message)
        return cls(label, python, build, prelude, benchmarks)

    def statement(self, operation: Operation) -> Statement:
        """Return the operation as this side runs it."""
        return operation.on(self.python, self.prelude)

    def document(self) -> dict[str, Any]:
        """Return the part that results store, which has no path."""
        return {"label": self.label, "build": dict(self.build)}


def query_build(label: str, python: str, build_info: str) -> dict[str, Any]:
    """Return the build information that a package reports in a separate process."""
    module, _, function = build_info.partition(":")
    question = ASK.format(module=module, function=function)
    try:
        answer = subprocess.run(  # noqa: S603 - an interpreter that the caller names
            [python, "-P", "-c", question], capture_output=True, text=True, timeout=ASKING_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"the interpreter of {label} does not answer ({error})"
        raise SideError(message) from error
    if answer.returncode:
        reason = answer.stderr.strip().splitlines()[-1:] or [f"status {answer.returncode}"]
        message = f"{label} has no {build_info}: {reason[0]}"
        raise SideError(message)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found

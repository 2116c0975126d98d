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
        What it is, for people: a revision and its commit.
    python : str
        The interpreter of its environment.
    build : mapping
        What the build says of itself.
    prelude : str
        Source text that this side alone runs after each setup.
    benchmarks : str
        Its executable of Criterion benchmarks, where they are measured, too.
    """

    label: str
    python: str
    build: Mapping[str, Any] = field(default_factory=dict)
    prelude: str = ""
    benchmarks: str = ""

    @classmethod
    def ask(cls, label: str, python: str, build_info: str, prelude: str = "", benchmarks: str = "") -> Self:
        """Make a side, and ask its build what it is.

        Parameters
        ----------
        label, python, prelude, benchmarks : str
            As above.
        build_info : str
            ``"module:function"``; empty where the package tells nothing of its build.

        Raises
        ------
        SideError
            If the interpreter or the package cannot be used, or it is a debug build.
        """
        build = told(label, python, build_info) if build_info else {}
        if build.get("profile") == "debug":
            message = f"{label} is a debug build, which is not worth measuring; build it with --release"
            raise SideError(message)
        return cls(label, python, build, prelude, benchmarks)

    def statement(self, operation: Operation) -> Statement:
        """The operation as it runs here."""
        return operation.on(self.python, self.prelude)

    def document(self) -> dict[str, Any]:
        """What a result keeps of it; no path."""
        return {"label": self.label, "build": dict(self.build)}


def told(label: str, python: str, build_info: str) -> dict[str, Any]:
    """What a build tells of itself, in a process of its own."""
    module, _, function = build_info.partition(":")
    question = ASK.format(module=module, function=function)
    try:
        answer = subprocess.run(  # noqa: S603 - an interpreter that the caller names
            [python, "-P", "-c", question], capture_output=True, text=True, timeout=ASKING_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        message = f"the interpreter of {label} cannot be asked ({error})"
        raise SideError(message) from error
    if answer.returncode:
        words = answer.stderr.strip().splitlines()[-1:] or [f"status {answer.returncode}"]
        message = f"{label} has no {build_info}: {words[0]}"
        raise SideError(message)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found

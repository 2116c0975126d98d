"""Where results go: nowhere, to a script's files, or to the stage of a docs build."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from rust_daq.bench.result import Result
from rust_daq.bench.statement import Statement

if TYPE_CHECKING:
    from rust_daq.bench.stage import Stage

R = TypeVar("R", bound=Result)


class Recorder:
    """Keeps nothing: a notebook, or a call from anybody's own code."""

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


class StageRecorder(Recorder):
    """Leaves results on the stage of a docs build."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def record(self, result: Result) -> None:
        """Keep a result on the stage."""
        self.stage.add(result)

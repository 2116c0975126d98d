"""The draft of a run: a folder that collects the results of a docs build's examples until the run is complete."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from evenhand.measure.yardstick import yardstick
from evenhand.results.result import Result, plain, restored
from evenhand.runs.budget import Budget, Done
from evenhand.runs.machine import machine
from evenhand.runs.packages import describe
from evenhand.runs.run import Run

DRAFT_VARIABLE = "EVENHAND_DRAFT"
"""The environment variable with the draft's folder; set by the build, read by `settings`."""
LOOKS = 9
"""Number of measurements of the machine's pace before an example is planned."""
EXAMPLE_VARIABLE = "EVENHAND_EXAMPLE"
"""The environment variable with the current example's name, because sphinx-gallery does not set ``__file__``."""


@dataclass(frozen=True)
class Draft:
    """The results of a build's examples before they become a run.

    Parameters
    ----------
    folder : Path
        The folder of the results.
    """

    folder: Path

    def prepare(self, plan: Mapping[str, Any]) -> None:
        """Begin a build: store its plan, and the state of machine and packages before measuring.

        Parameters
        ----------
        plan : mapping
            ``profile``, ``rounds``, ``seconds`` by example, ``options``, ``reuse``, the folder of a run whose
            results are returned instead of measuring (None to measure), and ``packages``, the build hook of each
            measured package by its name.  With a budget also ``budget``, see `Budget.as_dict`, ``until``, the
            time at which it ends (None: never), and ``examples``, their names in the order in which they run.

        Raises
        ------
        PackageError
            If a package is not installed, or its build is not worth measuring.
        """
        packages = describe(plan.get("packages", {}))
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write("plan.json", plan)
        self._write("machine.json", machine(packages))
        self._write("packages.json", packages)

    def plan(self) -> dict[str, Any]:
        """Return the build's plan."""
        return self._read("plan.json")

    def machine(self) -> dict[str, Any]:
        """Return the machine's description from the beginning of the build."""
        return self._read("machine.json")

    def packages(self) -> dict[str, Any]:
        """Return the packages' descriptions from the beginning of the build."""
        return self._read("packages.json")

    def example(self) -> str:
        """Return the name of the current example.

        Raises
        ------
        RuntimeError
            If the build has not entered an example.
        """
        try:
            return os.environ[EXAMPLE_VARIABLE]
        except KeyError:
            message = f"{DRAFT_VARIABLE} is set but {EXAMPLE_VARIABLE} is not; call Draft.enter before each example"
            raise RuntimeError(message) from None

    def enter(self, example: str) -> None:
        """Begin an example: remove the results of an earlier attempt, and plan the rest of the build."""
        os.environ[EXAMPLE_VARIABLE] = example
        course = [step for step in self.course() if step["example"] != example]
        now = time.time()
        step: dict[str, Any] = {"example": example, "began": now}
        if (plan := self.plan()).get("budget"):
            budget = Budget.from_dict(plan["budget"])
            entered = {step["example"] for step in course}
            ahead = [name for name in plan["examples"] if name not in entered]
            slowness = budget.slowness(self.done(), median(yardstick() for _ in range(LOOKS)))
            left = math.inf if plan["until"] is None else plan["until"] - now
            found = budget.plan(ahead, left, slowness)
            step |= {"cut": list(found.cut), "factor": found.factor, "slowness": slowness, "left": found.left}
            step |= {"planned": found.examples.get(example, 0.0), "planned_whole": found.seconds}
        self._write("course.json", {"steps": [*course, step]})
        folder = self.folder / example
        if folder.is_dir():
            for path in folder.iterdir():
                path.unlink()

    def course(self) -> list[dict[str, Any]]:
        """Return the entered examples in order, each with its start time and the plan made then."""
        return list(self._read("course.json")["steps"]) if (self.folder / "course.json").exists() else []

    def done(self) -> list[Done]:
        """Return the finished calls in order, without results that examples made themselves."""
        kept = [json.loads(path.read_text(encoding="utf-8")) for path in self.folder.glob("*/*.json")]
        documents = [document for document in kept if document["pace_ns"] and "took_ns" in document["settings"]]
        return [
            Done(
                key=f"{document['example']}/{document['name']}",
                rounds=int(document["settings"].get("rounds") or document["settings"]["runs"]),
                seconds=document["settings"]["took_ns"] / 1e9,
                pace_ns=median(document["pace_ns"]),
            )
            for document in sorted(documents, key=lambda document: str(document["started"]))
        ]

    def names(self, example: str) -> list[str]:
        """Return the names of the results that an example has."""
        return [path.stem for path in (self.folder / example).glob("*.json")]

    def add(self, result: Result) -> None:
        """Store a result: its samples first, so that no document exists without samples."""
        folder = self.folder / result.example
        folder.mkdir(parents=True, exist_ok=True)
        result.samples.to_parquet(folder / f"{result.name}.parquet", index=False)
        (folder / f"{result.name}.json").write_text(result.to_json(), encoding="utf-8")

    def results(self) -> list[Result]:
        """Return all results in the order of their examples and times."""
        import pandas as pd

        found = []
        for path in sorted(self.folder.glob("*/*.json")):
            document = json.loads(path.read_text(encoding="utf-8"))
            found.append(restored(document, pd.read_parquet(path.with_suffix(".parquet"))))
        return sorted(found, key=lambda result: (result.example, result.started))

    def run(self, **further: Any) -> Run:
        """Make a run from all results of the draft.

        Parameters
        ----------
        **further
            Facts outside the results; see `Run.of`.
        """
        return Run.of(
            self.results(),
            profile=self.plan()["profile"],
            machine=self.machine(),
            packages=self.packages(),
            **further,
        )

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        (self.folder / name).write_text(json.dumps(plain(value), indent=2), encoding="utf-8")

    def _read(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return found

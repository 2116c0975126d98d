"""The draft of a run: a folder in which each example of a docs build leaves its results until the run is sealed."""

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
"""Names the draft's folder; set by the build, read by `settings`."""
LOOKS = 9
"""How often the machine's pace is looked at before an example is planned."""
EXAMPLE_VARIABLE = "EVENHAND_EXAMPLE"
"""Names the example that runs now: sphinx-gallery gives an example no ``__file__``."""


@dataclass(frozen=True)
class Draft:
    """Results on their way from the examples into a run.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    """

    folder: Path

    def prepare(self, plan: Mapping[str, Any]) -> None:
        """Begin a build: keep its plan, and what machine and packages are like before anything is measured.

        Parameters
        ----------
        plan : mapping
            ``profile``, ``rounds``, ``seconds`` by example, ``options``, ``reuse``, the folder of a run whose
            results are returned instead of measuring (None to measure), and ``packages``, the build hook of each
            measured package by its name.  Where there is a budget: ``budget``, see `Budget.as_dict`, ``until``, the
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
        """The build's plan."""
        return self._read("plan.json")

    def machine(self) -> dict[str, Any]:
        """The machine as it was when the build began."""
        return self._read("machine.json")

    def packages(self) -> dict[str, Any]:
        """The packages as they were when the build began."""
        return self._read("packages.json")

    def example(self) -> str:
        """The example that runs now.

        Raises
        ------
        RuntimeError
            If the build has not said so.
        """
        try:
            return os.environ[EXAMPLE_VARIABLE]
        except KeyError:
            message = f"{DRAFT_VARIABLE} is set and {EXAMPLE_VARIABLE} is not: call Draft.enter before each example"
            raise RuntimeError(message) from None

    def enter(self, example: str) -> None:
        """An example begins: what an earlier try left is removed, and what is left of the build is planned anew."""
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
        """The examples that were entered: when, and what was planned then; a plan made later replaces it."""
        return list(self._read("course.json")["steps"]) if (self.folder / "course.json").exists() else []

    def done(self) -> list[Done]:
        """The calls that were made, in their order; a result that an example made itself is none."""
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

    def has(self, example: str, name: str) -> bool:
        """Whether an example has left a result of that name."""
        return (self.folder / example / f"{name}.json").exists()

    def add(self, result: Result) -> None:
        """Keep a result: its samples first, so that a document never stands alone."""
        folder = self.folder / result.example
        folder.mkdir(parents=True, exist_ok=True)
        result.samples.to_parquet(folder / f"{result.name}.parquet", index=False)
        (folder / f"{result.name}.json").write_text(result.to_json(), encoding="utf-8")

    def results(self) -> list[Result]:
        """All results, in the order of their examples and times."""
        import pandas as pd

        found = []
        for path in sorted(self.folder.glob("*/*.json")):
            document = json.loads(path.read_text(encoding="utf-8"))
            found.append(restored(document, pd.read_parquet(path.with_suffix(".parquet"))))
        return sorted(found, key=lambda result: (result.example, result.started))

    def run(self, **further: Any) -> Run:
        """Make a run of all that is in the draft.

        Parameters
        ----------
        **further
            Facts that no result holds; see `Run.of`.
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

"""The stage of a docs build: a folder in which each example leaves its results until the run is sealed."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from rust_daq.bench.result import Result, restored

STAGE_VARIABLE = "RUST_DAQ_BENCH_STAGE"
"""Names the stage's folder; set by the build, read by `settings`."""
EXAMPLE_VARIABLE = "RUST_DAQ_BENCH_EXAMPLE"
"""Names the example that runs now: sphinx-gallery gives an example no ``__file__``."""


@dataclass(frozen=True)
class Stage:
    """Results on their way from the examples into a run.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    """

    folder: Path

    def prepare(self, plan: Mapping[str, Any]) -> None:
        """Begin a build: keep its plan."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "plan.json").write_text(json.dumps(plan, indent=2), encoding="utf-8")

    def plan(self) -> dict[str, Any]:
        """The build's plan: profile, rounds, seconds of each example, options."""
        plan: dict[str, Any] = json.loads((self.folder / "plan.json").read_text(encoding="utf-8"))
        return plan

    def example(self) -> str:
        """The example that runs now."""
        return os.environ[EXAMPLE_VARIABLE]

    def enter(self, example: str) -> None:
        """An example begins: what an earlier try left is removed."""
        os.environ[EXAMPLE_VARIABLE] = example
        folder = self.folder / example
        if folder.is_dir():
            for path in folder.iterdir():
                path.unlink()

    def add(self, result: Result) -> None:
        """Keep a result: its samples first, so that a document never stands alone."""
        folder = self.folder / result.example
        folder.mkdir(parents=True, exist_ok=True)
        result.samples.to_parquet(folder / f"{result.name}.parquet", index=False)
        (folder / f"{result.name}.json").write_text(result.to_json(), encoding="utf-8")

    def results(self) -> list[Result]:
        """All results, in the order of their examples and times."""
        found = []
        for path in sorted(self.folder.glob("*/*.json")):
            document = json.loads(path.read_text(encoding="utf-8"))
            found.append(restored(document, pd.read_parquet(path.with_suffix(".parquet"))))
        return sorted(found, key=lambda result: (result.example, result.started))

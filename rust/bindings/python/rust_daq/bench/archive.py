"""The archive: a folder of runs, each a folder with `run.json` and `samples.parquet`."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from rust_daq.bench import quantity
from rust_daq.bench.machine import machine
from rust_daq.bench.result import Result, restored

SCHEMA = 1


class ArchiveError(Exception):
    """A run that is torn, foreign or of a newer schema; said in a sentence, never half-read."""


@dataclass(frozen=True, eq=False)
class Run:
    """Everything measured by one build of the site or one call of a command.

    Parameters
    ----------
    document : mapping
        What `run.json` holds: identity, machine, build, and each result's document.
    results : mapping of str to Result
        The results by ``example/name``.
    """

    document: Mapping[str, Any]
    results: Mapping[str, Result]

    @classmethod
    def of(cls, results: Iterable[Result], *, profile: str, complete: bool = True, **further: Any) -> Run:
        """Make a run of results just measured."""
        import rust_daq

        results = list(results)
        build = rust_daq.build_info()
        measured = min((result.started for result in results), default=datetime.now(UTC).isoformat(timespec="seconds"))
        stamp = measured.replace("-", "").replace(":", "").removesuffix("+0000")
        document = {
            "schema": SCHEMA,
            "id": f"{stamp}Z-{str(build['commit'])[:7]}-{secrets.token_hex(2)}",
            "measured": measured,
            "profile": profile,
            "complete": complete,
            "machine": machine(),
            "build": build,
            "results": [result.document() for result in results],
            **further,
        }
        return cls(document, {result.key: result for result in results})

    @property
    def id(self) -> str:
        """The run's name in its archive."""
        return str(self.document["id"])

    def __getitem__(self, key: str) -> Result:
        if key not in self.results:
            message = f"run {self.id} has no result {key!r}; it has: {', '.join(self.results) or 'none'}"
            raise KeyError(message)
        return self.results[key]

    def value(self, path: str) -> tuple[str, Any]:
        """Look up one number: ``example/result/contender/column``, or ``example/result/fact``.

        Returns
        -------
        column, value
            The column's name (its end names the unit) and what stands there.

        Raises
        ------
        KeyError
            If there is no such number, with what there is.
        """
        example, _, rest = path.partition("/")
        name, _, rest = rest.partition("/")
        result = self[f"{example}/{name}"]
        facts = result.facts()
        if rest in facts:
            return rest, facts[rest]
        contender, _, column = rest.rpartition("/")
        frame = result.to_pandas()
        frame.index = frame.index.map(str)
        if contender not in frame.index:
            message = f"{path!r}: no contender {contender!r} in {result.key}; there are: {', '.join(frame.index)}"
            raise KeyError(message)
        if column not in frame.columns:
            message = f"{path!r}: no column {column!r} in {result.key}; there are: {', '.join(frame.columns)}"
            raise KeyError(message)
        return column, plain_scalar(frame.loc[contender, column])

    def written(self, path: str, spec: str = "") -> str:
        """The number at `path` as text; see `value` and `quantity.written`."""
        column, value = self.value(path)
        return quantity.written(column, value, spec)

    def save(self, folder: Path) -> Path:
        """Write the run as a folder, whole or not at all."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        torn = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
        torn.mkdir()
        try:
            frames = [result.samples.assign(result=key) for key, result in self.results.items()]
            samples = pd.concat(frames) if frames else pd.DataFrame({"result": []})
            samples.to_parquet(torn / "samples.parquet", index=False)
            text = json.dumps(self.document, indent=1, allow_nan=False, ensure_ascii=False)
            (torn / "run.json").write_text(text + "\n", encoding="utf-8")
            os.replace(torn, folder)
        finally:
            shutil.rmtree(torn, ignore_errors=True)
        return folder

    @classmethod
    def load(cls, folder: Path) -> Run:
        """Read a run.

        Raises
        ------
        ArchiveError
            If the folder holds no whole run of a schema this version knows.
        """
        try:
            document = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            samples = pd.read_parquet(folder / "samples.parquet")
        except (OSError, ValueError) as error:
            message = f"{folder.name} is no whole run: {error}"
            raise ArchiveError(message) from error
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            found = document.get("schema") if isinstance(document, dict) else None
            message = f"{folder.name} has schema {found!r}; this version reads {SCHEMA}"
            raise ArchiveError(message)
        grouped = dict(tuple(samples.groupby("result"))) if len(samples) else {}
        results = {}
        for entry in document["results"]:
            key = f"{entry['example']}/{entry['name']}"
            if key not in grouped:
                message = f"{folder.name} is torn: the samples of {key} are missing"
                raise ArchiveError(message)
            results[key] = restored(entry, grouped[key].drop(columns="result").reset_index(drop=True))
        return cls(document, results)


@dataclass(frozen=True)
class Archive:
    """A folder of runs.

    Parameters
    ----------
    folder : Path
        Where the runs are.
    """

    folder: Path

    def add(self, run: Run) -> Path:
        """Write a run into the archive, atomically."""
        return run.save(self.folder / run.id)


def plain_scalar(value: Any) -> Any:
    """A Python number for a NumPy one."""
    return value.item() if hasattr(value, "item") else value

"""Percentiles of the tail measurement."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tails
from evenhand.sphinx.errors import MeasuringError


def written(folder: Path, *rounds: list[list[int]], **further: Any) -> Path:
    for index, histogram in enumerate(rounds):
        entry = {"name": "attach", "busy_threads": 0, "histogram": histogram} | further
        document = {"schema": 1, "measurements": [entry]}
        (folder / f"{index}.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def test_percentiles_are_those_of_the_expanded_calls(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    calls = random.geometric(0.01, 20_000)
    values, counts = np.unique(calls, return_counts=True)
    histogram = [[int(value), int(count)] for value, count in zip(values, counts, strict=True)]
    row = tails.read(written(tmp_path, histogram))["attach"]
    ordered = sorted(calls)
    told = {"p50_ns": 10_000, "p95_ns": 19_000, "p99_ns": 19_800, "p99_9_ns": 19_980}
    assert {column: row[column] for column in told} == {column: ordered[rank - 1] for column, rank in told.items()}
    assert (row["calls"], row["max_ns"]) == (20_000, calls.max())


def test_a_percentile_with_too_few_calls_beyond_it_is_not_reported(tmp_path: Path) -> None:
    row = tails.read(written(tmp_path, [[100, 199], [900, 1]]))["attach"]
    assert (row["p50_ns"], row["p95_ns"], row["p99_ns"], row["p99_9_ns"]) == (100, 100, None, None)


def test_the_rounds_are_reported_separately_and_together(tmp_path: Path) -> None:
    row = tails.read(written(tmp_path, [[100, 30], [300, 20]], [[200, 50]]))["attach"]
    assert (row["calls"], row["p50_ns"], row["max_ns"]) == (100, 200, 300)
    assert row["rounds"] == {"p50_ns": [100, 200], "p90_ns": [None, None], "p99_ns": [None, None]}


def test_the_busy_thread_is_in_the_name(tmp_path: Path) -> None:
    assert list(tails.read(written(tmp_path, [[1, 1]], busy_threads=1))) == ["attach, busy thread"]


def test_a_missing_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(MeasuringError, match="build with: nox -s docs"):
        tails.read(tmp_path / "tails")


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "3.json").write_text('{"schema": 1, "mea', encoding="utf-8")
    with pytest.raises(MeasuringError, match=r"3\.json is no measurement of the tails"):
        tails.read(tmp_path)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0.json").write_text('{"schema": 2, "measurements": []}', encoding="utf-8")
    with pytest.raises(MeasuringError, match="schema 2"):
        tails.read(tmp_path)

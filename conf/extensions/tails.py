"""Tails: percentiles of single calls in Rust, which Criterion does not report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sphinx.application import Sphinx

from evenhand.sphinx.errors import MeasuringError
from evenhand.sphinx.execution import FURTHER

SCHEMA = 1
PER_MILLE = {"p50_ns": 500, "p90_ns": 900, "p95_ns": 950, "p99_ns": 990, "p99_9_ns": 999, "max_ns": 1000}
IN_ROUNDS = ("p50_ns", "p90_ns", "p99_ns")
"""The percentiles that are also taken for each round, for an interval over rounds."""
BEYOND = 10
"""Calls that must lie beyond a percentile; with fewer it would be the maximum under another name."""

Histogram = list[list[int]]
"""Pairs of nanoseconds and how often they were seen."""


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the tail measurement and take its percentiles.

    Parameters
    ----------
    folder : Path
        Has a JSON file for each round, which is one process: for each measurement its name, the number of busy threads
        next to it, and pairs of nanoseconds and count.

    Returns
    -------
    dict of str to dict
        By the measurement's name, which includes its busy threads: ``busy_threads``, ``calls`` (how many were timed),
        ``p50_ns``, ``p90_ns``, ``p95_ns``, ``p99_ns``, ``p99_9_ns``, ``max_ns`` of the calls of all rounds together,
        and ``rounds``, some of them by round.  A percentile is None where fewer than `BEYOND` calls lie beyond it.

    Raises
    ------
    MeasuringError
        If there is no such file, or one has another schema.
    """
    rounds = [read_round(path) for path in sorted(folder.glob("*.json"))]
    if not rounds:
        message = f"there is no measurement of the tails in {folder.name}; build with: nox -s docs"
        raise MeasuringError(message)
    found = {}
    for name, (threads, _) in rounds[0].items():
        parts = [measured[name][1] for measured in rounds]
        taken = [percentiles(part) for part in parts]
        whole = percentiles([pair for part in parts for pair in part])
        by_round = {"rounds": {column: [part[column] for part in taken] for column in IN_ROUNDS}}
        found[name] = {"busy_threads": threads} | whole | by_round
    return found


def read_round(path: Path) -> dict[str, tuple[int, Histogram]]:
    """Read the busy threads and the histogram of each measurement of a round."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"{path.name} is no measurement of the tails ({type(error).__name__}); build with: nox -s docs"
        raise MeasuringError(message) from error
    if document.get("schema") != SCHEMA:
        message = (
            f"{path.name} has schema {document.get('schema')!r}; this build reads {SCHEMA}; build with: nox -s docs"
        )
        raise MeasuringError(message)
    suffixes = {0: "", 1: ", busy thread"}
    return {
        entry["name"] + suffixes.get(entry["busy_threads"], f", {entry['busy_threads']} busy threads"): (
            entry["busy_threads"],
            entry["histogram"],
        )
        for entry in document["measurements"]
    }


def percentiles(histogram: Histogram) -> dict[str, Any]:
    """The number of calls, and the percentiles: each the smallest time that this share of the calls did not exceed."""
    pairs: npt.NDArray[np.int64] = np.array(sorted(histogram))
    values, counts = pairs.T
    reached, calls = np.cumsum(counts), int(counts.sum())
    found: dict[str, Any] = {"calls": calls}
    for column, per_mille in PER_MILLE.items():
        rank = max(1, -(-calls * per_mille // 1000))  # rounded up, in whole numbers
        known = column in {"p50_ns", "max_ns"} or calls - rank >= BEYOND
        found[column] = int(values[np.searchsorted(reached, rank)]) if known else None
    return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the percentiles to the run."""
    app.add_config_value("tails_folder", "", "")
    app.connect(FURTHER, lambda app: {"tails": read(Path(app.config.tails_folder))})
    return {"version": "1", "parallel_read_safe": True}

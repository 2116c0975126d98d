"""Tails: percentiles of single calls in Rust, of which Criterion has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from sphinx.errors import SphinxError

SCHEMA = 1
PER_MILLE = {"p50_ns": 500, "p95_ns": 950, "p99_ns": 990, "p99_9_ns": 999, "max_ns": 1000}
BEYOND = 10
"""Calls that have to lie beyond a percentile, or it would be the maximum under another name."""


class TailsError(SphinxError):
    """There is no whole measurement of the tails."""

    category = "Tails error"


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Read the tail measurement and take its percentiles.

    Parameters
    ----------
    path : Path
        ``tails.json``: for each measurement its name, the busy threads beside it, and pairs of nanoseconds and count.

    Returns
    -------
    dict of str to dict
        By the measurement's name, with the busy threads beside it: ``busy_threads``, ``calls`` (how many were timed),
        ``p50_ns``, ``p95_ns``, ``p99_ns``, ``p99_9_ns``, ``max_ns``.  A percentile that fewer than `BEYOND`
        calls lie beyond is None.

    Raises
    ------
    TailsError
        If there is no such file, or it has another schema.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"there is no measurement of the tails, {path.name} ({type(error).__name__}); build with: nox -s docs"
        raise TailsError(message) from error
    if document.get("schema") != SCHEMA:
        message = (
            f"{path.name} has schema {document.get('schema')!r}; this build reads {SCHEMA}; build with: nox -s docs"
        )
        raise TailsError(message)
    return dict(percentiles(entry) for entry in document["measurements"])


def percentiles(entry: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """One measurement's name and percentiles, each the smallest time that so many calls did not exceed."""
    values, counts = np.array(sorted(entry["histogram"])).T
    reached, calls = np.cumsum(counts), int(counts.sum())
    threads = entry["busy_threads"]
    beside = {0: "", 1: ", busy thread"}.get(threads, f", {threads} busy threads")
    found: dict[str, Any] = {"busy_threads": threads, "calls": calls}
    for column, per_mille in PER_MILLE.items():
        rank = max(1, -(-calls * per_mille // 1000))  # rounded up, in whole numbers
        told = column in {"p50_ns", "max_ns"} or calls - rank >= BEYOND
        found[column] = int(values[np.searchsorted(reached, rank)]) if told else None
    return entry["name"] + beside, found

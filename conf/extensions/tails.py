"""Tails: percentiles of single calls in Rust, of which Criterion has none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from sphinx.errors import SphinxError

SCHEMA = 1
PERCENTILES = {"p50_ns": 50.0, "p95_ns": 95.0, "p99_ns": 99.0, "p99_9_ns": 99.9, "max_ns": 100.0}


class TailsError(SphinxError):
    """There is no whole measurement of the tails."""

    category = "Tails error"


def rows(path: Path) -> list[dict[str, Any]]:
    """Read the tail measurement and take its percentiles.

    Parameters
    ----------
    path : Path
        ``tails.json``: for each measurement its name, the busy threads beside it, and pairs of nanoseconds and count.

    Returns
    -------
    list of dict
        ``call`` (the measurement's name, with the busy threads beside it), ``busy_threads``, ``calls`` (how many were
        timed), ``p50_ns``, ``p95_ns``, ``p99_ns``, ``p99_9_ns``, ``max_ns``.  A percentile that fewer than ten calls
        lie beyond is None: it would be the maximum under another name.

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
        message = f"{path.name} has schema {document.get('schema')!r}; this build reads {SCHEMA}; build with: nox -s docs"
        raise TailsError(message)
    return [row(entry) for entry in document["measurements"]]


def row(entry: dict[str, Any]) -> dict[str, Any]:
    """One measurement's percentiles, each the smallest time that so many calls did not exceed."""
    values, counts = np.array(sorted(entry["histogram"])).T
    reached, calls = np.cumsum(counts), int(counts.sum())
    threads = entry["busy_threads"]
    beside = {0: "", 1: ", busy thread"}.get(threads, f", {threads} busy threads")
    found: dict[str, Any] = {"call": entry["name"] + beside, "busy_threads": threads, "calls": calls}
    for column, percent in PERCENTILES.items():
        rank = max(1, int(np.ceil(calls * percent / 100)))
        told = percent == 100 or calls - rank >= 10 or percent == 50
        found[column] = int(values[np.searchsorted(reached, rank)]) if told else None
    return found

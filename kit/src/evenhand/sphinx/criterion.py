"""Criterion: its estimates become part of the run; `reports` turns its reports into pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from evenhand.sphinx.errors import MeasuringError

ESTIMATES = {"mean": "mean", "median": "median", "std_dev": "sd"}


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the estimates of every benchmark.

    Parameters
    ----------
    folder : Path
        Criterion's output, ``target/criterion``.

    Returns
    -------
    dict of str to dict
        By the benchmark's full id: ``elements`` per iteration (None if not declared), and ``mean_ns``,
        ``median_ns`` and ``sd_ns`` per iteration, each with ``_low_ns`` and ``_high_ns`` of its 95 % interval;
        ``elements_per_second`` from the mean.

    Raises
    ------
    MeasuringError
        If there is no benchmark, or one cannot be read.
    """
    found = dict(read_one(path.parent) for path in folder.glob("**/new/benchmark.json"))
    if not found:
        message = f"there is no output of Criterion in {folder.parent.name}/{folder.name}; run cargo bench first"
        raise MeasuringError(message)
    return {name: found[name] for name in sorted(found, key=by_size)}


def by_size(name: str) -> list[tuple[int, str]]:
    """The sort key: ``batch/100`` before ``batch/1000``, and names alphabetically."""
    return [(int(part) if part.isdecimal() else -1, part) for part in name.split("/")]


def read_one(folder: Path) -> tuple[str, dict[str, Any]]:
    """One benchmark's full id and numbers; refuses what an interrupted run of Criterion has left."""
    try:
        return estimates(folder)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        message = (
            f"{folder.parent.name}/new of Criterion cannot be read ({error!r}); remove it, and run cargo bench again"
        )
        raise MeasuringError(message) from error


def estimates(folder: Path) -> tuple[str, dict[str, Any]]:
    """One benchmark's full id and numbers."""
    benchmark = json.loads((folder / "benchmark.json").read_text(encoding="utf-8"))
    found = json.loads((folder / "estimates.json").read_text(encoding="utf-8"))
    elements = (benchmark["throughput"] or {}).get("Elements")
    numbers: dict[str, Any] = {"elements": elements}
    for theirs, ours in ESTIMATES.items():
        interval = found[theirs]["confidence_interval"]
        numbers[f"{ours}_ns"] = found[theirs]["point_estimate"]
        numbers[f"{ours}_low_ns"] = interval["lower_bound"]
        numbers[f"{ours}_high_ns"] = interval["upper_bound"]
    numbers["elements_per_second"] = elements and elements * 1e9 / numbers["mean_ns"]
    return benchmark["full_id"], numbers

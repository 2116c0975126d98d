"""Runs of a history with chosen numbers, for tests that read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from made_runs import HERE, made_result

from evenhand import Estimate
from evenhand.gate.history.commit import EXAMPLE, OPERATION, PROFILE, REFERENCE, Revision
from evenhand.gate.history.series import Point, Series
from evenhand.results.result import SAMPLE_COLUMNS
from evenhand.results.self_reported import Observed
from evenhand.runs.run import Run

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
PACE = 100.0


def revision(number: int) -> Revision:
    """Return the commit with this number; there is one per day."""
    committed = (BEGIN + timedelta(days=number)).isoformat(timespec="seconds")
    return Revision(f"{number:07x}".ljust(40, "0"), committed, f"Commit {number}")


def history_run(
    number: int,
    costs: Mapping[str, float],
    *,
    pace: float = PACE,
    sizes: Mapping[str, float] | None = None,
    hours: float = 1.0,
    **further: Any,
) -> Run:
    """Make a run of a commit from the nanoseconds of operations at the usual pace and the bytes of objects."""
    started = (BEGIN + timedelta(days=number, hours=hours)).isoformat(timespec="seconds")
    machine_pace = pace / PACE
    timed = [
        made_result(name, EXAMPLE, {REFERENCE: pace, OPERATION: cost * machine_pace}, started=started)
        for name, cost in costs.items()
    ]
    counted = [made_bytes(name, size, started) for name, size in (sizes or {}).items()]
    facts: dict[str, Any] = {"machine": HERE, "revision": asdict(revision(number)), **further}
    return Run.of([*timed, *counted], profile=PROFILE, **facts)


def made_bytes(name: str, size: float, started: str) -> Observed:
    """Make the result of an operation whose objects take `size` bytes."""
    rows = [(OPERATION, "heap_bytes", 1, index, 0, 1, size, 1) for index in range(6)]
    return Observed(
        name=name,
        example=EXAMPLE,
        contenders={OPERATION: {"statement": "x", "fingerprint": "x"}},
        settings={"columns": ["heap_bytes"], "compared": ["heap_bytes"], "sizes": None, "rounds": 6},
        samples=pd.DataFrame(rows, columns=list(SAMPLE_COLUMNS)),
        started=started,
    )


def stepped(count: int, at: int, size: float, noise: float, *, seed: int, repeats: int = 2) -> list[Run]:
    """Make a history on a machine with a varying pace: ``moves`` has a step at a commit, ``stays`` has none."""
    random = np.random.default_rng(seed)
    runs = []
    for number in range(count):
        for repeat in range(repeats):
            level = 50.0 * (size if number >= at else 1.0)
            costs = {"moves": level, "stays": 20.0}
            noisy = {name: cost * float(np.exp(random.normal(0, noise))) for name, cost in costs.items()}
            pace = PACE * float(np.exp(random.normal(0, 0.3)))
            runs.append(history_run(number, noisy, pace=pace, hours=1 + repeat))
    return runs


def made_series(values: Sequence[Sequence[float]]) -> Series:
    """Make a series with one or several values per commit."""
    points = tuple(
        Point(**asdict(revision(number)), runs=tuple(Estimate(value, value, value, 0.95, 8) for value in runs))
        for number, runs in enumerate(values)
    )
    return Series("made", points)


def renamed(run: Run, **changed: Any) -> Run:
    """Return the run with changed parts in its document."""
    return replace(run, document={**run.document, **changed})

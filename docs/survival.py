"""The table of what survives a kill: this build's kills, and the archived ones with their dates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from IPython.display import HTML

from absence import ABSENT, lacking, note
from days import span
from evenhand import Run
from evenhand.gate.survival import Evidence, read
from evenhand.gate.trust import Rate
from evenhand.results import quantity
from evenhand.results.table_markup import TableMarkup

ARCHIVE = Path(__file__).parent / "archive" / "survival.jsonl"
MEASURED = "storage/survives"


def evidence() -> Evidence:
    """Every kill that is archived."""
    return read(ARCHIVE)


def table(run: Run, found: Evidence) -> TableMarkup | HTML:
    """Each kind of recording in this build, with the archived kills of the same kind below it, then all others."""
    missing = lacking(run, [MEASURED])
    built = pd.DataFrame() if missing else run[MEASURED].to_pandas()
    rows = []
    for name in built.index:
        told = built.loc[name]
        rows.append(row(str(name), "this build", {key: int(told[key]) for key in told.index if key in COUNTS}))
        rows += [archived(each) for each in found.gathered if kind(each.writer) == kind(str(name))]
    known = {kind(str(name)) for name in built.index}
    rows += [archived(each) for each in found.gathered if kind(each.writer) not in known]
    if not rows:
        return note(missing, "the table of kills")
    frame = pd.DataFrame(rows).set_index("recording")
    further = [f"{MEASURED} is {ABSENT}, so no row is of this build."] if missing else []
    source = archive_source(found) if missing else MEASURED
    return TableMarkup(frame, "Recordings of killed processes", [*further, *notes(found)], source=source)


COUNTS = (
    "kills",
    "opens_normally",
    "after_repair",
    "not_at_all",
    "kills_with_loss",
    "rows_written",
    "rows_lost",
    "wrong",
)


def archived(each: Any) -> dict[str, str]:
    """The row of one version of a writer."""
    return row(each.writer, f"{span(each.started)}, {each.version}", each.survival.as_dict())


def kind(name: str) -> str:
    """What was recorded and how, without what repairs it."""
    return name.partition(", else ")[0].partition(", no h5clear")[0]


def row(name: str, when: str, counts: dict[str, int]) -> dict[str, str]:
    """The texts of one row."""
    repair = name.partition(", else ")[2] or ("no h5clear here" if "no h5clear" in name else "")
    repaired = quantity.written("", counts["after_repair"])
    return {
        "recording": kind(name),
        "killed in": when,
        "kills": quantity.written("", counts["kills"]),
        "rows lost": f"{quantity.written('', counts['rows_lost'])} of {quantity.written('', counts['rows_written'])}",
        "kills that lost rows (95 % interval)": str(Rate(counts["kills_with_loss"], counts["kills"])),
        "wrong rows": quantity.written("", counts["wrong"]),
        "opens normally": quantity.written("", counts["opens_normally"]),
        "after repair": f"{repaired} ({repair})" if repair else repaired,
        "not at all": quantity.written("", counts["not_at_all"]),
    }


def archive_source(found: Evidence) -> str:
    """When the archived kills were made, for the strip below the table."""
    return f"archive: {span(time for each in found.gathered for time in each.started)}"


def notes(found: Evidence) -> list[str]:
    """Where the dated rows come from, and which lines of the archive are left out."""
    machines = sorted({machine for each in found.gathered for machine in each.machines})
    made = [f"Dated rows: archived kills, {', '.join(machines)}."] if machines else ["No kill is archived yet."]
    return [*made, *(f"Left out: {reason}." for reason in found.refused)]

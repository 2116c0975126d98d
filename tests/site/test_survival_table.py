"""The table of survival: this build's kills next to dated ones, each with the number of kills."""

from __future__ import annotations

import pandas as pd
import pytest

import survival
from evenhand.gate.survival import Evidence, Gathered, Remains, Survival

COUNTS = {
    "kills": 5.0,
    "opens_normally": 0.0,
    "after_repair": 5.0,
    "not_at_all": 0.0,
    "kills_with_loss": 0.0,
    "rows_written": 12_000.0,
    "rows_lost": 0.0,
    "wrong": 0.0,
    "cut_wrong": 7.0,
}


class Built:
    """A run with the kills of some writers."""

    document = {}  # noqa: RUF012

    def __init__(self, *names):
        self.results = {"storage/survives": self} if names else {}
        self.frame = pd.DataFrame([COUNTS] * len(names), index=pd.Index(names, name="contender"))

    def __getitem__(self, name):
        assert name == "storage/survives"
        return self

    def to_pandas(self):
        return self.frame


def gathered(writer, opened="not at all", read=0):
    """Make fifty equal archived kills."""
    kills = (Remains(opened, 1_000, read, 0),) * 50
    return Gathered(writer, "some 1.2", Survival(kills), ("2026-01-02T00:00:00+00:00",), ("Quick 1",))


def shown(*found, built=("ours, flush",), refused=()):
    return survival.table(Built(*built), Evidence(tuple(found), refused))


def test_dated_kills_are_below_the_builds_kills_of_the_same_recording():
    frame = shown(gathered("TDMS"), gathered("ours, flush"), built=("ours, flush", "file, else as a stream")).frame
    assert list(zip(frame.index, frame["killed in"], strict=True)) == [
        ("ours, flush", "this build"),
        ("ours, flush", "2026-01-02, some 1.2"),
        ("file", "this build"),
        ("TDMS", "2026-01-02, some 1.2"),
    ]


def test_each_row_has_the_number_of_kills_and_the_remaining_uncertainty():
    frame = shown(gathered("TDMS", "normally", 1_000)).frame
    assert list(frame["kills"]) == ["5", "50"]
    assert list(frame["rows lost"]) == ["0 of 12\u202f000", "0 of 50\u202f000"]
    assert list(frame["kills that lost rows (95 % interval)"]) == [
        "0\u202f% (0 to 52.2)",
        "0\u202f% (0 to 7.11)",
    ]


@pytest.mark.parametrize(
    ("name", "repaired"),
    [
        ("file, else as a stream", "5 (as a stream)"),
        ("h5py, latest, else h5clear -s (1.2)", "5 (h5clear -s (1.2))"),
        ("h5py, latest, no h5clear here", "5 (no h5clear here)"),
        ("h5py", "5"),
    ],
)
def test_the_repair_is_named_next_to_its_count(name, repaired):
    assert list(shown(built=(name,)).frame["after repair"]) == [repaired]


def test_a_lost_recording_is_counted_in_full():
    last = shown(gathered("TDMS")).frame.iloc[-1]
    assert (last["opens normally"], last["after repair"], last["not at all"]) == ("0", "0", "50")
    assert last["rows lost"] == "50\u202f000 of 50\u202f000"


def test_the_notes_name_the_machines_and_the_left_out_lines():
    assert shown().notes == ("No kill is archived yet.",)
    notes = shown(gathered("TDMS"), refused=("line 7 of survival.jsonl is damaged",)).notes
    assert notes == ("Dated rows: archived kills, Quick 1.", "Left out: line 7 of survival.jsonl is damaged.")


def test_the_archive_has_fifty_kills_of_each_version_and_of_every_format():
    found = survival.evidence()
    assert found.refused == ()
    assert {len(each.survival.kills) for each in found.gathered} == {50}
    packages = {each.version.split()[0] for each in found.gathered}
    assert {"rust_daq", "pyarrow", "h5py", "pandas", "CPython", "npTDMS", "mcap", "zarr", "asammdf"} <= packages
    names = {survival.kind(each.writer) for each in found.gathered}
    assert {"h5py, flushed", "h5py, latest, flushed", "h5py, SWMR, flushed", "pyarrow, file, flushed"} <= names

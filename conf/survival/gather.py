"""Kill writers of recordings, including other laboratory formats, until each has fifty kills in the archive."""

from __future__ import annotations

import argparse
import platform
import runpy
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

import cloudpickle
import h5py
import laboratory

import evenhand as bench
import rust_daq
from evenhand.cli.terminal import RoundProgress, prepare_streams
from evenhand.gate.survival import Survival, gather, read

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = ROOT / "docs" / "archive" / "survival.jsonl"
STOPPED = 130
VERSIONS = {
    "ArrowWriter": f"rust_daq {rust_daq.__version__}",
    "CsvWriter": f"rust_daq {rust_daq.__version__}",
    "pyarrow": f"pyarrow {version('pyarrow')}",
    "h5py": f"h5py {h5py.version.version}, HDF5 {h5py.version.hdf5_version}",
    "csv": f"{platform.python_implementation()} {platform.python_version()}",
    "pandas": f"pandas {version('pandas')}",
}
"""The packages that write, by the first word of a row."""


def example() -> dict[str, Any]:
    """Return the writers and readers of the example, without measuring, and those of laboratory formats."""
    with mock.patch.object(bench, "observe"):
        names = runpy.run_path(str(ROOT / "gallery" / "storage.py"), run_name="storage")
    cloudpickle.register_pickle_by_value(laboratory)
    names["recorders"].update(laboratory.recorders(names["files"]))
    return names


def main() -> int:
    """Gather the missing kills, and return the exit status."""
    prepare_streams()
    made = argparse.ArgumentParser(prog="nox -s survival --", allow_abbrev=False, description=__doc__)
    made.add_argument(
        "--kills", type=int, default=50, metavar="N", help="kills of each version of a writer (default: 50)"
    )
    made.add_argument("--archive", type=Path, default=ARCHIVE, metavar="FILE", help="docs/archive/survival.jsonl")
    chosen = made.parse_args()
    names = example()
    versions = {}
    for row in names["recorders"]:
        writer = row.partition(",")[0]
        versions[row] = VERSIONS[writer] if writer in VERSIONS else laboratory.version_of(row)
    progress = RoundProgress()
    status = 0

    def kill(row: str, kills: int, seed: str) -> Survival:
        after = laboratory.ROWS.get(row, names["AFTER"])
        return names["kill"](kills, *names["recorders"][row], after=after, seed=seed)

    try:
        gather(chosen.archive, versions, kill, wanted=chosen.kills, progress=progress.show)
    except bench.WorkerError as error:
        status = 1
        print(f"survival: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        status = STOPPED
    progress.clear()
    evidence = read(chosen.archive)
    for row, written in versions.items():
        print(f"{row}, {written}: {evidence.kills(row, written)} of {chosen.kills} kills")
    for reason in evidence.refused:
        print(f"left out: {reason}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())

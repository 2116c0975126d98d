"""Build and measure commits, and add two runs of each to the history."""

from __future__ import annotations

import argparse
import sys

from build import FAILED, OPERATIONS, BuildError, alone, build, committed, run_to_completion

PARTS = ("python", "commit", "committed", "subject")


def parser() -> argparse.ArgumentParser:
    """Return the flags."""
    made = argparse.ArgumentParser(prog="nox -s history --", allow_abbrev=False, description=__doc__)
    made.add_argument("revisions", metavar="REV", nargs="+", help="a commit, a branch or a tag")
    made.add_argument("--store", default="docs/archive/runs", metavar="DIR", help="(default: docs/archive/runs)")
    made.add_argument("--runs", default="2", metavar="N", help="runs of each commit (default: 2)")
    return made


def main() -> int:
    """Measure one commit after another; commits that do not build are reported and skipped."""
    chosen = parser().parse_args()
    try:
        with alone("history"):
            return measure(chosen)
    except BuildError as error:
        print(f"history: {error}", file=sys.stderr)
        return FAILED


def measure(chosen: argparse.Namespace) -> int:
    """Build and measure each commit, alone in this checkout, and return the exit status."""
    failed = []
    revisions = [committed(name) for name in chosen.revisions]
    for revision in revisions:
        try:
            side = build({"candidate": revision})["candidate"]
        except BuildError as error:
            print(f"history: {error}", file=sys.stderr)
            failed.append(revision.label)
            continue
        about = [text for part in PARTS for text in (f"--{part}", side[part])]
        command = [sys.executable, "-m", "evenhand.gate.history", "measure", "--operations", OPERATIONS]
        if status := run_to_completion([*command, *about, "--store", chosen.store, "--runs", chosen.runs]):
            return status
    if failed:
        print(f"history: not measured, see above: {', '.join(failed)}", file=sys.stderr)
    return FAILED if failed else 0


if __name__ == "__main__":
    sys.exit(main())

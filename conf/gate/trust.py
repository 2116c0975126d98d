"""Gather evidence on the gate's error rates: its decisions about builds whose true difference is known."""

from __future__ import annotations

import argparse
import sys

from build import FAILED, OPERATIONS, BuildError, alone, build, run_to_completion, working_tree

ARCHIVE = "docs/archive/trust.jsonl"
WATCHED = ("construct", "Channel.point", "Channel.batch, 1000")
"""Different kinds of operations that can burn work: a constructor, a method, and one that uses a block of memory."""


def parser() -> argparse.ArgumentParser:
    """Return the flags."""
    made = argparse.ArgumentParser(prog="nox -s trust --", allow_abbrev=False, description=__doc__)
    made.add_argument(
        "--minutes", default="60", metavar="X", help="duration in minutes (default: 60); repeatable any time"
    )
    made.add_argument("--identical", action="store_true", help="gather only comparisons of identical statements")
    made.add_argument("--archive", default=ARCHIVE, metavar="FILE", help=f"(default: {ARCHIVE})")
    return made


def main() -> int:
    """Build the tree with the feature `burn` into both environments, and make decisions until the time is up."""
    chosen = parser().parse_args()
    try:
        with alone("trust"):
            return gather(chosen)
    except BuildError as error:
        print(f"trust: {error}", file=sys.stderr)
        return FAILED


def gather(chosen: argparse.Namespace) -> int:
    """Build and decide, alone in this checkout, and return the exit status."""
    tree = working_tree()
    sides = build({"base": tree, "candidate": tree}, "burn")
    pythons = [text for name, side in sides.items() for text in (f"--{name}-python", side["python"])]
    only = [text for name in WATCHED for text in ("--only", name)]
    command = [sys.executable, "-m", "evenhand.gate.trust", "--operations", OPERATIONS, *pythons, *only]
    command += ["--identical"] if chosen.identical else []
    return run_to_completion([*command, "--archive", chosen.archive, "--minutes", chosen.minutes])


if __name__ == "__main__":
    sys.exit(main())

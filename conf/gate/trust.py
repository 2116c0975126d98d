"""Gather evidence of how far the gate can be trusted: decisions about builds of which the truth is known."""

from __future__ import annotations

import argparse
import sys

from build import FAILED, OPERATIONS, BuildError, alone, build, to_the_end, working_tree

ARCHIVE = "docs/archive/trust.jsonl"
WATCHED = ("construct", "Channel.point", "Channel.batch, 1000")
"""A few that burn work, of different kinds: a constructor, a method, and one that touches a block of memory."""


def parser() -> argparse.ArgumentParser:
    """The flags."""
    made = argparse.ArgumentParser(prog="nox -s trust --", allow_abbrev=False, description=__doc__)
    made.add_argument("--minutes", default="60", metavar="X", help="how long (default: 60); more can follow any time")
    made.add_argument("--identical", action="store_true", help="gather only comparisons of identical statements")
    made.add_argument("--archive", default=ARCHIVE, metavar="FILE", help=f"(default: {ARCHIVE})")
    return made


def main() -> int:
    """Build the tree with the feature that burns work, into both environments, and decide until the time is up."""
    chosen = parser().parse_args()
    try:
        with alone("trust"):
            return gather(chosen)
    except BuildError as error:
        print(f"trust: {error}", file=sys.stderr)
        return FAILED


def gather(chosen: argparse.Namespace) -> int:
    """Build and decide, alone in this checkout; the exit status."""
    tree = working_tree()
    sides = build({"base": tree, "candidate": tree}, "burn")
    pythons = [text for name, side in sides.items() for text in (f"--{name}-python", side["python"])]
    only = [text for name in WATCHED for text in ("--only", name)]
    command = [sys.executable, "-m", "evenhand.gate.trust", "--operations", OPERATIONS, *pythons, *only]
    command += ["--identical"] if chosen.identical else []
    return to_the_end([*command, "--archive", chosen.archive, "--minutes", chosen.minutes])


if __name__ == "__main__":
    sys.exit(main())

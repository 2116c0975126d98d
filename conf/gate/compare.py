"""Report slowdowns: build a base revision and the working tree, and measure both side by side."""

from __future__ import annotations

import argparse
import sys

from build import (
    FAILED,
    OPERATIONS,
    BuildError,
    alone,
    build,
    committed,
    merge_base,
    run_to_completion,
    working_tree,
)

# The flags of `python -m evenhand.gate`, listed here so that a mistake is found before building.
PASSED_ON = ("--quick", "--strict", "--count", "--only", "--timeout", "--json", "--markdown", "--archive")
PARTS = {"python": "python", "label": "name", "criterion": "criterion"}
"""The facts of a side, and the suffixes of their flags."""


def parser() -> argparse.ArgumentParser:
    """Return the flags that are not passed on."""
    epilog = f"Passed on to python -m evenhand.gate: {', '.join(PASSED_ON)}."
    made = argparse.ArgumentParser(prog="nox -s gate --", allow_abbrev=False, description=__doc__, epilog=epilog)
    made.add_argument("--base", metavar="REV", help="revision to compare with (default: where this branch left main)")
    made.add_argument("--criterion", action="store_true", help="also measure the Criterion benchmarks")
    return made


def main() -> int:
    """Build both sides, compare them with this tree's kit, and return its exit status."""
    flags = parser()
    chosen, further = flags.parse_known_args()
    named = [text.partition("=")[0] for text in further if text.startswith("--")]
    if unknown := [flag for flag in named if flag not in PASSED_ON]:
        flags.error(f"unknown argument {unknown[0]!r}; --help lists the flags")
    try:
        with alone("gate"):
            return measure(chosen, further)
    except BuildError as error:
        print(f"gate: {error}", file=sys.stderr)
        return FAILED


def measure(chosen: argparse.Namespace, further: list[str]) -> int:
    """Build and compare, alone in this checkout, and return the exit status."""
    # The candidate is last, so that other sessions can use the target folder as it is.
    revisions = {"base": committed(chosen.base or merge_base()), "candidate": working_tree()}
    if revisions["base"].digest == revisions["candidate"].digest:
        print("both sides are the same commit, so the gate should find no change", flush=True)
    sides = build(revisions, criterion=chosen.criterion)
    about = [
        text
        for name, side in sides.items()
        for part, end in PARTS.items()
        if part in side
        for text in (f"--{name}-{end}", side[part])
    ]
    command = [sys.executable, "-m", "evenhand.gate", "--operations", OPERATIONS]
    return run_to_completion([*command, *about, *further])


if __name__ == "__main__":
    sys.exit(main())

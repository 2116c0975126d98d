"""Tell what got slower: build a base revision and the tree here, and measure both side by side."""

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
    to_the_end,
    working_tree,
)

# What is passed on to `python -m evenhand.gate`, known here so that a mistake is said before anything is built.
PASSED_ON = ("--quick", "--strict", "--count", "--only", "--timeout", "--json", "--markdown", "--archive")
PARTS = {"python": "python", "label": "name", "criterion": "criterion"}
"""What is known of a side, and the end of the flag that takes it."""


def parser() -> argparse.ArgumentParser:
    """The flags that are not passed on."""
    epilog = f"Passed on to python -m evenhand.gate: {', '.join(PASSED_ON)}."
    made = argparse.ArgumentParser(prog="nox -s gate --", allow_abbrev=False, description=__doc__, epilog=epilog)
    made.add_argument("--base", metavar="REV", help="what to compare with (default: where this branch left main)")
    made.add_argument("--criterion", action="store_true", help="measure Criterion's benchmarks, too")
    return made


def main() -> int:
    """Build both sides, and let the kit of this tree compare them; its exit status."""
    flags = parser()
    chosen, further = flags.parse_known_args()
    named = [text.partition("=")[0] for text in further if text.startswith("--")]
    if unknown := [flag for flag in named if flag not in PASSED_ON]:
        flags.error(f"unknown argument {unknown[0]!r}; --help lists those there are")
    try:
        with alone("gate"):
            return measure(chosen, further)
    except BuildError as error:
        print(f"gate: {error}", file=sys.stderr)
        return FAILED


def measure(chosen: argparse.Namespace, further: list[str]) -> int:
    """Build and compare, alone in this checkout; the exit status."""
    # The candidate last, so that the target folder holds what the other sessions build next.
    revisions = {"base": committed(chosen.base or merge_base()), "candidate": working_tree()}
    if revisions["base"].digest == revisions["candidate"].digest:
        print("both sides are the same commit: nothing can have changed, which the gate should find", flush=True)
    sides = build(revisions, criterion=chosen.criterion)
    about = [
        text
        for name, side in sides.items()
        for part, end in PARTS.items()
        if part in side
        for text in (f"--{name}-{end}", side[part])
    ]
    command = [sys.executable, "-m", "evenhand.gate", "--operations", OPERATIONS]
    return to_the_end([*command, *about, *further])


if __name__ == "__main__":
    sys.exit(main())

"""``python -m evenhand.gate.history``: measure a commit into a store, or write a store's index anew."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from evenhand.cli.flags import USAGE, FlagParser, number, path, whole_number
from evenhand.cli.terminal import RoundProgress, prepare_streams
from evenhand.gate.history.commit import ROUNDS, Revision, measure
from evenhand.gate.history.store import add, index
from evenhand.gate.operation import OperationError, Operations
from evenhand.gate.side import Side, SideError
from evenhand.measure.process import TIMEOUT
from evenhand.runs.run_folder import ArchiveError

STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    prepare_streams()
    chosen = parser().parse_args(arguments)
    try:
        return measured(chosen) if chosen.command == "measure" else indexed(chosen)
    except (OperationError, SideError, ArchiveError) as error:
        print(f"history: {error}", file=sys.stderr)
        return USAGE


def parser() -> FlagParser:
    """The command's flags."""
    top = FlagParser(prog="python -m evenhand.gate.history", description="Keep a history of operations over commits.")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    one = commands.add_parser("measure", help="measure one commit's build")
    one.add_argument("--python", type=path, required=True, metavar="PATH", help="interpreter of its environment")
    one.add_argument("--operations", type=path, required=True, metavar="FILE", help="what is measured")
    one.add_argument("--only", action="append", default=[], metavar="NAME", help="this operation; may be repeated")
    one.add_argument("--store", type=path, required=True, metavar="DIR", help="the folder of runs that it is added to")
    one.add_argument("--commit", required=True, metavar="HASH", help="what was built")
    one.add_argument("--committed", required=True, metavar="TIME", help="when it was committed, ISO 8601")
    one.add_argument("--subject", required=True, metavar="TEXT", help="the first line of its message")
    one.add_argument("--runs", type=whole_number, default=2, metavar="N", help="how many runs (default: 2)")
    one.add_argument("--rounds", type=whole_number, default=ROUNDS, metavar="N", help=f"in each (default: {ROUNDS})")
    one.add_argument("--timeout", type=number, default=TIMEOUT, metavar="SECONDS", help="after which a worker hangs")
    two = commands.add_parser("index", help="write the index of a store anew")
    two.add_argument("store", type=path, metavar="DIR", help="the folder of runs")
    return top


def measured(chosen: argparse.Namespace) -> int:
    """Measure a commit, run after run, each kept as soon as it is whole."""
    operations = Operations.read(chosen.operations).only(chosen.only)
    revision = Revision(chosen.commit, chosen.committed, chosen.subject)
    side = Side.ask(chosen.commit[:7], str(chosen.python), operations.build_info)
    progress = RoundProgress()
    for made in range(chosen.runs):
        run = measure(operations, side, revision, chosen.rounds, progress.show, chosen.timeout)
        progress.clear()
        if not run.complete:
            print(f"history: stopped; run {made + 1} of {chosen.runs} is not kept", file=sys.stderr)
            return STOPPED
        print(f"added {add(chosen.store, run).name} to {chosen.store}", flush=True)
        for name, reason in run.document["left_out"].items():
            print(f"left out: {name}: {reason}", file=sys.stderr)
    return 0


def indexed(chosen: argparse.Namespace) -> int:
    """Write an index."""
    found = index(chosen.store)
    print(f"{chosen.store} holds {len(found['runs'])} runs of {len(found['machines'])} classes of machines")
    return 0


if __name__ == "__main__":
    sys.exit(main())

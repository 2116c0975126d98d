"""``python -m evenhand.gate.history``: measure a commit into a store, or rebuild a store's index."""

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
    """Run the command and return its exit status."""
    prepare_streams()
    chosen = parser().parse_args(arguments)
    try:
        return measure_commit(chosen) if chosen.command == "measure" else rebuild_index(chosen)
    except (OperationError, SideError, ArchiveError) as error:
        print(f"history: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("history: stopped; a run that was not complete is discarded", file=sys.stderr)
        return STOPPED


def parser() -> FlagParser:
    """Return the command's flags."""
    top = FlagParser(prog="python -m evenhand.gate.history", description="Keep a history of operations over commits.")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    one = commands.add_parser("measure", help="measure one commit's build")
    one.add_argument("--python", type=path, required=True, metavar="PATH", help="interpreter of its environment")
    one.add_argument("--operations", type=path, required=True, metavar="FILE", help="operations to measure")
    one.add_argument("--only", action="append", default=[], metavar="NAME", help="only this operation; repeatable")
    one.add_argument("--store", type=path, required=True, metavar="DIR", help="folder of runs to add to")
    one.add_argument("--commit", required=True, metavar="HASH", help="hash of the commit that was built")
    one.add_argument("--committed", required=True, metavar="TIME", help="time of the commit, ISO 8601")
    one.add_argument("--subject", required=True, metavar="TEXT", help="first line of the commit's message")
    one.add_argument("--runs", type=whole_number, default=2, metavar="N", help="number of runs (default: 2)")
    one.add_argument("--rounds", type=whole_number, default=ROUNDS, metavar="N", help=f"per run (default: {ROUNDS})")
    one.add_argument("--timeout", type=number, default=TIMEOUT, metavar="SECONDS", help="when a worker counts as hung")
    two = commands.add_parser("index", help="rebuild the index of a store")
    two.add_argument("store", type=path, metavar="DIR", help="folder of runs")
    return top


def measure_commit(chosen: argparse.Namespace) -> int:
    """Measure a commit in several runs, and store each as soon as it is complete."""
    operations = Operations.read(chosen.operations).only(chosen.only)
    revision = Revision(chosen.commit, chosen.committed, chosen.subject)
    side = Side.ask(chosen.commit[:7], str(chosen.python), operations.build_info)
    progress = RoundProgress()
    for made in range(chosen.runs):
        run = measure(operations, side, revision, chosen.rounds, progress.show, chosen.timeout)
        progress.clear()
        if not run.complete:
            print(f"history: stopped; run {made + 1} of {chosen.runs} is discarded", file=sys.stderr)
            return STOPPED
        print(f"added {add(chosen.store, run).name} to {chosen.store}", flush=True)
        for name, reason in run.document["left_out"].items():
            print(f"left out: {name}: {reason}", file=sys.stderr)
    return 0


def rebuild_index(chosen: argparse.Namespace) -> int:
    """Rebuild the index of a store."""
    found = index(chosen.store)
    print(f"{chosen.store} has {len(found['runs'])} runs of {len(found['machines'])} classes of machines")
    return 0


if __name__ == "__main__":
    sys.exit(main())

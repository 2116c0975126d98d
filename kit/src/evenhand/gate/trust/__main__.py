"""``python -m evenhand.gate.trust``: run the gate on builds with a known true difference, and archive each decision."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from evenhand.cli.flags import USAGE, FlagParser, number, path
from evenhand.cli.terminal import RoundProgress, prepare_streams
from evenhand.gate.operation import OperationError, Operations
from evenhand.gate.side import BASE, CANDIDATE, SideError
from evenhand.gate.trust.work import TASKS, Task, Work
from evenhand.measure.process import WorkerError

STOPPED = 130
IDENTICAL = tuple(task for task in TASKS if task.identical)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    prepare_streams()
    chosen = parser().parse_args(arguments)
    progress = RoundProgress()
    pythons = {BASE: str(chosen.base_python), CANDIDATE: str(chosen.candidate_python)}
    try:
        operations = Operations.read(chosen.operations).only(chosen.only)
        work = Work.of(operations, pythons, chosen.archive, progress.show)
        return gather(work, 60 * chosen.minutes, IDENTICAL if chosen.identical else TASKS)
    except (OperationError, SideError, WorkerError) as error:
        progress.clear()
        print(f"trust: {error.summary if isinstance(error, WorkerError) else error}", file=sys.stderr)
        return USAGE
    finally:
        progress.clear()


def gather(work: Work, seconds: float, tasks: tuple[Task, ...]) -> int:
    """Make decisions until the time is up or the user stops, print the counts, and return the exit status."""
    status = 0
    try:
        work.gather(seconds, tasks)
    except KeyboardInterrupt:
        status = STOPPED
    evidence = work.evidence()
    for task in TASKS:
        print(f"{task!s:32} {task.made(evidence)} of {task.wanted} wanted")
    for reason in evidence.refused:
        print(f"left out: {reason}", file=sys.stderr)
    return status


def parser() -> FlagParser:
    """Return the command's flags."""
    made = FlagParser(prog="python -m evenhand.gate.trust", description=__doc__)
    made.add_argument("--base-python", type=path, required=True, metavar="PATH", help="interpreter of one environment")
    made.add_argument(
        "--candidate-python",
        type=path,
        required=True,
        metavar="PATH",
        help="interpreter of another with the same build",
    )
    made.add_argument("--operations", type=path, required=True, metavar="FILE", help="operations to measure")
    made.add_argument("--only", action="append", default=[], metavar="NAME", help="only this operation; repeatable")
    made.add_argument("--archive", type=path, required=True, metavar="FILE", help="file to add decisions to")
    made.add_argument("--identical", action="store_true", help="only comparisons of identical statements")
    made.add_argument("--minutes", type=number, default=60.0, metavar="X", help="duration in minutes (default: 60)")
    return made


if __name__ == "__main__":
    sys.exit(main())

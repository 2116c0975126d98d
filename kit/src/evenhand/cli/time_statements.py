"""``python -m evenhand time``: compare statements or whole commands from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count

from evenhand.cli.flags import LABEL_HELP, FlagParser, path, whole_number
from evenhand.cli.outputs import Outputs
from evenhand.cli.terminal import RoundProgress, literal, print_table
from evenhand.measure.command import Command
from evenhand.measure.settings import ROUNDS, Settings
from evenhand.measure.statement import Statement
from evenhand.results.comparison import Comparison, compare
from evenhand.results.processes import compare_commands
from evenhand.results.result import Interrupted, Result
from evenhand.runs.archive import Archive
from evenhand.runs.machine import machine
from evenhand.runs.recorder import Recorder
from evenhand.runs.run import Run

EXAMPLE = "time"
LONGEST_NAME = 40
"""A longer statement is called by its number and listed below the table."""


class ProgressRecorder(Recorder):
    """Shows the progress of the comparison, and discards results."""

    def __init__(self) -> None:
        self.line = RoundProgress()

    def progress(self, what: str, done: int, total: int) -> None:
        """Draw the line."""
        self.line.show(what, done, total)


def add_flags(parser: FlagParser) -> None:
    """Add the flags of the command."""
    parser.add_argument("statements", metavar="STATEMENT", nargs="+", help="source text; the first is the baseline")
    parser.add_argument(
        "--command",
        dest="processes",
        action="store_true",
        help="the statements are commands: each is a whole process, timed from its start to its end; standard output "
        "is discarded, and no shell is used (call one with 'sh -c \"a | b\"')",
    )
    parser.add_argument(
        "--setup",
        action="append",
        default=[],
        metavar="TEXT",
        help="run once in each process, or for commands once before all; repeatable",
    )
    parser.add_argument(
        "--each", metavar="TEXT", help="run before every execution, untimed, such as 'data = list(source)'"
    )
    parser.add_argument(
        "--rounds",
        type=whole_number,
        default=ROUNDS,
        metavar="N",
        help=f"rounds of fresh processes (default: {ROUNDS})",
    )
    parser.add_argument("--archive", type=path, metavar="DIR", help="add the run to this folder of runs")
    parser.add_argument("--label", metavar="NAME", help=LABEL_HELP)
    parser.add_argument("--json", action="store_true", help="write only the run to standard output")


def names(texts: Sequence[str], what: str = "statement") -> list[str]:
    """Name each statement by its text, or by its number if the text is long or not a valid name."""
    found: list[str] = []
    for number, text in enumerate(texts, start=1):
        short = len(text) <= LONGEST_NAME and "/" not in text and "\n" not in text and text.strip()
        name = text.strip() if short else f"{what} {number}"
        copies = (f"{name} ({place})" for place in count(2))
        found.append(name if name not in found else next(copy for copy in copies if copy not in found))
    return found


def time_statements(chosen: argparse.Namespace) -> None:
    """Compare the statements, print the table, and archive the run if requested.

    If it is stopped, the same is done with the finished rounds, in a run marked incomplete.

    Raises
    ------
    Interrupted
        If it was stopped, after the outputs are written.
    ValueError
        If a text is not valid Python, or not a command that can be started.
    WorkerError, CommandError
        If a statement or a command fails.
    OutputError
        If the archive cannot be written, or the label is invalid or taken; this is checked before measuring.
    """
    called = names(chosen.statements, "command" if chosen.processes else "statement")
    texts = dict(zip(called, chosen.statements, strict=True))
    measure = prepare_comparison(texts, chosen)
    Outputs(archive=chosen.archive, label=chosen.label).prepare()
    recorder = ProgressRecorder()
    settings = Settings(example=EXAMPLE, rounds=chosen.rounds, recorder=recorder)
    around = machine()
    stopped: Interrupted | None = None
    result: Result
    try:
        result = measure(settings=settings)
    except Interrupted as interrupted:
        stopped, result = interrupted, interrupted.result
    finally:
        recorder.line.clear()
    run = Run.of(
        [result],
        profile=EXAMPLE,
        complete=stopped is None,
        machine=around,
        packages=settings.package_facts,
        label=chosen.label,
    )
    if chosen.json:
        print(run.to_json())
    else:
        print_table(result.table())
        listed = [f"{name}: {text}" for name, text in texts.items() if name != text.strip()]
        for line in (*listed, *result.table_notes(), *result.advice()):
            print(literal(line))
    if chosen.archive is not None:
        folder = Archive(chosen.archive).add(run)
        if not chosen.json:
            print(f"run: {folder}")
    if stopped is not None:
        raise stopped


def prepare_comparison(texts: Mapping[str, str], chosen: argparse.Namespace) -> Callable[..., Comparison]:
    """Return the requested comparison of statements or commands; an invalid text is refused here."""
    if chosen.processes:
        made = {name: Command(text) for name, text in texts.items()}
        each = None if chosen.each is None else Command(chosen.each)
        return partial(compare_commands, made, setup=[Command(text) for text in chosen.setup], each=each)
    setup = "\n".join(chosen.setup) or None
    stated = {name: Statement(text, setup, each=chosen.each) for name, text in texts.items()}
    return partial(compare, stated, name="statements")

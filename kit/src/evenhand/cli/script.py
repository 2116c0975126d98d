"""An example as a command: its flags and the output of its results."""

from __future__ import annotations

import atexit
import os
import re
import signal
import sys
import textwrap
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Any

from evenhand.cli.flags import LABEL_HELP, FlagParser, path, whole_number
from evenhand.cli.outputs import OutputError, Outputs
from evenhand.cli.terminal import RoundProgress, literal, prepare_streams, print_table
from evenhand.measure.deadlines import arrivals_in
from evenhand.measure.settings import Settings
from evenhand.results.result import Result
from evenhand.runs.archive import Archive
from evenhand.runs.machine import machine
from evenhand.runs.packages import PackageError
from evenhand.runs.recorder import Recorder, refuse_second
from evenhand.runs.run import Run

PROFILE = "script"
"""The profile of a run by a script."""
INTERRUPTED = 130
TERMINATED = 143
FEWEST_SAMPLES = 100
MOST_SAMPLES = 10_000_000
"""Timed calls per contender and round; more would take minutes."""
UNIFORM = ("help", "rounds", "json", "plot_dir", "archive", "label")


def script_settings(
    doc: str, script: Path, rounds: int, options: Mapping[str, Any], packages: Mapping[str, str]
) -> Settings:
    """Parse the flags of a script, check its outputs, and begin.

    Parameters
    ----------
    doc : str
        The script's docstring; its title and question become the head of ``--help``.
    script : Path
        The script; its stem is the example's name.
    rounds : int
        The default number of rounds.
    options : mapping
        The script's own numbers with their defaults.
    packages : mapping of str to str
        The measured packages, each with its build hook.

    Raises
    ------
    SystemExit
        With status 2 after a message, for a wrong flag, an output that cannot be written, or a package that cannot be
        measured.
    """
    closed = sys.stdout is None
    prepare_streams()
    parser = parser_of(doc, script, rounds, options)
    found = vars(parser.parse_args())
    outputs = Outputs(**{name: found.pop(name) for name in ("json", "plot_dir", "archive", "label")})
    if closed and outputs.to_standard_output:
        parser.error("--json - needs standard output, which is closed; name a file")
    try:
        refuse_impossible(found)
        outputs.prepare(script)
    except OutputError as error:
        parser.error(str(error))
    chosen = found.pop("rounds")
    recorder = ScriptRecorder(script.stem, outputs, {"rounds": chosen} | found)
    made = Settings(example=script.stem, rounds=chosen, options=found, recorder=recorder, packages=packages)
    try:
        facts = made.package_facts
    except PackageError as error:
        parser.error(str(error))
    recorder.begin(headline(doc) or script.stem, facts)
    return made


def refuse_impossible(options: Mapping[str, Any]) -> None:
    """Refuse numbers that cannot give a result, before measuring.

    An option means the same in all scripts: ``samples`` is the number of timed calls per round, ``rate`` is arrivals
    per second, and ``duration`` is the seconds of a paced run.

    Raises
    ------
    OutputError
        With the message for the flag.
    """
    samples, rate, duration = (options.get(name) for name in ("samples", "rate", "duration"))
    if isinstance(samples, int) and samples < FEWEST_SAMPLES:
        message = f"--samples: {samples} calls are too few for a 99th percentile; pass at least {FEWEST_SAMPLES}"
        raise OutputError(message)
    if isinstance(samples, int) and samples > MOST_SAMPLES:
        message = f"--samples: {samples} calls are too many for one round; pass at most {MOST_SAMPLES}"
        raise OutputError(message)
    if isinstance(rate, float) and isinstance(duration, float):
        try:
            arrivals_in(rate, duration)
        except ValueError as error:
            message = f"--duration: {error}"
            raise OutputError(message) from None


def parser_of(doc: str, script: Path, rounds: int, options: Mapping[str, Any]) -> FlagParser:
    """Return the script's flags: its own first, then those of every script."""
    parser = FlagParser(prog=script.name, description=describe(doc))
    for name, default in options.items():
        if name in UNIFORM:
            message = f"option {name!r} has the name of a flag of every script; rename it"
            raise ValueError(message)
        parser.add_option(name, default)
    parser.add_argument(
        "--rounds",
        type=whole_number,
        default=rounds,
        metavar="N",
        help="rounds of fresh processes in each measurement; one verdict takes 6, up to 3 together take 7, up to 6 "
        f"take 8, up to 12 take 9 (default: {rounds})",
    )
    parser.add_argument("--json", type=path, metavar="PATH", help="write the run's document; - is standard output")
    parser.add_argument("--plot-dir", type=path, metavar="DIR", help="save each figure there as PNG and SVG")
    parser.add_argument("--archive", type=path, metavar="DIR", help="add the run to this folder of runs")
    parser.add_argument("--label", metavar="NAME", help=LABEL_HELP)
    return parser


def as_text(value: Any) -> str:
    """Return the value of a flag as text."""
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def headline(doc: str) -> str:
    """Return the title of a docstring."""
    return next((line.strip() for line in doc.splitlines() if re.search(r"\w", line)), "")


def describe(doc: str) -> str:
    """Return the title and first paragraph of a docstring without reStructuredText markup."""
    text = re.sub(r":[\w:]+:`~?([^`<]+?)(?:\s*<[^>]*>)?`", r"\1", doc.replace("``", "`"))
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    lines = [line.strip() for line in blocks[0].splitlines() if re.search(r"\w", line)] if blocks else []
    return "\n\n".join([*lines[:1], *(textwrap.fill(" ".join(block.split()), 100) for block in blocks[1:2])])


class ScriptRecorder(Recorder):
    """Prints each result, saves its figure, and writes the run at the end of the script, also after an error.

    Parameters
    ----------
    example : str
        The script's name.
    outputs : Outputs
        The output files and folders.
    chosen : mapping
        The values of its flags.
    """

    def __init__(self, example: str, outputs: Outputs, chosen: Mapping[str, Any]) -> None:
        self.example = example
        self.outputs = outputs
        self.chosen = chosen
        self.results: list[Result] = []
        self.figures: list[Path] = []
        self.unfinished = ""
        self._progress = RoundProgress()
        self._document: IO[str] | None = None
        self._process = os.getpid()

    def begin(self, title: str, packages: Mapping[str, Mapping[str, Any]]) -> None:
        """Print the plan, describe machine and packages, and make sure that `end` runs however the script ends."""
        if self.outputs.to_standard_output:
            # From here on, all printed text goes to standard error.
            sys.stdout.flush()
            self._document = os.fdopen(os.dup(1), "w", encoding="utf-8")
            os.dup2(2, 1)
            sys.stdout = sys.stderr
        given = {name: value for name, value in self.chosen.items() if value != []}
        values = literal(", ".join(f"{name} {as_text(value)}" for name, value in given.items()))
        print(
            f"{literal(title)}\nMeasuring {self.example} with {values}. Ctrl-C stops and keeps the results so far.",
            flush=True,
        )
        self._packages = packages
        self._machine = machine(packages)
        for note in self._machine["notes"]:
            print(note, flush=True)
        if threading.current_thread() is threading.main_thread():
            for number, status in ((signal.SIGINT, INTERRUPTED), (signal.SIGTERM, TERMINATED)):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, self._stopper(status))
        earlier = sys.excepthook

        def failed(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
            self._progress.clear()
            self.unfinished = f"failed with {kind.__name__}"
            earlier(kind, error, traceback)

        sys.excepthook = failed
        atexit.register(self.end)

    def _stopper(self, status: int) -> Any:
        def stop(number: int, frame: FrameType | None) -> None:
            del frame
            self.unfinished = f"stopped by {signal.Signals(number).name}"
            raise SystemExit(status)

        return stop

    def expect(self, example: str, name: str) -> None:
        """Refuse a second result with the same address before it is measured."""
        refuse_second(example, name, [result.name for result in self.results if result.example == example])

    def record(self, result: Result) -> None:
        """Print a result immediately, and keep it for the run."""
        self._progress.clear()
        self.results.append(result)
        print()
        print_table(result.table(), result.name)
        for note in (*result.table_notes(), *result.advice()):
            print(literal(note), flush=True)
        if self.outputs.plot_dir is not None:
            self.figures += self.outputs.save_figure(result)

    def progress(self, what: str, done: int, total: int) -> None:
        """Show the progress of a measurement, on a terminal only."""
        self._progress.show(what, done, total)

    def end(self) -> None:
        """Write the run, and print the places of the outputs."""
        if os.getpid() != self._process:
            return  # a forked child of the script is ending
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # do not interrupt the writing
        self._progress.clear()
        try:
            lines = self.write()
        except BrokenPipeError:
            os._exit(1)  # the reader of the document is gone, so there is no one to inform
        except Exception as error:
            print(f"{self.example}: the run could not be written: {error}", file=sys.stderr)
            sys.stderr.flush()
            os._exit(1)
        print("\n" + "\n".join(lines), file=sys.stderr if self.unfinished else sys.stdout, flush=True)

    def write(self) -> list[str]:
        """Write document and archive, and return a line on the place of each output."""
        lines = []
        count = f"{len(self.results)} result{'' if len(self.results) == 1 else 's'}"
        if self.unfinished:
            lines.append(f"{self.example} {self.unfinished}; {count} measured so far, marked incomplete.")
        if self.outputs.json is not None or (self.outputs.archive is not None and self.results):
            run = Run.of(
                self.results,
                profile=PROFILE,
                complete=not self.unfinished,
                machine=self._machine,
                packages=self._packages,
                label=self.outputs.label,
                command=self.command(),
            )
            kept = []
            try:
                # First, because the reader of the document may be gone.
                if self.outputs.archive is not None and self.results:
                    kept.append(f"run: {Archive(self.outputs.archive).add(run)}")
            finally:
                if self.outputs.json is not None:
                    self.outputs.write_json(run.to_json(), self._document)
                    lines.append(f"document: {'standard output' if self._document else self.outputs.json}")
            lines += kept
        if self.outputs.plot_dir is not None:
            lines.append(f"figures: {len(self.figures)} files in {self.outputs.plot_dir}")
        return lines or ["No results were saved; save them with --json, --plot-dir or --archive."]

    def command(self) -> dict[str, Any]:
        """Return the example and its numbers for the document, without texts and paths, which are private."""
        numbers = {name: value for name, value in self.chosen.items() if isinstance(value, int | float)}
        return {"example": self.example, "options": numbers}

"""``python -m evenhand``: compare statements, read an archive of runs, start a guide."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evenhand.cli.flags import USAGE, FlagParser, path, whole_number
from evenhand.cli.guide import BUILD, GuideError, requirement, write_guide
from evenhand.cli.outputs import OutputError
from evenhand.cli.terminal import literal, prepare_streams, print_table
from evenhand.cli.time_statements import add_flags, time_statements
from evenhand.gate.__main__ import add_flags as add_gate_flags
from evenhand.gate.__main__ import main as gate
from evenhand.gate.history.previous import Previous
from evenhand.measure.command import CommandError
from evenhand.measure.process import WorkerError
from evenhand.measure.records import data_frame
from evenhand.results import quantity
from evenhand.runs.agreement import Agreement
from evenhand.runs.archive import Archive, opened, refuse_missing
from evenhand.runs.difference import SideBySide
from evenhand.runs.packages import PackageError
from evenhand.runs.run import Run
from evenhand.runs.run_folder import ArchiveError
from evenhand.runs.variables import variable

ARCHIVE_VARIABLE = "EVENHAND_ARCHIVE"
DEFAULT_ARCHIVE = ".benchmarks"
INTERRUPTED = 130
RUN_HELP = "an id or the beginning of one, a label, latest, the folder of a run, or a run.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0, or 2 after a message on standard error.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["gate"]:
        return gate(given[1:])
    prepare_streams()
    made = parser()
    chosen = made.parse_args(given)
    if chosen.command == "time":
        return run_time(chosen)
    if chosen.command == "compare" and (chosen.second is None) == (chosen.history is None):
        made.error("compare takes RUN_A and RUN_B, or RUN_A and --history N")
    try:
        if chosen.command == "init":
            init(chosen.folder)
            return 0
        folder = chosen.archive or default_archive()
        commands = {"list": list_runs, "show": show, "compare": compare}
        commands[chosen.command](Archive(folder), chosen)
    except (ArchiveError, GuideError) as error:
        print(f"evenhand: {literal(error)}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def run_time(chosen: argparse.Namespace) -> int:
    """Run the command `time`: compare statements or commands from the command line."""
    try:
        time_statements(chosen)
    except (ValueError, WorkerError, CommandError, PackageError, ArchiveError, OutputError) as error:
        print(f"evenhand: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def default_archive() -> Path:
    """Return the archive of a command without ``--archive``."""
    return Path(variable(ARCHIVE_VARIABLE) or DEFAULT_ARCHIVE)


def parser() -> FlagParser:
    """Return the command's flags."""
    description = "Compare statements, read the archived runs of scripts and builds, and start a guide."
    top = FlagParser(prog="python -m evenhand", description=description)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    uniform = FlagParser(add_help=False)
    uniform.add_argument(
        "--archive",
        type=path,
        metavar="DIR",
        help=f"folder of runs (default: ${ARCHIVE_VARIABLE}, or {DEFAULT_ARCHIVE})",
    )
    uniform.add_argument("--json", action="store_true", help="write only JSON to standard output")
    add_flags(commands.add_parser("time", help="compare statements: time 'dict(a=1)' '{\"a\": 1}'"))
    add_gate_flags(commands.add_parser("gate", help="compare two builds of a package, operation by operation"))
    commands.add_parser("list", parents=[uniform], help="list the runs, oldest first")
    one = commands.add_parser("show", parents=[uniform], help="show one run")
    one.add_argument("run", metavar="RUN", help=RUN_HELP)
    two = commands.add_parser("compare", parents=[uniform], help="compare two runs, or one with the runs before it")
    two.add_argument("first", metavar="RUN_A", help=RUN_HELP)
    two.add_argument("second", metavar="RUN_B", nargs="?", help=RUN_HELP)
    two.add_argument(
        "--history", type=whole_number, metavar="N", help="compare RUN_A with the medians of the last N runs before it"
    )
    new = commands.add_parser("init", help="add a self-measuring guide to a project")
    new.add_argument(
        "folder", type=path, metavar="FOLDER", nargs="?", default=Path(), help="the project's folder (default: here)"
    )
    return top


def init(folder: Path) -> None:
    """Write a guide, and print the next steps."""
    for name in write_guide(folder):
        print(literal(folder / name))
    where = "" if folder == Path() else f"cd {shlex.quote(str(folder))} && "
    print(f"\nInstall the tools: python -m pip install {shlex.quote(requirement())}")
    print(f"Measure and build the guide: {where}{BUILD}")


def list_runs(archive: Archive, chosen: argparse.Namespace) -> None:
    """List the runs, and the refused folders."""
    refuse_missing(archive)
    listing = archive.runs()
    rows = [overview(run) for run in listing]
    if chosen.json:
        write_json({"runs": rows, "refused": dict(listing.refused)})
    elif rows:
        frame = data_frame(rows).set_index("id")
        if not any(run.label for run in listing):
            frame = frame.drop(columns="label")
        frame = frame.fillna("")
        frame["complete"] = frame["complete"].map({True: "yes", False: "no"})
        print_table(frame)
    else:
        print(f"{archive.folder} has no complete run; add one with a script's --archive")
    for reason in listing.refused.values():
        print(f"left out: {literal(reason)}", file=sys.stderr)


def overview(run: Run) -> dict[str, Any]:
    """Return one row that describes a run."""
    document = run.document
    return {
        "id": run.id,
        "label": run.label,
        "measured": document["measured"],
        "profile": document["profile"],
        "complete": run.complete,
        "packages": packages_of(run),
        "commit": str(document["build"].get("commit") or "")[:7],
        "results": len(document["results"]),
        "cpu": document["machine"].get("cpu"),
        "python": document["machine"].get("python"),
    }


def packages_of(run: Run) -> str:
    """Return the measured packages, each with its version."""
    return ", ".join(f"{name} {facts['version']}" for name, facts in run.packages.items())


def builds(run: Run) -> list[str]:
    """Describe the measured packages, one per line; a run of an older kit has one unnamed build."""
    build = run.document["build"]
    named = [(f"{name} {facts['version']}", facts["build"]) for name, facts in run.packages.items()]
    found = named or ([(f"version {build.get('version', 'unknown')}", build)] if build else [])
    lines = []
    for name, facts in found:
        commit = f"commit {str(facts['commit'])[:7]}" if facts.get("commit") else ""
        lines.append(", ".join(part for part in (name, commit, facts.get("rustc", "")) if part))
    return lines or ["no measured package"]


def show(archive: Archive, chosen: argparse.Namespace) -> None:
    """Print a run: its origin, then each result."""
    run = opened(archive, chosen.run)
    if chosen.json:
        write_json(run.document)
        return
    machine = run.document["machine"]
    called = f", called {run.label}" if run.label else ""
    print(f"run {run.id}{called}{'' if run.complete else ' (incomplete: it was stopped, or failed)'}")
    print(literal(f"measured {run.document['measured']}, profile {run.document['profile']}"))
    for line in builds(run):
        print(literal(line))
    print(
        literal(
            f"{machine.get('cpu')}, {machine.get('usable_cores')} of {machine.get('logical_cores')} cores, "
            f"{quantity.memory(machine.get('memory_bytes') or float('nan'))}, {machine.get('distribution')}, "
            f"{machine.get('implementation')} {machine.get('python')}"
        )
    )
    for note in machine.get("notes", ()):
        print(literal(note))
    if run.document["results"] and not run.results:
        print("this run has no samples; --json prints its document with every summary")
    for result in run.results.values():
        print()
        print_table(result.table(), result.key)
        for note in result.table_notes():
            print(literal(note))


def compare(archive: Archive, chosen: argparse.Namespace) -> None:
    """Print the ratios within two runs and the runs side by side; or compare one run with those before it."""
    if chosen.history is not None:
        compare_with_history(archive, chosen)
        return
    pair = SideBySide(opened(archive, chosen.first), opened(archive, chosen.second))
    if chosen.json:
        write_json(pair.document())
        return
    print(f"first  {pair.first.id}\nsecond {pair.second.id}\n")
    agreement = Agreement(pair.first, pair.second)
    ratios = agreement.table()
    if len(ratios):
        print_table(ratios.set_index("result"), "Ratios within each run")
    print(agreement.sentence)
    if len(beside := pair.table()):
        print()
        print_table(beside.set_index("result"), "Side by side")
    print(f"\n{literal(pair.sentence)}")


def compare_with_history(archive: Archive, chosen: argparse.Namespace) -> None:
    """Print a run next to the medians of earlier runs, and the runs that cannot be compared."""
    run = opened(archive, chosen.first)
    listing = archive.runs()
    found = Previous.of(run, listing.runs, chosen.history)
    if chosen.json:
        write_json(found.document() | {"refused": dict(listing.refused)})
    else:
        print(f"run {run.id}")
        if found.earlier:
            print_table(found.table())
            print()
        print("\n".join([found.sentence, *found.refusals]))
    for reason in listing.refused.values():
        print(f"left out: {literal(reason)}", file=sys.stderr)


def write_json(document: Any) -> None:
    """Write only a JSON document to standard output."""
    print(json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())

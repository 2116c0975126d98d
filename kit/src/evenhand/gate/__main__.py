"""``python -m evenhand.gate``: compare two environments, operation by operation."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evenhand.cli.flags import USAGE, FlagParser, number, path
from evenhand.cli.outputs import OutputError, Outputs, write_whole
from evenhand.cli.terminal import RoundProgress, prepare_streams, print_table
from evenhand.gate import criterion, environments, report
from evenhand.gate.gate import QUICK, STOPPED, Gate, Plan, run
from evenhand.gate.instructions import unavailable
from evenhand.gate.operation import OperationError, Operations
from evenhand.gate.side import BASE, CANDIDATE, Side, SideError
from evenhand.runs.archive import Archive
from evenhand.runs.configuration import ConfigurationError, configuration
from evenhand.runs.run import Run
from evenhand.runs.run_folder import ArchiveError

DESCRIPTION = """Compare two builds of a package, each installed in its own environment, in processes that take turns.

A side is a version (--base "rpds-py==0.20.0"), a wheel, a revision of this repository, which the configured build
command builds, or an installed interpreter (--base-python PATH). A file lists the operations to measure.

Exit status: 0; 1 when something got slower; 2 for wrong usage, an environment that cannot be measured or an operation
that failed; 3 with --strict when something was inconclusive or not judged; 130 after Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    closed = sys.stdout is None
    prepare_streams()
    flags = parser()
    chosen = flags.parse_args(arguments)
    outputs = Outputs(json=chosen.json, markdown=chosen.markdown, archive=chosen.archive)
    if closed and outputs.to_standard_output:
        flags.error("--json - needs standard output, which is closed; name a file")
    with tempfile.TemporaryDirectory(prefix="evenhand-") as folder:
        try:
            return compare(flags, chosen, outputs, Path(folder))
        except KeyboardInterrupt:
            print("gate: stopped before anything was measured", file=sys.stderr)
            return STOPPED


def compare(flags: FlagParser, chosen: argparse.Namespace, outputs: Outputs, folder: Path) -> int:
    """Compare the sides; environments made on the way go into `folder`."""
    try:
        # Fail now rather than after an hour of measuring.
        file = chosen.operations or named_operations()
        outputs.prepare(file)
    except (OutputError, ConfigurationError) as error:
        flags.error(str(error))
    try:
        operations = Operations.read(file).only(chosen.only)
        make_environments(chosen, operations, folder)
        sides = query_sides(chosen, operations.build_info)
        if chosen.base_criterion or chosen.candidate_criterion:
            further = criterion.operations(sides)
            operations = replace(operations, operations=(*operations.operations, *further))
    except (OperationError, SideError) as error:
        print(f"gate: {error}", file=sys.stderr)
        return USAGE
    plan = replace(QUICK if chosen.quick else Plan(), timeout=chosen.timeout)
    count = len(operations.operations)
    print(f"base       {sides[BASE].label}\ncandidate  {sides[CANDIDATE].label}", file=sys.stderr)
    print(
        f"measuring {count} operation{'s' if count != 1 else ''} in {plan.first} rounds, and those that may have "
        f"changed in {plan.second} more. Ctrl-C stops and shows the rounds measured so far.",
        file=sys.stderr,
        flush=True,
    )
    missing = unavailable() if chosen.count else ""
    if missing:
        print(f"--count is ignored: {missing}", file=sys.stderr, flush=True)
    progress = RoundProgress()
    gate = run(operations.operations, sides, plan, progress.show, count=chosen.count and not missing)
    progress.clear()
    status = gate.exit_status(strict=chosen.strict)
    try:
        write_outputs(gate, status, chosen.json, chosen.markdown, chosen.archive)
    except (OSError, ArchiveError) as error:
        print(f"gate: the result could not be written: {error}", file=sys.stderr)
        status = status or USAGE
    if chosen.json is None or str(chosen.json) != "-":
        show(gate, status)
    return status


def named_operations() -> Path:
    """Return the operations file that the configuration names.

    Raises
    ------
    ConfigurationError
        If the configuration does not name one.
    """
    settings, file = configuration(Path.cwd())
    name = settings.get("operations")
    if file is None or name is None:
        message = "no operations to measure; name a file with --operations FILE, or set operations in [tool.evenhand]"
        raise ConfigurationError(message)
    if not isinstance(name, str):
        message = f"operations in {file.name} is {name!r}; it must be the path of a file, such as 'operations.toml'"
        raise ConfigurationError(message)
    return file.parent / name


def make_environments(chosen: argparse.Namespace, operations: Operations, folder: Path) -> None:
    """Make environments from versions, wheels and revisions, and enter their interpreters into `chosen`."""
    given = vars(chosen)
    wanted = {name: given[name] for name in (BASE, CANDIDATE) if given[name] is not None}
    if BASE in wanted and CANDIDATE not in wanted and chosen.candidate_python is None:
        if environments.is_requirement(wanted[BASE]):
            message = f"--base is {wanted[BASE]!r}; name the other version as well, with --candidate"
            raise SideError(message)
        wanted[CANDIDATE] = environments.WORKING_TREE
    for name in (BASE, CANDIDATE):
        if (name in wanted) == (given[f"{name}_python"] is not None):
            message = f"name either --{name} (a version, wheel or revision) or --{name}-python (an interpreter)"
            raise SideError(message)
    counts_bytes = any(one.kind == "bytes" for one in operations.operations) and sys.platform != "win32"
    for name, python in environments.make(wanted, folder, further=("memray",) if counts_bytes else ()).items():
        given[f"{name}_python"] = Path(python)
        given[f"{name}_name"] = wanted[name] if given[f"{name}_name"] == name else given[f"{name}_name"]


def query_sides(chosen: argparse.Namespace, build_info: str) -> dict[str, Side]:
    """Return both sides, with the build information that each reports."""
    given = vars(chosen)
    if (given["base_criterion"] is None) != (given["candidate_criterion"] is None):
        message = "--base-criterion and --candidate-criterion go together: name the executables of both sides"
        raise SideError(message)
    return {
        name: Side.ask(
            given[f"{name}_name"],
            str(given[f"{name}_python"]),
            build_info,
            benchmarks=str(given[f"{name}_criterion"] or ""),
        )
        for name in (BASE, CANDIDATE)
    }


def parser() -> FlagParser:
    """Return the command's flags."""
    made = FlagParser(prog="python -m evenhand.gate", description=DESCRIPTION)
    add_flags(made)
    return made


def add_flags(made: FlagParser) -> None:
    """Add all flags."""
    made.add_argument("--base", metavar="WHAT", help="a version such as 'rpds-py==0.20.0', a wheel, or a revision")
    made.add_argument("--candidate", metavar="WHAT", help="the same; default after a revision: the working tree")
    made.add_argument("--base-python", type=path, metavar="PATH", help="interpreter of an installed base")
    made.add_argument("--candidate-python", type=path, metavar="PATH", help="interpreter of an installed candidate")
    operations = "operations to measure (default: operations in [tool.evenhand])"
    made.add_argument("--operations", type=path, metavar="FILE", help=operations)
    made.add_argument("--base-name", default="base", metavar="TEXT", help="label of the base")
    made.add_argument("--candidate-name", default="candidate", metavar="TEXT", help="label of the candidate")
    for name in (BASE, CANDIDATE):
        made.add_argument(
            f"--{name}-criterion", type=path, metavar="PATH", help=f"Criterion benchmark executable of the {name}"
        )
    add_measuring_flags(made)


def add_measuring_flags(made: FlagParser) -> None:
    """Add the flags for how to measure and where to write the result."""
    made.add_argument(
        "--quick", action="store_true", help=f"{QUICK.first} + {QUICK.second} rounds of {QUICK.slices} slices"
    )
    made.add_argument(
        "--strict", action="store_true", help="exit with status 3 when something is inconclusive or not judged"
    )
    made.add_argument("--count", action="store_true", help="also count instructions; needs Linux and valgrind")
    made.add_argument("--only", action="append", default=[], metavar="NAME", help="only this operation; repeatable")
    made.add_argument(
        "--timeout", type=number, default=Plan.timeout, metavar="SECONDS", help="when a worker counts as hung"
    )
    made.add_argument("--json", type=path, metavar="PATH", help="write the result as JSON; - is standard output")
    made.add_argument("--markdown", type=path, metavar="PATH", help="write the result as Markdown, for a pull request")
    made.add_argument("--archive", type=path, metavar="DIR", help="add the samples to this archive of runs")


def write_outputs(gate: Gate, status: int, json_path: Path | None, markdown: Path | None, archive: Path | None) -> None:
    """Write the requested files."""
    document = report.document(gate, status)
    if json_path is not None:
        text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        if str(json_path) == "-":
            print(text, end="", flush=True)
        else:
            json_path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(json_path, text)
    if markdown is not None:
        markdown.parent.mkdir(parents=True, exist_ok=True)
        write_whole(markdown, report.markdown(gate, status))
    if archive is not None:
        results = [
            replace(result, example=f"gate, stage {stage}")
            for stage, found in enumerate(gate.stages, 1)
            for result in found.values()
        ]
        run = Run.of(
            results,
            profile=gate.plan.name,
            complete=gate.complete,
            machine=gate.machine,
            packages={},  # those of the sides are in their own environments
            build=gate.sides[CANDIDATE].build,
            gate=document,
        )
        print(f"added {Archive(archive).add(run).name} to {archive}", file=sys.stderr)


def show(gate: Gate, status: int) -> None:
    """Print the table and its explanation."""
    print_table(report.table(gate))
    print()
    for note in (*gate.machine["notes"], *gate.notes):
        print(note)
    print(report.explain(gate))
    if gate.counts:
        print(report.explain_counts(gate))
    for name in gate.causes:
        causes = report.where_to_look(gate, name)
        if not causes.empty:
            print()
            print_table(causes.set_index(report.CAUSE), f"{name}: where to look, per execution")
    print(f"gate: {report.sentence(gate, status)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

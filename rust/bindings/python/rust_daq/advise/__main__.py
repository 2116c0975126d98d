"""``python -m rust_daq.advise``: what to use at a sampling rate, from the runs in your archive."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from shlex import quote

from evenhand import Archive, ArchiveError, Run
from evenhand.cli.commands import ARCHIVE_VARIABLE, DEFAULT_ARCHIVE, RUN_HELP, default_archive
from evenhand.cli.flags import USAGE, FlagParser, number, path, share, whole_number
from evenhand.cli.terminal import literal, prepare_streams, print_table
from evenhand.measure.records import data_frame
from evenhand.results.result import Result
from evenhand.runs.archive import opened
from rust_daq.advise.advice import SOURCES, hertz
from rust_daq.advise.choice import advise
from rust_daq.advise.measured import NEEDED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns
    -------
    int
        0 for success, or 2 after an error message on standard error.
    """
    prepare_streams()
    chosen = parser().parse_args(arguments)
    archive = Archive(chosen.archive or default_archive())
    try:
        run = measured(archive) if chosen.run is None else complete(archive, chosen.run)
    except ArchiveError as error:
        print(f"rust_daq.advise: {literal(error)}", file=sys.stderr)
        return USAGE
    advice = advise(run, rate=chosen.rate, channels=chosen.channels, loss=chosen.loss, latency=chosen.latency)
    answers = advice.answers()
    if chosen.json:
        document = {"run": run.id, "answers": answers, "measured_in": SOURCES, "program": advice.snippet}
        print(json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False))
        return 0
    rows = {what: {"answer": text, "measured in": SOURCES.get(what, "")} for what, text in answers.items()}
    asked = f"{hertz(advice.rate)}, {advice.channels} channel{'s' if advice.channels > 1 else ''}"
    print_table(data_frame(list(rows.values()), index=list(rows)).rename_axis("what"), asked)
    print(f"the newest run used: measured {run.document['measured']}, profile {run.document['profile']}, run {run.id}")
    if advice.snippet:
        print(f"\n{advice.snippet}", end="")
    return 0


def parser() -> FlagParser:
    """Return the parser of the command's flags."""
    made = FlagParser(
        prog="python -m rust_daq.advise", description="Recommend what to use at a sampling rate, from measurements."
    )
    made.add_argument("--rate", type=number, required=True, metavar="HZ", help="samples per second of each channel")
    made.add_argument("--channels", type=whole_number, default=1, metavar="N", help="number of channels (default: 1)")
    made.add_argument(
        "--loss", type=share, default=0.0, metavar="SHARE", help="share of points that may be lost; 0.01 is 1 %%"
    )
    made.add_argument(
        "--latency", type=number, default=math.inf, metavar="S", help="the most seconds from a sample to its delivery"
    )
    made.add_argument("--run", metavar="RUN", help=f"{RUN_HELP} (default: the newest with the needed measurements)")
    made.add_argument(
        "--archive",
        type=path,
        metavar="DIR",
        help=f"the folder of runs (default: ${ARCHIVE_VARIABLE}, or {DEFAULT_ARCHIVE})",
    )
    made.add_argument("--json", action="store_true", help="write only JSON to standard output")
    return made


def complete(archive: Archive, name: str) -> Run:
    """Open the named run, which must have every measurement that advice needs."""
    run = opened(archive, name)
    if missing := [key for key in NEEDED if key not in run.results]:
        raise ArchiveError(not_measured(missing, f"run {run.id}", archive))
    return run


def measured(archive: Archive) -> Run:
    """Collect the newest needed results of an archive; each run of a script has the results of one example only."""
    if not archive.folder.is_dir():
        message = (
            f"the archive {archive.folder} does not exist; create it with --archive of an example's script, or pass "
            "another with --archive"
        )
        raise ArchiveError(message)
    newest: Run | None = None
    found: dict[str, Result] = {}
    for run in reversed(archive.runs().runs):
        wanted = [key for key in NEEDED if key in run.results and key not in found]
        if wanted and (newest is None or not newest.differences(run)):
            newest = newest or run
            found |= {key: run.results[key] for key in wanted}
    missing = [key for key in NEEDED if key not in found]
    if missing or newest is None:
        raise ArchiveError(not_measured(missing, f"the archive {archive.folder.name}", archive))
    return Run(newest.document, found)


def not_measured(keys: Sequence[str], where: str, archive: Archive) -> str:
    """Describe the missing measurements, and the examples that measure them."""
    scripts = sorted({key.partition("/")[0] for key in keys})
    commands = "; ".join(f"python {script}.py --archive {quote(str(archive.folder))}" for script in scripts)
    return f"{where} has no {', '.join(keys)}; to measure, run {commands}"


if __name__ == "__main__":
    sys.exit(main())

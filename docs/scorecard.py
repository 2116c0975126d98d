"""The scorecard of the page "Choose": this package against others, operation by operation, as the run judges it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape

import pandas as pd

from evenhand import Number, Pair, Run, TableMarkup
from evenhand.judge.wording import Outcome
from evenhand.results import quantity

BETTER, WORSE = "faster", "slower"
SIZES = {BETTER: "smaller", WORSE: "larger"}
"""The words for bytes."""


@dataclass(frozen=True)
class Comparison:
    """An operation of this package and of another one.

    Parameters
    ----------
    operation : str
        What both do.
    other : str
        What this package is compared with, as a reader calls it.
    compared : str
        The pair, ``path of this package's number vs other contender``.
    judged : bool
        Whether the measurement has the rounds for a verdict; otherwise the ratio is shown without one.
    """

    operation: str
    other: str
    compared: str
    judged: bool = True

    @property
    def pair(self) -> Pair:
        """The pair of contenders."""
        return Pair.parse(self.compared)

    @property
    def page(self) -> str:
        """The page with the measurement."""
        return f"gallery/{self.pair.example}.html"

    @property
    def counts_bytes(self) -> bool:
        """Whether bytes are compared, and not time."""
        return self.pair.path.endswith("_bytes")

    def outcome(self, run: Run) -> Outcome:
        """Return the verdict of the run; a contender that is not installed there was not measured."""
        try:
            return self.pair.outcome(run) if self.judged else self.unjudged(run)
        except KeyError:
            return "not measured"

    def unjudged(self, run: Run) -> Outcome:
        """Return whether the two numbers are there; KeyError where one is not."""
        self.numbers(run)
        return "not measured" if run.cut(self.pair.path) else "not judged"

    def numbers(self, run: Run) -> tuple[str, str]:
        """Write both numbers, this package's first."""
        if self.judged:
            return self.pair.written(run)
        measurement, contender, column = self.place
        this, other = (
            quantity.written(*run.value(f"{measurement}/{name}/{column}")) for name in (contender, self.pair.other)
        )
        return this, other

    def ratio(self, run: Run) -> str:
        """Write this package's number over the other one, of rates the other way round; below 1 is better here."""
        if self.judged:
            return quantity.ratio(self.pair.ratio(run))
        measurement, contender, column = self.place
        # Without a verdict no interval was corrected, so only the number is shown.
        return quantity.digits(Number(contender, column, self.pair.other).ratio(run.part(measurement)).value)

    @property
    def place(self) -> tuple[str, str, str]:
        """The measurement, the contender and the column of this package's number."""
        example, result, contender, column = self.pair.path.split("/")
        return f"{example}/{result}", contender, column

    def verdict(self, run: Run) -> str:
        """Say the verdict in a word that fits the number."""
        outcome = self.outcome(run)
        return SIZES.get(outcome, outcome) if self.counts_bytes else outcome

    def row(self, run: Run) -> dict[str, str]:
        """The texts of its row."""
        known = self.outcome(run) != "not measured"
        this, other = self.numbers(run) if known else (quantity.MISSING, quantity.MISSING)
        return {
            "operation": self.operation,
            "this package": this,
            "compared with": f"{self.other}: {other}",
            "ratio (95 % interval)": self.ratio(run) if known else quantity.MISSING,
            "verdict": self.verdict(run),
        }


READY = "benchmark_datapoint/ready/rust_daq.DataPoint"
STORED = "benchmark_memory/footprint/rust_daq.DataPoint/100000/per_point_bytes"
ACQUISITION = "compare_alternatives/acquisition/rust_daq.Pipeline/p99_ns"
WRITTEN = "storage/costs/ArrowWriter/flushed_per_second"
ROW = "storage/costs/ArrowWriter/row_bytes"

GROUPS: dict[str, tuple[Comparison, ...]] = {
    "One point": (
        Comparison("make a point", "dict", f"{READY} vs dict"),
        Comparison("make a point", "dataclass with slots", f"{READY} vs dataclass, slots"),
        Comparison("make a point", "msgspec.Struct", f"{READY} vs msgspec.Struct"),
        Comparison(
            "make and stamp a point",
            "dict and datetime.now",
            "timestamps/clock/stamped in Rust vs dict, stamped by datetime.now",
        ),
        Comparison(
            "read a value of a point", "msgspec.Struct", "timestamps/reading/.value vs attribute of msgspec.Struct"
        ),
        Comparison("store a point", "dict", f"{STORED} vs dict"),
        Comparison("store a point", "dataclass with slots", f"{STORED} vs dataclass, slots"),
        Comparison("store a point", "msgspec.Struct", f"{STORED} vs msgspec.Struct"),
    ),
    "Blocks of samples": (
        Comparison("make a list of 1,000 points", "dict", "batches/block/Channel.points vs dict"),
        Comparison("make a list of 1,000 points", "msgspec.Struct", "batches/block/Channel.points vs msgspec.Struct"),
        Comparison("make columns of 100,000 samples", "NumPy", "batches/columns/Channel.batch vs NumPy"),
        Comparison(
            "loop over a million points",
            "existing msgspec.Structs",
            "batches/iteration/Batch, iterated vs list of msgspec.Struct",
        ),
        Comparison(
            "store a sample of a batch",
            "list of msgspec.Struct",
            "zero_copy/footprint/batch/100000/per_point_bytes vs list of msgspec.Struct",
        ),
    ),
    "Processing": (
        Comparison("moving average of 16", "bottleneck", "processors/average_16/rust_daq vs bottleneck"),
        Comparison("moving average of 16", "SciPy", "processors/average_16/rust_daq vs uniform_filter1d"),
        Comparison("moving average of 16", "NumPy, cumulated sum", "processors/average_16/rust_daq vs cumulated sum"),
        Comparison(
            "moving average of 1,000", "bottleneck", "processors/windows/rust_daq, 1000/1000000 vs bottleneck, 1000"
        ),
        Comparison("filter of order 2", "SciPy", "processors/filter/rust_daq, order 2 vs sosfilt, order 2"),
        Comparison("filter of order 8", "SciPy", "processors/filter/rust_daq, order 8 vs sosfilt, order 8"),
        Comparison("filter blocks of 16", "SciPy", "processors/chunks/Iir/16 vs sosfilt"),
        Comparison("spectra", "SciPy", "processors/spectrum/Fft, decibels vs scipy.fft, blocks"),
    ),
    "Acquisition": (
        Comparison("response at 1 kHz, p99", "thread, queue and NumPy", f"{ACQUISITION} vs NumPy, queue, thread"),
        Comparison("response at 1 kHz, p99", "a loop in Python", f"{ACQUISITION} vs pure Python"),
        Comparison(
            "processor time of a point at 1 MHz",
            "thread, queue and NumPy",
            "pipeline/cost/pipeline/cpu_per_point_ns vs NumPy, queue",
        ),
    ),
    "Files": (
        Comparison("write and flush blocks", "HDF5 (h5py)", f"{WRITTEN} vs h5py", judged=False),
        Comparison("write and flush blocks", "csv", f"{WRITTEN} vs csv", judged=False),
        Comparison("write and flush blocks", "Arrow stream (pyarrow)", f"{WRITTEN} vs pyarrow, stream", judged=False),
        Comparison("size of a row", "HDF5 (h5py)", f"{ROW} vs h5py", judged=False),
        Comparison("size of a row", "Parquet (pyarrow)", f"{ROW} vs pyarrow, Parquet", judged=False),
        Comparison("read a recording", "pyarrow", "streams/read/open_recording vs pyarrow"),
    ),
}
"""Every comparison, by what it is about; none is chosen by its outcome."""


def tables(run: Run) -> list[TableMarkup]:
    """Make a table for each group."""
    return [table(run, title) for title in GROUPS]


def table(run: Run, title: str) -> TableMarkup:
    """Make the table of a group; an operation links to its measurement."""
    found = GROUPS[title]
    frame = pd.DataFrame([comparison.row(run) for comparison in found]).set_index("operation")
    notes = []
    if not all(comparison.judged for comparison in found):
        notes.append("not judged: this measurement compares no contenders, so its ratios are shown without intervals.")
    return TableMarkup(frame, title, notes, links={comparison.operation: comparison.page for comparison in found})


class Summary:
    """How many comparisons came out which way, and every one in which another package is better.

    Parameters
    ----------
    run : Run
        What judges them.
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def _repr_html_(self) -> str:
        found = [comparison for group in GROUPS.values() for comparison in group]
        lost = [comparison for comparison in found if comparison.outcome(self.run) == WORSE]
        counts = Counter(comparison.outcome(self.run) for comparison in found)
        return f"<p>{escape(sentence(counts, len(found)))}</p>{self.losses(lost)}"

    def losses(self, lost: list[Comparison]) -> str:
        """List the comparisons in which the other side is better."""
        if not lost:
            return ""
        items = "".join(f"<li>{self.loss(comparison)}</li>" for comparison in lost)
        return f"<p>The other side is better here:</p><ul>{items}</ul>"

    def loss(self, comparison: Comparison) -> str:
        """Write one of them."""
        this, other = (escape(number) for number in comparison.numbers(self.run))
        link = f'<a href="{comparison.page}">{escape(comparison.operation)}</a>'
        return f"{link}: {escape(comparison.other)} {other}, this package {this}"


def sentence(counts: Counter[Outcome], total: int) -> str:
    """Say how the comparisons came out."""
    if counts["not measured"] == total:
        return f"This run measured none of these {total} comparisons."
    if not counts[BETTER] and not counts[WORSE] and not counts["no difference shown"]:
        return (
            f"This run decides none of these {total} comparisons: it has too few rounds, or its intervals are too wide."
        )
    ends = {
        BETTER: "this package is faster or smaller in {}",
        WORSE: "slower or larger in {}",
        "no difference shown": "no difference is shown in {}",
        "inconclusive": "{} inconclusive",
        "not judged": "{} not judged",
        "not measured": "{} not measured",
    }
    parts = [words.format(counts[outcome]) for outcome, words in ends.items() if counts[outcome]]
    return f"Of {total} comparisons in this run: {'; '.join(parts)}."

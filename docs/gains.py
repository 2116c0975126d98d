"""The table and the figure of the page "Fix what is slow": each entry with its fix, and the gain of this run."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from absence import ABSENT
from evenhand import Estimate, FigureMarkup, Pair, Run, TableMarkup, dumbbells
from evenhand.judge.wording import Outcome
from evenhand.results import quantity
from evenhand.results.figure import blank

ELSEWHERE = "not a matter of speed"
"""The gain of an entry that has no factor."""


@dataclass(frozen=True)
class Entry:
    """An entry of the page.

    Parameters
    ----------
    symptom : str
        What the reader sees; a link to the entry.
    anchor : str
        The entry's place on the page.
    fix : str
        What to do, in a few words.
    compared : str
        The pair whose gain is shown, ``path of the number after vs contender before``; empty where there is none.
    """

    symptom: str
    anchor: str
    fix: str
    compared: str = ""

    def outcome(self, run: Run) -> Outcome | None:
        """Return the verdict of the run on the fix; None where the run lacks one of the two numbers."""
        try:
            return Pair.parse(self.compared).outcome(run)
        except KeyError:
            return None

    def factor(self, run: Run) -> float:
        """Return the factor that the fix gains; 0 where the run shows no gain."""
        if not self.compared or self.outcome(run) != "faster":
            return 0.0
        return 1 / Pair.parse(self.compared).ratio(run).value

    def row(self, run: Run) -> dict[str, str]:
        """The texts of its row."""
        texts = {"symptom": self.symptom, "fix": self.fix, "before": quantity.MISSING, "after": quantity.MISSING}
        if not self.compared:
            return texts | {"gain": ELSEWHERE}
        if self.outcome(run) is None:
            return texts | {"gain": f"no gain shown: {ABSENT}"}
        pair = Pair.parse(self.compared)
        after, before = pair.written(run)
        return texts | {"before": before, "after": after, "gain": pair.gain(run)}


ENTRIES = (
    Entry(
        "the loop cannot keep up",
        "1-the-loop-cannot-keep-up",
        "read in batches of 1,000",
        "pipeline/highest/per batch/highest_per_second vs per point",
    ),
    Entry(
        "a few samples are very late",
        "2-latency-has-spikes",
        "let a pipeline read, without a callback",
        "pipeline/busy/pipeline, busy/p99_ns vs Python, busy",
    ),
    Entry(
        "the process grows",
        "3-memory-grows",
        "store batches, not objects",
        "zero_copy/footprint/batch/100000/per_point_bytes vs list of points",
    ),
    Entry("there are gaps in the recording", "4-points-are-missing", "choose what to drop"),
    Entry(
        "the first point is late",
        "5-it-starts-slowly",
        "import NumPy only where it is needed",
        "imports/imports/interpreter alone vs numpy",
    ),
    Entry(
        "the processing lags behind",
        "6-processing-lags",
        "one call for a thousand samples",
        "crossing/average/one call for all vs called from Python",
    ),
    Entry("the file is too large, or lost", "7-the-file-is-too-large-or-lost", "write an Arrow stream in blocks"),
    Entry(
        "a plot or a window freezes",
        "8-other-python-threads-stall",
        "use calls that release the GIL",
        "gil/calls/MovingAverage.process vs another count",
    ),
    Entry(
        "making points takes long",
        "9-making-points-takes-long",
        "let Rust stamp the time",
        "timestamps/clock/stamped in Rust vs stamped by datetime.now",
    ),
    Entry(
        "handing arrays over takes long",
        "10-handing-arrays-over-takes-long",
        "pass views, not copies",
        "zero_copy/views/pyarrow.table(batch) vs a copy of both columns",
    ),
)


def table(run: Run) -> TableMarkup:
    """Make the table, the largest gain first; entries without a gain follow in the order of the page."""
    found = sorted(ENTRIES, key=lambda entry: (-entry.factor(run), not entry.compared))
    frame = pd.DataFrame([entry.row(run) for entry in found]).set_index("symptom")
    return TableMarkup(
        frame, "Symptoms, the largest gain first", links={entry.symptom: f"#{entry.anchor}" for entry in found}
    )


BEFORE = Estimate(1.0, math.nan, math.nan, 0.95, 0)
"""The cost before a fix, as the unit of the cost after it."""


def figure(run: Run) -> FigureMarkup | None:
    """Draw what each fix leaves of the cost; None where the run measured no pair.

    A rate counts as its inverse, the time per point.
    """
    measured = {
        entry.fix: Pair.parse(entry.compared)
        for entry in ENTRIES
        if entry.compared and entry.outcome(run) not in {None, "not measured"}
    }
    if not measured:
        return None
    rows = {fix: {"before": BEFORE, "after": pair.ratio(run)} for fix, pair in measured.items()}
    texts = {fix: " \u2192 ".join(reversed(pair.written(run))) for fix, pair in measured.items()}
    drawing, ax = blank()
    dumbbells(rows, ax, label="cost, as a multiple of the cost before the fix (less is better)", unit="", texts=texts)
    caption = "Before and after each fix in this run; a thick line is the interval. The table has the verdicts."
    return FigureMarkup(drawing, caption)

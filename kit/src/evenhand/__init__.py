"""Measure any statement of any package, and report how certain the number is.

Contenders run in fresh processes that take turns.  Each ratio has an interval, and a verdict may be "inconclusive".
Figures and heap counts are the extras ``figures`` and ``memory``.
"""

from evenhand.cli.example import settings
from evenhand.judge.claim import Claim, Judgement
from evenhand.judge.decision import decide, fewest_rounds
from evenhand.judge.estimate import Estimate
from evenhand.judge.metric import AtLeast, Bytes, Cost, Missed, Number, Percentile, PerPoint, Reading, Scaling, Tail
from evenhand.judge.wording import Pair, Wording
from evenhand.measure.deadlines import deadlines, highest_rate, responses, search_step
from evenhand.measure.equality import check_equal
from evenhand.measure.killed import killed
from evenhand.measure.process import WorkerError
from evenhand.measure.settings import Settings
from evenhand.measure.statement import Statement, statements
from evenhand.results.comparison import Comparison, compare
from evenhand.results.dumbbells import dumbbells
from evenhand.results.figure_markup import FigureMarkup
from evenhand.results.footprint import Footprint, footprint, footprint_self_test
from evenhand.results.latency import Latency, latency
from evenhand.results.paced import Paced, paced
from evenhand.results.result import Interrupted
from evenhand.results.self_reported import Observed, observe
from evenhand.results.table_markup import TableMarkup
from evenhand.results.throughput import Throughput, throughput
from evenhand.runs.archive import Archive
from evenhand.runs.machine import machine
from evenhand.runs.run import Run, current_run
from evenhand.runs.run_folder import ArchiveError

__version__ = "0.1.0"

__all__ = [
    "Archive",
    "ArchiveError",
    "AtLeast",
    "Bytes",
    "Claim",
    "Comparison",
    "Cost",
    "Estimate",
    "FigureMarkup",
    "Footprint",
    "Interrupted",
    "Judgement",
    "Latency",
    "Missed",
    "Number",
    "Observed",
    "Paced",
    "Pair",
    "PerPoint",
    "Percentile",
    "Reading",
    "Run",
    "Scaling",
    "Settings",
    "Statement",
    "TableMarkup",
    "Tail",
    "Throughput",
    "Wording",
    "WorkerError",
    "check_equal",
    "compare",
    "current_run",
    "deadlines",
    "decide",
    "dumbbells",
    "fewest_rounds",
    "footprint",
    "footprint_self_test",
    "highest_rate",
    "killed",
    "latency",
    "machine",
    "observe",
    "paced",
    "responses",
    "search_step",
    "settings",
    "statements",
    "throughput",
]

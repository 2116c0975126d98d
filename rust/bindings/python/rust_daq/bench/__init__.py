"""Measure any statement of any package, and say how sure the number is.

Install it with ``pip install "rust-daq[bench]"``.
"""

from rust_daq.bench.archive import Archive
from rust_daq.bench.claim import Claim, Judgement
from rust_daq.bench.comparison import Comparison, compare
from rust_daq.bench.deadlines import deadlines, highest_rate, responses, search_step
from rust_daq.bench.decision import decide, fewest_rounds
from rust_daq.bench.equality import check_equal
from rust_daq.bench.estimate import Estimate
from rust_daq.bench.example import settings
from rust_daq.bench.figure_markup import FigureMarkup
from rust_daq.bench.footprint import Footprint, footprint, footprint_self_test
from rust_daq.bench.killed import killed
from rust_daq.bench.latency import Latency, latency
from rust_daq.bench.machine import machine
from rust_daq.bench.markup import TableMarkup
from rust_daq.bench.observed import Observed, observe
from rust_daq.bench.paced import Paced, paced
from rust_daq.bench.process import WorkerError
from rust_daq.bench.reading import AtLeast, Bytes, Cost, Missed, Number, Percentile, PerPoint, Reading, Scaling, Tail
from rust_daq.bench.result import Interrupted
from rust_daq.bench.run import Run, current_run
from rust_daq.bench.run_folder import ArchiveError
from rust_daq.bench.settings import Settings
from rust_daq.bench.statement import Statement, statements
from rust_daq.bench.throughput import Throughput, throughput
from rust_daq.bench.wording import Pair, Wording

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

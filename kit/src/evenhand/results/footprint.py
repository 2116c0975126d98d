"""`footprint`: the memory of a batch, by three counters, each in its own process."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

from evenhand.judge.decision import Verdict, decide
from evenhand.judge.estimate import Estimate
from evenhand.judge.statistics import noise_floor
from evenhand.measure.arguments import whole, whole_numbers
from evenhand.measure.memory import (
    COUNTED,
    EMPTY,
    count_empty,
    count_run,
    expression,
    not_available,
    own_cost,
    seconds_of,
)
from evenhand.measure.process import WorkerProcess
from evenhand.measure.records import Sample, data_frame
from evenhand.measure.sampling import Sampler, measure
from evenhand.measure.settings import Settings
from evenhand.measure.statement import Setup, Statement, statements
from evenhand.results import quantity
from evenhand.results.result import FLOOR, FLOOR_MARK, Result, text_columns

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SIZES = (1_000, 10_000, 100_000)
RUNS = 3
FEWEST_RUNS = 2
"""With fewer runs there is no range and no verdict."""
SELF_TEST_BYTES = 4 * 2**20
"""Much larger than a counter's own memory and than the pages by which the resident size grows."""
OWN = "bytes made by Python"
FOREIGN_EXAMPLE = "pass one such as {'bytes made by Rust': Statement('allocate(n)', 'from mine import allocate')}"


class Footprint(Result):
    """Memory of a batch while it is referenced, by three counters.

    `tracemalloc` counts allocations by Python's own allocator, but none that an extension makes elsewhere.  The heap,
    counted with `memray`, includes all of them, also those by Rust.  The resident size is the growth of the process
    in RAM.  It is approximate: it counts whole pages, includes memory that was freed but not returned, and changes
    with the machine's swapping.

    Examples
    --------
    >>> import evenhand as bench
    >>> result = bench.footprint({"floats": "[float(i) for i in range(n)]"}, sizes=[1_000], runs=1)
    >>> result.per_point("floats", 1_000)[0] > 24  # 8 for the entry in the list, more for the float
    True
    """

    kind: ClassVar[str] = "footprint"

    def series(self) -> Mapping[tuple[Any, ...], pd.Series]:
        """Return nothing: a count has no sampling error, and its range over runs takes the place of an interval."""
        return {}

    @cached_property
    def counts(self) -> pd.DataFrame:
        """Median, lowest and highest count over runs; rows (contender, size, quantity)."""
        grouped = self.samples.groupby(["contender", "size", "quantity"])["value"]
        return grouped.agg(["median", "min", "max"])

    @property
    def sizes(self) -> list[int]:
        """The requested batch sizes."""
        return [int(size) for size in self.settings["sizes"]]

    def count(self, contender: str, size: int, what: str) -> tuple[float, float, float]:
        """Return the median, lowest and highest count of `what`; NaN if its counter is not available.

        Parameters
        ----------
        contender : str
            Name of a contender.
        size : int
            One of `sizes`.
        what : str
            ``traced_current_bytes``, ``traced_peak_bytes``, ``heap_bytes``, ``heap_peak_bytes`` or
            ``resident_bytes``.
        """
        key = (contender, size, what)
        if key not in self.counts.index:
            return (math.nan, math.nan, math.nan)
        row = self.counts.loc[key]
        return float(row["median"]), float(row["min"]), float(row["max"])

    @cached_property
    def source(self) -> str:
        """The counter for the bytes per point: the heap if available, else `tracemalloc`."""
        return "heap" if "heap_bytes" in self.counts.index.get_level_values("quantity") else "tracemalloc"

    def per_point(self, contender: str, size: int) -> tuple[float, float, float]:
        """Return bytes per point: the held bytes over the size; median, lowest, highest."""
        held = "heap_bytes" if self.source == "heap" else "traced_current_bytes"
        median, low, high = (count / size for count in self.count(contender, size, held))
        return median, low, high

    def ratio(self, contender: str, size: int, what: str, to: str | None = None, of: str | None = None) -> Estimate:
        """Return a count of `contender` over a count of `to` (by default the baseline).

        Unlike a time, a count has no sampling error.  The interval is therefore the range that the runs allow: from
        the lowest over the highest to the highest over the lowest.  It needs two runs.

        Parameters
        ----------
        contender, to : str
            Names of contenders.
        size : int
            One of `sizes`.
        what, of : str
            As for `count`; `of` is the quantity of `to`, by default the same.
        """
        value, low, high = self.count(contender, size, what)
        other, lowest, highest = self.count(to or self.baseline, size, of or what)
        runs = int(self.settings["runs"])
        if not lowest > 0:
            return Estimate.unknown()  # there is no ratio to 0
        if runs < FEWEST_RUNS:
            low = high = math.nan
        return Estimate(value / other, low / highest, high / lowest, 1.0, runs)

    def at_floor(self, contender: str, size: int, what: str) -> bool:
        """Whether a count is within three times its counter's own memory; it is then not judged."""
        return self.count(contender, size, what)[0] <= FLOOR * self.count(EMPTY, 0, what)[0]

    def verdict(self, contender: str, size: int, what: str, to: str | None = None, of: str | None = None) -> Verdict:
        """Judge a count against one of `to` with the project's one decision function; not at the floor.

        Parameters
        ----------
        contender, to, size, what, of
            As for `ratio`.
        """
        if self.at_floor(contender, size, what) or self.at_floor(to or self.baseline, size, of or what):
            return "not judged"
        return decide(self.ratio(contender, size, what, to, of))

    def sentence(self, contender: str, size: int) -> str:
        """Describe in a sentence the memory of a point, and its ratio to the baseline."""
        mine = self.per_point(contender, size)[0]
        text = f"a point of {contender} takes {quantity.memory(mine)} in a batch of {quantity.written('', size)}"
        ratio = quotient(mine, self.per_point(self.baseline, size)[0])
        if contender == self.baseline or math.isnan(ratio):
            return f"{text} ({self.source})"
        return f"{text}, {quantity.digits(ratio)} times as much as {self.baseline} ({self.source})"

    def facts(self) -> dict[str, Any]:
        """Return the contenders with the smallest and largest memory at the largest size, and each counter's own."""
        size = max(self.sizes)
        spans = {name: self.per_point(name, size) for name in self.contenders}
        ranking = sorted(spans, key=lambda name: spans[name][0])
        facts: dict[str, Any] = {"smallest": ranking[0], "largest": ranking[-1], "counted_by": self.source}
        if len(ranking) > 1 and not spans[ranking[0]][2] < spans[ranking[1]][1]:
            facts["smallest"] = f"no clear winner between {ranking[0]} and {ranking[1]}"
        if pairs := self.identical:
            held = "heap_bytes" if self.source == "heap" else "traced_current_bytes"
            sizes = self.sizes
            facts["noise_floor"] = noise_floor(self.ratio(one, size, held, two) for one, two in pairs for size in sizes)
        own = {what: self.count(EMPTY, 0, what)[0] for whats in COUNTED.values() for what in whats}
        return facts | {f"empty_statement_{what}": count for what, count in own.items()}

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per contender and size: counts with their lowest and highest, bytes per point, ratio."""
        rows = []
        for name in self.contenders:
            for size in self.sizes:
                row: dict[str, Any] = {"contender": name, "size": size}
                for what in (what for whats in COUNTED.values() for what in whats):
                    stem = what.removesuffix("_bytes")
                    row[what], row[f"{stem}_low_bytes"], row[f"{stem}_high_bytes"] = self.count(name, size, what)
                row["per_point_bytes"] = self.per_point(name, size)[0]
                row["per_point_ratio"] = quotient(row["per_point_bytes"], self.per_point(self.baseline, size)[0])
                row["per_point_counted_by"] = self.source
                row["runs"] = int(self.settings["runs"])
                row["sentence"] = self.sentence(name, size)
                rows.append(row)
        return data_frame(rows).set_index(["contender", "size"])

    def table(self) -> pd.DataFrame:
        """Return the counts as text, with a range if runs differ, and "not available" if a counter is missing."""
        return text_columns(
            self.to_pandas(),
            {
                "tracemalloc, held": lambda row: self._written(row, "traced_current"),
                "tracemalloc, peak": lambda row: self._written(row, "traced_peak"),
                "heap, held": lambda row: self._written(row, "heap"),
                "heap, peak": lambda row: self._written(row, "heap_peak"),
                "resident (approximate)": lambda row: self._written(row, "resident"),
                f"per item ({self.source})": lambda row: quantity.memory(row.per_point_bytes),
            },
        )

    def _written(self, row: Any, stem: str) -> str:
        """Format a count with its range, marked if it is at the counter's floor."""
        text, (contender, size) = span(row, stem), row.Index
        return f"{text} {FLOOR_MARK}" if self.at_floor(contender, size, f"{stem}_bytes") else text

    def remarks(self) -> tuple[str, ...]:
        """Explain the mark, if there is one."""
        counts = [what for whats in COUNTED.values() for what in whats]
        if not any(self.at_floor(*one) for one in product(self.contenders, self.sizes, counts)):
            return ()
        of = f"within {FLOOR:g} times the count of an empty statement"
        return (f"{FLOOR_MARK} {of}, so neither it nor a ratio to it is judged",)

    def draw(self, ax: Axes) -> None:
        """Draw bytes per item in the largest batch, one bar per contender, sorted; the table has the other sizes."""
        from evenhand.results.rows import Row, bars

        size = self.sizes[-1]
        counts = {name: float(self.to_pandas()["per_point_bytes"][name, size]) for name in self.contenders}
        rows = {name: Row(count, quantity.memory(count)) for name, count in counts.items()}
        label = f"memory per item in a batch of {quantity.written('', size)} ({self.source})"
        bars(ax, rows, unit="_bytes", label=label, baseline=self.baseline)


def quotient(count: float, other: float) -> float:
    """Return the ratio of two counts; NaN where the other is not above 0, as for a statement that allocates nothing."""
    return count / other if other > 0 else math.nan


def span(row: Any, stem: str) -> str:
    """Format a count, with its lowest and highest if their text differs."""
    value, low, high = (getattr(row, f"{stem}{end}_bytes") for end in ("", "_low", "_high"))
    if math.isnan(value):
        return "not available"
    text, lowest, highest = (quantity.memory(count) for count in (value, low, high))
    return text if lowest == highest else f"{text} ({lowest} to {highest})"


def footprint(
    contenders: Mapping[str, str | Callable[..., Any] | Statement],
    *,
    sizes: Sequence[int] = SIZES,
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
    name: str = "footprint",
    settings: Settings | None = None,
    share: float = 1.0,
    runs: int | None = None,
) -> Footprint:
    """Count the memory of batches with `tracemalloc`, on the whole heap, and as resident size.

    Each number comes from its own process, in which nothing is timed.  The statement is first evaluated there for one
    item, so that one-time allocations are not counted, then for `n` items.  Its result is kept while the counter is
    read.  Only allocations during this evaluation are counted, so the names of `setup` are not.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        Expressions that make a batch of `n` items (``"[point() for i in range(n)]"``), or callables that take
        `n`; the first is the baseline.
    sizes : sequence of int
        The values of `n`.
    setup, namespace : optional
        For contenders that are not a `Statement`; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        The settings of the script or the docs build; their option ``runs``, if any, is the default of `runs`.
    share : float
        The part of the example's seconds that this call may use; it may lower `runs`, never raise it.
    runs : int, optional
        How often each number is counted; the table shows the median.

    Returns
    -------
    Footprint

    Raises
    ------
    TypeError, ValueError
        If a statement is not an expression, `sizes` is empty, or `sizes` or `runs` are not whole numbers above 0.
    WorkerError
        If a statement fails, or its worker dies or hangs.

    Examples
    --------
    >>> import evenhand as bench
    >>> result = bench.footprint({"bytes": "bytes(n)", "array": "bytearray(n)"}, sizes=[100_000], runs=1)
    >>> result.count("bytes", 100_000, "traced_current_bytes")[0] >= 100_000
    True
    """
    settings = settings or Settings()
    stated = statements(contenders, setup, namespace)
    if runs is None:
        runs = settings.options.get("runs", RUNS)
    plan = {"sizes": whole_numbers("sizes", sizes), "most_runs": whole("runs", runs)}
    for contender, statement in stated.items():
        expression(contender, statement)
    return measure(ByteSampler(stated, plan, 0), name, settings, share)


class ByteSampler(Sampler[Footprint]):
    """Counts bytes, each in its own process; nothing is timed, so they may run in parallel."""

    kind = Footprint
    rounds_are = "runs"
    foresees = False

    def workers(self, index: int) -> nullcontext[Mapping[str, WorkerProcess]]:
        """Return no workers, because none lives for a whole round."""
        del index
        return nullcontext({})

    def prepare(self, workers: Mapping[str, WorkerProcess]) -> float:
        """Try each contender at a small size, if the number of runs depends on its time."""
        del workers
        self.missing: dict[str, str] = {}
        return seconds_of(self.stated, self.plan["sizes"]) if self.plan["most_runs"] > 1 else 0.0

    def rounds(self, settings: Settings, seconds: float, share: float) -> int:
        """Return the number of runs that fit into the seconds, up to the requested one; at least two if judged."""
        most: int = self.plan["most_runs"]
        if not settings.limited or most == 1:
            return most
        fewest = min(most, FEWEST_RUNS if settings.judges else 1)
        if settings.seconds is None:
            return fewest
        return max(fewest, min(most, int(settings.seconds * share / seconds)))

    def sample(self, workers: Mapping[str, WorkerProcess], index: int) -> Sequence[Sample]:
        """Count each contender at each size with each counter, and in the first run also an empty statement."""
        del workers
        empty = count_empty(self.missing) if index == 0 else []
        return [*empty, *count_run(self.stated, self.plan["sizes"], index, self.missing)]

    def notes(self, samples: Sequence[Sample], rounds: int) -> Sequence[str]:
        """Return notes on empty columns, and on the counters' own memory."""
        del rounds
        return [*(not_available(counter, why) for counter, why in self.missing.items()), *own_cost(samples)]


def footprint_self_test(
    foreign: Mapping[str, str | Statement], *, name: str = "self_test", settings: Settings | None = None
) -> Footprint:
    """Show what each column counts: the same known number of bytes, allocated by Python and by a package's code.

    A counter that sees an allocation shows 1 byte for each allocated byte.  A counter that misses it shows almost 0.

    Parameters
    ----------
    foreign : mapping of str to str or Statement
        By the name of a row: an expression that allocates and writes ``n`` bytes with the allocator of the measured
        code.  It has to write them, because the system assigns no pages to memory that is only reserved.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        The settings of the script or the docs build.

    Returns
    -------
    Footprint
        With one size, the number of allocated bytes.

    Raises
    ------
    TypeError
        If `foreign` is not a mapping of statements.
    ValueError
        If `foreign` is empty, has the row name of Python's own bytes, or has a statement that is not an expression.

    Examples
    --------
    Arrow has its own allocator, which `tracemalloc` does not see:

    >>> import evenhand as bench
    >>> nulls = bench.Statement("pa.nulls(n, pa.int8())", "import pyarrow as pa")
    >>> result = bench.footprint_self_test({"bytes made by Arrow": nulls})
    >>> size = result.sizes[0]
    >>> result.count("bytes made by Arrow", size, "traced_current_bytes")[0] < size / 10
    True
    """
    if not isinstance(foreign, Mapping):
        message = f"foreign must be a mapping of row names to statements, got {foreign!r}; {FOREIGN_EXAMPLE}"
        raise TypeError(message)
    if not foreign or OWN in foreign:
        message = f"foreign must name at least one row other than {OWN!r}, got {list(foreign)!r}; {FOREIGN_EXAMPLE}"
        raise ValueError(message)
    contenders = {OWN: Statement("b'x' * n"), **foreign}
    return footprint(contenders, sizes=(SELF_TEST_BYTES,), name=name, settings=settings, runs=1)

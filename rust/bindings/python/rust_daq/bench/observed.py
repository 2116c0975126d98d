"""`observe`: what work tells of itself that is run once a round, such as a pipeline which returns a report."""

from __future__ import annotations

import itertools
import math
import re
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from rust_daq.bench import quantity
from rust_daq.bench.counting import expression
from rust_daq.bench.decision import LEVEL, TOO_FEW, Estimate, Verdict, decide
from rust_daq.bench.frames import data_frame, samples_of
from rust_daq.bench.process import TIMEOUT
from rust_daq.bench.result import Result, records
from rust_daq.bench.round import alive, turns
from rust_daq.bench.settings import Settings
from rust_daq.bench.statement import Setup, Statement, statements
from rust_daq.bench.statistics import corrected_level, median_interval, noise_floor, ratio_interval

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

UNITS = ("_ns", "_bytes", "_per_second")
WIDEST = 8
"""More numbers than that make a line that nobody reads."""
ALONE = 1
"""The size of an observation that has none."""
SIZE_LABEL = "n"
"""What a size is called where nobody said it."""
STATISTICS = {"p50": "median", "p95": "95th percentile", "p99": "99th percentile", "p99_9": "99.9th percentile"}
"""Numbers that an axis has room to call by their names."""


@dataclass(frozen=True, eq=False)
class Observed(Result):
    """Numbers that work tells of itself, each round in a process of its own, while those of the others wait.

    Nothing is timed here: a number means what the work says, and its unit ends its name (``_ns``, ``_bytes``,
    ``_per_second``).  The summary has the median over rounds.

    Examples
    --------
    >>> from rust_daq import bench
    >>> quick = bench.Settings(rounds=1)  # too few to judge by, and soon over
    >>> result = bench.observe({"work": "{'steps': 3, 'busy_ns': 7.0}"}, columns=["steps", "busy_ns"], settings=quick)
    >>> result.number("work", "steps").value
    3.0
    """

    kind: ClassVar[str] = "observed"

    @property
    def columns(self) -> list[str]:
        """The numbers, as they were asked for."""
        return list(self.settings["columns"])

    @property
    def compared(self) -> list[str]:
        """Those in which contenders are compared with the first one."""
        return list(self.settings["compared"])

    @property
    def sizes(self) -> list[int]:
        """The values of ``n``; ``[1]`` where there is none."""
        return [int(size) for size in self.settings["sizes"] or [ALONE]]

    @property
    def size_label(self) -> str:
        """What the sizes are, in words."""
        return str(self.settings.get("size_label", SIZE_LABEL))

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """One column a number, one row a round: rows (contender, size, round)."""
        found = self.samples.pivot_table(
            index=["contender", "size", "round"], columns="quantity", values="value", dropna=False, aggfunc="first"
        )
        return found.reindex(columns=self.columns)

    def number(self, contender: str, column: str, size: int = ALONE) -> Estimate:
        """A number's median over rounds, with an interval from six rounds on; NaN where a round did not know it.

        Parameters
        ----------
        contender : str
            Name of a contender.
        column : str
            One of `columns`.
        size : int
            One of `sizes`.
        """
        return median_interval(self.rounds.loc[(contender, size), column], LEVEL)

    def ratio(
        self, contender: str, column: str, size: int = ALONE, to: str | None = None, *, corrected: bool = False
    ) -> Estimate:
        """A number of `contender` over that of `to` (by default the first one), at one size.

        Parameters
        ----------
        contender, to : str
            Names of contenders.
        column : str
            One of `columns`.
        size : int
            One of `sizes`.
        corrected : bool
            Widen the interval so that those of all contenders, sizes and compared numbers hold together; it is
            what the verdict is made from.
        """
        judged = len(self.compared) * len(self.sizes) * (len(self.contenders) - 1)
        level = corrected_level(LEVEL, judged) if corrected else LEVEL
        new, old = (self.rounds.loc[(name, size), column] for name in (contender, to or self.baseline))
        if not ((new > 0).all() and (old > 0).all()):
            # There is no ratio to nothing.
            return Estimate(math.nan, math.nan, math.nan, level, len(new))
        return ratio_interval(new, old, level)

    def verdict(self, contender: str, column: str, size: int = ALONE, to: str | None = None) -> Verdict:
        """Judge a number of `contender` against that of `to` by the project's one decision function.

        As of a time: "slower" says that there is more of it; of a rate (``_per_second``), that there is less.
        """
        ratio = self.ratio(contender, column, size, to, corrected=True)
        return decide(ratio.inverse() if parted(column)[1] == "_per_second" else ratio)

    def faster(self, contender: str, column: str) -> str:
        """Say from which size on `contender` is faster than the first one: there, and at every size above.

        Parameters
        ----------
        contender : str
            Name of a contender.
        column : str
            One of `compared`.
        """
        verdicts = {size: self.verdict(contender, column, size) for size in sorted(self.sizes, reverse=True)}
        if "not judged" in verdicts.values():
            return TOO_FEW
        sizes = list(itertools.takewhile(lambda size: verdicts[size] == "faster", verdicts))
        return f"faster from {quantity.written('', sizes[-1])} on" if sizes else "faster at no size that was measured"

    def facts(self) -> dict[str, Any]:
        """Of identical contenders, how far apart they are in each compared number; with sizes, where one is faster."""
        pairs = self.identical
        found: dict[str, Any] = {
            f"{parted(column)[0]}_noise_floor": noise_floor(
                self.ratio(one, column, size, two) for one, two in pairs for size in self.sizes
            )
            for column in self.compared
            if pairs
        }
        if self.settings["sizes"] is not None and self.compared:
            for name in list(self.contenders)[1:]:
                found[name] = {f"{parted(column)[0]}_faster": self.faster(name, column) for column in self.compared}
        return found

    def to_pandas(self) -> pd.DataFrame:
        """One row a contender, and size where there are sizes: numbers with intervals, ratios and verdicts."""
        rows = []
        for name in self.contenders:
            for size in self.sizes:
                row: dict[str, Any] = {"contender": name, "size": size}
                for column in self.columns:
                    estimate = self.number(name, column, size)
                    stem, unit = parted(column)
                    row[column] = estimate.value
                    row |= {f"{stem}_low{unit}": estimate.low, f"{stem}_high{unit}": estimate.high}
                    if column in self.compared:
                        ratio = self.ratio(name, column, size)
                        row |= {
                            f"{stem}_ratio": ratio.value,
                            f"{stem}_ratio_low": ratio.low,
                            f"{stem}_ratio_high": ratio.high,
                            f"{stem}_verdict": (
                                "baseline" if name == self.baseline else self.verdict(name, column, size)
                            ),
                        }
                rows.append(row | {"rounds": int(self.settings["rounds"])})
        frame = data_frame(rows)
        if self.settings["sizes"] is None:
            return frame.drop(columns="size").set_index("contender")
        return frame.set_index(["contender", "size"])

    def table(self) -> pd.DataFrame:
        """The numbers as text, each with the digits of its interval, and the ratios of those compared."""
        frame = self.to_pandas()
        # A number may be called as its work likes, so that the rows are no named tuples.
        rows = frame.to_dict(orient="records")
        # Many numbers of one alone are read under one another, each by its own name.
        upright = len(rows) == 1 and len(self.columns) > WIDEST
        columns: dict[str, list[str]] = {}
        for column in self.columns:
            stem, unit = parted(column)
            name = stem if upright else words(stem)
            columns[name + (" a second" if unit == "_per_second" else "")] = [written(row, stem, unit) for row in rows]
            if column in self.compared:
                columns[f"{name}, ratio to {self.baseline}"] = [ratio(row, stem) for row in rows]
        table = data_frame(columns, index=frame.index)
        if self.settings["sizes"] is not None:
            table = table.rename_axis(["contender", self.size_label])
        return table.T.rename_axis("number") if upright else table

    def draw(self, ax: Axes) -> None:
        """The first number: a line a contender over the sizes, or bars where there are none."""
        from rust_daq.bench.figure import bars, lines, logarithmic, units

        column = self.columns[0]
        stem, unit = parted(column)
        frame = self.to_pandas()[column]
        label = STATISTICS.get(stem, words(stem)) + (" a second" if unit == "_per_second" else "")
        if self.settings["sizes"] is None:
            values = {name: float(frame[name]) for name in self.contenders}
            bars(ax, values, first=self.baseline, unit=unit, label=label)
            return
        lines(ax, {name: (self.sizes, [frame[name, size] for size in self.sizes]) for name in self.contenders})
        logarithmic(ax, "x", "")
        if (frame.dropna() > 0).all():
            logarithmic(ax, "y", unit)
        else:
            units(ax.yaxis, unit)
        ax.set_xlabel(self.size_label)
        ax.set_ylabel(label)


def parted(column: str) -> tuple[str, str]:
    """Part a column's name from the unit at its end."""
    unit = next((unit for unit in UNITS if column.endswith(unit)), "")
    return column.removesuffix(unit), unit


def words(stem: str) -> str:
    """A name as a heading has it: ``p99.9``, ``cpu per point``."""
    return re.sub(r"(?<=\d)_(?=\d)", ".", stem).replace("_", " ")


def written(row: Mapping[Hashable, Any], stem: str, unit: str) -> str:
    """Write a number with the digits of its interval."""
    value, low, high = (row[f"{stem}{end}{unit}"] for end in ("", "_low", "_high"))
    if math.isnan(value):
        return quantity.MISSING
    width = high - low
    if unit == "_ns":
        return quantity.time(value, width)
    if unit == "_bytes":
        return quantity.memory(value, width)
    if unit == "_per_second":
        return quantity.rate(value, width=width)
    return quantity.written("", value) if value == int(value) else quantity.digits(value, width)


def ratio(row: Mapping[Hashable, Any], stem: str) -> str:
    """Write a ratio with its interval and its verdict."""
    verdict = row[f"{stem}_verdict"]
    if verdict == "baseline":
        return "1"
    value, low, high = (row[f"{stem}_ratio{end}"] for end in ("", "_low", "_high"))
    return f"{quantity.ratio(Estimate(value, low, high, LEVEL, row['rounds']))}: {verdict}"


def observe(
    contenders: Mapping[str, str | Callable[..., Any] | Statement],
    *,
    columns: Sequence[str],
    sizes: Sequence[int] | None = None,
    size_label: str = SIZE_LABEL,
    compared: Sequence[str] = (),
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
    name: str = "observed",
    settings: Settings | None = None,
    share: float = 1.0,
    rounds: int | None = None,
    timeout: float = TIMEOUT,
) -> Observed:
    """Run work that measures itself, and keep the numbers that it tells.

    Each round runs each contender once, in a fresh process and one after the other, so that nothing works beside
    it; the first one rotates from round to round, and the sizes come one after the other in that process.  The number
    of rounds is fixed by the time that the first one takes, or by `rounds`.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        Expressions whose value is a mapping of names to numbers (``"pipeline.run(1.0).as_dict()"``), or callables
        that return one; the first is the baseline.  None and NaN stand for a number that is not known.
    columns : sequence of str
        The numbers that are kept; ``_ns``, ``_bytes`` and ``_per_second`` at the end of a name are its unit.
    sizes : sequence of int, optional
        The values that the name ``n`` has, one after the other; callables take it.
    size_label : str
        What ``n`` is, in words, for tables and axes: ``"rows a batch"``.
    compared : sequence of str
        Those of `columns` in which contenders are compared with the first one.
    setup, namespace : optional
        For those contenders that are not `Statement` already; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        Of the script or the docs build; see `bench.settings`.
    share : float
        The part of the example's seconds that this call may use.
    rounds : int, optional
        How many rounds are made, whatever their time; six at least for intervals and verdicts.
    timeout : float
        Seconds after which a contender that has not returned is ended, and the measurement with it.

    Returns
    -------
    Observed

    Raises
    ------
    ValueError
        If `columns` is empty or names one twice, `compared` has one that is not among them, `sizes` is empty or holds
        what is no positive whole number, `rounds` is none, or a statement is no expression.
    WorkerError
        If a statement fails, gives no such numbers, or its worker dies or hangs.

    Examples
    --------
    >>> from rust_daq import bench
    >>> quick = bench.Settings(rounds=1)  # too few to judge by, and soon over
    >>> def work(n):
    ...     return {"rows": 2 * n}
    >>> result = bench.observe({"work": work}, columns=["rows"], sizes=[5, 50], settings=quick)
    >>> result.to_pandas()["rows"].to_list()
    [10.0, 100.0]
    """
    settings = settings or Settings()
    stated = statements(contenders, setup, namespace)
    plan = {
        "columns": checked_columns(columns, compared),
        "compared": list(compared),
        "sizes": None if sizes is None else checked_sizes("sizes", sizes),
        "size_label": size_label,
    }
    if rounds is not None:
        [rounds] = checked_sizes("rounds", [rounds])
    work = {
        contender: statement.source if plan["sizes"] is None else expression(contender, statement)
        for contender, statement in stated.items()
    }
    for contender, text in work.items():
        refuse_statement(contender, text)
    return settings.measured(
        Observed, name, stated, plan, lambda: sample(stated, work, name, settings, share, rounds, timeout, plan)
    )


def refuse_statement(contender: str, text: str) -> None:
    """Raise if a statement has no value."""
    try:
        compile(text.strip(), "<statement>", "eval")
    except SyntaxError:
        message = (
            f"the statement of {contender!r} is no expression: {text.strip()!r}; observe keeps the numbers that it "
            "gives, for example 'pipeline.run(1.0).as_dict()'"
        )
        raise ValueError(message) from None


def checked_columns(columns: Sequence[str], compared: Sequence[str]) -> list[str]:
    """Return the columns, once there are some, each once, and those compared among them."""
    if isinstance(columns, str) or not columns:
        message = f"columns is {columns!r}; name at least one number that the work gives, as a list"
        raise ValueError(message)
    twice = {column for column in columns if list(columns).count(column) > 1}
    if twice:
        message = f"columns names {', '.join(sorted(twice))} twice; name each once"
        raise ValueError(message)
    unknown = [column for column in compared if column not in columns]
    if isinstance(compared, str) or unknown:
        message = f"compared has {compared!r}; name some of the columns: {', '.join(columns)}"
        raise ValueError(message)
    return list(columns)


def checked_sizes(argument: str, sizes: Sequence[int]) -> list[int]:
    """Return sizes or other counts as integers."""
    wrong = [size for size in sizes if isinstance(size, bool) or int(size) != size or size < 1]
    if not len(sizes) or wrong:
        message = f"{argument} is {list(sizes)!r}; give whole numbers of at least 1"
        raise ValueError(message)
    return [int(size) for size in sizes]


def sample(
    stated: Mapping[str, Statement],
    work: Mapping[str, str],
    name: str,
    settings: Settings,
    share: float,
    wanted: int | None,
    timeout: float,
    plan: Mapping[str, Any],
) -> Observed:
    """Let the first round tell how long one takes, which fixes how many are made unless that was asked for."""
    started = datetime.now(UTC)
    if not plan["compared"]:
        settings = replace(settings, fewest=1)  # where nothing is judged, what the seconds allow
    sizes = plan["sizes"] or [None]
    rows: list[tuple[Any, ...]] = []
    index, rounds = 0, wanted or 1
    while index < rounds:
        begin = time.perf_counter()
        with alive(stated) as workers:
            for _, contender in turns(list(stated), index, 1):
                for size in sizes:
                    request = {"do": "observe", "expression": work[contender], "size": size, "columns": plan["columns"]}
                    told = workers[contender].ask(request, timeout)["numbers"].items()
                    rows += [(contender, column, size or ALONE, index, 0, 1, value, 1) for column, value in told]
        if index == 0 and wanted is None:
            rounds = settings.rounds_within(time.perf_counter() - begin, share)
        index += 1
        settings.progress(name, index, rounds)
    return Observed(
        name=name,
        example=settings.example,
        contenders=records(stated),
        settings={**plan, "rounds": rounds},
        samples=samples_of(rows),
        started=started.isoformat(timespec="seconds"),
    )

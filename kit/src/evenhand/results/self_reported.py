"""`observe`: what work tells of itself that is run once a round, such as a pipeline which returns a report."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Sized
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from evenhand.judge.decision import TOO_FEW, Verdict, decide, fewest_rounds
from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.judge.statistics import noise_floor
from evenhand.measure.arguments import names, whole, whole_numbers
from evenhand.measure.memory import expression
from evenhand.measure.process import WorkerProcess
from evenhand.measure.records import Sample, data_frame
from evenhand.measure.round import turns
from evenhand.measure.sampling import Sampler, measure
from evenhand.measure.settings import Settings
from evenhand.measure.statement import Setup, Statement, is_expression, statements
from evenhand.results import quantity
from evenhand.results.result import Result

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


class Observed(Result):
    """Numbers that work tells of itself, each round in a process of its own, while those of the others wait.

    Nothing is timed here: a number means what the work says, and its unit ends its name (``_ns``, ``_bytes``,
    ``_per_second``).  The summary has the median over rounds.

    Examples
    --------
    >>> import evenhand as bench
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

    def step(self, column: str) -> float:
        """The factor between a number that was searched for and the next one that was tried; 1 where none was."""
        return float((self.settings.get("steps") or {}).get(column, 1.0))

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """One column a number, one row a round: rows (contender, size, round)."""
        found = self.samples.pivot_table(
            index=["contender", "size", "round"], columns="quantity", values="value", dropna=False, aggfunc="first"
        )
        return found.reindex(columns=self.columns)

    def series(self) -> Mapping[tuple[Any, ...], pd.Series]:
        """Each number, by contender, column and size."""
        return {
            (name, column, size): self.rounds.loc[(name, size), column]
            for name in self.contenders
            for column in self.columns
            for size in self.sizes
        }

    @property
    def judged(self) -> int:
        """Each compared number of each contender at each size; of one contender alone, its own."""
        return judged_together(self.compared, self.sizes, self.contenders)

    def steady(self, key: tuple[Any, ...]) -> bool:
        """What is compared."""
        return key[1] in self.compared

    def written(self, key: tuple[Any, ...], value: float) -> str:
        """Write a number with its unit."""
        return quantity.written(key[1], value)

    def in_ratio(self) -> Iterable[tuple[Any, ...]]:
        """What is compared."""
        return [key for key in self.series() if key[1] in self.compared]

    def number(self, contender: str, column: str, size: int = ALONE) -> Estimate:
        """A number's median over rounds, with its interval; NaN where a round did not know it.

        The interval of a number that was searched for reaches one step of the search further up: the number is the
        highest that was held, and the next one that was tried was not.

        Parameters
        ----------
        contender : str
            Name of a contender.
        column : str
            One of `columns`.
        size : int
            One of `sizes`.
        """
        return self.estimate(contender, column, size).coarsened(1.0, self.step(column))

    def ratio(self, contender: str, column: str, size: int = ALONE, to: str | None = None) -> Estimate:
        """A number of `contender` over that of `to` (by default the first one), at one size.

        The interval is corrected for all contenders, sizes and compared numbers that are judged together.

        Parameters
        ----------
        contender, to : str
            Names of contenders.
        column : str
            One of `columns`.
        size : int
            One of `sizes`.
        """
        both = (self.per_round(name, column, size) for name in (contender, to or self.baseline))
        if not all((values > 0).all() for values in both):
            return Estimate.unknown()  # there is no ratio to nothing
        return self.ratio_of(contender, to, column, size).coarsened(self.step(column), self.step(column))

    def verdict(self, contender: str, column: str, size: int = ALONE, to: str | None = None) -> Verdict:
        """Judge a number of `contender` against that of `to` by the project's one decision function.

        As of a time: "slower" says that there is more of it; of a rate (``_per_second``), that there is less.
        """
        ratio = self.ratio(contender, column, size, to)
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
        if not sizes:
            return "shown to be faster at no size that was measured"
        return f"faster from {quantity.written('', sizes[-1])} on"

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
        """The numbers as text, and the ratios of those compared."""
        frame = self.to_pandas()
        # A number may be called as its work likes, so that the rows are no named tuples.
        rows = frame.to_dict(orient="records")
        # Many numbers of one alone are read under one another, each by its own name.
        upright = len(rows) == 1 and len(self.columns) > WIDEST
        columns: dict[str, list[str]] = {}
        for column in self.columns:
            stem, unit = parted(column)
            name = stem if upright else words(stem)
            columns[name + (" per second" if unit == "_per_second" else "")] = [
                quantity.written(column, row[column]) for row in rows
            ]
            if column in self.compared and len(self.contenders) > 1:
                columns[f"{name}, ratio to {self.baseline}"] = [ratio(row, stem) for row in rows]
        table = data_frame(columns, index=frame.index)
        if self.settings["sizes"] is not None:
            table = table.rename_axis(["contender", self.size_label])
        return table.T.rename_axis("number") if upright else table

    def draw(self, ax: Axes, *, columns: Sequence[str] = ()) -> None:
        """The first number: a row a contender, or a curve over the sizes.

        Parameters
        ----------
        ax : Axes
            Where to draw.
        columns : sequence of str
            Which numbers to draw instead of the first; several of one unit share a row where there are no sizes.

        Raises
        ------
        ValueError
            If there is no such number.
        """
        from evenhand.results.curves import curves
        from evenhand.results.rows import Row, dots, spans

        chosen = names("columns", columns or self.columns[:1], self.columns)
        column, (stem, unit) = chosen[0], parted(chosen[0])
        label = STATISTICS.get(stem, f"rate ({words(stem)})" if unit == "_per_second" else words(stem))
        if self.settings["sizes"] is not None:
            series = {
                one: (self.sizes, [self.number(one, column, size).value for size in self.sizes])
                for one in self.contenders
            }
            positive = not any(value <= 0 for _, values in series.values() for value in values)
            curves(ax, series, x=("", self.size_label), y=(unit, label), logarithmic=positive)
        elif len(chosen) > 1:
            several = {
                one: {words(parted(each)[0]): self.number(one, each) for each in chosen} for one in self.contenders
            }
            spans(ax, several, unit=unit, label="rate" if unit == "_per_second" else label)
        else:
            rows = {}
            for name in self.contenders:
                number = self.number(name, column)
                rounds = self.per_round(name, column, ALONE).dropna()
                rows[name] = Row.of(number, quantity.written(column, number.value), rounds)
            dots(ax, rows, unit=unit, label=label, baseline=self.baseline)


def parted(column: str) -> tuple[str, str]:
    """Part a column's name from the unit at its end."""
    unit = next((unit for unit in UNITS if column.endswith(unit)), "")
    return column.removesuffix(unit), unit


def words(stem: str) -> str:
    """A name as a heading has it: ``p99.9``, ``cpu per point``."""
    return re.sub(r"(?<=\d)_(?=\d)", ".", stem).replace("_", " ")


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
    steps: Mapping[str, float] | None = None,
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
    name: str = "observed",
    settings: Settings | None = None,
    share: float = 1.0,
    rounds: int | None = None,
    timeout: float | None = None,
) -> Observed:
    """Run work that measures itself, and keep the numbers that it tells.

    Each round runs each contender once, in a fresh process and one after the other, so that nothing else works at that
    time; the order changes from round to round, and the sizes come one after the other in that process.  In a build a
    call that compares makes the rounds that its verdicts take, and any other makes one.

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
        Those of `columns` that are judged: contenders are compared in them with the first one.
    steps : mapping of str to float, optional
        For columns that come from a search, the factor between one number that was tried and the next: no interval is
        reported finer than that.  `search_step` computes it for `highest_rate`.
    setup, namespace : optional
        For those contenders that are not `Statement` already; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        Of the script or the docs build; see `bench.settings`.
    share : float
        The part of the example's seconds that this call may use.
    rounds : int, optional
        How many rounds are made, whatever their time; `fewest_rounds` says how many the verdicts take.
    timeout : float, optional
        Seconds after which a contender that has not returned is ended, and the measurement with it; 120 by default.

    Returns
    -------
    Observed

    Raises
    ------
    TypeError, ValueError
        If an argument is not what it has to be, or a statement is not an expression; no process has been started then.
    WorkerError
        If a statement fails, gives no such numbers, or its worker dies or hangs.
    Interrupted
        If it was stopped; the rounds that were finished are its ``result``.

    Examples
    --------
    >>> import evenhand as bench
    >>> quick = bench.Settings(rounds=1)  # too few to judge by, and soon over
    >>> def work(n):
    ...     return {"rows": 2 * n}
    >>> result = bench.observe({"work": work}, columns=["rows"], sizes=[5, 50], settings=quick)
    >>> result.to_pandas()["rows"].to_list()
    [10.0, 100.0]
    """
    settings = settings or Settings()
    stated = statements(contenders, setup, namespace)
    known = names("columns", columns)
    if not known:
        message = "columns is empty; name at least one number that the work gives, for example ['busy_ns']"
        raise ValueError(message)
    if not isinstance(size_label, str):
        message = f"size_label must be a text, such as 'rows a batch', got {size_label!r}"
        raise TypeError(message)
    plan: dict[str, Any] = {
        "columns": known,
        "compared": names("compared", compared, known),
        "sizes": None if sizes is None else whole_numbers("sizes", sizes),
        "size_label": size_label,
    }
    if steps:
        names("steps", list(steps), list(columns))
        plan["steps"] = {column: checked_step(column, step) for column, step in steps.items()}
    wanted = None if rounds is None else whole("rounds", rounds)
    work = {
        contender: statement.source if plan["sizes"] is None else expression(contender, statement)
        for contender, statement in stated.items()
    }
    for contender, text in work.items():
        refuse_statement(contender, text)
    judged = judged_together(plan["compared"], plan["sizes"] or [ALONE], stated)
    sampler = ReportSampler(stated, plan, judged, timeout, work=work, wanted=wanted)
    return measure(sampler, name, settings, share)


def checked_step(column: str, step: float) -> float:
    """Return the step of a search, once it is a factor of at least 1."""
    if isinstance(step, bool) or not isinstance(step, int | float) or not (math.isfinite(step) and step >= 1):
        message = f"steps has {step!r} for {column!r}; give a factor, a finite number of at least 1"
        raise ValueError(message)
    return float(step)


def judged_together(compared: Sized, sizes: Sized, contenders: Sized) -> int:
    """How many numbers are judged together."""
    return len(compared) * len(sizes) * max(len(contenders) - 1, 1)


def refuse_statement(contender: str, text: str) -> None:
    """Raise if a statement has no value."""
    if not is_expression(text):
        message = (
            f"the statement of {contender!r} is not an expression: {text.strip()!r}; observe keeps the numbers that it "
            "gives, for example 'pipeline.run(1.0).as_dict()'"
        )
        raise ValueError(message)


class ReportSampler(Sampler[Observed]):
    """What each contender tells of itself, once a round, one after the other."""

    kind = Observed

    def __init__(
        self,
        stated: Mapping[str, Statement],
        plan: Mapping[str, Any],
        judged: int,
        timeout: float | None,
        *,
        work: Mapping[str, str],
        wanted: int | None,
    ) -> None:
        super().__init__(stated, plan, judged, timeout)
        self.work = work
        self.wanted = wanted

    def prepare(self, workers: Mapping[str, WorkerProcess]) -> float:
        """Nothing is tried: what runs once a round may take long, and may be run once only."""
        del workers
        return 0.0

    def rounds(self, settings: Settings, seconds: float, share: float) -> int:
        """As many as were asked for; else in a build those that the verdicts take, and one where there is none."""
        if self.wanted is not None:
            return self.wanted
        if not settings.limited:
            return super().rounds(settings, seconds, share)
        return fewest_rounds(self.judged) if self.judged and settings.judges else 1

    def sample(self, workers: Mapping[str, WorkerProcess], index: int) -> Sequence[Sample]:
        """Let each contender work, at each size."""
        samples: list[Sample] = []
        for _, contender in turns(list(workers), index, 1):
            for size in self.plan["sizes"] or [None]:
                request = {
                    "do": "observe",
                    "expression": self.work[contender],
                    "size": size,
                    "columns": self.plan["columns"],
                }
                told = workers[contender].ask(request)["numbers"]
                samples += [Sample(contender, what, value, index, size=size or ALONE) for what, value in told.items()]
        return samples

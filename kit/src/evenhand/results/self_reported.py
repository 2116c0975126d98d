"""`observe`: numbers that work reports about itself, once per round, such as the report of a pipeline."""

from __future__ import annotations

import itertools
import re
import sys
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
"""With more numbers than this, a single row becomes a column."""
ALONE = 1
"""The size of an observation without sizes."""
SIZE_LABEL = "n"
"""The default label of sizes."""
STATISTICS = {"p50": "median", "p95": "95th percentile", "p99": "99th percentile", "p99_9": "99.9th percentile"}
"""Names of statistics that an axis writes in full."""


class Observed(Result):
    """Numbers that work reports about itself, each round in its own process, while the others wait.

    Nothing is timed here.  The work defines the meaning of its numbers, and the suffix of a name is the unit (``_ns``,
    ``_bytes``, ``_per_second``).  The summary has the median over rounds.

    Examples
    --------
    >>> import evenhand as bench
    >>> quick = bench.Settings(rounds=1)  # fast, but too few rounds for a verdict
    >>> result = bench.observe({"work": "{'steps': 3, 'busy_ns': 7.0}"}, columns=["steps", "busy_ns"], settings=quick)
    >>> result.number("work", "steps").value
    3.0
    """

    kind: ClassVar[str] = "observed"

    @property
    def columns(self) -> list[str]:
        """The names of the requested numbers."""
        return list(self.settings["columns"])

    @property
    def compared(self) -> list[str]:
        """The names of the numbers that are compared with the baseline."""
        return list(self.settings["compared"])

    @property
    def sizes(self) -> list[int]:
        """The values of ``n``; ``[1]`` without sizes."""
        return [int(size) for size in self.settings["sizes"] or [ALONE]]

    @property
    def size_label(self) -> str:
        """The label of the sizes."""
        return str(self.settings.get("size_label", SIZE_LABEL))

    def stem(self, column: str) -> str:
        """Return a column's name without its unit, or with it where another column differs only in the unit."""
        stem = parted(column)[0]
        return stem if [parted(each)[0] for each in self.columns].count(stem) == 1 else column

    def step(self, column: str) -> float:
        """Return the factor between the steps of a search for a number; 1 for numbers that were not searched."""
        return float((self.settings.get("steps") or {}).get(column, 1.0))

    @cached_property
    def rounds(self) -> pd.DataFrame:
        """One column per number, rows (contender, size, round)."""
        found = self.samples.pivot_table(
            index=["contender", "size", "round"], columns="quantity", values="value", dropna=False, aggfunc="first"
        )
        return found.reindex(columns=self.columns)

    def series(self) -> Mapping[tuple[Any, ...], pd.Series]:
        """Return each number, by contender, column and size."""
        return {
            (name, column, size): self.rounds.loc[(name, size), column]
            for name in self.contenders
            for column in self.columns
            for size in self.sizes
        }

    @property
    def judged(self) -> int:
        """The number of compared numbers over all contenders and sizes; for a single contender, its own."""
        return judged_together(self.compared, self.sizes, self.contenders)

    def steady(self, key: tuple[Any, ...]) -> bool:
        """Return whether the number is compared."""
        return key[1] in self.compared

    def written(self, key: tuple[Any, ...], value: float) -> str:
        """Format a number with its unit."""
        return quantity.written(key[1], value)

    def in_ratio(self) -> Iterable[tuple[Any, ...]]:
        """Return the keys of the compared numbers."""
        return [key for key in self.series() if key[1] in self.compared]

    def number(self, contender: str, column: str, size: int = ALONE) -> Estimate:
        """Return a number's median over rounds, with its interval; NaN if it is unknown in a round.

        For a number from a search, the interval extends one step further up, because the search tried the next
        step without success.

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
        """Return a number of `contender` over that of `to` (by default the baseline), at one size.

        The interval is corrected for all contenders, sizes and numbers that are judged together.

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
            return Estimate.unknown()  # there is no ratio to 0
        return self.ratio_of(contender, to, column, size).coarsened(self.step(column), self.step(column))

    def verdict(self, contender: str, column: str, size: int = ALONE, to: str | None = None) -> Verdict:
        """Judge a number of `contender` against that of `to` with the project's one decision function.

        As for a time, "slower" means a larger number; for a rate (``_per_second``) it means a smaller one.
        """
        ratio = self.ratio(contender, column, size, to)
        return decide(ratio.inverse() if parted(column)[1] == "_per_second" else ratio)

    def faster(self, contender: str, column: str) -> str:
        """Describe from which size on `contender` is faster than the baseline, at that size and all larger ones.

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
            return "not shown to be faster at any measured size"
        return f"faster from {quantity.written('', sizes[-1])} on"

    def facts(self) -> dict[str, Any]:
        """Return the noise floor of identical contenders for each number, and from which size on one is faster."""
        pairs = self.identical
        found: dict[str, Any] = {
            f"{self.stem(column)}_noise_floor": noise_floor(
                self.ratio(one, column, size, two) for one, two in pairs for size in self.sizes
            )
            for column in self.compared
            if pairs
        }
        if self.settings["sizes"] is not None and self.compared:
            for name in list(self.contenders)[1:]:
                found[name] = {f"{self.stem(column)}_faster": self.faster(name, column) for column in self.compared}
        return found

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per contender (and size): numbers with intervals, ratios and verdicts."""
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
                        ratio, stem = self.ratio(name, column, size), self.stem(column)
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
        """Return the numbers as text, with the ratios of compared ones."""
        frame = self.to_pandas()
        # Names of numbers may be invalid in Python, so named tuples cannot be used.
        rows = frame.to_dict(orient="records")
        # Many numbers of a single contender are shown below one another.
        upright = len(rows) == 1 and len(self.columns) > WIDEST
        columns: dict[str, list[str]] = {}
        for column in self.columns:
            stem = self.stem(column)
            name = stem if upright else words(stem)
            rate = column.endswith("_per_second") and stem != column
            columns[name + (" per second" if rate else "")] = [quantity.written(column, row[column]) for row in rows]
            if column in self.compared and len(self.contenders) > 1:
                columns[f"{name}, ratio to {self.baseline}"] = [ratio(row, stem) for row in rows]
        table = data_frame(columns, index=frame.index)
        if self.settings["sizes"] is not None:
            table = table.rename_axis(["contender", self.size_label])
        return table.T.rename_axis("quantity") if upright else table

    def draw(self, ax: Axes, *, columns: Sequence[str] = ()) -> None:
        """Draw the first number: a row per contender, or a curve over the sizes.

        Parameters
        ----------
        ax : Axes
            The axes to draw into.
        columns : sequence of str
            The numbers to draw instead of the first; without sizes, several numbers with the same unit share a row.

        Raises
        ------
        ValueError
            If there is no such number, or the numbers have different units or sizes.
        """
        from evenhand.results.curves import curves
        from evenhand.results.rows import Row, dots, spans

        chosen = names("columns", columns or self.columns[:1], self.columns)
        if len({parted(each)[1] for each in chosen}) > 1:
            message = f"columns has numbers with different units: {', '.join(chosen)}; draw a figure for each unit"
            raise ValueError(message)
        if len(chosen) > 1 and self.settings["sizes"] is not None:
            message = f"columns names {', '.join(chosen)}, but over sizes a figure shows one number; draw one for each"
            raise ValueError(message)
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
                one: {words(self.stem(each)): self.number(one, each) for each in chosen} for one in self.contenders
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
    """Split a column's name into its stem and its unit."""
    unit = next((unit for unit in UNITS if column.endswith(unit)), "")
    return column.removesuffix(unit), unit


def words(stem: str) -> str:
    """Convert a name to a heading, such as ``p99.9`` or ``cpu per point``."""
    return re.sub(r"(?<=\d)_(?=\d)", ".", stem).replace("_", " ")


def ratio(row: Mapping[Hashable, Any], stem: str) -> str:
    """Format a ratio with its interval and its verdict."""
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
    """Run work that measures itself, and record the numbers that it reports.

    Each round runs each contender once, in a fresh process and one after another, so that nothing else runs at that
    time.  The order changes from round to round.  The sizes follow one another in the same process.  In a build, a
    call that compares makes the rounds that its verdicts need, and any other call makes one.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        Expressions whose value is a mapping of names to numbers (``"pipeline.run(1.0).as_dict()"``), or callables
        that return one; the first is the baseline.  None and NaN mean an unknown number.
    columns : sequence of str
        The numbers to record; the suffixes ``_ns``, ``_bytes`` and ``_per_second`` are units.
    sizes : sequence of int, optional
        The values of the name ``n``, one after another; callables receive it as their argument.
    size_label : str
        The label of ``n`` in tables and on axes, such as ``"rows per batch"``.
    compared : sequence of str
        The `columns` to judge, in which contenders are compared with the baseline.
    steps : mapping of str to float, optional
        For columns from a search, the factor between successive tried numbers; no interval is narrower than that.
        `search_step` computes it for `highest_rate`.
    setup, namespace : optional
        For contenders that are not a `Statement`; see `Statement`.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        The settings of the script or the docs build; see `bench.settings`.
    share : float
        The part of the example's seconds that this call may use.
    rounds : int, optional
        The number of rounds, whatever their time; `fewest_rounds` returns the number that the verdicts need.
    timeout : float, optional
        Seconds after which a contender that has not returned is killed, which ends the measurement; 120 by default.

    Returns
    -------
    Observed

    Raises
    ------
    TypeError, ValueError
        If an argument is invalid, or a statement is not an expression; this is checked before a process is started.
    WorkerError
        If a statement fails or does not return these numbers, or its worker dies or hangs.
    Interrupted
        If the measurement was stopped; its ``result`` has the finished rounds.

    Examples
    --------
    >>> import evenhand as bench
    >>> quick = bench.Settings(rounds=1)  # fast, but too few rounds for a verdict
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
        message = "columns is empty; name at least one number that the work reports, for example ['busy_ns']"
        raise ValueError(message)
    if not isinstance(size_label, str):
        message = f"size_label must be a text, such as 'rows per batch', got {size_label!r}"
        raise TypeError(message)
    plan: dict[str, Any] = {
        "columns": known,
        "compared": names("compared", compared, known),
        "sizes": None if sizes is None else whole_numbers("sizes", sizes),
        "size_label": size_label,
    }
    if steps:
        names("steps", list(steps), list(columns))
        plan["steps"] = {column: check_step(column, step) for column, step in steps.items()}
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


def check_step(column: str, step: float) -> float:
    """Check that the step of a search is a factor of at least 1, and return it."""
    if isinstance(step, bool) or not isinstance(step, int | float) or not 1 <= step <= sys.float_info.max:
        message = f"steps has {step!r} for {column!r}; it must be a factor, a finite number of at least 1"
        raise ValueError(message)
    return float(step)


def judged_together(compared: Sized, sizes: Sized, contenders: Sized) -> int:
    """Return how many numbers are judged together."""
    return len(compared) * len(sizes) * max(len(contenders) - 1, 1)


def refuse_statement(contender: str, text: str) -> None:
    """Raise if a statement has no value."""
    if not is_expression(text):
        message = (
            f"the statement of {contender!r} is not an expression: {text.strip()!r}; observe records the numbers in "
            "its value, for example 'pipeline.run(1.0).as_dict()'"
        )
        raise ValueError(message)


class ReportSampler(Sampler[Observed]):
    """Records the numbers that each contender reports, once per round, one after another."""

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
        """Try nothing, because the work may take long and may only be run once per round."""
        del workers
        return 0.0

    def rounds(self, settings: Settings, seconds: float, share: float) -> int:
        """Return the requested rounds; by default those that the verdicts need, or 1 in a build without verdicts."""
        if self.wanted is not None:
            return self.wanted
        if not settings.limited:
            return super().rounds(settings, seconds, share)
        return fewest_rounds(self.judged) if self.judged and settings.judges else 1

    def sample(self, workers: Mapping[str, WorkerProcess], index: int) -> Sequence[Sample]:
        """Run each contender at each size."""
        samples: list[Sample] = []
        for _, contender in turns(list(workers), index, 1):
            for size in self.plan["sizes"] or [None]:
                request = {
                    "do": "observe",
                    "expression": self.work[contender],
                    "size": size,
                    "columns": self.plan["columns"],
                }
                numbers = workers[contender].ask(request)["numbers"]
                samples += [
                    Sample(contender, what, value, index, size=size or ALONE) for what, value in numbers.items()
                ]
        return samples

"""The result of a measuring call: a frozen value with its samples, from which everything else is computed."""

from __future__ import annotations

import hashlib
import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, Self

from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.judge.statistics import corrected_level, median_interval, ratio_apart, ratio_interval, two_groups
from evenhand.measure.modules import local_modules
from evenhand.measure.records import SAMPLE_COLUMNS, data_frame
from evenhand.measure.statement import Harness, Statement
from evenhand.results import quantity
from evenhand.results.figure_markup import FigureMarkup
from evenhand.results.quantity import NOT_MEASURED
from evenhand.results.table_markup import TableMarkup

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLLECTOR = "on, after gc.collect() and gc.freeze() at the end of the setup"
"""The state of the garbage collector during timing, for a result's settings."""

ALONGSIDE = ("empty_ns", "processor_ns", "held_per_second", "not_held_per_second", "late")
"""Quantities of samples that are measured alongside and are not timings of the statement."""
FLOOR_MARK = "†"
"""Marks a number that depends more on the clock or the loop than on the statement."""
FLOOR = 3.0
"""A number within this multiple of the empty statement's depends mostly on the clock or the counter."""
CUT_HEIGHT = 0.5
"""The height in inches of a figure that only says so."""
QUOTIENT = 1.1
"""A ratio that differs by more than this factor from the quotient of the printed numbers is explained."""

KINDS: dict[str, type[Result]] = {}


def unless_cut(method: Callable[..., Any], instead: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return the method of a result, which returns something else where the build's budget cut the call."""

    @wraps(method)
    def found(self: Any, *given: Any, **named: Any) -> Any:
        return instead(self) if self.cut else method(self, *given, **named)

    return found


def only_names(result: Any) -> pd.DataFrame:
    """Return a frame that has the contenders and no numbers."""
    return data_frame({"contender": list(result.contenders)}).set_index("contender")


IF_CUT: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("to_pandas", "table", "fit", "fit_table"), only_names),
    **dict.fromkeys(("verdict", "scaling_verdict"), lambda _: "not judged"),
    "scaling": lambda _: Estimate.unknown(),
    "facts": lambda _: {},
}
"""What the methods of every kind of result return if the call was cut."""


@dataclass(frozen=True, eq=False, repr=False)
class Result(ABC):
    """The samples of one measuring call, with its statements and settings.

    Each kind of result adds its arithmetic and columns: the number of each round, the numbers that are judged
    together, and their table and figure.

    Parameters
    ----------
    name : str
        The measurement's name within its example.
    example : str
        The example that measured it.
    contenders : mapping of str to mapping
        For each contender the text of its statement and setup, and the fingerprint of both.
    settings : mapping
        The numbers that determined the sampling; all fixed before it began.
    samples : DataFrame
        One row per sample, with the columns `SAMPLE_COLUMNS`.
    started : str
        UTC time when sampling began, ISO 8601.
    notes : tuple of str
        Disturbances of the measurement, each a sentence.
    pace : tuple of float
        The machine's pace in each round: the nanoseconds of a fixed piece of Python.
    """

    name: str
    example: str
    contenders: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]
    samples: pd.DataFrame = field(repr=False)
    started: str
    notes: tuple[str, ...] = ()
    pace: tuple[float, ...] = ()

    kind: ClassVar[str]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "kind" in cls.__dict__:
            KINDS[cls.kind] = cls
        for name, instead in IF_CUT.items():
            if name in cls.__dict__:
                setattr(cls, name, unless_cut(cls.__dict__[name], instead))

    @property
    def baseline(self) -> str:
        """The first contender, with which the others are compared."""
        return next(iter(self.contenders))

    @property
    def key(self) -> str:
        """``example/name``, the result's place in a run."""
        return f"{self.example}/{self.name}"

    @property
    def cut(self) -> bool:
        """Whether the build's budget cut the call: the result has contenders, and no samples."""
        return bool(self.settings.get("cut"))

    @property
    def timings(self) -> int:
        """The number of calls, slices or counts in the result."""
        own = ~self.samples["quantity"].isin(ALONGSIDE)
        return int(self.samples.loc[own, "count"].sum())

    @property
    def identical(self) -> list[tuple[str, str]]:
        """The pairs of contenders with the same program and interpreter, whose differences are noise."""
        same = [
            (name, (record["fingerprint"], record.get("interpreter")))
            for name, record in self.contenders.items()
            if record.get("fingerprint") is not None
        ]
        return [(one, two) for (one, mine), (two, theirs) in combinations(same, 2) if mine == theirs]

    @property
    def judged(self) -> int:
        """The number of ratios that are judged together; their intervals are corrected for it."""
        return len(self.contenders) - 1

    @property
    def level(self) -> float:
        """The confidence level of each ratio's interval, corrected for all ratios that are judged together."""
        return corrected_level(LEVEL, self.judged)

    @abstractmethod
    def series(self) -> Mapping[tuple[Any, ...], pd.Series]:
        """Return one number per round, by contender and by size, percentile or column."""

    @cached_property
    def _series(self) -> Mapping[tuple[Any, ...], pd.Series]:
        return self.series()

    def per_round(self, *key: Any) -> pd.Series:
        """Return one number per round; none if the call was cut.

        Raises
        ------
        KeyError
            If there is no such number; the message lists those that exist.
        """
        if self.cut:
            return self.samples["value"]
        if key not in self._series:
            known = ", ".join("/".join(map(str, name)) for name in self._series)
            message = f"{self.name} has no {'/'.join(map(str, key))!r}; it has: {known}"
            raise KeyError(message)
        return self._series[key]

    def estimate(self, *key: Any) -> Estimate:
        """Return the median over rounds, with its interval."""
        return median_interval(self.per_round(*key), LEVEL)

    def ratio_of(self, contender: str, to: str | None, *key: Any) -> Estimate:
        """Return a number of `contender` over that of `to` (by default the baseline), with the deciding interval."""
        return ratio_interval(self.per_round(contender, *key), self.per_round(to or self.baseline, *key), self.level)

    def interval_columns(self, stem: str, unit: str, estimate: Estimate) -> dict[str, float]:
        """Return the columns of an estimate: the number and the ends of its interval."""
        low, high = f"{stem}_low{unit}", f"{stem}_high{unit}"
        return {f"{stem}{unit}": estimate.value, low: estimate.low, high: estimate.high}

    def steady(self, key: tuple[Any, ...]) -> bool:
        """Whether a number should be the same in each round, as a median should and a tail need not."""
        del key
        return True

    def modes(self) -> tuple[str, ...]:
        """Return a sentence on numbers whose rounds fall into two groups because machine or statement has two paces."""
        groups = {
            key: found for key, values in self._series.items() if self.steady(key) and (found := two_groups(values))
        }
        if not groups:
            return ()
        apart = max(groups, key=lambda key: groups[key][1] / groups[key][0])
        names = [f"“{name}”" for name in dict.fromkeys(str(key[0]) for key in groups)]
        one = f", for “{apart[0]}”" if len(names) > 1 else ","
        low, high = (self.written(apart, value) for value in groups[apart])
        return (f"the rounds of {', '.join(names)} fall into two groups{one} around {low} and {high}",)

    def written(self, key: tuple[Any, ...], value: float) -> str:
        """Format one of the numbers."""
        del key
        return quantity.time(value)

    def in_ratio(self) -> Iterable[tuple[Any, ...]]:
        """Return the keys of `series` whose ratios to the baseline the table prints."""
        return self._series

    def apart(self) -> tuple[str, ...]:
        """Return a sentence on printed ratios that differ from the quotient of the printed numbers."""
        keys = [key for key in self.in_ratio() if key[0] != self.baseline]
        varying = [len(set(places)) > 1 for places in zip(*keys, strict=True)]
        named = [
            " at ".join(
                part if isinstance(part, str) else quantity.written("", part)
                for part, varies in zip(key, [True, *varying[1:]], strict=True)
                if varies
            )
            for key in keys
            if ratio_apart(self.per_round(*key), self.per_round(self.baseline, *key[1:])) > QUOTIENT
        ]
        differs = "it differs from the quotient of the two numbers by more than a tenth"
        return (f"the ratio of {'; '.join(named)} is the median of the rounds' ratios; {differs}",) if named else ()

    def remarks(self) -> tuple[str, ...]:
        """Return sentences that a reader needs to interpret the table, from the samples."""
        return ()

    @abstractmethod
    def to_pandas(self) -> pd.DataFrame:
        """Summarise the samples: one row per contender, with the unit of each number in the column's name."""

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """Return the summary as text, with units and intervals."""

    @abstractmethod
    def draw(self, ax: Axes) -> None:
        """Draw the result into `ax`."""

    def table_notes(self) -> tuple[str, ...]:
        """Return the sentences below the table: explanations of its marks, and disturbances."""
        return (*self.remarks(), *self.apart(), *self.notes)

    def advice(self) -> tuple[str, ...]:
        """Return sentences for the author of the statements, which a page for readers leaves out."""
        return ()

    def facts(self) -> dict[str, Any]:
        """Return numbers and sentences about the whole result."""
        return {}

    def plot(self, ax: Axes | None = None, **shown: Any) -> Axes | None:
        """Draw the result.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            The axes to draw into; a new figure by default.
        **shown
            Arguments of `draw` of this kind of result, such as ``multiples`` of a comparison.

        Returns
        -------
        matplotlib Axes or None
            None, after a message on standard error, if matplotlib is not installed.
        """
        from evenhand.results.figure import axes

        own = ax is None
        ax = axes(ax, self.key)
        if ax is not None:
            self._fill(ax, shown, own=own)
        return ax

    def figure(self, caption: str = "", **shown: Any) -> FigureMarkup:
        """Return the result's figure for a page, light and dark, on a desktop and a phone.

        Parameters
        ----------
        caption : str
            A sentence below it.
        **shown
            As for `plot`.
        """
        from evenhand.results.figure import blank

        figure, ax = blank(self.key)
        self._fill(ax, shown, own=True)
        return FigureMarkup(figure, caption, source=self.key)

    def _fill(self, ax: Axes, shown: Mapping[str, Any], *, own: bool) -> None:
        if self.cut:
            from evenhand.results.figure import INK

            if own:
                # A figure that somebody else made keeps its size and its place on a page.
                whole: Any = ax.figure
                whole.set_figheight(CUT_HEIGHT)
                whole.set_label(NOT_MEASURED)
            ax.text(0.5, 0.5, NOT_MEASURED, ha="center", va="center", color=INK, transform=ax.transAxes)
            ax.set_axis_off()
        else:
            draw: Callable[..., None] = self.draw
            draw(ax, **shown)

    def document(self) -> dict[str, Any]:
        """Return the result without its samples, as JSON values."""
        return {
            "kind": self.kind,
            "name": self.name,
            "example": self.example,
            "contenders": {name: dict(record) for name, record in self.contenders.items()},
            "settings": dict(self.settings),
            "started": self.started,
            "notes": list(self.notes),
            "pace_ns": list(self.pace),
            "timings": self.timings,
            "facts": plain(self.facts()),
            "rows": [] if self.cut else plain(self.to_pandas().reset_index().to_dict(orient="records")),
        }

    def to_json(self) -> str:
        """Return the result with its summary and without its samples, as JSON text."""
        return json.dumps(self.document(), indent=2, allow_nan=False, ensure_ascii=False)

    @classmethod
    def restore(cls, document: Mapping[str, Any], samples: pd.DataFrame) -> Self:
        """Restore the result from its document and its samples."""
        return cls(
            name=document["name"],
            example=document["example"],
            contenders=document["contenders"],
            settings=document["settings"],
            samples=samples,
            started=document["started"],
            notes=tuple(document["notes"]),
            pace=tuple(document.get("pace_ns", ())),  # runs of earlier versions have none
        )

    def __repr__(self) -> str:
        title = f"{self.kind}: {self.name}"
        if self.cut:
            return f"{title}: {NOT_MEASURED}"
        return "\n".join([title, self.table().to_string(), *self.table_notes(), *self.advice()])

    def _repr_html_(self) -> str:
        caption = f"{self.kind.capitalize()}: {self.name}"
        notes = () if self.cut else self.table_notes()
        return TableMarkup(self.table(), caption, notes, source=self.key)._repr_html_()


class Interrupted(KeyboardInterrupt):
    """A measuring call was stopped; the result of its finished rounds is kept.

    Parameters
    ----------
    result : Result
        The result of the finished rounds; its notes mark it as incomplete.

    Examples
    --------
    >>> import evenhand as bench
    >>> try:
    ...     result = bench.compare({"list": "[]"}, settings=bench.Settings(rounds=1))
    ... except bench.Interrupted as stopped:  # Ctrl-C
    ...     result = stopped.result
    >>> result.settings["rounds"]
    1
    """

    def __init__(self, result: Result) -> None:
        super().__init__(f"{result.key} was stopped; .result has its finished rounds")
        self.result = result


def restored(document: Mapping[str, Any], samples: pd.DataFrame) -> Result:
    """Restore a result of any kind."""
    return KINDS[document["kind"]].restore(document, samples)


def records(statements: Mapping[str, Statement]) -> dict[str, dict[str, Any]]:
    """Return the record of the statements that a result stores."""
    called = Harness.of(statements).called
    kept: dict[str, dict[str, Any]] = {}
    for name, statement in statements.items():
        kept[name] = {
            "statement": statement.text,
            "setup": statement.setup_text,
            "fingerprint": statement.fingerprint,
        }
        # Record only unusual facts.
        if statement.each is not None:
            kept[name]["each"] = statement.each
        if modules := local_modules(statement):
            kept[name]["modules"] = modules
        if statement.python is not None:
            kept[name]["interpreter"] = hashlib.sha256(str(statement.python).encode()).hexdigest()[:8]
        if called:
            kept[name]["called"] = True
        if statement.is_constant:
            kept[name]["constant"] = True
    return kept


def plain(value: Any) -> Any:
    """Convert to JSON values: NumPy scalars become Python's, and non-finite numbers become None."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item") and not isinstance(value, str):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def text_columns(frame: pd.DataFrame, columns: Mapping[str, Callable[[Any], str]]) -> pd.DataFrame:
    """Make a table of text, with each named column computed from its row."""
    return data_frame(
        {title: [write(row) for row in frame.itertuples()] for title, write in columns.items()}, index=frame.index
    )


__all__ = ["KINDS", "SAMPLE_COLUMNS", "Result", "plain", "quantity", "records", "restored", "text_columns"]

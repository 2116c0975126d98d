"""What a measuring call returns: a frozen value made of its samples, from which everything else follows."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, Self

from rust_daq.bench import quantity
from rust_daq.bench.figure_markup import FigureMarkup
from rust_daq.bench.frames import SAMPLE_COLUMNS, data_frame
from rust_daq.bench.markup import TableMarkup
from rust_daq.bench.statement import Statement

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLLECTOR = "on, after gc.collect() and gc.freeze() at the end of the setup"
"""The garbage collector while time is measured, as a result's settings say it."""

KINDS: dict[str, type[Result]] = {}


@dataclass(frozen=True, eq=False)
class Result(ABC):
    """The samples of one measuring call, with what was measured and how.

    Parameters
    ----------
    name : str
        The measurement's name within its example.
    example : str
        The example that made it.
    contenders : mapping of str to mapping
        For each contender its statement's text, its setup's text and the fingerprint of both.
    settings : mapping
        The numbers that decided the sampling; all fixed before it began.
    samples : DataFrame
        One row a sample, columns `SAMPLE_COLUMNS`.
    started : str
        UTC time at which sampling began, ISO 8601.
    notes : tuple of str
        What disturbed the measurement, each a sentence.
    """

    name: str
    example: str
    contenders: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]
    samples: pd.DataFrame = field(repr=False)
    started: str
    notes: tuple[str, ...] = ()

    kind: ClassVar[str]

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if "kind" in cls.__dict__:
            KINDS[cls.kind] = cls

    @property
    def baseline(self) -> str:
        """The first contender, against which the others are compared."""
        return next(iter(self.contenders))

    @property
    def key(self) -> str:
        """``example/name``, the result's place in a run."""
        return f"{self.example}/{self.name}"

    @property
    def identical(self) -> list[tuple[str, str]]:
        """The pairs of contenders that are the same program: what differs between them is noise."""
        same = [(name, record.get("fingerprint")) for name, record in self.contenders.items()]
        return [
            (one, two) for (one, mine), (two, theirs) in combinations(same, 2) if mine is not None and mine == theirs
        ]

    @abstractmethod
    def to_pandas(self) -> pd.DataFrame:
        """Summarise the samples: one row a contender, numbers in the unit that ends a column's name."""

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """The summary as it is read: text with units and intervals."""

    @abstractmethod
    def draw(self, ax: Axes) -> None:
        """Draw the result into `ax`."""

    def table_notes(self) -> tuple[str, ...]:
        """Sentences below the table: what disturbed, and what its marks mean."""
        return self.notes

    def facts(self) -> dict[str, Any]:
        """Numbers and sentences about the whole result, beside the rows."""
        return {}

    def plot(self, ax: Axes | None = None) -> Axes | None:
        """Draw the result.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib Axes or None
            None, after a sentence on standard error, when matplotlib is not installed.
        """
        from rust_daq.bench.figure import axes

        ax = axes(ax, self.key)
        if ax is not None:
            self.draw(ax)
        return ax

    def figure(self, caption: str = "") -> FigureMarkup:
        """The result's figure as a page shows it, light and dark, on a desk and on a phone.

        Parameters
        ----------
        caption : str
            A sentence below it.
        """
        from rust_daq.bench.figure import blank

        figure, ax = blank(self.key)
        self.draw(ax)
        return FigureMarkup(figure, caption, source=self.key)

    def document(self) -> dict[str, Any]:
        """The result without its samples, as JSON values."""
        return {
            "kind": self.kind,
            "name": self.name,
            "example": self.example,
            "contenders": {name: dict(record) for name, record in self.contenders.items()},
            "settings": dict(self.settings),
            "started": self.started,
            "notes": list(self.notes),
            "facts": plain(self.facts()),
            "rows": plain(self.to_pandas().reset_index().to_dict(orient="records")),
        }

    def to_json(self) -> str:
        """The result with its summary, without its samples, as JSON text."""
        return json.dumps(self.document(), indent=2, allow_nan=False, ensure_ascii=False)

    @classmethod
    def restore(cls, document: Mapping[str, Any], samples: pd.DataFrame) -> Self:
        """Make the result again from its document and its samples."""
        return cls(
            name=document["name"],
            example=document["example"],
            contenders=document["contenders"],
            settings=document["settings"],
            samples=samples,
            started=document["started"],
            notes=tuple(document["notes"]),
        )

    def __str__(self) -> str:
        title = f"{self.kind}: {self.name}"
        return "\n".join([title, self.table().to_string(), *self.table_notes()])

    def _repr_html_(self) -> str:
        caption = f"{self.kind.capitalize()}: {self.name}"
        return TableMarkup(self.table(), caption, self.table_notes(), source=self.key)._repr_html_()


def restored(document: Mapping[str, Any], samples: pd.DataFrame) -> Result:
    """Make a result of any kind again."""
    return KINDS[document["kind"]].restore(document, samples)


def records(statements: Mapping[str, Statement]) -> dict[str, dict[str, Any]]:
    """What a result keeps of its statements."""
    return {
        name: {"statement": statement.text, "setup": statement.setup_text, "fingerprint": statement.fingerprint}
        for name, statement in statements.items()
    }


def call_notes(statements: Mapping[str, Statement]) -> tuple[str, ...]:
    """Say of which contenders the time includes the call of a function."""
    called = [name for name, statement in statements.items() if not isinstance(statement.code, str)]
    return (f"the time of {', '.join(called)} includes the call of a function",) if called else ()


def plain(value: Any) -> Any:
    """JSON values only: NumPy scalars become Python's, what is not finite becomes None."""
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
    """A table of text: each named column made from its row."""
    return data_frame(
        {title: [write(row) for row in frame.itertuples()] for title, write in columns.items()}, index=frame.index
    )


__all__ = ["KINDS", "SAMPLE_COLUMNS", "Result", "plain", "quantity", "records", "restored", "text_columns"]

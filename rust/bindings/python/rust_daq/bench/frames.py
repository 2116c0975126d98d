"""Frames of pandas, which is imported with the first one: a worker that only uses the kit starts without it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_COLUMNS = ("contender", "quantity", "size", "round", "sample", "loops", "value", "count")
"""Columns of every result's samples; `value` is in the unit that `quantity` names, seen `count` times."""


def data_frame(rows: Any, columns: Iterable[str] | None = None, index: Any = None) -> pd.DataFrame:
    """A frame of rows, or of columns by name."""
    import pandas as pd

    return pd.DataFrame(rows, index=index, columns=None if columns is None else list(columns))


def samples_of(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """A result's samples, from rows in the order of `SAMPLE_COLUMNS`."""
    return data_frame(rows, SAMPLE_COLUMNS)

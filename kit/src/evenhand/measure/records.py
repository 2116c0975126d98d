"""Samples as typed records and as frames of pandas, which is imported with the first frame.

A worker that only uses the kit starts without pandas.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_COLUMNS = ("contender", "quantity", "size", "round", "sample", "loops", "value", "count")
"""Columns of every result's samples, in the order in which they are stored."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample: a value that was measured, or several of the same value.

    Parameters
    ----------
    contender : str
        Whose it is.
    quantity : str
        What was measured; the end of the name is its unit (``slice_ns``, ``heap_bytes``).
    value : float
        The value, in that unit.
    round : int
        The round, from 0 on.
    sample : int
        Its place in the round.
    size : int
        The value of ``n``; 1 where there is none.
    loops : int
        The executions that the value is the sum of.
    count : int
        How often that value was seen.
    """

    contender: str
    quantity: str
    value: float
    round: int
    sample: int = 0
    size: int = 1
    loops: int = 1
    count: int = 1


def data_frame(rows: Any, columns: Iterable[str] | None = None, index: Any = None) -> pd.DataFrame:
    """A frame of rows, or of columns by name."""
    import pandas as pd

    return pd.DataFrame(rows, index=index, columns=None if columns is None else list(columns))


def samples_of(samples: Iterable[Sample]) -> pd.DataFrame:
    """A result's samples as a frame."""
    made = list(samples)
    return data_frame({column: [getattr(sample, column) for sample in made] for column in SAMPLE_COLUMNS})

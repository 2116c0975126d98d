"""Samples as typed records and as pandas frames; pandas is imported with the first frame.

So a worker that only uses the kit starts without pandas.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SAMPLE_COLUMNS = ("contender", "quantity", "size", "round", "sample", "loops", "value", "count")
"""Columns of every result's samples, in stored order."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A measured value, with the number of times it occurred.

    Parameters
    ----------
    contender : str
        Name of the contender.
    quantity : str
        What was measured; the name ends with the unit (``slice_ns``, ``heap_bytes``).
    value : float
        The value, in that unit.
    round : int
        The round, from 0 on.
    sample : int
        Its position in the round.
    size : int
        The value of ``n``; 1 where there is none.
    loops : int
        The number of executions that the value sums.
    count : int
        How often this value occurred.
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

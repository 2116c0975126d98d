"""Kill writers of files, and examine the files: whether each opens, and which rows it has."""

from __future__ import annotations

import random
import tempfile
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evenhand.gate.trust.rates import Rate
from evenhand.measure.arguments import whole
from evenhand.measure.killed import killed_together
from evenhand.measure.process import TIMEOUT

NORMALLY, REPAIRED, NOT_AT_ALL = "normally", "after repair", "not at all"
OPENED = (NORMALLY, REPAIRED, NOT_AT_ALL)
TOGETHER = 10
"""Writers that work at the same time, at most."""

Values = npt.NDArray[Any]
Reader = Callable[[Path], Iterable[Values]]


@dataclass(frozen=True)
class Remains:
    """The remains of one file.

    Parameters
    ----------
    opened : str
        How it opens: one of `OPENED`.
    written : int
        Rows that the writer had reported as written.
    read : int
        Rows that the reader finds with the value that was written at that place.
    wrong : int
        Rows that the reader finds with another value.
    """

    opened: str
    written: int
    read: int
    wrong: int

    @property
    def lost(self) -> int:
        """Rows that were reported as written and are not found."""
        return max(0, self.written - self.read)


@dataclass(frozen=True)
class Survival:
    """The remains of all files of one kind of writer.

    Parameters
    ----------
    kills : tuple of Remains
        One for each killed writer.
    """

    kills: tuple[Remains, ...]

    def count(self, opened: str) -> int:
        """Return how many files open in this way."""
        return sum(remains.opened == opened for remains in self.kills)

    @property
    def losses(self) -> Rate:
        """The number of kills that lost rows, with the interval of their share."""
        return Rate(sum(remains.lost > 0 for remains in self.kills), len(self.kills))

    def as_dict(self) -> dict[str, int]:
        """Return the counts, for `observe`."""
        return {
            "kills": len(self.kills),
            "opens_normally": self.count(NORMALLY),
            "after_repair": self.count(REPAIRED),
            "not_at_all": self.count(NOT_AT_ALL),
            "kills_with_loss": self.losses.count,
            "rows_written": sum(remains.written for remains in self.kills),
            "rows_lost": sum(remains.lost for remains in self.kills),
            "wrong": sum(remains.wrong for remains in self.kills),
        }


def survive(
    write: Callable[[Path, Callable[[int], None]], Any],
    read: Reader,
    rows: Values,
    *,
    repair: Reader | None = None,
    kills: int = 5,
    after: int = 1,
    within: float = 0.03,
    seed: int | str = 1,
    timeout: float = TIMEOUT,
) -> Survival:
    """Kill writers in the middle of their work (``kill -9``), and read the remains of their files.

    At most ten writers work at the same time, each on its own file.

    Parameters
    ----------
    write : callable
        Writes `rows` repeatedly to a path, which does not exist yet, and calls its second argument with the number
        of rows that its writer reports as written; see `killed`.
    read : callable
        Yields the values of a file, block by block.  A file counts as opened unless the reader raises before the first
        block.  If it raises later, the blocks before that count.
    rows : array, shape (n,)
        The values that are written, in their order.
    repair : callable, optional
        Repairs a file that `read` does not open, and yields its values.
    kills : int
        How many writers to kill.
    after : int
        Rows that each writer writes before it is killed.
    within : float
        The longest delay of the kill in seconds, after the rows are written; `seed` draws the delays.
    seed : int or str
        The same seed draws the same delays.
    timeout : float
        Seconds within which `after` rows have to be written.

    Returns
    -------
    Survival

    Raises
    ------
    TypeError, ValueError
        If `kills` is not a whole number of at least 1.
    WorkerError
        If a writer fails, ends before it is killed, or does not write `after` rows in time.
    """
    whole("kills", kills)
    chance = random.Random(seed)  # noqa: S311 - moments, no secrets
    moments = [chance.uniform(0, within) for _ in range(kills)]
    left: list[Remains] = []
    for begin in range(0, kills, TOGETHER):
        seconds = moments[begin : begin + TOGETHER]
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / str(place) for place in range(len(seconds))]
            works = [partial(write, path) for path in paths]
            written = killed_together(works, after=after, seconds=seconds, timeout=timeout)
            left += [
                recover(path, read, rows, repair=repair, written=said)
                for path, said in zip(paths, written, strict=True)
            ]
    return Survival(tuple(left))


def recover(path: Path, read: Reader, rows: Values, *, repair: Reader | None = None, written: int = 0) -> Remains:
    """Read the remains of a file, after a repair if it does not open otherwise; the arguments are those of `survive`.

    Parameters
    ----------
    written : int
        Rows that the writer had reported as written.

    Examples
    --------
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from evenhand.gate.survival import recover
    >>> rows = np.arange(10.0)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "cut.npy"
    ...     _ = path.write_bytes(rows[:4].tobytes())
    ...     recover(path, lambda path: [np.fromfile(path)], rows, written=5)
    Remains(opened='normally', written=5, read=4, wrong=0)
    """
    for opened, reader in ((NORMALLY, read), (REPAIRED, repair)):
        found = None if reader is None else compare_rows(reader, path, rows)
        if found is not None:
            return Remains(opened, written, *found)
    return Remains(NOT_AT_ALL, written, 0, 0)


def compare_rows(read: Reader, path: Path, rows: Values) -> tuple[int, int] | None:
    """Count the right and the wrong rows; None if the file does not open."""
    right = wrong = 0
    opened = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a warning about a damaged file is expected here
        try:
            for values in read(path):
                opened = True
                places = (right + wrong + np.arange(len(values))) % len(rows)
                same = int(np.count_nonzero(np.asarray(values) == rows[places]))
                right, wrong = right + same, wrong + len(values) - same
        except Exception:
            return (right, wrong) if opened else None
    return right, wrong

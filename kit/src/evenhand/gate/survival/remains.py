"""Kill writers of files, and read what is left: whether a file opens, and which rows are in it."""

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
"""Writers that work side by side at most."""

Values = npt.NDArray[Any]
Reader = Callable[[Path], Iterable[Values]]


@dataclass(frozen=True)
class Remains:
    """What is left of one file.

    Parameters
    ----------
    opened : str
        How it opens: one of `OPENED`.
    written : int
        Rows of which the writer had said that they were written.
    read : int
        Rows that the reader finds, each with the value that was written at its place.
    wrong : int
        Rows that the reader finds and nobody wrote there.
    """

    opened: str
    written: int
    read: int
    wrong: int

    @property
    def lost(self) -> int:
        """Rows that were said to be written and are not found."""
        return max(0, self.written - self.read)


@dataclass(frozen=True)
class Survival:
    """What is left of the files of one kind of writer.

    Parameters
    ----------
    kills : tuple of Remains
        One for each writer that was killed.
    """

    kills: tuple[Remains, ...]

    def count(self, opened: str) -> int:
        """How many files open in this way."""
        return sum(remains.opened == opened for remains in self.kills)

    @property
    def losses(self) -> Rate:
        """The kills that lost rows, with the interval of their share."""
        return Rate(sum(remains.lost > 0 for remains in self.kills), len(self.kills))

    def as_dict(self) -> dict[str, int]:
        """Return the counts, for `observe`."""
        return {
            "kills": len(self.kills),
            "opens_normally": self.count(NORMALLY),
            "after_repair": self.count(REPAIRED),
            "not_at_all": self.count(NOT_AT_ALL),
            "kills_with_loss": self.losses.count,
            "written": sum(remains.written for remains in self.kills),
            "lost": sum(remains.lost for remains in self.kills),
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
    """Kill writers in the middle of their work (``kill -9``), and read what is left of their files.

    The writers work side by side, at most ten at a time, each on a file of its own.

    Parameters
    ----------
    write : callable
        Writes `rows` over and over to a path, which does not exist yet, and calls its second argument with the number
        of rows that its writer has said are written; see `killed`.
    read : callable
        Yields the values of a file, block by block.  It opens the file unless it raises before the first block; where
        it raises later, the blocks before count.
    rows : array, shape (n,)
        The values that are written, in their order.
    repair : callable, optional
        Repairs a file that `read` does not open, and yields its values.
    kills : int
        How many writers are killed.
    after : int
        Each is killed once so many rows are written.
    within : float
        And up to so many seconds later; `seed` draws the moment.
    seed : int or str
        The same seed draws the same moments.
    timeout : float
        Seconds within which so many rows have to be written.

    Returns
    -------
    Survival

    Raises
    ------
    TypeError, ValueError
        If `kills` is not a whole number of at least 1.
    WorkerError
        If a writer fails, ends by itself, or does not write so many rows in time.
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
    """Read what is left of a file, repaired if it does not open otherwise; the arguments are those of `survive`.

    Parameters
    ----------
    written : int
        Rows of which the writer had said that they were written.

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
        found = None if reader is None else compared(reader, path, rows)
        if found is not None:
            return Remains(opened, written, *found)
    return Remains(NOT_AT_ALL, written, 0, 0)


def compared(read: Reader, path: Path, rows: Values) -> tuple[int, int] | None:
    """How many rows are right and how many are wrong; None if the file does not open."""
    right = wrong = 0
    opened = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a reader may warn of a torn file, which is what this is
        try:
            for values in read(path):
                opened = True
                places = (right + wrong + np.arange(len(values))) % len(rows)
                same = int(np.count_nonzero(np.asarray(values) == rows[places]))
                right, wrong = right + same, wrong + len(values) - same
        except Exception:
            return (right, wrong) if opened else None
    return right, wrong

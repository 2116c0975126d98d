"""What results of percentiles share: an empty statement has a row of its own, and nothing near it is judged."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from evenhand.judge.decision import Verdict, decide
from evenhand.judge.estimate import Estimate
from evenhand.results import quantity
from evenhand.results.result import FLOOR, FLOOR_MARK, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Percentiles(Result):
    """Percentiles of named contenders, and their ratios to those of the first."""

    empty_row: ClassVar[str]
    """What the row of the empty statement is called."""

    @property
    @abstractmethod
    def compared(self) -> list[str]:
        """The percentiles in which contenders are judged against the baseline."""

    @property
    def statements(self) -> list[str]:
        """The contenders without the empty statement."""
        return [name for name in self.contenders if name != self.empty_row]

    @property
    def judged(self) -> int:
        """Each compared percentile of each contender."""
        return (len(self.statements) - 1) * len(self.compared)

    def percentile(self, contender: str, which: str) -> Estimate:
        """Nanoseconds at a percentile: the median over rounds, with its interval.

        Parameters
        ----------
        contender : str
            Name of a contender, or of the row of the empty statement.
        which : str
            ``p50``, ``p95``, ``p99`` or ``p99_9``.
        """
        return self.estimate(contender, which)

    def ratio(self, contender: str, which: str, to: str | None = None) -> Estimate:
        """A percentile of `contender` over the same of `to` (by default the baseline).

        The interval is corrected for all contenders and compared percentiles that are judged together.

        Parameters
        ----------
        contender, to : str
            Names of contenders.
        which : str
            ``p50``, ``p95``, ``p99`` or ``p99_9``.
        """
        return self.ratio_of(contender, to, which)

    def verdict(self, contender: str, which: str, to: str | None = None) -> Verdict:
        """Judge a compared percentile against the same of `to` by the project's one decision function.

        A percentile at the floor is not judged, nor is one that was not to be compared.
        """
        floor = self.at_floor(contender, which) or self.at_floor(to or self.baseline, which)
        return "not judged" if floor or which not in self.compared else decide(self.ratio(contender, which, to))

    def at_floor(self, contender: str, which: str) -> bool:
        """Whether a percentile is within three times of the empty statement's own."""
        return bool(self.percentile(contender, which).value <= FLOOR * self.percentile(self.empty_row, which).value)

    def in_ratio(self) -> Iterable[tuple[Any, ...]]:
        """The highest compared percentile of each contender."""
        return [(name, which) for name in self.statements for which in self.compared[-1:]]

    def percentile_cell(self, which: str, row: Any) -> str:
        """A percentile as text, marked where it tells of the empty statement."""
        mark = f" {FLOOR_MARK}" if row.Index != self.empty_row and getattr(row, f"{which}_at_floor") else ""
        return f"{quantity.time(getattr(row, f'{which}_ns'))}{mark}"

    @abstractmethod
    def drawn(self) -> tuple[str, str, tuple[str, ...]]:
        """What is drawn: what was timed, in the plural; the noun of the times; the quantities of the samples."""

    def draw(self, ax: Axes) -> None:
        """How many calls are slower than a time, of all rounds; the empty statement as a dashed line."""
        from evenhand.results.curves import slower_than

        calls, label, quantities = self.drawn()
        own = self.samples[self.samples["quantity"].isin(quantities)]
        seen = {
            name: (found["value"].to_numpy(dtype=float), found["count"].to_numpy(dtype=int))
            for name in [*self.statements, self.empty_row]
            for found in [own[own["contender"] == name]]
        }
        texts = {name: ", ".join(self._percentiles_said(name)) for name in seen}
        slower_than(ax, seen, calls=calls, label=label, texts=texts, quiet=self.empty_row)

    def _percentiles_said(self, contender: str) -> list[str]:
        """The percentiles of a contender as a reader hears them."""
        known = {key[1]: self.percentile(contender, key[1]).value for key in self.series() if key[0] == contender}
        return [f"{title(which)} {quantity.time(value)}" for which, value in known.items() if not math.isnan(value)]


def title(which: str) -> str:
    """``p99_9`` as a reader writes it."""
    return which.replace("_", ".")

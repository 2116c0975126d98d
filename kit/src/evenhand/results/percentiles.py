"""The common part of results with percentiles: a row for an empty statement, and no verdict near it."""

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
    """The name of the empty statement's row."""

    @property
    @abstractmethod
    def compared(self) -> list[str]:
        """The percentiles that are judged against the baseline."""

    @property
    def statements(self) -> list[str]:
        """The contenders without the empty statement."""
        return [name for name in self.contenders if name != self.empty_row]

    @property
    def judged(self) -> int:
        """The number of judged percentiles, over all contenders."""
        return (len(self.statements) - 1) * len(self.compared)

    def percentile(self, contender: str, which: str) -> Estimate:
        """Return nanoseconds at a percentile: the median over rounds, with its interval.

        Parameters
        ----------
        contender : str
            Name of a contender, or of the empty statement's row.
        which : str
            ``p50``, ``p95``, ``p99`` or ``p99_9``.
        """
        return self.estimate(contender, which)

    def ratio(self, contender: str, which: str, to: str | None = None) -> Estimate:
        """Return a percentile of `contender` over that of `to` (by default the baseline).

        The interval is corrected for all contenders and percentiles that are judged together.

        Parameters
        ----------
        contender, to : str
            Names of contenders.
        which : str
            ``p50``, ``p95``, ``p99`` or ``p99_9``.
        """
        return self.ratio_of(contender, to, which)

    def verdict(self, contender: str, which: str, to: str | None = None) -> Verdict:
        """Judge a percentile against that of `to` with the project's one decision function.

        A percentile at the floor is not judged, nor is one that is not in `compared`.
        """
        floor = self.at_floor(contender, which) or self.at_floor(to or self.baseline, which)
        return "not judged" if floor or which not in self.compared else decide(self.ratio(contender, which, to))

    def at_floor(self, contender: str, which: str) -> bool:
        """Whether a percentile is within three times the empty statement's."""
        return bool(self.percentile(contender, which).value <= FLOOR * self.percentile(self.empty_row, which).value)

    def in_ratio(self) -> Iterable[tuple[Any, ...]]:
        """Return the highest judged percentile of each contender."""
        return [(name, which) for name in self.statements for which in self.compared[-1:]]

    def percentile_cell(self, which: str, row: Any) -> str:
        """Format a percentile, marked if it is at the empty statement's floor."""
        mark = f" {FLOOR_MARK}" if row.Index != self.empty_row and getattr(row, f"{which}_at_floor") else ""
        return f"{quantity.time(getattr(row, f'{which}_ns'))}{mark}"

    @abstractmethod
    def drawn(self) -> tuple[str, str, tuple[str, ...]]:
        """Return the labels of the figure: the timed things in the plural, the noun for their times, the quantities."""

    def draw(self, ax: Axes) -> None:
        """Draw how many calls of all rounds are slower than a time, with the empty statement as a dashed line."""
        from evenhand.results.curves import slower_than

        calls, label, quantities = self.drawn()
        own = self.samples[self.samples["quantity"].isin(quantities)]
        seen = {
            name: (found["value"].to_numpy(dtype=float), found["count"].to_numpy(dtype=int))
            for name in [*self.statements, self.empty_row]
            for found in [own[own["contender"] == name]]
        }
        texts = {name: ", ".join(self._percentile_texts(name)) for name in seen}
        slower_than(ax, seen, calls=calls, label=label, texts=texts, quiet=self.empty_row)

    def _percentile_texts(self, contender: str) -> list[str]:
        """Return the percentiles of a contender in words."""
        known = {key[1]: self.percentile(contender, key[1]).value for key in self.series() if key[0] == contender}
        return [f"{title(which)} {quantity.time(value)}" for which, value in known.items() if not math.isnan(value)]


def title(which: str) -> str:
    """Return the usual spelling of a percentile, such as ``p99.9`` for ``p99_9``."""
    return which.replace("_", ".")

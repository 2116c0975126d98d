"""What becomes of the rounds: each operation's status, by the project's one decision function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy.typing as npt

from evenhand.gate.interleaving import FAMILY
from evenhand.judge.decision import decide, rounds_needed
from evenhand.judge.estimate import LEVEL, Estimate
from evenhand.judge.statistics import holm_levels, ratio_interval, ratio_p_value

Status = Literal["slower", "faster", "unchanged", "inconclusive", "not judged", "new", "gone", "failed"]
Pair = tuple[npt.ArrayLike, npt.ArrayLike]
"""Candidate and base, one number a round each."""

SCREENING = 0.80
"""Level of the first stage's intervals: one that excludes 1 sends its operation into the second."""


@dataclass(frozen=True)
class Finding:
    """An operation's status, and the interval that it comes from.

    Parameters
    ----------
    status : str
        What was decided.
    ratio : Estimate
        Candidate over base at 95 %, from the rounds that decided.
    corrected : Estimate
        The same at the level that holds for the whole gate; equal to `ratio` in the first stage.
    stage : int
        1 or 2.
    """

    status: Status
    ratio: Estimate
    corrected: Estimate
    stage: int

    @property
    def deciding(self) -> Estimate:
        """The ratio with the interval that the status comes from: an alarm holds for the whole gate."""
        return self.corrected if self.status in {"slower", "faster"} else self.ratio

    @property
    def largest_slowdown(self) -> float | None:
        """The largest share by which it may have become slower, where nothing was found."""
        return max(self.ratio.high - 1, 0.0) if self.status == "unchanged" else None

    @property
    def rounds_needed(self) -> int | None:
        """Rounds that would decide, where these did not."""
        return rounds_needed(self.corrected) if self.status == "inconclusive" else None


def suspects(first: Mapping[str, Pair]) -> list[str]:
    """Which operations might have changed: their 80 % interval excludes 1."""
    found = []
    for name, (new, old) in first.items():
        screened = ratio_interval(new, old, SCREENING)
        if screened.has_interval and not screened.low <= 1 <= screened.high:
            found.append(name)
    return found


def judge_first(new: npt.ArrayLike, old: npt.ArrayLike) -> Finding:
    """Judge an operation that the first stage found nothing in: unchanged, or too uncertain to say so."""
    ratio = ratio_interval(new, old, LEVEL)
    return Finding(settled(ratio), ratio, ratio, 1)


def judge_second(second: Mapping[str, Pair]) -> dict[str, Finding]:
    """Judge the operations of the second stage together, by its fresh rounds alone."""
    p_values = [ratio_p_value(new, old) for new, old in second.values()]
    levels = holm_levels(p_values, FAMILY)
    judged = {}
    for (name, (new, old)), level in zip(second.items(), levels, strict=True):
        ratio, corrected = ratio_interval(new, old, LEVEL), ratio_interval(new, old, level)
        verdict = decide(corrected)
        # Only an alarm has to hold for all operations together; that nothing changed is said of each alone.
        status: Status = verdict if verdict in {"slower", "faster"} else settled(ratio)
        judged[name] = Finding(status, ratio, corrected, 2)
    return judged


def settled(ratio: Estimate) -> Status:
    """What an interval without an alarm says."""
    told: dict[str, Status] = {"no difference shown": "unchanged", "not judged": "not judged"}
    return told.get(decide(ratio), "inconclusive")

"""From rounds to statuses, by the project's one decision function."""

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
"""Candidate and base, with one number per round."""

SCREENING = 0.70
"""Level of the first stage's intervals: an operation whose interval excludes 1 enters the second stage.

With the nine rounds of a quick gate, the ends are then the third rounds from outside; they exclude 1 in 18 % of cases
of identical code, and with eight rounds in 29 %.
"""


@dataclass(frozen=True)
class Finding:
    """An operation's status, and the interval behind it.

    Parameters
    ----------
    status : str
        The decision.
    ratio : Estimate
        Candidate over base at 95 %, from the rounds that decided.
    corrected : Estimate
        The same at the level that is valid for the whole gate; equal to `ratio` in the first stage.
    stage : int
        1 or 2.
    """

    status: Status
    ratio: Estimate
    corrected: Estimate
    stage: int

    @property
    def deciding(self) -> Estimate:
        """The ratio with the interval that decided: for an alarm, at the level of the whole gate."""
        return self.corrected if self.status in {"slower", "faster"} else self.ratio

    @property
    def largest_slowdown(self) -> float | None:
        """The largest slowdown that remains possible, as a share, for an unchanged operation."""
        return max(self.ratio.high - 1, 0.0) if self.status == "unchanged" else None

    @property
    def rounds_needed(self) -> int | None:
        """Rounds that would decide, for an inconclusive operation."""
        return rounds_needed(self.corrected) if self.status == "inconclusive" else None


def suspects(first: Mapping[str, Pair]) -> list[str]:
    """Return the operations that may have changed: their interval at the level `SCREENING` excludes 1."""
    found = []
    for name, (new, old) in first.items():
        screened = ratio_interval(new, old, SCREENING)
        if screened.has_interval and not screened.low <= 1 <= screened.high:
            found.append(name)
    return found


def judge_first(new: npt.ArrayLike, old: npt.ArrayLike) -> Finding:
    """Judge an operation without a sign of change in the first stage: unchanged, or too uncertain to say so."""
    ratio = ratio_interval(new, old, LEVEL)
    return Finding(status_without_alarm(ratio), ratio, ratio, 1)


def judge_second(second: Mapping[str, Pair]) -> dict[str, Finding]:
    """Judge the operations of the second stage together, from its fresh rounds only."""
    p_values = [ratio_p_value(new, old) for new, old in second.values()]
    levels = holm_levels(p_values, FAMILY)
    judged = {}
    for (name, (new, old)), level in zip(second.items(), levels, strict=True):
        ratio, corrected = ratio_interval(new, old, LEVEL), ratio_interval(new, old, level)
        verdict = decide(corrected)
        # Only an alarm is corrected for all operations together; "unchanged" is a statement about one.
        status: Status = verdict if verdict in {"slower", "faster"} else status_without_alarm(ratio)
        judged[name] = Finding(status, ratio, corrected, 2)
    return judged


def status_without_alarm(ratio: Estimate) -> Status:
    """Return the status of an interval that raises no alarm."""
    statuses: dict[str, Status] = {"no difference shown": "unchanged", "not judged": "not judged"}
    return statuses.get(decide(ratio), "inconclusive")

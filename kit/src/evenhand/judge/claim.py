"""A claim: an expectation, the measurement that tests it, and the outcome."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from evenhand.judge.decision import Verdict, decide, doubt
from evenhand.judge.estimate import Estimate
from evenhand.judge.metric import Reading
from evenhand.results import quantity
from evenhand.results.quantity import NOT_MEASURED
from evenhand.runs.run import Run

Outcome = Literal["holds", "does not hold", "inconclusive", "not judged in this profile"]

AT_FLOOR = "one of the two is too close to the cost of an empty statement, so no verdict is possible"


@dataclass(frozen=True)
class Judgement:
    """The outcome of a claim in a run.

    Parameters
    ----------
    outcome : {"holds", "does not hold", "inconclusive", "not judged in this profile"}
        The outcome.
    number : str
        The measured number, with its interval.
    ratio : Estimate
        The judged ratio.
    noise : float
        How far identical programs differed in the same run; NaN where no such pair was measured.
    reason : str
        Why there is no clear outcome; empty where there is one.

    Examples
    --------
    >>> import math
    >>> import evenhand as bench
    >>> nothing = bench.Estimate(0.5, math.nan, math.nan, 0.95, 2)
    >>> bench.Judgement("not judged in this profile", "0.500", nothing, math.nan, "2 rounds are too few").outcome
    'not judged in this profile'
    """

    outcome: Outcome
    number: str
    ratio: Estimate
    noise: float
    reason: str

    @property
    def verdict(self) -> str:
        """The outcome as a table shows it: with the reason where it is inconclusive."""
        return f"{self.outcome}: {self.reason}" if self.outcome == "inconclusive" else self.outcome


@dataclass(frozen=True)
class Claim:
    """An expectation with the measurement that decides it.

    Parameters
    ----------
    sentence : str
        The expectation, in the reader's words.
    measurement : str
        The result that decides, ``example/name``, or another part of the run, such as ``tails``.
    reading : Reading
        How the ratio and its interval are read from the result.
    expected : {"faster", "slower", "no difference shown"}
        The verdict of `decide` that confirms the claim.
    noise : str, optional
        The address of the noise floor in the run: how far identical programs differed.  A smaller effect is
        inconclusive.

    Examples
    --------
    >>> from evenhand import Claim, Cost
    >>> claim = Claim("A tuple is faster than a list.", "mine/literals", Cost("tuple", "list"), "faster")
    >>> claim.example
    'mine'
    """

    sentence: str
    measurement: str
    reading: Reading
    expected: Verdict
    noise: str | None = None

    @property
    def example(self) -> str:
        """The example that measures it."""
        return self.measurement.partition("/")[0]

    def judge(self, run: Run) -> Judgement:
        """Judge the claim by a run."""
        if cut := [path for path in (self.measurement, self.noise) if path and run.cut(path)]:
            reason = f"{' and '.join(cut)} {'are' if len(cut) > 1 else 'is'} {NOT_MEASURED}"
            return Judgement("not judged in this profile", quantity.MISSING, Estimate.unknown(), math.nan, reason)
        measured = run.part(self.measurement)
        ratio = self.reading.ratio(measured)
        noise = math.nan if self.noise is None else float(run.value(self.noise)[1])
        number = self.reading.number(measured)
        if self.noise is not None and ratio.has_interval and not math.isfinite(noise):
            return Judgement("inconclusive", number, ratio, noise, "the noise floor is not known")
        counted = noise if math.isfinite(noise) else 0.0
        verdict = decide(ratio, counted)
        outcomes: dict[Verdict, Outcome] = {
            "not judged": "not judged in this profile",
            "inconclusive": "inconclusive",
            self.expected: "holds",
        }
        reason = doubt(ratio, counted)
        if ratio.has_interval and self.reading.verdict(measured) == "not judged":
            return Judgement("inconclusive", number, ratio, noise, AT_FLOOR)
        return Judgement(outcomes.get(verdict, "does not hold"), number, ratio, noise, reason)

    def row(self, run: Run) -> dict[str, str]:
        """The claim as a row of a table."""
        found = self.judge(run)
        return {
            "claim": self.sentence,
            "verdict": found.verdict,
            "measured (95 % interval)": found.number,
            "noise floor": quantity.percent(found.noise),
            "measured in": self.example,
        }

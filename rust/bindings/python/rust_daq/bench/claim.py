"""A claim: an expectation that is put to a measurement, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from rust_daq.bench import quantity
from rust_daq.bench.decision import Estimate, Verdict, decide
from rust_daq.bench.run import Run

Judgement = Literal["holds", "does not hold", "inconclusive", "not judged in this profile"]


@dataclass(frozen=True)
class Claim:
    """An expectation with the measurement that decides it.

    Parameters
    ----------
    sentence : str
        What is expected, as a reader would say it.
    measurement : str
        The result that decides, ``example/name``.
    ratio : callable
        Takes that result and returns the ratio of times that is judged, with an interval corrected for as many
        ratios as the result judges together.
    expected : {"faster", "slower", "no difference shown"}
        What `decide` has to say of the ratio for the claim to hold.
    """

    sentence: str
    measurement: str
    ratio: Callable[[Any], Estimate]
    expected: Verdict

    def judge(self, run: Run) -> tuple[Judgement, Estimate]:
        """Put the claim to a run: what becomes of it, and the ratio that decided."""
        ratio = self.ratio(run[self.measurement])
        verdict = decide(ratio)
        if verdict == "not judged":
            return "not judged in this profile", ratio
        if verdict == "inconclusive":
            return "inconclusive", ratio
        return ("holds" if verdict == self.expected else "does not hold"), ratio

    def row(self, run: Run) -> dict[str, str]:
        """The claim as a row of a table."""
        judgement, ratio = self.judge(run)
        return {"expectation": self.sentence, "verdict": judgement, "measured ratio": quantity.ratio(ratio)}

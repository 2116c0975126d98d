"""The time budget of a build: the remaining time, and the calls that are cut so that the rest fits.

A reference build writes a table with the cost of each call.  Before each example, the remaining calls are planned from
the remaining time, the machine's current pace, and the time of the finished calls relative to the table.  If there is
time to spare, calls make more than the fewest rounds.  If there is too little, calls are cut in a stated order.  Calls
that are not in the table make their fewest rounds, and the next plan accounts for their time.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

from evenhand.judge.decision import times_fewest
from evenhand.runs.run import Run

PRIOR_SECONDS = 5.0
"""The weight of the table relative to the finished calls, in seconds."""
AGAIN = "build with measuring_costs (sphinx-build -D measuring_costs=1)"
"""How the table is made."""
HALF_LIFE_SECONDS = 60.0
"""After this time a finished call counts half, because the machine's pace may have changed."""
CLOCKED_KINDS = ("comparison", "throughput", "paced")
"""Kinds that sample for a fixed time on any machine."""
FIXED_KINDS = ("observed", "paced", "footprint")
"""Kinds whose number of rounds does not depend on the available time."""


class CostsError(ValueError):
    """A table of costs that cannot be used."""


@dataclass(frozen=True)
class Cost:
    """The cost of a call in the reference build.

    Parameters
    ----------
    first : float
        Seconds of the first round, in which workers are started and statements tried.
    further : float
        Seconds of each further round.
    rounds : int
        The fewest rounds that its verdicts take.
    waited : float
        Seconds of each round that are the same on any machine.
    fixed : bool
        Whether it makes no additional rounds when there is time.
    """

    first: float
    further: float
    rounds: int
    waited: float = 0.0
    fixed: bool = False

    def waits(self, rounds: int) -> float:
        """Return the part of the seconds that is the same on any machine."""
        return self.waited * rounds

    def works(self, rounds: int) -> float:
        """Return the part of the seconds that depends on the machine, at the pace of the reference build."""
        if not rounds:
            return 0.0
        return max(self.first + (rounds - 1) * self.further - self.waits(rounds), 0.0)

    def seconds(self, rounds: int, slowness: float) -> float:
        """Return the seconds of a number of rounds on a machine that is `slowness` times as slow."""
        return self.waits(rounds) + slowness * self.works(rounds)


@dataclass(frozen=True)
class Costs:
    """The costs of a site's calls in the reference build.

    Parameters
    ----------
    pace_ns : float
        The machine's pace in that build, see `Run`.
    calls : mapping of str to Cost
        By ``example/name``.
    around : mapping of str to float
        Seconds of each example outside its calls: its imports, checks and figures.
    """

    pace_ns: float
    calls: Mapping[str, Cost] = field(default_factory=dict)
    around: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run, examples: Mapping[str, float], clocked: Sequence[str] = ()) -> Self:
        """Extract the costs from a run.

        Parameters
        ----------
        run : Run
            The run of a build without cut calls.
        examples : mapping of str to float
            Seconds of each example.
        clocked : sequence of str
            Calls that run for a fixed time although their kind does not.

        Raises
        ------
        CostsError
            If the run cut a call, or has no time of its first rounds.
        """
        calls: dict[str, Cost] = {}
        within = dict.fromkeys(examples, 0.0)
        for entry in run.document["results"]:
            key, settings = f"{entry['example']}/{entry['name']}", entry["settings"]
            if settings.get("cut") or "first_ns" not in settings:
                message = f"the run {run.id} cut {key} or has no time of its rounds; {AGAIN}"
                raise CostsError(message)
            rounds = int(settings.get("rounds") or settings["runs"])
            took, first, sampled = (settings[name] / 1e9 for name in ("took_ns", "first_ns", "sampled_ns"))
            waits = entry["kind"] in CLOCKED_KINDS or key in clocked
            calls[key] = Cost(
                first=round(first, 3),
                further=round((took - first) / max(rounds - 1, 1), 3),
                rounds=rounds,
                waited=round(sampled / rounds, 3) if waits else 0.0,
                fixed=entry["kind"] in FIXED_KINDS,
            )
            within[entry["example"]] = within.get(entry["example"], 0.0) + took
        paces = [pace for entry in run.document["results"] for pace in entry.get("pace_ns", [])]
        around = {name: round(max(seconds - within[name], 0.0), 3) for name, seconds in examples.items()}
        return cls(round(median(paces)), calls, around)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a table.

        Raises
        ------
        CostsError
            If it cannot be read or is not a table of costs.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            calls = {key: Cost(**cost) for key, cost in table["calls"].items()}
            return cls(float(table["pace_ns"]), calls, {key: float(value) for key, value in table["around"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{path.name} is not a table of costs ({error!r}); write a new one: {AGAIN}"
            raise CostsError(message) from error

    def write(self, path: Path) -> None:
        """Write the table."""
        lines = ["# The costs of the examples in a reference build; a build with `measuring_costs` writes it."]
        lines += [f"pace_ns = {self.pace_ns:.0f}", "", "[around]"]
        lines += [f"{json.dumps(name, ensure_ascii=False)} = {seconds}" for name, seconds in self.around.items()]
        lines += ["", "[calls]"]
        for key, cost in self.calls.items():
            facts = {"first": cost.first, "further": cost.further, "rounds": cost.rounds}
            facts |= {"waited": cost.waited} if cost.waited else {}
            text = ", ".join(f"{name} = {value}" for name, value in facts.items())
            lines.append(
                f"{json.dumps(key, ensure_ascii=False)} = {{ {text}{', fixed = true' if cost.fixed else ''} }}"
            )
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Done:
    """A finished call.

    Parameters
    ----------
    key : str
        ``example/name``.
    rounds : int
        Its number of rounds.
    seconds : float
        Its duration.
    pace_ns : float
        The machine's pace at that time.
    """

    key: str
    rounds: int
    seconds: float
    pace_ns: float


@dataclass(frozen=True)
class Plan:
    """The plan for the remaining time.

    Parameters
    ----------
    cut : tuple of str
        The calls that are not made.
    factor : float
        The number of rounds of the other calls, as a multiple of their fewest.
    examples : mapping of str to float
        Seconds of each example.
    left : float
        The remaining seconds.
    """

    cut: tuple[str, ...]
    factor: float
    examples: Mapping[str, float]
    left: float

    @property
    def seconds(self) -> float:
        """Seconds of all examples."""
        return sum(self.examples.values())


@dataclass(frozen=True)
class Budget:
    """The time budget of a build.

    Parameters
    ----------
    costs : Costs
        The costs of the calls in the reference build.
    order : sequence of str
        The calls that may be cut, in the order in which they are cut.
    most : int
        The most rounds that a call makes.
    """

    costs: Costs
    order: Sequence[str]
    most: int

    def plan(self, examples: Sequence[str], left: float, slowness: float) -> Plan:
        """Plan the remaining examples.

        Calls are cut in their order until the rest fits.  Then, from the last to the first, each call is taken back
        that fits into what the larger ones left.

        Parameters
        ----------
        examples : sequence of str
            The remaining examples.
        left : float
            The remaining seconds.
        slowness : float
            The current duration of work relative to the reference build.
        """
        calls = {key: cost for key, cost in self.costs.calls.items() if key.partition("/")[0] in examples}
        cut: list[str] = []
        for key in self.order:
            if self.needed(calls, cut, 1.0, examples, slowness) <= left:
                break
            if key in calls and calls[key].rounds > 1:
                cut.append(key)
        for key in reversed(cut.copy()):
            without = [other for other in cut if other != key]
            if self.needed(calls, without, 1.0, examples, slowness) <= left:
                cut = without
        factor, least, most = 1.0, 1.0, float(self.most)
        if not cut:
            for _ in range(20):
                factor = (least + most) / 2
                fits = self.needed(calls, cut, factor, examples, slowness) <= left
                least, most = (factor, most) if fits else (least, factor)
            factor = least
        seconds = {
            example: self.needed(
                {key: cost for key, cost in calls.items() if key.startswith(f"{example}/")},
                cut,
                factor,
                [example],
                slowness,
            )
            for example in examples
        }
        return Plan(tuple(cut), factor, seconds, left)

    def needed(
        self,
        calls: Mapping[str, Cost],
        cut: Sequence[str],
        factor: float,
        examples: Sequence[str],
        slowness: float,
    ) -> float:
        """Return the seconds of some calls and of the examples around them."""
        around = sum(self.costs.around.get(example, 0.0) for example in examples)
        rounds = {key: 0 if key in cut else self.rounds(cost, factor) for key, cost in calls.items()}
        return slowness * around + sum(cost.seconds(rounds[key], slowness) for key, cost in calls.items())

    def rounds(self, cost: Cost, factor: float) -> int:
        """Return the number of rounds of a call that is not cut."""
        return cost.rounds if cost.fixed else times_fewest(cost.rounds, factor, self.most)

    def slowness(self, done: Sequence[Done], pace_ns: float) -> float:
        """Return the current duration of work relative to the reference build.

        It follows from the machine's pace, corrected by the finished calls: their time relative to the prediction.

        Parameters
        ----------
        done : sequence of Done
            The finished calls, in their order.
        pace_ns : float
            The machine's current pace.
        """
        took = predicted = PRIOR_SECONDS
        weight = 1.0
        for call in reversed(done):
            cost = self.costs.calls.get(call.key)
            if cost is not None:
                took += weight * max(call.seconds - cost.waits(call.rounds), 0.0)
                predicted += weight * cost.works(call.rounds) * call.pace_ns / self.costs.pace_ns
            weight *= 0.5 ** (call.seconds / HALF_LIFE_SECONDS)
        return pace_ns / self.costs.pace_ns * took / predicted

    def as_dict(self) -> dict[str, Any]:
        """Return the budget as JSON values."""
        calls = {key: vars(cost) for key, cost in self.costs.calls.items()}
        costs = {"pace_ns": self.costs.pace_ns, "calls": calls, "around": dict(self.costs.around)}
        return {"costs": costs, "order": list(self.order), "most": self.most}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Restore a budget from the result of `as_dict`."""
        costs = document["costs"]
        calls = {key: Cost(**cost) for key, cost in costs["calls"].items()}
        return cls(Costs(costs["pace_ns"], calls, costs["around"]), document["order"], document["most"])

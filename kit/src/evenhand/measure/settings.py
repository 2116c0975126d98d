"""How long and how often an example measures, and where its results go."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar, cast

from evenhand.judge.decision import times_fewest
from evenhand.measure.arguments import positive, whole
from evenhand.measure.statement import Statement
from evenhand.results.result import Interrupted, Result
from evenhand.runs.address import sharing
from evenhand.runs.neighbours import Neighbours
from evenhand.runs.packages import Packages, configured, describe, named
from evenhand.runs.recorder import Recorder

R = TypeVar("R", bound=Result)

ROUNDS = 12
"""The default number of rounds: enough for an interval, a few seconds for a pair."""


@dataclass(frozen=True)
class Settings:
    """How long and how often an example measures.

    Parameters
    ----------
    example : str
        Name of the example; its results are stored under this name.
    rounds : int
        Rounds of each call, or their maximum where there is a budget of seconds.
    seconds : float, optional
        The example's share of the build's time; None for no limit.
    options : mapping
        The example's own numbers (``samples``, ``repeats``), read as attributes.
    recorder : Recorder
        Receives the results.
    judges : bool
        Whether each call makes the rounds that its verdicts need even if the seconds do not suffice.
    slices : int, optional
        Slices of a round of `compare`; None for the default. Fewer slices are quicker but leave more noise in a round.
    factor : float, optional
        Rounds of each call as a multiple of the fewest that its verdicts need, where the build has a budget; None
        where the seconds decide.
    cut : frozenset of str
        Names of the calls for which the budget has no time: they are not made, and their results record that.
    packages : sequence of str, or mapping of str to str, optional
        The measured distributions; see `settings`. None: those named by the nearest configuration above the
        working folder.

    Examples
    --------
    >>> import evenhand as bench
    >>> settings = bench.Settings(example="mine", rounds=6, options={"samples": 1_000})
    >>> settings.rounds, settings.samples
    (6, 1000)
    """

    example: str = "interactive"
    rounds: int = ROUNDS
    seconds: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    recorder: Recorder = field(default_factory=Recorder)
    judges: bool = False
    slices: int | None = None
    factor: float | None = None
    cut: frozenset[str] = frozenset()
    packages: Packages | None = None

    def __post_init__(self) -> None:
        whole("rounds", self.rounds)
        if self.slices is not None:
            whole("slices", self.slices)
        if self.seconds is not None:
            positive("seconds", self.seconds, "seconds")
        object.__setattr__(self, "packages", configured() if self.packages is None else named(self.packages))

    def __getattr__(self, name: str) -> Any:
        # Copying and pickling look for methods before there are options.
        options = self.__dict__.get("options", {})
        if name in options:
            return options[name]
        message = f"these settings have no option {name!r}; the options are: {', '.join(sorted(options)) or 'none'}"
        raise AttributeError(message)

    @cached_property
    def package_facts(self) -> dict[str, dict[str, Any]]:
        """Version, hash of the files, and build of each package that is measured.

        Raises
        ------
        PackageError
            If a package is not installed, or its build is not fit for measuring.
        """
        return describe(cast("Mapping[str, str]", self.packages))

    @property
    def limited(self) -> bool:
        """Whether a build limits the measuring time."""
        return self.seconds is not None or self.factor is not None

    def rounds_within(self, round_seconds: float, share: float, fewest: int) -> int:
        """The number of rounds that fit into this share of the seconds; fixed before sampling begins.

        Parameters
        ----------
        round_seconds : float
            Duration of one round.
        share : float
            The part of the example's seconds.
        fewest : int
            The rounds that the call's verdicts need.
        """
        if self.factor is not None:
            return times_fewest(fewest, self.factor, self.rounds)
        if self.seconds is None:
            return self.rounds
        least = fewest if self.judges else 1
        return max(least, min(self.rounds, int(self.seconds * share / round_seconds)))

    def measured(
        self,
        kind: type[R],
        name: str,
        stated: Mapping[str, Statement],
        plan: Mapping[str, Any],
        make: Callable[[], R],
    ) -> R:
        """Measure, or return the archived result of the same example, name, statements and plan; then record it.

        Raises
        ------
        TypeError
            If the name is not a text.
        ValueError
            If a name contains a slash, which separates the names in a number's address, two contenders have the same
            address, or the example already has a result of that name.
        PackageError
            If a measured package is not installed, is a debug build, or slows itself down.
        ReuseError
            If the build reuses a run that has no such result.
        """
        _ = self.package_facts  # a build that is not fit for measuring is refused before a process starts
        for what, given in (("name", name), *(("contender", contender) for contender in stated)):
            if not isinstance(given, str):
                message = f"{what} must be a text, got {given!r}"
                raise TypeError(message)
            if "/" in given or not given:
                message = f"{what} {given!r} is empty or contains a slash; a number's address is example/name/contender"
                raise ValueError(message)
        contenders = list(stated)
        for place, contender in enumerate(contenders):
            if (same := sharing(contender, contenders[:place])) is not None:
                message = (
                    f"contenders {same!r} and {contender!r} have the same address, which has _ for a space; rename one"
                )
                raise ValueError(message)
        self.recorder.expect(self.example, name)
        result = self.recorder.archived(self.example, kind, name, stated, plan)
        if result is None:
            before, begin = Neighbours.read(), time.perf_counter_ns()
            stopped = None
            try:
                result = make()
            except Interrupted as interrupted:
                stopped, result = interrupted, cast("R", interrupted.result)
            if not result.cut:
                took = {"took_ns": time.perf_counter_ns() - begin}
                notes = (*result.notes, *before.notes_until(Neighbours.read()))
                result = replace(result, settings={**result.settings, **took}, notes=notes)
            if stopped is not None:
                self.recorder.record(result)
                # A script exits with the status of the signal that stopped it.
                raise stopped.__cause__ if isinstance(stopped.__cause__, SystemExit) else Interrupted(result)
        self.recorder.record(result)
        return result

    def announce(self, text: str) -> None:
        """Announce long work before it begins."""
        self.recorder.announce(text)

    def progress(self, name: str, done: int, total: int) -> None:
        """Report the progress of a measurement, on a terminal only."""
        self.recorder.progress(f"{self.example}/{name}", done, total)

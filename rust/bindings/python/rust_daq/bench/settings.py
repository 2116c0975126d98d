"""`settings`: flags in a script, the profile's values in the docs build, defaults in a notebook."""

from __future__ import annotations

import builtins
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from rust_daq.bench.arguments import positive, whole
from rust_daq.bench.neighbours import Neighbours
from rust_daq.bench.recorder import Recorder, StageRecorder
from rust_daq.bench.result import Interrupted, Result
from rust_daq.bench.stage import STAGE_VARIABLE, Stage
from rust_daq.bench.statement import Statement

R = TypeVar("R", bound=Result)

ROUNDS = 12
"""Rounds where nobody asked for another number: enough for an interval, a few seconds for a pair."""


@dataclass(frozen=True)
class Settings:
    """What decides how long and how often an example measures.

    Parameters
    ----------
    example : str
        Name of the example, under which its results are kept.
    rounds : int
        Rounds of each call, or the most of them where there is a budget of seconds.
    seconds : float, optional
        The example's share of the build's time; None where it takes what it takes.
    options : mapping
        The example's own numbers (``samples``, ``repeats``), read as attributes.
    recorder : Recorder
        Where results go.
    judges : bool
        Whether each call makes the rounds that its verdicts take even where the seconds do not suffice.
    slices : int, optional
        Slices of a round of `compare`; None for its own number. Fewer are quicker, and leave a round more noise.

    Examples
    --------
    >>> from rust_daq import bench
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

    def __post_init__(self) -> None:
        whole("rounds", self.rounds)
        if self.slices is not None:
            whole("slices", self.slices)
        if self.seconds is not None:
            positive("seconds", self.seconds, "seconds")

    def __getattr__(self, name: str) -> Any:
        # Copying and pickling ask before there are options.
        options = self.__dict__.get("options", {})
        if name in options:
            return options[name]
        message = f"these settings have no option {name!r}; the options are: {', '.join(sorted(options)) or 'none'}"
        raise AttributeError(message)

    def rounds_within(self, round_seconds: float, share: float, fewest: int) -> int:
        """The rounds that a call with this share of the seconds can make; fixed before sampling begins.

        Parameters
        ----------
        round_seconds : float
            What one round takes.
        share : float
            The part of the example's seconds.
        fewest : int
            The rounds that the call's verdicts take.
        """
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
        """Measure, or return what is archived of the same example, name, statements and plan; then record it.

        Raises
        ------
        TypeError
            If the name is not a text.
        ValueError
            If a name holds a slash, which parts the names in a number's address, or the example has a result
            of that name already.
        RuntimeError
            If the extension is a debug build, or one that slows itself down.
        ReuseError
            If the build reuses and the archived run has no such result.
        """
        refuse_build()
        for what, given in (("name", name), *(("contender", contender) for contender in stated)):
            if not isinstance(given, str):
                message = f"{what} must be a text, got {given!r}"
                raise TypeError(message)
            if "/" in given or not given:
                message = f"{what} {given!r} is empty or holds a slash; a number's address is example/name/contender"
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
            took = {"took_ns": time.perf_counter_ns() - begin}
            notes = (*result.notes, *before.notes_until(Neighbours.read()))
            result = replace(result, settings={**result.settings, **took}, notes=notes)
            if stopped is not None:
                self.recorder.record(result)
                # A script ends with the status of the signal that stopped it.
                raise stopped.__cause__ if isinstance(stopped.__cause__, SystemExit) else Interrupted(result)
        self.recorder.record(result)
        return result

    def announce(self, text: str) -> None:
        """Say what takes long, before it begins."""
        self.recorder.announce(text)

    def progress(self, name: str, done: int, total: int) -> None:
        """Say how far a measurement is; on a terminal only."""
        self.recorder.progress(f"{self.example}/{name}", done, total)


def refuse_build() -> None:
    """Raise if the extension that is installed is none to measure: its numbers would be about nothing."""
    import rust_daq

    build = rust_daq.build_info()
    if build["profile"] == "debug":
        message = "rust_daq is a debug build, which is not worth measuring; install one made with --release"
        raise RuntimeError(message)
    if build.get("burn"):
        message = "rust_daq is built with the feature burn and slows itself down; install one without it"
        raise RuntimeError(message)


def settings(doc: str | None, *, rounds: int = ROUNDS, **options: Any) -> Settings:
    """Make the settings of an example.

    Parameters
    ----------
    doc : str
        The example's ``__doc__``, whose first lines are its ``--help``.
    rounds : int
        Rounds of each measuring call.
    **options
        The example's own numbers with their defaults; each is a flag of the script.

    Returns
    -------
    Settings

    Examples
    --------
    In an example, which is then a script with flags, a page and a notebook:

    >>> from rust_daq import bench
    >>> settings = bench.settings("Does it hold?", samples=50_000)
    >>> settings.samples
    50000
    """
    if unusable := sorted(name for name in options if hasattr(Settings, name) or name in Settings.__dataclass_fields__):
        message = f"option {unusable[0]!r} is a part of all settings; give it another name"
        raise ValueError(message)
    stage = os.environ.get(STAGE_VARIABLE)
    if stage:
        return staged(Stage(Path(stage)), options)
    caller = sys._getframe(1).f_globals  # noqa: SLF001 - a script is known by who calls, not by what was started
    file = caller.get("__file__")
    if file is None:
        return Settings(example="notebook", rounds=rounds, options=options)
    script = Path(str(file))
    # An example that is imported, or run by IPython, has no command line of its own.
    if caller.get("__name__") != "__main__" or hasattr(builtins, "get_ipython"):
        return Settings(example=script.stem, rounds=rounds, options=options)
    from rust_daq.bench.script import script_settings

    return script_settings(doc or "", script, rounds, options)


def staged(stage: Stage, options: Mapping[str, Any]) -> Settings:
    """The settings that the docs build has planned for the example it runs now."""
    plan = stage.plan()
    example = stage.example()
    return Settings(
        example=example,
        rounds=plan["rounds"],
        seconds=plan["seconds"].get(example),
        options={name: plan["options"].get(name, value) for name, value in options.items()},
        recorder=StageRecorder(stage),
        judges=plan["judged"],
        slices=plan.get("slices"),
    )

"""`compare_commands`: the times of whole processes from start to end, and the ratios between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from evenhand.measure.command import Command, CommandError, empty_process
from evenhand.measure.process import WorkerProcess
from evenhand.measure.records import Sample
from evenhand.measure.round import turns
from evenhand.measure.sampling import Sampler, measure
from evenhand.measure.settings import Settings
from evenhand.measure.timing_loop import LONG_SECONDS, SLICES, TRIES, Calibration, slices_within
from evenhand.results.comparison import Comparison


class ProcessSampler(Sampler[Comparison]):
    """Times processes that are started one after another, in turns, each followed by an empty one.

    Parameters
    ----------
    commands : mapping of str to Command
        The contenders.
    setup : sequence of Command
        Commands that run once, before the first contender.
    each : Command, optional
        A command that runs before every contender, untimed.
    plan : mapping
        The numbers that determine the sampling.
    """

    kind = Comparison
    slices: int

    def __init__(
        self, commands: Mapping[str, Command], setup: Sequence[Command], each: Command | None, plan: Mapping[str, Any]
    ) -> None:
        super().__init__({name: command.statement for name, command in commands.items()}, plan, len(commands) - 1)
        self.commands = commands
        self.setup = setup
        self.each = each
        self.empty = empty_process()

    def workers(self, index: int) -> AbstractContextManager[Mapping[str, WorkerProcess]]:
        """Return no workers, because the processes themselves are timed."""
        del index
        return nullcontext({})

    def prepare(self, workers: Mapping[str, WorkerProcess]) -> float:
        """Run each command untimed, so that its files are cached, and determine how many fit into a round."""
        del workers
        for command in self.setup:
            run_untimed("setup", command)
        nothing = min(self.empty.run() for _ in range(TRIES))
        tried = [self.calibrate(command, nothing) for command in self.commands.values()]
        self.slices = slices_within(self.plan["most_slices"], tried)
        return self.slices * sum(found.slice_seconds for found in tried)

    def calibrate(self, command: Command, nothing: int) -> Calibration:
        """Measure the time of a command: the shortest of several runs, or the first one if it is long."""
        took = self.time(command)
        for _ in range(TRIES - 1):
            if took < LONG_SECONDS * 1e9:
                took = min(took, self.time(command))
        return Calibration(cost=took, empty=nothing, wall=took)

    def time(self, command: Command) -> int:
        """Return the nanoseconds of one process."""
        if self.each is not None:
            run_untimed("each", self.each)
        return command.run()

    def sample(self, workers: Mapping[str, WorkerProcess], index: int) -> Sequence[Sample]:
        """Time the processes of a round, forward then backward."""
        del workers
        samples, nothing = [], dict.fromkeys(self.commands, 0)
        for turn, name in turns(list(self.commands), index, self.slices):
            samples.append(Sample(name, "slice_ns", float(self.time(self.commands[name])), index, turn))
            nothing[name] += self.empty.run()
        for name, elapsed in nothing.items():
            samples.append(Sample(name, "empty_ns", float(elapsed), index, loops=self.slices))
        return samples

    def facts(self) -> dict[str, Any]:
        """Return the number of processes per command in a round."""
        return {"slices": self.slices}

    def records(self) -> dict[str, dict[str, Any]]:
        """Return the texts of the commands."""
        given: dict[str, Any] = {"setup": "\n".join(command.text for command in self.setup) or None}
        if self.each is not None:
            given["each"] = self.each.text
        kept = super().records()
        return {name: {**kept[name], "statement": command.text, **given} for name, command in self.commands.items()}


def run_untimed(part: str, command: Command) -> None:
    """Run a command that is not timed; an error names its flag.

    Raises
    ------
    CommandError
        If the command fails.
    """
    try:
        command.run()
    except CommandError as error:
        message = f"--{part}: {error}"
        raise CommandError(message) from error


def compare_commands(
    commands: Mapping[str, Command],
    *,
    setup: Sequence[Command] = (),
    each: Command | None = None,
    name: str = "commands",
    settings: Settings | None = None,
) -> Comparison:
    """Compare the times of whole processes, which are started in turns.

    Parameters
    ----------
    commands : mapping of str to Command
        The commands to compare; the first is the baseline.
    setup : sequence of Command
        Commands that run once, before all others.
    each : Command, optional
        A command that runs before every process, untimed.
    name : str
        The measurement's name within its example.
    settings : Settings, optional
        The settings of the script; see `bench.settings`.

    Returns
    -------
    Comparison
        Its floor is an empty process.

    Raises
    ------
    CommandError
        If a command cannot be started, or fails.
    Interrupted
        If the measurement was stopped; its ``result`` has the finished rounds.
    """
    settings = settings or Settings()
    plan = {"most_slices": settings.slices or SLICES, "processes": True}
    return measure(ProcessSampler(commands, setup, each, plan), name, settings)

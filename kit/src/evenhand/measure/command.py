"""A command: a whole process, timed from just before its start until its end."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from typing import IO

from evenhand.measure.statement import Statement

LAST_LINES = 5
"""Lines of its standard error that the message about a failed command ends with."""
LAST_BYTES = 4096
SHELL = frozenset({"|", "||", "&", "&&", ";", ">", ">>", "<", "<<", "2>", "&>", "2>&1"})
"""Words that have a meaning in a shell; without one, a program would receive them as arguments."""


class CommandError(RuntimeError):
    """A command cannot be started, or failed."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments, started without a shell.

    Parameters
    ----------
    text : str
        Split into words as a shell would, including quotes; no other feature of a shell is supported.

    Raises
    ------
    ValueError
        If the text has no words, an open quote or an operator of a shell, or names a program that does not exist.
    """

    text: str

    def __post_init__(self) -> None:
        try:
            words = self.words
        except ValueError as error:
            message = f"command {self.text!r} cannot be split into words: {error}; close its quotes"
            raise ValueError(message) from None
        if not words or not words[0]:
            message = f"command {self.text!r} names no program; give one with its arguments, such as 'python -c pass'"
            raise ValueError(message)
        if found := sorted(SHELL & set(words) & set(self.text.split())):
            message = (
                f"command {self.text!r} has {found[0]!r}, which only a shell understands, and none is used; "
                f"pass {shlex.join(['sh', '-c', self.text])!r} to time a shell with it"
            )
            raise ValueError(message)
        if shutil.which(words[0]) is None:
            message = f"command {self.text!r}: there is no program {words[0]!r}; give its path, or one on PATH"
            raise ValueError(message)

    @property
    def words(self) -> list[str]:
        """The program and its arguments."""
        return shlex.split(self.text)

    @property
    def statement(self) -> Statement:
        """An equivalent statement, by which a result knows whether two commands are the same."""
        return Statement(f"subprocess.run({self.words!r})", "import subprocess")

    def run(self) -> int:
        """Run it to completion, with empty standard input, and discard its standard output.

        Returns
        -------
        int
            Nanoseconds from just before the start to the end.

        Raises
        ------
        CommandError
            If it cannot be started, or its exit status is not 0.
        """
        words = self.words
        with tempfile.TemporaryFile() as errors:
            begin = time.perf_counter_ns()
            try:
                # Nothing is inherited anyway; saying so lets Python start the process without copying itself first.
                process = subprocess.Popen(  # noqa: S603 - the caller's own command
                    words,
                    executable=shutil.which(words[0]),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    close_fds=False,
                )
            except OSError as error:
                message = f"command {self.text!r} cannot be started: {error.strerror or error}; is it a program?"
                raise CommandError(message) from error
            try:
                status = process.wait()
                elapsed = time.perf_counter_ns() - begin
            finally:
                if process.returncode is None:
                    process.kill()
                    process.wait()
            if status:
                message = f"command {self.text!r} {ending(status)}{last_lines(errors)}"
                raise CommandError(message)
        return elapsed


def ending(status: int) -> str:
    """How a process ended."""
    if status > 0:
        return f"ended with exit status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def last_lines(errors: IO[bytes]) -> str:
    """The end of a message: the last lines that a process wrote to standard error."""
    errors.seek(max(errors.seek(0, os.SEEK_END) - LAST_BYTES, 0))
    lines = errors.read().decode(errors="replace").strip().splitlines()[-LAST_LINES:]
    return "".join(["; its last lines on standard error:", *(f"\n  {line}" for line in lines)]) if lines else ""


def empty_process() -> Command:
    """The smallest process that this system starts: its cost is part of the cost of every other process."""
    return Command("cmd /c exit" if os.name == "nt" else "true" if shutil.which("true") else "sh -c :")

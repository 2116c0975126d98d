"""A command: a whole process, timed from before it is started until it has ended."""

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
"""Lines of its standard error that the sentence about a failed command ends with."""
LAST_BYTES = 4096
SHELL = frozenset({"|", "||", "&", "&&", ";", ">", ">>", "<", "<<", "2>", "&>", "2>&1"})
"""Words that a shell acts on, and that a program would be passed as they are."""


class CommandError(RuntimeError):
    """A command cannot be started, or failed."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments, which no shell reads.

    Parameters
    ----------
    text : str
        Split into words as a shell would, quotes and all; nothing else of a shell is there.

    Raises
    ------
    ValueError
        If the text has no words, an open quote or an operator of a shell, or names a program that is not there.
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
        """The statement that does the same, by which a result knows whether two commands are the same."""
        return Statement(f"subprocess.run({self.words!r})", "import subprocess")

    def run(self) -> int:
        """Run it to its end, with nothing on standard input, and drop its standard output.

        Returns
        -------
        int
            Nanoseconds from before it was started until it had ended.

        Raises
        ------
        CommandError
            If it cannot be started, or its exit status is not 0.
        """
        words = self.words
        with tempfile.TemporaryFile() as errors:
            begin = time.perf_counter_ns()
            try:
                # Nothing of ours is inherited anyway; so said, Python may start it without copying itself first.
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
    """The end of a sentence: what a process wrote last on standard error."""
    errors.seek(max(errors.seek(0, os.SEEK_END) - LAST_BYTES, 0))
    lines = errors.read().decode(errors="replace").strip().splitlines()[-LAST_LINES:]
    return "".join(["; its last lines on standard error:", *(f"\n  {line}" for line in lines)]) if lines else ""


def empty_process() -> Command:
    """The least process that this system starts: what it takes is a part of what any other takes."""
    return Command("cmd /c exit" if os.name == "nt" else "true" if shutil.which("true") else "sh -c :")

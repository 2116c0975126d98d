"""Flags of a command: their kinds follow from their defaults, and a wrong one gets a sentence."""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

USAGE = 2
"""Exit status of a command that was called wrongly, as with `argparse` and most of Unix."""

LABEL_HELP = "the run's name in the archive, by which evenhand show and compare find it"


class FlagParser(argparse.ArgumentParser):
    """A parser that takes no abbreviations and answers a mistake in one sentence."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **keywords)

    def add_option(self, name: str, default: object) -> None:
        """Add the flag of an option: its kind is that of its default.

        Parameters
        ----------
        name : str
            The option as a Python name; ``plot_dir`` becomes ``--plot-dir``.
        default : bool, int, float, str, Path, None or ()
            The value without the flag; None for an optional path, the empty tuple for paths, one each time the flag is
            passed.

        Raises
        ------
        TypeError
            If the default is of another kind.
        """
        flag = "--" + name.replace("_", "-")
        if isinstance(default, bool):
            self.add_argument(
                flag, default=default, action=argparse.BooleanOptionalAction, help=f"(default: {default})"
            )
            return
        if default == ():
            several = "a path; repeat the flag for each further one (default: none)"
            self.add_argument(flag, type=path, action="append", default=[], metavar="PATH", help=several)
            return
        for kind, read, metavar, what in KINDS:
            if isinstance(default, kind):
                text = "none" if default is None else str(default)
                self.add_argument(flag, type=read, default=default, metavar=metavar, help=f"{what} (default: {text})")
                return
        message = (
            f"option {name!r} has the default {default!r}; "
            "a flag can be made of a bool, int, float, str, Path, None or ()"
        )
        raise TypeError(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Read the arguments; one that is not known is answered with its nearest."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            flag = unknown[0].partition("=")[0]
            near = difflib.get_close_matches(flag, self._option_string_actions, n=1)
            hint = f"did you mean {near[0]}?" if near else "--help lists the flags"
            self.error(f"unknown argument {flag!r}; {hint}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """End with a sentence and the status of wrong usage."""
        sentence = message.removeprefix("argument ")
        if sentence.endswith(("expected one argument", "expected at least one argument")):
            sentence += "; give its value after it, --help shows which"
        self.exit(USAGE, f"{self.prog}: {sentence}\n")


def whole_number(text: str) -> int:
    """A whole number above 0, ``50_000`` allowed."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number <= 0:
        message = f"{text!r} is no whole number above 0; pass one such as 5000"
        raise argparse.ArgumentTypeError(message)
    return number


def number(text: str) -> float:
    """A finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        message = f"{text!r} is no finite number above 0; pass one such as 1000 or 2.5"
        raise argparse.ArgumentTypeError(message)
    return value


def share(text: str) -> float:
    """A share, from 0 to below 1."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < 1:
        message = f"{text!r} is no share from 0 to below 1; pass one such as 0.01, which is one in a hundred"
        raise argparse.ArgumentTypeError(message)
    return value


def path(text: str) -> Path:
    """A path that a file system can hold."""
    if not text.strip() or "\0" in text:
        message = f"{text!r} names no file or folder; pass a path such as results/latest"
        raise argparse.ArgumentTypeError(message)
    return Path(text)


KINDS: tuple[tuple[type, Callable[[str], Any], str, str], ...] = (
    (int, whole_number, "N", "a whole number above 0"),
    (float, number, "X", "a number above 0"),
    (str, str, "TEXT", "a text"),
    (Path, path, "PATH", "a path"),
    (type(None), path, "PATH", "a path"),
)
"""Per kind of default: how its flag is read, how it is shown, and what it takes."""

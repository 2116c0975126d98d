"""Flags of a command: their types follow from their defaults, and a wrong flag is answered in one sentence."""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

USAGE = 2
"""Exit status after wrong usage, as in `argparse` and most Unix commands."""

LABEL_HELP = "name of the run in the archive, for evenhand show and compare"


class FlagParser(argparse.ArgumentParser):
    """A parser that accepts no abbreviations and answers a mistake in one sentence."""

    def __init__(self, **keywords: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **keywords)

    def add_option(self, name: str, default: object) -> None:
        """Add the flag of an option; its type is that of the default.

        Parameters
        ----------
        name : str
            The option as a Python name; ``plot_dir`` becomes ``--plot-dir``.
        default : bool, int, float, str, Path, None or ()
            The value without the flag.  None makes an optional path; the empty tuple makes a list of paths, one for
            each time the flag is passed.

        Raises
        ------
        TypeError
            If the default has another type.
        """
        flag = "--" + name.replace("_", "-")
        if isinstance(default, bool):
            self.add_argument(
                flag, default=default, action=argparse.BooleanOptionalAction, help=f"(default: {default})"
            )
            return
        if default == ():
            several = "a path; repeat the flag for more (default: none)"
            self.add_argument(flag, type=path, action="append", default=[], metavar="PATH", help=several)
            return
        for kind, read, metavar, what in KINDS:
            if isinstance(default, kind):
                # In a help text a per cent sign begins a format.
                text = "none" if default is None else str(default).replace("%", "%%")
                self.add_argument(flag, type=read, default=default, metavar=metavar, help=f"{what} (default: {text})")
                return
        message = f"option {name!r} has the default {default!r}; a flag needs a bool, int, float, str, Path, None or ()"
        raise TypeError(message)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse the arguments; for an unknown one, suggest the most similar flag."""
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
            sentence += "; put its value after it; --help shows which"
        self.exit(USAGE, f"{self.prog}: {sentence}\n")


def whole_number(text: str) -> int:
    """Parse a whole number above 0, such as ``50_000``."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number <= 0:
        message = f"{text!r} is not a whole number above 0; pass one such as 5000"
        raise argparse.ArgumentTypeError(message)
    return number


def number(text: str) -> float:
    """Parse a finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value <= 0:
        message = f"{text!r} is not a finite number above 0; pass one such as 1000 or 2.5"
        raise argparse.ArgumentTypeError(message)
    return value


def share(text: str) -> float:
    """Parse a share from 0 to below 1."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < 1:
        message = f"{text!r} is not a share from 0 to below 1; pass one such as 0.01, which is 1 in 100"
        raise argparse.ArgumentTypeError(message)
    return value


def path(text: str) -> Path:
    """Parse a path that is valid in a file system."""
    if not text.strip() or "\0" in text:
        message = f"{text!r} is not a valid path; pass one such as results/latest"
        raise argparse.ArgumentTypeError(message)
    return Path(text)


KINDS: tuple[tuple[type, Callable[[str], Any], str, str], ...] = (
    (int, whole_number, "N", "a whole number above 0"),
    (float, number, "X", "a number above 0"),
    (str, str, "TEXT", "a text"),
    (Path, path, "PATH", "a path"),
    (type(None), path, "PATH", "a path"),
)
"""For each type of default: the parser of its flag, the placeholder, and the description."""

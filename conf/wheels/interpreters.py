"""The CPythons of this machine: on PATH, under pyenv, installed by uv, and those made by `debian`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import debian

SECONDS = 30
"""The longest time that an interpreter may take to report its version."""
QUESTION = """
import json, sys, sysconfig
version = "%d.%d" % sys.version_info[:2]
free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
print(json.dumps({"name": sys.implementation.name, "version": version + "t" * free, "path": sys.executable}))
"""
ABSENT = "not on PATH, under pyenv, installed by uv or made by `-- --debian`"


class BrokenInterpreterError(Exception):
    """An interpreter does not report its version; the message is for the user."""


@dataclass(frozen=True)
class Interpreters:
    """The interpreters that were found.

    Parameters
    ----------
    paths : dict of str to str
        The interpreter of each available version.
    broken : list of str
        A message about each program that looks like an interpreter but does not work.
    """

    paths: dict[str, str] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)


def find(versions: Sequence[str], uv: str) -> Interpreters:
    """Find a working CPython of each version; nothing is downloaded.

    Parameters
    ----------
    versions : sequence of str
        Such as ``3.13``, or ``3.14t`` for the free-threaded build.
    uv : str
        The program that searches PATH and its own installed interpreters.
    """
    found = Interpreters()
    for version in versions:
        for candidate in candidates(version, uv):
            try:
                name, its_version, path = ask(candidate)
            except BrokenInterpreterError as error:
                found.broken.append(str(error))
                continue
            if (name, its_version) == ("cpython", version):
                found.paths[version] = path
                break
    return found


def candidates(version: str, uv: str) -> Iterator[str]:
    """Yield programs that may be an interpreter of this version, the likeliest first."""
    command = [uv, "python", "find", "--system", "--no-python-downloads", version]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        yield answer.stdout.strip()
    # uv silently skips an interpreter that does not work.  A shim of pyenv is not an interpreter.
    if (named := shutil.which(f"python{version}")) and ".pyenv" not in named:
        yield named
    # A shim knows only the active versions, so search pyenv's folder.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    number, free = version.removesuffix("t"), version.endswith("t")
    for folder in sorted(pyenv.glob(f"{number}.*")):
        if folder.name.endswith("t") == free:
            yield str(folder / "bin" / "python")
    if (made := debian.interpreter(version)).is_file():
        yield str(made)


def ask(program: str) -> tuple[str, str, str]:
    """Query a program for its interpreter version.

    Returns
    -------
    name, version, path
        Such as ``cpython``, ``3.14t`` and the program that answered.

    Raises
    ------
    BrokenInterpreterError
        If it does not start, crashes, takes too long or answers something else.
    """
    try:
        answer = subprocess.run(
            [program, "-I", "-c", QUESTION],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=SECONDS,
        )
    except OSError as error:
        message = f"{program} does not start: {error.strerror}; repair or remove it"
        raise BrokenInterpreterError(message) from None
    except subprocess.TimeoutExpired:
        message = f"{program} did not report its version within {SECONDS} s; repair or remove it"
        raise BrokenInterpreterError(message) from None
    if answer.returncode:
        last = (answer.stderr.strip().splitlines() or ["nothing"])[-1]
        message = f"{program} ended with status {answer.returncode} and printed: {last}; repair or remove it"
        raise BrokenInterpreterError(message)
    try:
        facts = json.loads(answer.stdout)
        return facts["name"], facts["version"], facts["path"]
    except (ValueError, TypeError, KeyError):
        printed = answer.stdout.strip()[:80] or "nothing"
        message = f"{program} printed no version, but: {printed}; repair or remove it"
        raise BrokenInterpreterError(message) from None

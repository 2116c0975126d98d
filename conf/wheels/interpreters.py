"""The CPythons of this machine: on PATH, under pyenv, among uv's own, and those that `debian` has made."""

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
"""How long an interpreter may take to say what it is."""
QUESTION = """
import json, sys, sysconfig
version = "%d.%d" % sys.version_info[:2]
free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
print(json.dumps({"name": sys.implementation.name, "version": version + "t" * free, "path": sys.executable}))
"""
ABSENT = "not on PATH, under pyenv, among uv's own or made by `-- --debian`"


class BrokenInterpreterError(Exception):
    """An interpreter does not say what it is; the message is the sentence for the user."""


@dataclass(frozen=True)
class Interpreters:
    """What was found.

    Parameters
    ----------
    paths : dict of str to str
        The interpreter of each version that is here.
    broken : list of str
        A sentence about each program that looks like one and does not work.
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
        The program that knows PATH and the interpreters that it has installed.
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
    """Programs that may be an interpreter of this version, the likeliest first."""
    command = [uv, "python", "find", "--system", "--no-python-downloads", version]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode == 0:
        yield answer.stdout.strip()
    # uv passes over one that does not work, and says nothing; a shim of pyenv is no interpreter.
    if (named := shutil.which(f"python{version}")) and ".pyenv" not in named:
        yield named
    # A shim knows only the versions that are switched on, so they are looked for where they are.
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    number, free = version.removesuffix("t"), version.endswith("t")
    for folder in sorted(pyenv.glob(f"{number}.*")):
        if folder.name.endswith("t") == free:
            yield str(folder / "bin" / "python")
    if (made := debian.interpreter(version)).is_file():
        yield str(made)


def ask(program: str) -> tuple[str, str, str]:
    """Ask a program which interpreter it is.

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
        message = f"{program} did not say its version within {SECONDS} s; repair or remove it"
        raise BrokenInterpreterError(message) from None
    if answer.returncode:
        said = (answer.stderr.strip().splitlines() or ["nothing"])[-1]
        message = f"{program} ended with status {answer.returncode} and said: {said}; repair or remove it"
        raise BrokenInterpreterError(message)
    try:
        told = json.loads(answer.stdout)
        return told["name"], told["version"], told["path"]
    except (ValueError, TypeError, KeyError):
        said = answer.stdout.strip()[:80] or "nothing"
        message = f"{program} was asked for its version and said: {said}; repair or remove it"
        raise BrokenInterpreterError(message) from None

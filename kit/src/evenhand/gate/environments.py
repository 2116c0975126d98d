"""The two environments of a gate: from released versions, wheels, or revisions built here."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from evenhand.gate.side import BASE, CANDIDATE, SideError
from evenhand.runs.configuration import ConfigurationError, configuration

FOLDERS = {BASE: "old", CANDIDATE: "new"}
"""Names of equal length: a longer path shifts memory addresses, which can change the speed."""
REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*(\[[^]]*\])?\s*(===|==|~=|!=|<=|>=|<|>|@(?!\{))")
"""A name with a version or a URL; `HEAD@{1}` is a revision."""
WORKING_TREE = "working tree"
OUT = "{out}"
EXAMPLE = f'build = "python -m build --wheel --outdir {OUT}"'
LINES = 6
"""Lines of a failed command's output that are shown, from its end."""


def make(wanted: Mapping[str, str], folder: Path, *, further: tuple[str, ...] = ()) -> dict[str, str]:
    """Make an environment for each side.

    Parameters
    ----------
    wanted : mapping of str to str
        For each side a requirement (``"rpds-py==0.20.0"``), the path of a wheel, a revision of this repository, or
        ``"working tree"``: the current sources, without untracked files.
    folder : Path
        Where the environments go; the caller removes it.
    further : tuple of str
        Requirements installed on both sides as well.

    Returns
    -------
    dict of str to str
        The interpreter of each side.

    Raises
    ------
    SideError
        If a side cannot be made: uv is missing, a requirement or revision does not exist, or a build fails.
    """
    found = {}
    for side, text in wanted.items():
        print(f"{side}: {text}", file=sys.stderr, flush=True)
        requirement = text if is_requirement(text) else str(find_or_build_wheel(side, text, folder))
        found[side] = make_environment(side, requirement, folder / FOLDERS[side], further)
    return found


def is_requirement(text: str) -> bool:
    """Whether a text is a distribution with a version, rather than a wheel or a revision."""
    return bool(REQUIREMENT.match(text))


def make_environment(side: str, requirement: str, place: Path, further: tuple[str, ...]) -> str:
    """Make an environment with a distribution installed, and return its interpreter."""
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if uv is None:
        message = "uv, which makes the environments, is not installed; pip install uv, or name interpreters"
        raise SideError(message)
    run(
        f"the environment of the {side}",
        [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(place)],
    )
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # Compile bytecode now, so that no timed import does.
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--compile-bytecode"]
    run(f"the {side}, {requirement}", [*install, requirement, *further])
    return str(python)


def find_or_build_wheel(side: str, text: str, folder: Path) -> Path:
    """Return the wheel of a side: an existing file, or built from a revision with the configured command."""
    wheel = Path(text)
    if wheel.suffix == ".whl":
        if not wheel.is_file():
            message = f"the wheel {text} of the {side} does not exist; name a file, a version or a revision"
            raise SideError(message)
        return wheel.absolute()
    commit = commit_of(side, text)
    try:
        settings, file = configuration(Path.cwd())
    except ConfigurationError as error:
        raise SideError(str(error)) from None
    command, setting = settings.get("build"), f"build in {file.name if file else 'the configuration'}"
    if not isinstance(command, str) or OUT not in command:
        where = f"{setting} is {command!r}" if command is not None else "the configuration has no build command"
        message = f"the {side} is the revision {text!r}, but {where}; set a command with {OUT}, such as {EXAMPLE}"
        raise SideError(message)
    # Both sides are built in the same folder, because compiled code may contain its path.
    tree, out = folder / "tree", folder / f"{FOLDERS[side]}-wheel"
    if not tree.exists():
        top = subprocess.run(["git", "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=True)  # noqa: S607
        clone = ["git", "clone", "--quiet", "--shared", "--no-checkout", top.stdout.strip(), str(tree)]
        run("the clone for the builds", clone)
    run(f"the sources of the {side}", ["git", "-C", str(tree), "checkout", "--quiet", "--force", "--detach", commit])
    run(f"the build of the {side}", [part.replace(OUT, str(out)) for part in shlex.split(command)], tree)
    wheels = sorted(out.glob("*.whl"))
    if len(wheels) != 1:
        named = ", ".join(path.name for path in wheels) or "none"
        message = f"the build of the {side} must write one wheel to {OUT}, but wrote {named}; correct {setting}"
        raise SideError(message)
    return wheels[0]


def commit_of(side: str, text: str) -> str:
    """Return the commit of a revision; for the working tree, a new commit that no branch has."""
    # `git stash create` makes a commit from uncommitted changes and leaves the working tree as it is.
    verify = ["rev-parse", "--verify", "--quiet", f"{text}^{{commit}}"]
    command = ["stash", "create"] if text == WORKING_TREE else verify
    try:
        done = subprocess.run(["git", *command], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except OSError as error:
        message = f"the {side} {text!r} cannot be looked up: git cannot be started ({error.strerror})"
        raise SideError(message) from None
    if done.returncode:
        message = (
            f"the {side} {text!r} is not a version, a wheel or a revision of this repository; name one such as "
            "'rpds-py==0.20.0', dist/mine.whl or main"
        )
        raise SideError(message)
    return done.stdout.strip() or commit_of(side, "HEAD")


def run(what: str, command: list[str], folder: Path | None = None) -> None:
    """Run a command; if it fails, the error has the last lines of its output."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        message = f"{what} cannot be made: {command[0]} cannot be started ({error.strerror})"
        raise SideError(message) from None
    if done.returncode:
        lines = [line for line in (done.stderr.strip() or done.stdout.strip()).splitlines() if line.strip()]
        ending = "\n".join(f"    {line.strip()}" for line in lines[-LINES:])
        message = f"{what} cannot be made (status {done.returncode}):\n{ending}"
        raise SideError(message)

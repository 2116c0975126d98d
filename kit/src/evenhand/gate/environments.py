"""Two environments for a gate: of released versions, of wheels, or of revisions that are built here."""

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
"""Names of one length: what lies at another address because a path is longer can be slower, too."""
REQUIREMENT = re.compile(r"[A-Za-z0-9][\w.-]*(\[[^]]*\])?\s*(===|==|~=|!=|<=|>=|<|>|@(?!\{))")
"""A name with a version or an address; `HEAD@{1}` is a revision."""
WORKING_TREE = "working tree"
OUT = "{out}"
EXAMPLE = f'build = "python -m build --wheel --outdir {OUT}"'
LINES = 6
"""How much of a failed command is shown: the end of it."""


def make(wanted: Mapping[str, str], folder: Path, *, further: tuple[str, ...] = ()) -> dict[str, str]:
    """Make an environment for each side.

    Parameters
    ----------
    wanted : mapping of str to str
        For each side a requirement (``"rpds-py==0.20.0"``), the path of a wheel, a revision of the repository here, or
        ``"working tree"``, which is the sources as they are, without files that git does not know.
    folder : Path
        Where all is put; the caller removes it.
    further : tuple of str
        What is installed in both besides.

    Returns
    -------
    dict of str to str
        The interpreter of each side.

    Raises
    ------
    SideError
        If a side cannot be had: no uv, nothing that resolves, no such revision, a build that fails.
    """
    found = {}
    for side, text in wanted.items():
        print(f"{side}: {text}", file=sys.stderr, flush=True)
        asked = text if is_requirement(text) else str(built(side, text, folder))
        found[side] = environment(side, asked, folder / FOLDERS[side], further)
    return found


def is_requirement(text: str) -> bool:
    """Whether a text names a distribution with its version, rather than a wheel or a revision."""
    return bool(REQUIREMENT.match(text))


def environment(side: str, asked: str, place: Path, further: tuple[str, ...]) -> str:
    """Make an environment with a distribution in it; its interpreter."""
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if uv is None:
        message = "environments are made by uv, which is not installed; pip install uv, or name interpreters"
        raise SideError(message)
    run(
        f"the environment of the {side}",
        [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(place)],
    )
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    # With bytecode, so that no import compiles while it is timed.
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--compile-bytecode"]
    run(f"the {side}, {asked}", [*install, asked, *further])
    return str(python)


def built(side: str, text: str, folder: Path) -> Path:
    """The wheel of a side: a file, or built of a revision by the command that the configuration names."""
    wheel = Path(text)
    if wheel.suffix == ".whl":
        if not wheel.is_file():
            message = f"the {side} is the wheel {text}, which is not there; name a file, a version or a revision"
            raise SideError(message)
        return wheel.absolute()
    commit = commit_of(side, text)
    try:
        settings, file = configuration(Path.cwd())
    except ConfigurationError as error:
        raise SideError(str(error)) from None
    command, setting = settings.get("build"), f"build of {file.name if file else 'a configuration'}"
    if not isinstance(command, str) or OUT not in command:
        where = f"{setting} is {command!r}" if command is not None else "the configuration names no build command"
        message = f"the {side} is the revision {text!r}, and {where}; write a command that has {OUT}, such as {EXAMPLE}"
        raise SideError(message)
    # Both are built in a folder of one name: what is compiled in may hold it.
    tree, out = folder / "tree", folder / f"{FOLDERS[side]}-wheel"
    if not tree.exists():
        top = subprocess.run(["git", "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=True)  # noqa: S607
        clone = ["git", "clone", "--quiet", "--shared", "--no-checkout", top.stdout.strip(), str(tree)]
        run("the folder of the builds", clone)
    run(f"the sources of the {side}", ["git", "-C", str(tree), "checkout", "--quiet", "--force", "--detach", commit])
    run(f"the build of the {side}", [part.replace(OUT, str(out)) for part in shlex.split(command)], tree)
    wheels = sorted(out.glob("*.whl"))
    if len(wheels) != 1:
        named = ", ".join(path.name for path in wheels) or "none"
        message = f"the build of the {side} has to leave one wheel in {OUT}, and left {named}; correct {setting}"
        raise SideError(message)
    return wheels[0]


def commit_of(side: str, text: str) -> str:
    """The commit of a revision; of the working tree, one that nothing refers to."""
    # What is changed and not committed becomes a commit that no branch has, and is left as it is.
    asked = ["stash", "create"] if text == WORKING_TREE else ["rev-parse", "--verify", "--quiet", f"{text}^{{commit}}"]
    try:
        done = subprocess.run(["git", *asked], capture_output=True, text=True, check=False)  # noqa: S603, S607
    except OSError as error:
        message = f"the {side} is {text!r}, and git, which knows revisions, cannot be started ({error.strerror})"
        raise SideError(message) from None
    if done.returncode:
        message = (
            f"the {side} is {text!r}, which is no version, no wheel and no revision here; name one such as "
            "'rpds-py==0.20.0', dist/mine.whl or main"
        )
        raise SideError(message)
    return done.stdout.strip() or commit_of(side, "HEAD")


def run(what: str, command: list[str], folder: Path | None = None) -> None:
    """Run a command; its last lines are the reason where it fails."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError as error:
        message = f"{what} cannot be made: {command[0]} cannot be started ({error.strerror})"
        raise SideError(message) from None
    if done.returncode:
        lines = [line for line in (done.stderr.strip() or done.stdout.strip()).splitlines() if line.strip()]
        ending = "\n".join(f"    {line.strip()}" for line in lines[-LINES:])
        message = f"{what} cannot be had (status {done.returncode}):\n{ending}"
        raise SideError(message)

"""The work tree of a site: its commit, which covers the examples and the kit as well as the extension."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any


def read(folder: Path) -> dict[str, Any]:
    """Read the state of a work tree.

    Parameters
    ----------
    folder : Path
        Any folder in it.

    Returns
    -------
    dict
        ``commit``, ``"unknown"`` outside a repository; ``dirty``, whether tracked files differ from it, None if that is
        unknown.
    """
    commit = run_git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return {"commit": "unknown", "dirty": None}
    changes = run_git(folder, "--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def run_git(folder: Path, *arguments: str) -> str | None:
    """The output of git, or None if it fails."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()

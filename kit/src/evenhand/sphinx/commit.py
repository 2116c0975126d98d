"""The tree that a site is built from: its commit, which the examples and the kit belong to as much as the extension."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any


def read(folder: Path) -> dict[str, Any]:
    """Read the state of a work tree.

    Parameters
    ----------
    folder : Path
        Any folder of it.

    Returns
    -------
    dict
        ``commit``, ``"unknown"`` outside a repository; ``dirty``, whether tracked files differ from it, None where that
        cannot be known.
    """
    commit = said(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not commit:
        return {"commit": "unknown", "dirty": None}
    changes = said(folder, "--no-optional-locks", "status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "dirty": None if changes is None else bool(changes)}


def said(folder: Path, *arguments: str) -> str | None:
    """What git answers, None where it does not."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()

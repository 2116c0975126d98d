"""A project's settings for the kit: ``[tool.evenhand]`` in `pyproject.toml`, or `evenhand.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ALONE = "evenhand.toml"
"""This file has priority over a `pyproject.toml` in the same folder."""
SHARED = "pyproject.toml"
SETTINGS = ("packages", "operations", "build")
"""The measured packages; the gate's operations file; the command that builds a wheel of a revision."""


class ConfigurationError(ValueError):
    """A configuration that cannot be used; the message names its file."""


def configuration(*folders: Path) -> tuple[Mapping[str, Any], Path | None]:
    """Read the configuration nearest to a folder.

    Parameters
    ----------
    *folders : Path
        Each is searched together with its parent folders; the first configuration found is used.

    Returns
    -------
    settings : mapping
        Empty if there is no configuration.
    file : Path, optional
        Its file.

    Raises
    ------
    ConfigurationError
        If the nearest configuration is not TOML, is not a table, or has an unknown setting.
    """
    for folder in folders:
        start = folder.absolute()
        for place in (start, *start.parents):
            if (found := table(place)) is not None:
                return found
    return {}, None


def table(folder: Path) -> tuple[Mapping[str, Any], Path] | None:
    """Return the configuration in a folder; None if there is none."""
    if (alone := document(folder / ALONE)) is not None:
        return check_settings(alone, str(folder / ALONE)), folder / ALONE
    tool = (document(folder / SHARED) or {}).get("tool")
    if not isinstance(tool, Mapping) or "evenhand" not in tool:
        return None
    return check_settings(tool["evenhand"], f"[tool.evenhand] of {folder / SHARED}"), folder / SHARED


def document(path: Path) -> Mapping[str, Any] | None:
    """Read a TOML file; None if it does not exist."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        return None
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read ({error}); correct it"
        raise ConfigurationError(message) from None


def check_settings(found: object, where: str) -> Mapping[str, Any]:
    """Check that a value is a table of known settings, and return it."""
    if not isinstance(found, Mapping):
        message = f"{where} must be a table, got {found!r}; write packages = [...] in it"
        raise ConfigurationError(message)
    if unknown := sorted(set(found) - set(SETTINGS)):
        message = f"{where} has the unknown setting {unknown[0]!r}; the settings are: {', '.join(SETTINGS)}"
        raise ConfigurationError(message)
    return found

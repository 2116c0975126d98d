"""The project's own settings for the kit: ``[tool.evenhand]`` in `pyproject.toml`, or `evenhand.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ALONE = "evenhand.toml"
"""Read before a `pyproject.toml` in the same folder."""
SHARED = "pyproject.toml"
SETTINGS = ("packages", "operations", "build")
"""What is measured; the operations of a gate, a file; the command that builds a wheel of a revision."""


class ConfigurationError(ValueError):
    """A configuration that cannot be used; the message names its file."""


def configuration(*folders: Path) -> tuple[Mapping[str, Any], Path | None]:
    """Read the configuration nearest to a folder.

    Parameters
    ----------
    *folders : Path
        Each is searched with the folders above it; the first one that has a configuration decides.

    Returns
    -------
    settings : mapping
        Empty where there is no configuration.
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
    """The configuration that a folder has; None where it has none."""
    if (alone := document(folder / ALONE)) is not None:
        return checked(alone, str(folder / ALONE)), folder / ALONE
    tool = (document(folder / SHARED) or {}).get("tool")
    if not isinstance(tool, Mapping) or "evenhand" not in tool:
        return None
    return checked(tool["evenhand"], f"[tool.evenhand] of {folder / SHARED}"), folder / SHARED


def document(path: Path) -> Mapping[str, Any] | None:
    """A TOML file; None where there is no such file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        return None
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read ({error}); correct it"
        raise ConfigurationError(message) from None


def checked(found: object, where: str) -> Mapping[str, Any]:
    """A table whose settings are all known."""
    if not isinstance(found, Mapping):
        message = f"{where} must be a table, got {found!r}; write packages = [...] in it"
        raise ConfigurationError(message)
    if unknown := sorted(set(found) - set(SETTINGS)):
        message = f"{where} has the unknown setting {unknown[0]!r}; the settings are: {', '.join(SETTINGS)}"
        raise ConfigurationError(message)
    return found

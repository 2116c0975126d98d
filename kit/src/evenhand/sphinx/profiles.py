"""Profiles: how long a build of the site measures, and with which options; read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from evenhand.sphinx.errors import MeasuringError


def is_count(value: object) -> TypeGuard[int]:
    """Whether a value is an integer of at least 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def is_positive(value: object) -> bool:
    """Whether a value is a number above 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


FIELDS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "gallery": (is_positive, "a number of seconds above 0"),
    "budget": (is_positive, "a number of seconds above 0"),
    "slices": (is_count, "an integer of at least 1"),
    "judged": (lambda value: isinstance(value, bool), "true or false"),
    "options": (lambda value: isinstance(value, dict), "a table"),
}
"""The other settings of a profile, each with its check; a site may add its own."""


@dataclass(frozen=True)
class Profile:
    """How much a build measures.

    Parameters
    ----------
    name : str
        Its name in the table, such as ``quick``.
    rounds : int
        The maximum of rounds of one call.
    seconds : mapping of str to float
        Each example's share of the gallery's seconds; empty if calls are not limited.
    options : mapping
        The examples' own flags.
    judged : bool
        Whether a verdict "not judged" fails the build.
    slices : int, optional
        Slices of a round of a comparison; None for the kit's default.
    budget : float, optional
        Maximum seconds for all measurements, see `evenhand.runs.budget`.
    order : sequence of str
        The calls that a budget may cut, in the order of cutting.
    clocked : sequence of str
        The calls that run for a fixed time on any machine, although their kind does not imply it.
    """

    name: str
    rounds: int
    seconds: dict[str, float]
    options: dict[str, Any] = field(default_factory=dict)
    judged: bool = True
    slices: int | None = None
    budget: float | None = None
    order: Sequence[str] = ()
    clocked: Sequence[str] = ()

    @classmethod
    def read(cls, path: Path, name: str, weights: Mapping[str, float]) -> Profile:
        """Read one profile and share its seconds among the examples by their weights.

        Raises
        ------
        MeasuringError
            If the file cannot be read, has no such profile, or a profile without its `rounds` or with an invalid value.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            profiles = table.get("profile", {})
            profiles = profiles if isinstance(profiles, dict) else {}
        except (OSError, ValueError) as error:
            message = f"the profiles cannot be read from {path} ({error}); correct it, or measuring_profiles in conf.py"
            raise MeasuringError(message) from error
        if name not in profiles:
            message = f"there is no profile {name!r}; {path.name} has {', '.join(profiles) or 'none'}"
            raise MeasuringError(message)
        found = profiles[name] if isinstance(profiles[name], dict) else {}
        rounds = found.get("rounds")
        if not is_count(rounds):
            message = f"the profile {name!r} in {path.name} needs rounds, an integer of at least 1, got {rounds!r}"
            raise MeasuringError(message)
        for key, (valid, words) in FIELDS.items():
            if key in found and not valid(found[key]):
                message = f"{key} of the profile {name!r} in {path.name} must be {words}, got {found[key]!r}"
                raise MeasuringError(message)
        for key in ("cut", "clocked"):
            calls = table.get(key, [])
            if not isinstance(calls, list) or not all(isinstance(call, str) for call in calls):
                message = f"{key} in {path.name} must be a list of calls such as ['example/name'], got {calls!r}"
                raise MeasuringError(message)
        gallery, total = found.get("gallery"), sum(weights.values())
        seconds = {example: gallery * weight / total for example, weight in weights.items()} if gallery else {}
        options, judged, slices = found.get("options", {}), found.get("judged", True), found.get("slices")
        order, clocked = table.get("cut", []), table.get("clocked", [])
        return cls(name, rounds, seconds, options, judged, slices, found.get("budget"), order, clocked)

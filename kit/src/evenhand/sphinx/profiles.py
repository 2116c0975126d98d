"""Profiles: how long a build of the site measures, and with which options; read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenhand.sphinx.errors import MeasuringError


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
            If the file cannot be read, has no such profile, or a profile without its `rounds`.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            profiles = table.get("profile", {})
        except (OSError, ValueError) as error:
            message = f"the profiles cannot be read from {path} ({error}); correct it, or measuring_profiles in conf.py"
            raise MeasuringError(message) from error
        if name not in profiles:
            message = f"there is no profile {name!r}; {path.name} has {', '.join(profiles) or 'none'}"
            raise MeasuringError(message)
        found = profiles[name]
        rounds = found.get("rounds")
        if not isinstance(rounds, int) or rounds < 1:
            message = f"the profile {name!r} in {path.name} needs rounds, an integer of at least 1, got {rounds!r}"
            raise MeasuringError(message)
        gallery, total = found.get("gallery"), sum(weights.values())
        seconds = {example: gallery * weight / total for example, weight in weights.items()} if gallery else {}
        options, judged, slices = found.get("options", {}), found.get("judged", True), found.get("slices")
        order, clocked = table.get("cut", []), table.get("clocked", [])
        return cls(name, rounds, seconds, options, judged, slices, found.get("budget"), order, clocked)

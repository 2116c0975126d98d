"""Profiles: how long a build of the site measures, and with which options; read from profiles.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sphinx.errors import SphinxError


class ProfileError(SphinxError):
    """profiles.toml and what was asked for do not fit."""

    category = "Profile error"


@dataclass(frozen=True)
class Profile:
    """What decides how much a build measures.

    Parameters
    ----------
    name : str
        ``quick``, ``hosted``, ``default`` or ``full``.
    rounds : int
        The most rounds that one call makes.
    seconds : mapping of str to float
        Each example's share of the gallery's seconds; empty where a call takes what it takes.
    options : mapping
        The examples' own flags.
    judged : bool
        Whether a verdict "not judged" fails the build.
    slices : int, optional
        Slices of a round of a comparison; None for the kit's own number.
    """

    name: str
    rounds: int
    seconds: dict[str, float]
    options: dict[str, Any] = field(default_factory=dict)
    judged: bool = True
    slices: int | None = None

    @classmethod
    def read(cls, path: Path, name: str, examples: Iterable[str]) -> Profile:
        """Read one profile and share its seconds among the examples by their weights.

        Raises
        ------
        ProfileError
            If there is no such profile, or the weights name other examples than there are.
        """
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        profiles, weights = document["profile"], document["weight"]
        if name not in profiles:
            message = f"there is no profile {name!r}; {path.name} has {', '.join(profiles)}"
            raise ProfileError(message)
        examples = set(examples)
        if without := sorted(examples - weights.keys()):
            message = f"{path.name} gives no weight to {', '.join(without)}; add it under [weight]"
            raise ProfileError(message)
        if gone := sorted(weights.keys() - examples):
            message = f"{path.name} gives a weight to {', '.join(gone)}, which the gallery does not have"
            raise ProfileError(message)
        found = profiles[name]
        gallery, total = found.get("gallery"), sum(weights.values())
        seconds = {example: gallery * weight / total for example, weight in weights.items()} if gallery else {}
        return cls(
            name, found["rounds"], seconds, found.get("options", {}), found.get("judged", True), found.get("slices")
        )

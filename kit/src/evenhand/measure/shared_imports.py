"""The imports of a round's workers, as a tree: each server imports what all of its workers share, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WORTH_A_SERVER = 30
"""Imports that a server must save, counted once for each worker but one, because a fork takes time too."""


@dataclass(frozen=True)
class SharedImports:
    """The imports of a server beyond those of its parent, and what forks from it.

    Parameters
    ----------
    modules : tuple of str
        The modules, in the import order of the first worker.
    workers : tuple of str
        The workers that fork from it directly: they share too little more for another server.
    servers : tuple of SharedImports
        The servers that fork from it, for workers that share more.
    """

    modules: tuple[str, ...]
    workers: tuple[str, ...]
    servers: tuple[SharedImports, ...] = ()

    @classmethod
    def of(cls, imported: Mapping[str, Sequence[str]], known: frozenset[str] = frozenset()) -> SharedImports:
        """Arrange workers by what they have imported.

        Parameters
        ----------
        imported : mapping of str to sequence of str
            The modules of each worker, in import order.
        known : frozenset of str
            The modules that the parent server has imported.
        """
        first, *others = (set(modules) for modules in imported.values())
        common = first.intersection(*others) - known
        known |= common
        modules = tuple(module for module in next(iter(imported.values())) if module in common)
        alone, servers = dict(imported), []
        while group := most_sharing(alone, known):
            servers.append(cls.of({name: alone.pop(name) for name in group}, known))
        return cls(modules, tuple(alone), tuple(servers))


def most_sharing(imported: Mapping[str, Sequence[str]], known: frozenset[str]) -> list[str]:
    """The workers for which a separate server saves the most imports; empty where it saves too few."""
    users: dict[str, list[str]] = {}
    for name, modules in imported.items():
        for module in dict.fromkeys(modules):
            if module not in known:
                users.setdefault(module, []).append(name)
    saved: dict[tuple[str, ...], int] = {}
    for group in {tuple(names) for names in users.values()}:
        if len(group) > 1:
            shared = sum(set(group) <= set(names) for names in users.values())
            saved[group] = shared * (len(group) - 1)
    best = max(saved, key=lambda group: (saved[group], group), default=())
    return list(best) if best and saved[best] >= WORTH_A_SERVER else []

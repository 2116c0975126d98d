"""What the workers of a round import, as a tree: each server imports what all of its workers share, once for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WORTH_A_SERVER = 30
"""Modules that a server has to save its workers, counted once for each worker but one: a fork takes time, too."""


@dataclass(frozen=True)
class SharedImports:
    """What a server imports, besides what the one that it forks from has, and who forks from it.

    Parameters
    ----------
    modules : tuple of str
        The modules, in the order in which the first worker imported them.
    workers : tuple of str
        The workers that fork from it: they share nothing more that is worth a server.
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
            The modules of each worker, in the order of their import.
        known : frozenset of str
            What the server that this one forks from has imported.
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
    """The workers to which a server of their own saves most imports; empty where it saves too few."""
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

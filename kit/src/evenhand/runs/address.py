"""The address of a number in a run: names with slashes between, through nested mappings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MISSING = object()
"""What `descend` gives where there is nothing; None is a value of its own."""
NEAR = 4
"""How many near paths an error names."""


def descend(tree: Any, parts: list[str]) -> Any:
    """Follow `parts` through nested mappings, whose own names may hold a slash (``batch_roundtrip/1000``)."""
    if not parts:
        return tree
    if isinstance(tree, Mapping):
        for length in range(len(parts), 0, -1):
            key = "/".join(parts[:length])
            if key in tree:
                found = descend(tree[key], parts[length:])
                if found is not MISSING:
                    return found
    return MISSING


def leaves(path: str, tree: Any) -> Iterator[str]:
    """Every path below `path` at which one value stands."""
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield from leaves(f"{path}/{name}", branch)
    elif not isinstance(tree, list | tuple):
        yield path


def nearest(path: str, known: Iterable[str]) -> str:
    """The end of a sentence: the paths that look most like one that is not there."""
    known = list(known)
    near = difflib.get_close_matches(path, known, n=NEAR, cutoff=0.5)
    if near:
        return f"; similar: {', '.join(near)}"
    return f"; there are: {', '.join(known[:NEAR])}{', ...' if len(known) > NEAR else ''}" if known else "; it has none"

"""The address of a number in a run: names with slashes between, through nested mappings."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MISSING = object()
"""The result of `descend` for a missing value, because None is a valid value."""
NEAR = 4
"""Number of similar paths in an error."""


def anchor(address: str) -> str:
    """Return an address as an anchor of a page, which has no spaces."""
    return address.replace(" ", "_")


def sharing(name: str, others: Iterable[str]) -> str | None:
    """Return the first of the other names whose anchor is that of `name`."""
    return next((other for other in others if anchor(other) == anchor(name)), None)


def descend(tree: Any, parts: list[str]) -> Any:
    """Follow `parts` through nested mappings; a name may contain slashes (``batch_roundtrip/1000``)."""
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
    """Yield every path below `path` that has a single value."""
    if isinstance(tree, Mapping):
        for name, branch in tree.items():
            yield from leaves(f"{path}/{name}", branch)
    elif not isinstance(tree, list | tuple):
        yield path


def nearest(path: str, known: Iterable[str]) -> str:
    """Return the end of a message about a missing path: the paths most similar to it."""
    known = list(known)
    near = difflib.get_close_matches(path, known, n=NEAR, cutoff=0.5)
    if near:
        return f"; similar: {', '.join(near)}"
    return f"; there are: {', '.join(known[:NEAR])}{', ...' if len(known) > NEAR else ''}" if known else "; it is empty"

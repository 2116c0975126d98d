"""Source lines: a class or function of the reference leads to its lines in the repository, at the commit of this build.

Classes that are written in Rust have no lines that Python knows; they lead to the stub that declares them.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from evenhand.sphinx import commit

ROOT = Path(__file__).parents[2]
STUB = Path("rust/bindings/python/rust_daq/_core.pyi")
BRANCH = "main"
Lines = tuple[Path, int, int]
"""A file below the root, and its first and last line."""


@cache
def declared(path: Path) -> dict[str, tuple[int, int]]:
    """The lines of each class and method in a file of Python, by its qualified name."""
    found: dict[str, tuple[int, int]] = {}

    def walk(node: ast.AST, start: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef | ast.FunctionDef):
                name = f"{start}{child.name}"
                found.setdefault(name, (child.lineno, child.end_lineno or child.lineno))
                walk(child, f"{name}.")

    walk(ast.parse(path.read_text(encoding="utf-8")), "")
    return found


def lines(module: str, fullname: str) -> Lines | None:
    """Find the lines of a name; None where it is no class and no function, or is not written here."""
    name, *members = fullname.split(".")
    found: Any = getattr(sys.modules.get(module), name, None)
    for member in members:
        found = inspect.getattr_static(found, member, None)
    found = getattr(found, "__func__", getattr(found, "fget", found))
    try:
        path = Path(inspect.getsourcefile(found) or "").resolve()
        text, first = inspect.getsourcelines(found)
    except (OSError, TypeError):
        return in_stub(fullname)
    return (path.relative_to(ROOT), first, first + len(text) - 1) if path.is_relative_to(ROOT) else None


def in_stub(fullname: str) -> Lines | None:
    """Find the lines of a name of the extension; its submodules share one stub."""
    known, parts = declared(ROOT / STUB), fullname.split(".")
    names = [".".join(parts[start:]) for start in range(len(parts))]
    place = next((known[name] for name in names if name in known), None)
    return (STUB, *place) if place else None


def address(repository: str, revision: str, place: Lines) -> str:
    """The address of lines in the repository."""
    path, first, last = place
    return f"{repository}/blob/{revision}/{path.as_posix()}#L{first}-L{last}"


def prepare(app: Sphinx, config: Any) -> None:
    """Give `sphinx.ext.linkcode` its function, which needs the commit."""
    built_from = commit.read(app.confdir)["commit"]
    revision = BRANCH if built_from == "unknown" else built_from[:12]

    def resolve(domain: str, info: dict[str, str]) -> str | None:
        # The lines of a class include those of its members, and a link for each of them would make pages heavy.
        place = lines(info["module"], info["fullname"]) if domain == "py" and "." not in info["fullname"] else None
        return address(config.links_repository, revision, place) if place else None

    config.linkcode_resolve = resolve


def setup(app: Sphinx) -> dict[str, Any]:
    """Set the function before `linkcode` looks for it."""
    app.connect("config-inited", prepare)
    return {"version": "1", "parallel_read_safe": True}

"""The public names of a module with their docstrings, and the examples in them, run as doctests."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def named(module: ModuleType) -> dict[str, Any]:
    """Return the public objects of a module by name, without constants."""
    found = {name: getattr(module, name) for name in module.__all__}
    return {name: thing for name, thing in found.items() if callable(thing)}


def members(thing: Any) -> dict[str, Any]:
    """Return the public members of a class: its own, and those inherited from this package."""
    if not inspect.isclass(thing) or issubclass(thing, BaseException):
        return {}
    found = {}
    for base in reversed(thing.__mro__):
        if base.__module__.startswith("rust_daq"):
            found |= {name: member for name, member in vars(base).items() if not name.startswith("_")}
    return {name: getattr(thing, name) for name in found}


def docstrings(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Iterate over public names and members with their docstrings."""
    for name, thing in named(module).items():
        yield name, inspect.getdoc(thing) or ""
        for member, found in members(thing).items():
            if callable(found) or inspect.isdatadescriptor(found) or isinstance(found, property):
                yield f"{name}.{member}", inspect.getdoc(found) or ""


def methods(module: ModuleType) -> set[str]:
    """Return the names of all callables: functions, classes and methods, without warnings."""
    caught = {name for name, thing in named(module).items() if inspect.isclass(thing) and issubclass(thing, Warning)}
    return (set(named(module)) - caught) | {
        f"{name}.{member}"
        for name, thing in named(module).items()
        for member, found in members(thing).items()
        if callable(found)
    }


def example_test(name: str, docstring: str) -> doctest.DocTest:
    """Return the examples of a docstring as a test."""
    return doctest.DocTestParser().get_doctest(inspect.cleandoc(docstring), {}, name, None, 0)


def failures(test: doctest.DocTest) -> str:
    """Run examples; return the report of failures."""
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    return "".join(said)


def code(module: ModuleType) -> str:
    """Return the source of all examples of a module."""
    tests = (example_test(name, text) for name, text in docstrings(module))
    return "\n".join(example.source for test in tests for example in test.examples)

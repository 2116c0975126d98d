"""The public names of a module with their docstrings, and the examples in them, run as doctests."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any


def named(module: ModuleType) -> dict[str, Any]:
    """The public names of a module, and what they are; constants aside."""
    found = {name: getattr(module, name) for name in module.__all__}
    return {name: thing for name, thing in found.items() if callable(thing)}


def members(thing: Any) -> dict[str, Any]:
    """The public members that a class has for its users: what it defines, and what it inherits of ours."""
    if not inspect.isclass(thing) or issubclass(thing, BaseException):
        return {}
    found = {}
    for base in reversed(thing.__mro__):
        if base.__module__.startswith("rust_daq"):
            found |= {name: member for name, member in vars(base).items() if not name.startswith("_")}
    return {name: getattr(thing, name) for name in found}


def docstrings(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Each public name and member with its docstring."""
    for name, thing in named(module).items():
        yield name, inspect.getdoc(thing) or ""
        for member, found in members(thing).items():
            if callable(found) or inspect.isdatadescriptor(found) or isinstance(found, property):
                yield f"{name}.{member}", inspect.getdoc(found) or ""


def methods(module: ModuleType) -> set[str]:
    """The names of all that is called: functions, classes and their methods; a warning is caught."""
    caught = {name for name, thing in named(module).items() if inspect.isclass(thing) and issubclass(thing, Warning)}
    return (set(named(module)) - caught) | {
        f"{name}.{member}"
        for name, thing in named(module).items()
        for member, found in members(thing).items()
        if callable(found)
    }


def example_test(name: str, docstring: str) -> doctest.DocTest:
    """The examples of a docstring."""
    return doctest.DocTestParser().get_doctest(inspect.cleandoc(docstring), {}, name, None, 0)


def failures(test: doctest.DocTest) -> str:
    """Run examples; what did not come out as it says."""
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    return "".join(said)


def code(module: ModuleType) -> str:
    """The source of all examples of a module."""
    tests = (example_test(name, text) for name, text in docstrings(module))
    return "\n".join(example.source for test in tests for example in test.examples)

"""Checks of the arguments of measuring calls, each with a message for invalid values."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any


def whole(argument: str, value: Any, least: int = 1) -> int:
    """Return a whole number.

    Raises
    ------
    TypeError
        If it is not a whole number.
    ValueError
        If it is below `least`.
    """
    message = f"{argument} must be a whole number of at least {least}, got {value!r}"
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(message) from None
    if isinstance(value, bool):
        raise TypeError(message)
    if number < least:
        raise ValueError(message)
    return number


def whole_numbers(argument: str, values: Sequence[Any], least: int = 1) -> list[int]:
    """Return several whole numbers, at least one, in their order.

    Raises
    ------
    TypeError
        If they are not a sequence of whole numbers.
    ValueError
        If it is empty, or a number is below `least`.
    """
    try:
        given = list(values)
    except TypeError:
        message = f"{argument} must be a sequence of whole numbers, such as (1_000, 10_000), got {values!r}"
        raise TypeError(message) from None
    if not given:
        message = f"{argument} is empty; give at least one whole number, for example (1_000, 10_000)"
        raise ValueError(message)
    return [whole(f"each of {argument}", value, least) for value in given]


def positive(argument: str, value: Any, unit: str) -> float:
    """Return a finite number above 0 as a float.

    Raises
    ------
    TypeError
        If it is not a number.
    ValueError
        If it is not finite and above 0.
    """
    if isinstance(value, bool) or not hasattr(type(value), "__float__"):
        message = f"{argument} must be a number of {unit}, got {type(value).__name__}: {value!r}"
        raise TypeError(message)
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not 0 < found < math.inf:
        message = f"{argument} must be a finite number of {unit} above 0, got {value!r}"
        raise ValueError(message)
    return found


def names(argument: str, values: Iterable[str], known: Sequence[str] | None = None) -> list[str]:
    """Return names, each once; if `known` is passed, only those are valid.

    Raises
    ------
    TypeError
        If they are not a sequence of texts; a single text is not one.
    ValueError
        If one is unknown or named twice.
    """
    if isinstance(values, str):
        message = f"{argument} must be a sequence of names, got the text {values!r}; give [{values!r}]"
        raise TypeError(message)
    given = list(values) if isinstance(values, Iterable) else [values]
    if not isinstance(values, Iterable) or not all(isinstance(name, str) for name in given):
        message = f"{argument} must be a sequence of names, got {values!r}"
        raise TypeError(message)
    if known is not None and (unknown := [name for name in given if name not in known]):
        message = f"{argument} has {unknown[0]!r}; give some of: {', '.join(known)}"
        raise ValueError(message)
    if twice := [name for name in given if given.count(name) > 1]:
        message = f"{argument} names {twice[0]!r} twice; name each once"
        raise ValueError(message)
    return given

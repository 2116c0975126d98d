"""`check_equal`: refuse to compare contenders that build different data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from evenhand.measure.arguments import names
from evenhand.measure.statement import Setup, Statement, statements


def check_equal(
    contenders: Mapping[str, str | Callable[[], Any] | Statement],
    *,
    fields: Iterable[str],
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
) -> None:
    """Run each contender once and compare its result with the result of the first.

    Parameters
    ----------
    contenders : mapping of str to str, callable or Statement
        As for `compare`.
    fields : iterable of str
        The attributes, or keys of a mapping, to compare.  Leave out a field that is stamped on each construction,
        or compare its type by naming it ``"timestamp:type"``.
    setup, namespace : optional
        As for `compare`.

    Raises
    ------
    TypeError
        If `fields` is a text, or not an iterable of names.
    ValueError
        If a field is named twice, or a contender lacks one or builds something else; the message names the contender,
        the field and both values.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.check_equal({"int": "3", "bool": "True"}, fields=["real"])
    Traceback (most recent call last):
        ...
    ValueError: bool does not build the data of int: its real is 1, not 3
    """
    wanted_fields = names("fields", fields)
    stated = statements(contenders, setup, namespace)
    built = {name: statement.build() for name, statement in stated.items()}
    first, reference = next(iter(built.items()))
    for name, thing in built.items():
        for field in wanted_fields:
            wanted, found = content(first, reference, field), content(name, thing, field)
            if type(wanted) is not type(found) or wanted != found:
                message = f"{name} does not build the data of {first}: its {field} is {found!r}, not {wanted!r}"
                raise ValueError(message)


def content(contender: str, thing: Any, field: str) -> Any:
    """A field of a mapping or an object; for ``name:type``, the type of the field."""
    name, _, aspect = field.partition(":")
    try:
        value = thing[name] if isinstance(thing, Mapping) else getattr(thing, name)
    except (KeyError, AttributeError) as error:
        message = f"{contender} builds {type(thing).__name__}, which has no {name!r}; name fields that all have"
        raise ValueError(message) from error
    return type(value) if aspect == "type" else value

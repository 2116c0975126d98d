"""The declaration of an example: the fields at the end of its docstring, read without running it.

::

    :order: 3
    :weight: 2
    :group: batches
    :about: what a list costs, by its length

All are optional.  `order` is its turn in a build and its place in its group.  `weight` is its share of the profile's
seconds in relation to the other examples.  `group` is the heading under which the gallery shows it, and `about` what a
table of examples says about it.  Its page and its notebook do not show the fields.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from evenhand.sphinx.errors import MeasuringError

FIELDS = re.compile(r"\n\n((?::[a-z]+:[^\n]*\n?(?:[ \t]+\S[^\n]*\n?)*)+)\s*\Z")
FIELD = re.compile(r"^:([a-z]+):[ \t]*(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE)
SHOWN = re.compile(r"\n\n(?::(?:order|weight|group|about):[^\n]*\n(?:[ \t]+\S[^\n]*\n)*)+(?=\n|\Z)")
"""The fields in the text that sphinx-gallery generates from a docstring."""
KNOWN = ("order", "weight", "group", "about")
LAST = 1e9
"""The order of an example without one: after all others, by name."""


@dataclass(frozen=True)
class Declaration:
    """What the docstring of an example declares.

    Parameters
    ----------
    order : float
        Its turn among the examples, and its place in its group.
    weight : float
        Its share of the seconds of a build, in relation to the other examples.
    about : str
        What a table of examples says about it; empty if not declared.
    group : str
        The heading under which the gallery shows it; empty if not declared.
    """

    order: float = LAST
    weight: float = 1.0
    about: str = ""
    group: str = ""

    @classmethod
    def read(cls, path: Path) -> Declaration:
        """Read the declaration of an example.

        Raises
        ------
        MeasuringError
            If it has an unknown field or an invalid number.
        """
        try:
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        except (SyntaxError, ValueError) as error:
            message = f"{path.name} is not valid Python: {error}"
            raise MeasuringError(message) from error
        found = FIELDS.search(docstring)
        fields = {name: " ".join(value.split()) for name, value in FIELD.findall(found[1])} if found else {}
        if unknown := sorted(fields.keys() - set(KNOWN)):
            message = f"{path.name} declares {unknown[0]!r}; an example declares {', '.join(KNOWN)}"
            raise MeasuringError(message)
        return cls(
            number(path, "order", fields.get("order"), LAST),
            number(path, "weight", fields.get("weight"), 1.0),
            fields.get("about", ""),
            fields.get("group", ""),
        )


def number(path: Path, field: str, text: str | None, default: float) -> float:
    """The number in a field."""
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < LAST:
        message = f"{path.name} declares the {field} {text!r}; write a positive number, such as :{field}: 2"
        raise MeasuringError(message)
    return value


def without_fields(text: str) -> str:
    """The text of a docstring without its declaration."""
    return SHOWN.sub("\n", text, count=1)

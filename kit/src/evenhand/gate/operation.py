"""The operations that a gate measures on both sides, from one declarative file with a few lines each."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from evenhand.measure.memory import expression
from evenhand.measure.statement import Statement

Kind = Literal["time", "fresh", "bytes", "criterion"]
WRITTEN = ("time", "fresh", "bytes")
"""The kinds that a file can name; Criterion benchmarks are found in their executables."""
FIELDS = ("statement", "input", "setup", "before", "kind", "size", "pinned", "counted")
TOP = ("identical", "build_info", "burn", "reference", "setup", "operation")
SIZE = 1_000


class OperationError(ValueError):
    """The operations file is wrong; the message names the operation."""


@dataclass(frozen=True)
class Operation:
    """A statement that both sides run.

    Parameters
    ----------
    name : str
        Its name in every table.
    statement, setup : str
        Source text.
    kind : str
        ``"time"``: loops of the statement are timed; ``"fresh"``: it can be timed only once in a process;
        ``"bytes"``: it makes `n` objects, whose bytes on the heap are counted; ``"criterion"``: it names a benchmark.
    size : int
        The `n` of an operation whose bytes are counted.
    pinned : bool
        Whether its processes are pinned to one core.
    counted : bool
        Whether its instructions can be counted.
    input : str
        A description of the statement's input, such as a size or a mode.  It appears in labels and has no other effect.
    """

    name: str
    statement: str
    setup: str = ""
    kind: Kind = "time"
    size: int = SIZE
    pinned: bool = True
    counted: bool = True
    input: str = ""

    @property
    def label(self) -> str:
        """The name with the input, such as ``ArrowWriter.write: a batch of 1,000 rows, sync="flush"``."""
        return f"{self.name}: {self.input}" if self.input else self.name

    @property
    def unit(self) -> str:
        """The suffix of the measured quantity: ``_ns`` or ``_bytes``."""
        return "_bytes" if self.kind == "bytes" else "_ns"

    def on(self, python: str | None, prelude: str = "") -> Statement:
        """Return the statement as one side runs it.

        Parameters
        ----------
        python : str
            The side's interpreter.
        prelude : str
            Source text that only this side runs after the setup.
        """
        return Statement(self.statement, f"{self.setup}\n{prelude}".strip() or None, python=python)


@dataclass(frozen=True)
class Operations:
    """The operations file.

    Parameters
    ----------
    operations : tuple of Operation
        In the order of the file.
    build_info : str
        ``"module:function"``, which returns a side's build information; empty if there is no such function.
    burn : str
        Source text with ``{amount}`` in it that slows a side down; empty if there is none.
    reference : mapping of str to str
        By kind, the statement that a history measures the machine's pace with.
    identical : mapping of str to mapping
        By name, ``statement`` and ``setup`` of statements whose copies are compared with one another.
    """

    operations: tuple[Operation, ...]
    build_info: str = ""
    burn: str = ""
    reference: Mapping[str, str] = field(default_factory=dict)
    identical: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Operations:
        """Read a file.

        Raises
        ------
        OperationError
            If it cannot be read or is invalid.
        """
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            message = f"{path} cannot be read ({error.strerror or error}); name an operations file"
            raise OperationError(message) from error
        except ValueError as error:
            message = f"{path.name} is not valid TOML: {error}"
            raise OperationError(message) from error
        refuse_unknown(path.name, document, TOP)
        setups = document.get("setup", {})
        named = document.get("operation", {})
        if not named:
            message = f"{path.name} has no operations; add one: [operation.name] with a statement"
            raise OperationError(message)
        return cls(
            tuple(operation(name, fields, setups) for name, fields in named.items()),
            document.get("build_info", ""),
            document.get("burn", ""),
            document.get("reference", {}),
            check_identical(document.get("identical", {})),
        )

    def only(self, names: list[str]) -> Operations:
        """Select operations by name, in the order of the names; without names, all of them.

        Raises
        ------
        OperationError
            If a name is unknown.
        """
        known = {one.name: one for one in self.operations}
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=3) or list(known)[:3]
                message = f"there is no operation {name!r}; similar: {', '.join(near)}"
                raise OperationError(message)
        chosen = tuple(known[name] for name in dict.fromkeys(names)) or self.operations
        return replace(self, operations=chosen)


def check_identical(named: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    """Check the statements whose copies are compared, and return them."""
    for name, fields in named.items():
        where = f"identical {name!r}"
        refuse_unknown(where, fields, ("statement", "setup"))
        try:
            Statement(str(fields.get("statement", "")), fields.get("setup"))
        except ValueError as error:
            message = f"{where}: {error}"
            raise OperationError(message) from error
        if not str(fields.get("statement", "")).strip():
            message = f"{where} has no statement"
            raise OperationError(message)
    return named


def operation(name: str, fields: Mapping[str, Any], setups: Mapping[str, str]) -> Operation:
    """Make an operation from its table in the file."""
    where = f"operation {name!r}"
    refuse_unknown(where, fields, FIELDS)
    if "/" in name or not name:
        message = f"{where} needs a name without slashes, because slashes separate the parts of a number's address"
        raise OperationError(message)
    kind = fields.get("kind", "time")
    if kind not in WRITTEN:
        message = f"{where} has the unknown kind {kind!r}; use one of {', '.join(WRITTEN)}"
        raise OperationError(message)
    texts = []
    for setup in fields.get("setup", []):
        if setup not in setups:
            near = difflib.get_close_matches(str(setup), setups, n=1) or list(setups)[:3]
            message = f"{where} names the setup {setup!r}, which does not exist; similar: {', '.join(near) or 'none'}"
            raise OperationError(message)
        texts.append(setups[setup].strip())
    made = Operation(
        name=name,
        statement=str(fields.get("statement", "")).strip(),
        setup="\n".join([*texts, fields.get("before", "").strip()]).strip(),
        kind=kind,
        size=fields.get("size", SIZE),
        pinned=fields.get("pinned", True),
        counted=fields.get("counted", kind == "time"),
        input=str(fields.get("input", "")),
    )
    try:
        if not made.statement:
            message = f"{where} has no statement"
            raise OperationError(message)
        compile(made.setup, "<setup>", "exec")
        statement = made.on(None)
        if kind == "bytes":
            expression(name, statement)
    except SyntaxError as error:
        message = f"the setup of {where} is not valid Python: {error.msg}"
        raise OperationError(message) from error
    except ValueError as error:
        message = f"{where}: {error}" if not isinstance(error, OperationError) else str(error)
        raise OperationError(message) from error
    return made


def refuse_unknown(where: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise if a table has an unknown key."""
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys are {', '.join(known)}"
            message = f"{where} has the unknown key {key!r}; {hint}"
            raise OperationError(message)

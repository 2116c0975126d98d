"""What is timed: a statement, as in `timeit`, with the setup and the names it needs."""

from __future__ import annotations

import functools
import hashlib
import inspect
import sys
import textwrap
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import cloudpickle

Setup = str | Callable[[], Mapping[str, Any] | None] | None
"""Source text, or a function without arguments that returns the names it made (``return locals()``)."""


@dataclass(frozen=True)
class Statement:
    """A statement with its setup, sent to worker processes by value.

    Parameters
    ----------
    code : str or callable
        Source text, repeated in the loop's body, or a callable without arguments, whose call is then part of what is
        measured.
    setup : str or callable, optional
        Runs once in each fresh worker.  A function runs in the worker too, so classes that it defines are made there
        as the reader wrote them; the mapping it returns holds the names the statement may use.
    namespace : mapping, optional
        Further names, sent by value.  Only those that the code mentions are sent.
    python : str, optional
        The interpreter that runs it, by default this one.  Statements that differ in it compare environments: it is
        no part of the fingerprint, and no result keeps it.

    Raises
    ------
    TypeError
        If `code` is neither text nor callable.
    ValueError
        If the text is no valid Python.

    Examples
    --------
    >>> from rust_daq import bench
    >>> statement = bench.Statement("sorted(x)", "x = [3, 1, 2]")
    >>> statement.build()
    [1, 2, 3]
    """

    code: str | Callable[[], Any]
    setup: Setup = None
    namespace: Mapping[str, Any] = field(default_factory=dict)
    python: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.code, str):
            try:
                compile(textwrap.dedent(self.code), "<statement>", "exec")
            except SyntaxError as error:
                message = f"statement {self.code!r} is not valid Python: {error.msg}"
                raise ValueError(message) from None
        elif not callable(self.code):
            message = f"a statement is source text or a callable, not {type(self.code).__name__}: {self.code!r}"
            raise TypeError(message)

    @property
    def source(self) -> str:
        """The text of the loop's body."""
        return textwrap.dedent(self.code).strip("\n") if isinstance(self.code, str) else "__statement__()"

    @property
    def text(self) -> str:
        """The statement as a reader sees it."""
        if isinstance(self.code, str):
            return self.source
        return f"{getattr(self.code, '__name__', type(self.code).__name__)}()"

    @property
    def setup_text(self) -> str | None:
        """The setup's source, where it can be had."""
        if self.setup is None or isinstance(self.setup, str):
            return self.setup
        try:
            return textwrap.dedent(inspect.getsource(self.setup))
        except (OSError, TypeError):
            return None

    @property
    def fingerprint(self) -> str:
        """A digest of all that decides what is measured; equal in every process of one Python version."""
        names = sorted(self.used_names)
        parts = [describe(self.code), describe(self.setup), *(f"{n}={describe(self.namespace[n])}" for n in names)]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def used_names(self) -> set[str]:
        """The names of `namespace` that the statement or a textual setup mentions."""
        mentioned = set(names_in(compile(self.source, "<statement>", "exec")))
        if isinstance(self.setup, str):
            mentioned |= set(names_in(compile(self.setup, "<setup>", "exec")))
        return mentioned & set(self.namespace)

    def request(self) -> dict[str, Any]:
        """What a worker is sent to prepare itself."""
        names = {name: self.namespace[name] for name in self.used_names}
        return {
            "do": "prepare",
            "source": self.source,
            "setup": self.setup if self.setup is None or isinstance(self.setup, str) else by_value(self.setup),
            "call": None if isinstance(self.code, str) else by_value(self.code),
            "namespace": by_value(names) if names else None,
        }

    def build(self) -> Any:
        """Evaluate the statement once, here, and return what it gives (`None` for one that is no expression)."""
        if not isinstance(self.code, str):
            return self.code()
        names = dict(self.namespace)
        if isinstance(self.setup, str):
            exec(compile(self.setup, "<setup>", "exec"), names)
        elif self.setup is not None:
            names.update(self.setup() or {})
        try:
            code = compile(self.source, "<statement>", "eval")
        except SyntaxError:
            exec(compile(self.source, "<statement>", "exec"), names)
            return None
        return eval(code, names)


def statements(
    contenders: Mapping[str, str | Callable[..., Any] | Statement],
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
) -> dict[str, Statement]:
    """Give each contender its statement; one that is a `Statement` already keeps its own setup and names.

    Examples
    --------
    >>> from rust_daq import bench
    >>> bench.statements({"list": "[]", "tuple": "()"})["tuple"].code
    '()'
    """
    if not contenders:
        message = "contenders is empty; name at least one statement, for example {'dict': '{}'}"
        raise ValueError(message)
    return {
        str(name): code if isinstance(code, Statement) else Statement(code, setup, namespace or {})
        for name, code in contenders.items()
    }


def names_in(code: types.CodeType) -> set[str]:
    """Every name that a code object or one nested in it looks up."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= names_in(constant)
    return found


def describe(thing: Any, inside: tuple[Any, ...] = ()) -> str:  # noqa: PLR0911 - one for each kind of thing
    """A text that is the same for the same code or value, and free of addresses and line numbers.

    A function is its code with all that the code uses: defaults, what it closes over, and its own file's names.
    """
    if isinstance(thing, types.FunctionType):
        return "..." if thing in inside else describe_function(thing, (*inside, thing))
    if isinstance(thing, types.CodeType):
        constants = ",".join(describe(constant, inside) for constant in thing.co_consts)
        return f"code({thing.co_code.hex()};{thing.co_names};{constants})"
    if isinstance(thing, functools.partial):
        parts = [thing.func, thing.args, thing.keywords]
        return f"partial({','.join(describe(part, inside) for part in parts)})"
    if isinstance(thing, types.MethodType):
        return f"method({describe(thing.__func__, inside)},{describe(thing.__self__, inside)})"
    if isinstance(thing, frozenset | set):
        return f"set({sorted(describe(item, inside) for item in thing)})"
    if isinstance(thing, tuple | list):
        return f"{type(thing).__name__}({','.join(describe(item, inside) for item in thing)})"
    if isinstance(thing, Mapping):
        return f"{type(thing).__name__}({','.join(f'{key!r}:{describe(thing[key], inside)}' for key in thing)})"
    if isinstance(thing, type) or inspect.isbuiltin(thing) or inspect.ismodule(thing):
        return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', thing.__name__)}"
    if isinstance(thing, PurePath):
        return f"path({thing.name!r})"  # not where it lies, which may be a temporary folder
    text = repr(thing)
    return text if " at 0x" not in text else type(thing).__qualname__


def describe_function(function: types.FunctionType, inside: tuple[Any, ...]) -> str:
    """A function's code, its defaults, its closure, and those names of its own file that it uses."""
    used = sorted(names_in(function.__code__) & set(function.__globals__))
    parts = [
        describe(function.__code__, inside),
        describe(function.__defaults__, inside),
        describe(function.__kwdefaults__, inside),
        *(describe(cell.cell_contents, inside) for cell in function.__closure__ or ()),
        *(f"{name}={describe(function.__globals__[name], inside)}" for name in used),
    ]
    return f"function({';'.join(parts)})"


def by_value(thing: Any) -> bytes:
    """Pickle for a worker: code of the script or notebook goes along whole, for the worker cannot import it."""
    module = sys.modules.get(getattr(thing, "__module__", None) or "")
    # A module outside any package is the caller's own file; packages are installed where the worker finds them.
    own = isinstance(thing, types.FunctionType) and not getattr(module, "__package__", "")
    registered = module if own and module is not None and module.__name__ != "__main__" else None
    if registered is not None:
        cloudpickle.register_pickle_by_value(registered)
    try:
        return bytes(cloudpickle.dumps(thing))
    except Exception as error:
        message = (
            f"{thing!r} cannot be sent to a worker process ({error}); make it in `setup`, a function that runs in the "
            "worker and returns its names"
        )
        raise TypeError(message) from error
    finally:
        if registered is not None:
            cloudpickle.unregister_pickle_by_value(registered)

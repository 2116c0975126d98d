"""A statement to time, as in `timeit`, with its setup and the names it needs."""

from __future__ import annotations

import ast
import asyncio
import dis
import functools
import hashlib
import inspect
import shutil
import sys
import textwrap
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

import cloudpickle

Setup = str | Callable[[], Mapping[str, Any] | None] | None
"""Source text, or a function without arguments that returns its names (``return locals()``)."""


@dataclass(frozen=True)
class Statement:
    """A statement with its setup, sent to worker processes by value.

    Parameters
    ----------
    code : str or callable
        Source text, repeated in the body of the loop, or a callable without arguments; the call is then part of the
        measurement.
    setup : str or callable, optional
        Runs once in each fresh worker.  A function runs in the worker too, so its classes are created there;
        the mapping it returns contains the names that the statement may use.
    namespace : mapping, optional
        Further names, sent by value.  Only names that the code mentions are sent.
    python : str, optional
        The interpreter that runs it, by default this one.  Statements with different interpreters compare environments:
        the interpreter is not part of the fingerprint, and a result stores only a hash of its path.
    each : str, optional
        Source text that runs before every execution and is not timed, for a statement that changes its input
        (``Statement("data.sort()", "source = [3, 1, 2]", each="data = list(source)")``).  Every execution is then timed
        alone, also for the other contenders: all of them include the cost of reading the clock.

    Raises
    ------
    TypeError
        If `code` is neither text nor callable, or a coroutine function, whose call would run nothing; if `setup`,
        `namespace` or `each` is of the wrong type.
    ValueError
        If a text is invalid Python, or `python` is not an interpreter.

    Examples
    --------
    >>> import evenhand as bench
    >>> statement = bench.Statement("sorted(x)", "x = [3, 1, 2]")
    >>> statement.build()
    [1, 2, 3]
    """

    code: str | Callable[[], Any]
    setup: Setup = None
    namespace: Mapping[str, Any] = field(default_factory=dict)
    python: str | None = None
    each: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.code, str):
            compiled("statement", self.code)
        elif not callable(self.code):
            message = f"a statement is source text or a callable, not {type(self.code).__name__}: {self.code!r}"
            raise TypeError(message)
        elif inspect.iscoroutinefunction(self.code) or inspect.isasyncgenfunction(self.code):
            message = (
                f"{self.text} makes a coroutine that never runs; give source text that awaits it, and the function by "
                "namespace: Statement('await f()', namespace={'f': f})"
            )
            raise TypeError(message)
        if self.each is not None:
            if not isinstance(self.each, str):
                message = f"each is {self.each!r}; give source text, such as 'data = list(source)'"
                raise TypeError(message)
            compiled("each", self.each, awaits=False)
        if isinstance(self.setup, str):
            compiled("setup", self.setup, awaits=False)
        elif self.setup is not None and not callable(self.setup):
            message = f"setup is {self.setup!r}; give source text, or a function that returns its names"
            raise TypeError(message)
        if not isinstance(self.namespace, Mapping):
            message = f"namespace is a {type(self.namespace).__name__}; give a mapping of names to values"
            raise TypeError(message)
        if self.python is not None and not (isinstance(self.python, str) and shutil.which(self.python)):
            message = f"python is {self.python!r}, which is not a program here; give the path of an interpreter"
            raise ValueError(message)

    @property
    def source(self) -> str:
        """The text of the loop's body."""
        return textwrap.dedent(self.code).strip("\n") if isinstance(self.code, str) else "__statement__()"

    @property
    def text(self) -> str:
        """The statement as shown to a reader."""
        if isinstance(self.code, str):
            return self.source
        return f"{getattr(self.code, '__name__', type(self.code).__name__)}()"

    @property
    def setup_text(self) -> str | None:
        """The source of the setup, where it is available."""
        if self.setup is None or isinstance(self.setup, str):
            return self.setup
        try:
            return textwrap.dedent(inspect.getsource(self.setup))
        except (OSError, TypeError):
            return None

    @property
    def fingerprint(self) -> str:
        """A digest of everything that determines what is measured; equal in every process of one Python version."""
        names = sorted(self.used_names)
        parts = [describe(self.code), describe(self.setup), *(f"{n}={describe(self.namespace[n])}" for n in names)]
        if self.each is not None:
            parts.append(f"each {describe(self.each)}")
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def used_names(self) -> set[str]:
        """The names of `namespace` that the statement, `each` or a textual setup mentions."""
        texts = (("statement", self.source), ("each", self.each), ("setup", self.setup))
        mentioned = {name for what, text in texts if isinstance(text, str) for name in names_in(compiled(what, text))}
        return mentioned & set(self.namespace)

    @property
    def awaits(self) -> bool:
        """Whether it needs an event loop."""
        return isinstance(self.code, str) and bool(compiled("statement", self.code).co_flags & inspect.CO_COROUTINE)

    @property
    def is_constant(self) -> bool:
        """Whether compiling leaves nothing to execute: a constant, a comment, an empty text."""
        if not isinstance(self.code, str):
            return False
        # After another statement, as in the loop, where a text alone is not a docstring.
        left = {step.opname for step in dis.get_instructions(compiled("statement", f"None\n{self.source}"))}
        return left <= {"RESUME", "NOP", "LOAD_CONST", "LOAD_COMMON_CONSTANT", "RETURN_CONST", "RETURN_VALUE", "CACHE"}

    def request(self, harness: Harness | None = None) -> dict[str, Any]:
        """The request by which a worker prepares itself.

        Parameters
        ----------
        harness : Harness, optional
            What surrounds the statement; by default what the statement needs when it is alone.
        """
        names = {name: self.namespace[name] for name in self.used_names}
        around = harness or Harness.of({"": self})
        return {
            "do": "prepare",
            # Another interpreter has its own packages, and ours must not shadow them.
            "path": search_path() if self.python is None else None,
            "called": around.called and isinstance(self.code, str),
            "alone": around.alone,
            "asynchronous": around.asynchronous,
            "each": textwrap.dedent(self.each or ""),
            "source": self.source,
            "setup": self.setup if self.setup is None or isinstance(self.setup, str) else by_value(self.setup),
            "call": None if isinstance(self.code, str) else by_value(self.code),
            "namespace": by_value(names) if names else None,
        }

    def build(self) -> Any:
        """Evaluate the statement once, in this process, and return its value (`None` if it is not an expression)."""
        if not isinstance(self.code, str):
            return self.code()
        names = dict(self.namespace)
        if isinstance(self.setup, str):
            exec(compile(self.setup, "<setup>", "exec", dont_inherit=True), names)
        elif self.setup is not None:
            names.update(self.setup() or {})
        exec(compile(textwrap.dedent(self.each or ""), "<each>", "exec", dont_inherit=True), names)
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        try:
            code = compile(self.source, "<statement>", "eval", flags=flags, dont_inherit=True)
        except SyntaxError:
            code = compile(self.source, "<statement>", "exec", flags=flags, dont_inherit=True)
        value = eval(code, names)
        return asyncio.run(value) if self.awaits else value


def search_path() -> list[str]:
    """The module search path of this process, in order; folders relative to the working folder are made absolute."""
    return [str(Path(entry).absolute()) for entry in sys.path if isinstance(entry, str)]


def compiled(what: str, text: str, *, awaits: bool = True) -> types.CodeType:
    """Compile a text, in which `await` is allowed by default.

    Raises
    ------
    ValueError
        If it is invalid Python.
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if awaits else 0
    try:
        code: types.CodeType = compile(textwrap.dedent(text), f"<{what}>", "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        message = f"{what} {text!r} is not valid Python: {getattr(error, 'msg', error)}"
        raise ValueError(message) from None
    return code


def is_expression(text: str) -> bool:
    """Whether a text has a value; it may use `await`."""
    try:
        compile(text.strip(), "<statement>", "eval", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError:
        return False
    return True


@dataclass(frozen=True)
class Harness:
    """What surrounds every statement of a call, the same for all of them.

    Parameters
    ----------
    called : bool
        Text is timed as a function call, because another contender is a callable.
    asynchronous : bool
        The loop runs inside an event loop, because a contender awaits.
    alone : bool
        Each execution is timed alone, because a contender has to prepare it (`Statement.each`).

    Examples
    --------
    >>> from evenhand.measure.statement import Harness, Statement
    >>> Harness.of({"text": Statement("f()", "f = list"), "callable": Statement(list)}).called
    True
    """

    called: bool = False
    asynchronous: bool = False
    alone: bool = False

    @classmethod
    def of(cls, stated: Mapping[str, Statement]) -> Harness:
        """Find the harness that fits all of them.

        Raises
        ------
        ValueError
            If one is a callable and another one uses `await`.
        """
        callables = [name for name, statement in stated.items() if not isinstance(statement.code, str)]
        awaiting = [name for name, statement in stated.items() if statement.awaits]
        if callables and awaiting:
            message = f"{callables[0]!r} is a callable and {awaiting[0]!r} awaits; give both as source text"
            raise ValueError(message)
        each = any(statement.each is not None for statement in stated.values())
        return cls(bool(callables), bool(awaiting), each)


def statements(
    contenders: Mapping[str, str | Callable[..., Any] | Statement],
    setup: Setup = None,
    namespace: Mapping[str, Any] | None = None,
) -> dict[str, Statement]:
    """Turn contenders into statements; a `Statement` keeps its own setup and names.

    Examples
    --------
    >>> import evenhand as bench
    >>> bench.statements({"list": "[]", "tuple": "()"})["tuple"].code
    '()'
    """
    if not isinstance(contenders, Mapping):
        message = (
            f"contenders is a {type(contenders).__name__}; give a mapping of names to statements, for example "
            "{'dict': '{}'}"
        )
        raise TypeError(message)
    if not contenders:
        message = "contenders is empty; name at least one statement, for example {'dict': '{}'}"
        raise ValueError(message)
    named = [str(name) for name in contenders]
    if twice := next((name for name in named if named.count(name) > 1), None):
        message = f"two contenders are called {twice!r} as text; give each a different name"
        raise ValueError(message)
    stated = {
        str(name): code if isinstance(code, Statement) else Statement(code, setup, namespace or {})
        for name, code in contenders.items()
    }
    Harness.of(stated)  # refuses what cannot share a harness before a process starts
    return stated


def names_in(code: types.CodeType) -> set[str]:
    """Every name that a code object, or one nested in it, looks up."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= names_in(constant)
    return found


def describe(thing: Any, inside: tuple[Any, ...] = ()) -> str:  # noqa: PLR0911 - one for each kind of thing
    """A text that is the same for the same code or value, without addresses and line numbers.

    A function is described by its code and all that the code uses: defaults, closure, and names of its own file.
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
        return f"path({thing.name!r})"  # without its folder, which may be temporary
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
    """Pickle for a worker, including the code of the script or notebook, which the worker cannot import."""
    function = thing.func if isinstance(thing, functools.partial) else thing
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    # A module outside any package is the caller's own file; a package is installed where the worker finds it.
    own = isinstance(function, types.FunctionType) and not getattr(module, "__package__", "")
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

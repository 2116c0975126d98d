"""The modules next to an example that a statement imports: they determine what is measured as much as its own text."""

from __future__ import annotations

import dis
import hashlib
import types
from pathlib import Path

from evenhand.measure.statement import Statement, compiled


def local_modules(statement: Statement) -> dict[str, str]:
    """Find the modules of the working folder that a statement imports, directly or through each other.

    Parameters
    ----------
    statement : Statement
        Its text, its `each` and its setup are searched for imports; a function is, too.

    Returns
    -------
    dict of str to str
        A digest of each module's source by its name.
    """
    texts = (("statement", statement.code), ("setup", statement.setup), ("each", statement.each))
    codes = [compiled(what, part) if isinstance(part, str) else getattr(part, "__code__", None) for what, part in texts]
    wanted = [name for code in codes if isinstance(code, types.CodeType) for name in imported(code)]
    found: dict[str, str] = {}
    while wanted:
        name = wanted.pop()
        sources = [path.read_bytes() for path in files(Path.cwd(), name)]
        if name not in found and sources:
            found[name] = hashlib.sha256(b"\0".join(sources)).hexdigest()[:16]
            wanted += [other for source in sources for other in imported_by(source)]
    return dict(sorted(found.items()))


def files(folder: Path, name: str) -> list[Path]:
    """The source files of a module or package in a folder; empty where the module is elsewhere."""
    package = folder / name
    if (package / "__init__.py").is_file():
        return sorted(package.rglob("*.py"))
    module = folder / f"{name}.py"
    return [module] if module.is_file() else []


def imported_by(source: bytes) -> set[str]:
    """The top-level modules that a source imports; empty where the source is invalid, which its import reports."""
    try:
        return imported(compile(source, "<module>", "exec"))
    except (SyntaxError, ValueError):
        return set()


def imported(code: types.CodeType) -> set[str]:
    """The top-level modules that a code object or one nested in it imports by name."""
    names = {step.argval.partition(".")[0] for step in dis.get_instructions(code) if step.opname == "IMPORT_NAME"}
    nested = [imported(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return names.union(*nested) - {""}

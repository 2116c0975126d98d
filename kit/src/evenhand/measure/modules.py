"""The modules beside an example that a statement imports: they decide what is measured as its own text does."""

from __future__ import annotations

import dis
import hashlib
import types
from pathlib import Path

from evenhand.measure.statement import Statement, compiled


def modules_beside(statement: Statement) -> dict[str, str]:
    """Find the modules of the working folder that a statement imports, and those that they import there.

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
    """The sources of a module or a package in a folder; none where it is elsewhere."""
    package = folder / name
    if (package / "__init__.py").is_file():
        return sorted(package.rglob("*.py"))
    module = folder / f"{name}.py"
    return [module] if module.is_file() else []


def imported_by(source: bytes) -> set[str]:
    """The top modules that a source imports; none where it is invalid, which its import says."""
    try:
        return imported(compile(source, "<module>", "exec"))
    except (SyntaxError, ValueError):
        return set()


def imported(code: types.CodeType) -> set[str]:
    """The top modules that a code object or one nested in it imports by their names."""
    names = {step.argval.partition(".")[0] for step in dis.get_instructions(code) if step.opname == "IMPORT_NAME"}
    nested = [imported(constant) for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return names.union(*nested) - {""}

"""The measured packages: how they are named, and the facts that a run records about each."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from evenhand.runs.configuration import ConfigurationError, configuration

Packages = Sequence[str] | Mapping[str, str]
"""Names of distributions; as a mapping, each with its build hook ``"module:function"`` or an empty text."""
CODE = {".py", ".so", ".pyd", ".dll", ".dylib"}
"""Suffixes of files with executable code."""
EXAMPLE = "write a list of names such as ['rpds-py'], or a table that names the build hook of each"


class PackageError(RuntimeError):
    """A package that cannot be measured as it is installed; the message names it."""


def named(packages: object, what: str = "packages") -> dict[str, str]:
    """Check the names of packages and their build hooks.

    Parameters
    ----------
    packages : sequence of str, or mapping of str to str
        Names of distributions, or the build hook ``"module:function"`` by name; an empty text means no hook.
    what : str
        The name of the setting in errors.

    Raises
    ------
    TypeError
        If `packages` has another form.
    """
    if isinstance(packages, str | bytes) or not isinstance(packages, Sequence | Mapping):
        message = f"{what} must be a list or a table, got {packages!r}; {EXAMPLE}"
        raise TypeError(message)
    found = dict(packages) if isinstance(packages, Mapping) else dict.fromkeys(packages, "")
    for name, hook in found.items():
        if not isinstance(name, str) or not name.strip():
            message = f"a name in {what} must be the text of a distribution's name, got {name!r}; {EXAMPLE}"
            raise TypeError(message)
        if not isinstance(hook, str) or (hook and not all(hook.partition(":")[::2])):
            message = f"the build hook of {name!r} in {what} must be a text such as 'module:function', got {hook!r}"
            raise TypeError(message)
    return found


def configured(*folders: Path) -> dict[str, str]:
    """Return the packages that the nearest configuration names; empty if there is no configuration.

    Parameters
    ----------
    *folders : Path
        Where the search begins, in this order; the working folder comes last.

    Raises
    ------
    ConfigurationError
        If the configuration cannot be used.
    """
    settings, file = configuration(*folders, Path())
    try:
        return named(settings.get("packages", []), f"packages in {file.name if file else 'a configuration'}")
    except TypeError as error:
        raise ConfigurationError(str(error)) from None


def describe(packages: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Describe the installed packages.

    Parameters
    ----------
    packages : mapping of str to str
        The build hook of each, or an empty text.

    Returns
    -------
    dict
        By name: ``version``; ``files_sha256``, the hash of the code that an import finds, None if there is no code;
        ``build``, the result of the hook.

    Raises
    ------
    PackageError
        If a package is not installed, its hook fails, or its build is not worth measuring.
    """
    return {name: describe_package(name, hook) for name, hook in packages.items()}


def describe_package(name: str, hook: str) -> dict[str, Any]:
    """Describe one package."""
    try:
        distribution = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        distribution = None
    absent = f"{name} is not installed, so it cannot be measured; install it, or correct its name in packages"
    top = hook.partition(":")[0].partition(".")[0]
    if distribution is None and (not top or not locate(top)):
        raise PackageError(absent)
    build = build_facts(name, hook) if hook else {}
    refuse(name, build)
    version = build.get("version") if distribution is None else distribution.version
    if not version:
        raise PackageError(absent)
    imported = {*module_names(name, distribution), *([top] if top else [])}
    return {"version": str(version), "files_sha256": files_sha256(name, imported), "build": build}


def build_facts(name: str, hook: str) -> dict[str, Any]:
    """Call a package's build hook, and check its result."""
    module, _, function = hook.partition(":")
    try:
        ask = getattr(importlib.import_module(module), function)
    except Exception as error:
        message = f"the build hook {hook} of {name} cannot be imported ({one_line(error)}); correct it in packages"
        raise PackageError(message) from error
    try:
        facts = ask()
        found = json.loads(json.dumps(facts, allow_nan=False))
    except (Exception, SystemExit) as error:
        message = f"the build hook {hook} of {name} failed ({one_line(error)}); it must return a dict of JSON values"
        raise PackageError(message) from error
    if not isinstance(found, dict):
        message = f"the build hook {hook} of {name} must return a dict of JSON values, got {facts!r}"
        raise PackageError(message)
    return found


def one_line(error: BaseException) -> str:
    """Format an error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def refuse(name: str, build: Mapping[str, Any]) -> None:
    """Raise if measurements of a build would be meaningless."""
    if build.get("profile") == "debug":
        message = f"{name} is a debug build, which is not worth measuring; install one made with --release"
        raise PackageError(message)
    if build.get("burn"):
        message = f"{name} is built with the feature burn, which slows it down; install a build without it"
        raise PackageError(message)


def module_names(name: str, distribution: metadata.Distribution | None) -> set[str]:
    """Return the names by which a distribution is imported; an editable one may list only its own name."""
    listed = ((distribution and distribution.read_text("top_level.txt")) or "").split()
    files = () if listed or distribution is None else distribution.files or ()
    found = {file.parts[0] for file in files if file.suffix in CODE and file.parts[0] != "__pycache__"}
    names = {part.partition(".")[0] if Path(part).suffix in CODE else part for part in {*listed, *found}}
    return {part for part in names if part.isidentifier()} or {name.replace("-", "_")}


def import_names(name: str, hook: str = "") -> set[str]:
    """Return the top-level modules by which a package is imported, whether or not it is installed.

    Parameters
    ----------
    name : str
        The name of its distribution.
    hook : str
        Its build hook, whose module is included.
    """
    try:
        distribution = metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        distribution = None
    top = hook.partition(":")[0].partition(".")[0]
    return {*module_names(name, distribution), *([top] if top else [])}


def locate(module: str) -> list[Path]:
    """Return the files and folders that an import of a top-level module would use."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    folders = spec.submodule_search_locations
    return [Path(place) for place in folders] if folders is not None else [Path(str(spec.origin))]


def files_sha256(name: str, modules: set[str]) -> str | None:
    """Return the hash of all code of some top-level modules; None if there is no code."""
    digest, count = hashlib.sha256(), 0
    try:
        for module in sorted(modules):
            for root in locate(module):
                for path in code(root):
                    digest.update(f"{module}/{path.relative_to(root).as_posix()}\0".encode())
                    digest.update(hashlib.sha256(path.read_bytes()).digest())
                    count += 1
    except OSError as error:
        message = f"the files of {name} cannot be read ({one_line(error)}); install it again"
        raise PackageError(message) from error
    return digest.hexdigest() if count else None


def code(root: Path) -> Iterator[Path]:
    """Yield the code files of a module or package in a fixed order."""
    found = [root] if root.is_file() else sorted(root.rglob("*"))
    for path in found:
        if path.suffix in CODE and path.is_file():
            yield path


def changed_packages(archived: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return why an archived run does not describe the installed packages, as a clause; empty if it does.

    Parameters
    ----------
    archived, now : mapping
        The results of `describe` from that time and from now.
    """
    for name, facts in now.items():
        version = facts["version"]
        if name not in archived:
            return f"it has no version of {name}"
        if archived[name]["version"] != version:
            return f"it was measured with {name} {archived[name]['version']}, but {version} is installed"
        if archived[name]["files_sha256"] != facts["files_sha256"]:
            return f"it was measured with another build of {name} {version} than the installed one"
    if gone := [name for name in archived if name not in now]:
        return f"it measured {gone[0]}, which the configuration no longer names"
    return ""

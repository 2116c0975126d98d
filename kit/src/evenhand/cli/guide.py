"""``python -m evenhand init``: write a self-measuring guide into a project without overwriting anything."""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import evenhand
from evenhand.runs.configuration import ConfigurationError, configuration

SPHINX = Path(evenhand.__file__).parent / "sphinx"
START = SPHINX / "start"
FILES = {
    "docs/conf.py": START / "docs" / "conf.py",
    "docs/index.md": START / "docs" / "index.md",
    "docs/profiles.toml": SPHINX / "profiles.toml",
    "gallery/GALLERY_HEADER.rst": START / "gallery" / "GALLERY_HEADER.rst",
    "gallery/joining.py": START / "gallery" / "joining.py",
    ".github/workflows/guide.yml": START / "guide.yml",
}
"""The files to write, with their templates."""
IGNORED = "# files that a build of the guide writes\n/_build/\n/gallery/\n"
TAKEN = ("docs/index.rst", "docs/gallery", "gallery")
"""Existing paths that conflict with the guide: a second first page, or files that a build would remove or run."""
UNSAFE = re.compile(r"[^\w.-]+")
"""Characters that a name would need quotes for, in Python or in a configuration."""
BUILD = "sphinx-build docs docs/_build/html"


class GuideError(RuntimeError):
    """The guide cannot be written; no file was changed."""


def write_guide(folder: Path) -> list[str]:
    """Write a guide into the folder of a project.

    Parameters
    ----------
    folder : Path
        The folder with the project's `pyproject.toml`, if it has one.

    Returns
    -------
    list of str
        The written files, as paths in the folder.

    Raises
    ------
    GuideError
        If the folder does not exist, a file is in the way, or a file cannot be written.  No file is left then.
    """
    try:
        what = "" if folder.is_dir() else "is not a folder" if folder.exists() else "does not exist"
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
    if what:
        message = f"{folder} {what}; pass the folder of a project"
        raise GuideError(message)
    texts = render_files(folder)
    if taken := find_conflicts(folder, [*texts, *TAKEN]):
        message = f"already in {folder}: {', '.join(taken)}; move or rename these, and run the command again"
        raise GuideError(message)
    written: list[Path] = []
    made: list[Path] = []
    try:
        for name, text in texts.items():
            path = folder / name
            for parent in reversed(path.parents):
                if not parent.is_dir():
                    parent.mkdir()
                    made.append(parent)
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
    except (OSError, ValueError) as error:
        for path in written:
            path.unlink(missing_ok=True)
        for parent in reversed(made):
            parent.rmdir()
        message = f"the guide cannot be written into {folder} ({error}); no file was left there"
        raise GuideError(message) from error
    return list(texts)


def render_files(folder: Path) -> dict[str, str]:
    """Return the text of each file, by its path."""
    distribution = distribution_name(folder)
    project = distribution or UNSAFE.sub(" ", folder.resolve().name).strip() or "this project"
    packages = ["."] if distribution else []
    installed = shlex.join([*packages, requirement()])
    texts = {
        name: source.read_text(encoding="utf-8").replace("PROJECT", project).replace("INSTALLED", installed)
        for name, source in FILES.items()
    }
    texts["docs/.gitignore"] = IGNORED
    if distribution and not has_configuration(folder):
        texts["evenhand.toml"] = f'# The packages that the guide measures.\npackages = ["{distribution}"]\n'
    return texts


def distribution_name(folder: Path) -> str:
    """Return the name of the distribution that a folder builds; empty if it builds none."""
    path = folder / "pyproject.toml"
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read ({error}); correct it"
        raise GuideError(message) from error
    project = document.get("project")
    name = project.get("name") if isinstance(project, dict) else None
    return name if isinstance(name, str) and not UNSAFE.search(name) else ""


def has_configuration(folder: Path) -> bool:
    """Whether a configuration applies to a folder."""
    try:
        return bool(configuration(folder)[1])
    except ConfigurationError as error:
        raise GuideError(str(error)) from error


def requirement() -> str:
    """Return the requirement of this kit with its repository, because anyone could register its name on the index."""
    try:
        links = metadata.metadata("evenhand").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        links = []
    sources = [link.partition(",")[2].strip() for link in links if link.startswith("Source,")]
    source = f" @ git+{sources[0]}#subdirectory=kit" if sources else ""
    return f"evenhand[sphinx]{source}"


def find_conflicts(folder: Path, names: list[str]) -> list[str]:
    """Return the paths that already exist, and files in the place of a needed folder."""
    found = []
    for name in names:
        parts = Path(name).parts
        parents = [Path(*parts[:length]) for length in range(1, len(parts))]
        if blocked := [parent for parent in parents if (folder / parent).exists() and not (folder / parent).is_dir()]:
            found.append(blocked[0].as_posix())
        elif (folder / name).exists() or (folder / name).is_symlink():
            found.append(name)
    # The folder's name is enough; its files are not listed.
    return [name for name in dict.fromkeys(found) if name == "gallery" or not name.startswith("gallery/")]

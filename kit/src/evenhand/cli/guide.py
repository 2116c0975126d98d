"""``python -m evenhand init``: writes a guide that measures itself into a project, and overwrites nothing."""

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
"""What is written, and the text that it begins from."""
IGNORED = "# what a build of the guide writes\n/_build/\n/gallery/\n"
TAKEN = ("docs/index.rst", "docs/gallery", "gallery")
"""What would be a second first page, be removed by a build, or be run by it."""
UNSAFE = re.compile(r"[^\w.-]+")
"""What a name would need quotes for, in Python or in a configuration."""
BUILD = "sphinx-build docs docs/_build/html"


class GuideError(RuntimeError):
    """A guide that cannot be written; nothing of it is."""


def write_guide(folder: Path) -> list[str]:
    """Write a guide into the folder of a project.

    Parameters
    ----------
    folder : Path
        The folder with the project's `pyproject.toml`, where it has one.

    Returns
    -------
    list of str
        The files that were written, by their paths in the folder.

    Raises
    ------
    GuideError
        If there is no such folder, something is in the way, or a file cannot be written; nothing is left then.
    """
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "does not exist"
        message = f"{folder} {what}; pass the folder of a project"
        raise GuideError(message)
    texts = planned(folder)
    if taken := in_the_way(folder, [*texts, *TAKEN]):
        message = f"in the way in {folder}: {', '.join(taken)}; move or rename what is there, and run it again"
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
        message = f"the guide cannot be written into {folder} ({error}); nothing was left there"
        raise GuideError(message) from error
    return list(texts)


def planned(folder: Path) -> dict[str, str]:
    """The text of each file, by its path."""
    distribution = named(folder)
    project = distribution or UNSAFE.sub(" ", folder.resolve().name).strip() or "this project"
    packages = ["."] if distribution else []
    installed = shlex.join([*packages, requirement()])
    texts = {
        name: source.read_text(encoding="utf-8").replace("PROJECT", project).replace("INSTALLED", installed)
        for name, source in FILES.items()
    }
    texts["docs/.gitignore"] = IGNORED
    if distribution and not configured(folder):
        texts["evenhand.toml"] = f'# What the guide measures.\npackages = ["{distribution}"]\n'
    return texts


def named(folder: Path) -> str:
    """The name of the distribution that a folder makes; empty where it makes none."""
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


def configured(folder: Path) -> bool:
    """Whether a configuration names what is measured."""
    try:
        return bool(configuration(folder)[1])
    except ConfigurationError as error:
        raise GuideError(str(error)) from error


def requirement() -> str:
    """What installs this kit: its repository, since anybody can take a name that an index does not have yet."""
    try:
        links = metadata.metadata("evenhand").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        links = []
    sources = [link.partition(",")[2].strip() for link in links if link.startswith("Source,")]
    source = f" @ git+{sources[0]}#subdirectory=kit" if sources else ""
    return f"evenhand[sphinx]{source}"


def in_the_way(folder: Path, names: list[str]) -> list[str]:
    """The paths that exist already, and those whose folder is a file."""
    found = []
    for name in names:
        parts = Path(name).parts
        parents = [Path(*parts[:length]) for length in range(1, len(parts))]
        if blocked := [parent for parent in parents if (folder / parent).exists() and not (folder / parent).is_dir()]:
            found.append(blocked[0].as_posix())
        elif (folder / name).exists() or (folder / name).is_symlink():
            found.append(name)
    # The whole of a folder says what is in it.
    return [name for name in dict.fromkeys(found) if name == "gallery" or not name.startswith("gallery/")]

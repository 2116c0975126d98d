"""The folders of a build: the sealed run, the draft, the gallery and its examples."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.osutil import relative_uri

PUBLISHING_BUILDERS = ("html", "dirhtml")


def publishes(app: Sphinx) -> bool:
    """Whether this build makes a site, so that it has to measure."""
    return app.builder.name in PUBLISHING_BUILDERS


def run_folder(config: Config) -> Path:
    """The folder of the sealed run."""
    return Path(config.measuring_folder, "run")


def machine_address(app: Sphinx, uri: str) -> str:
    """The address of the description of the machine, relative to the page at `uri`."""
    name, hash_sign, anchor = app.config.measuring_machine_page.partition("#")
    address: str = relative_uri(uri, app.builder.get_target_uri(name))
    return f"{address}{hash_sign}{anchor}"


def draft_folder(app: Sphinx) -> Path:
    """The folder where the examples store their results."""
    return Path(app.config.measuring_folder, "draft")


def gallery_folders(app: Sphinx) -> list[Path]:
    """The folders for sphinx-gallery's pages, in the source folder; it generates everything in them."""
    named = app.config.sphinx_gallery_conf["gallery_dirs"]
    return [Path(app.srcdir, name) for name in ([named] if isinstance(named, str) else named)]


def gallery_pages(app: Sphinx) -> list[str]:
    """The same folders, as the names of their pages begin."""
    return [folder.relative_to(app.srcdir).as_posix() for folder in gallery_folders(app)]


def example_files(app: Sphinx, pattern: str = "*.py") -> list[Path]:
    """The files of the examples, sorted by name."""
    named = app.config.sphinx_gallery_conf["examples_dirs"]
    folders = [named] if isinstance(named, str) else named
    found = [path for folder in folders for path in Path(app.srcdir, folder).glob(pattern)]
    return sorted(found, key=lambda path: path.stem)

"""The stamp: a fingerprint of everything that a page can show except its own source.

Sphinx reads a page again when its source changed.  A page here also shows the run (in sentences, cells, and the strip
at its foot), the archives of the history, the words of the kit, the code in conf/, and the modules next to
the pages.  So a stamp of all these is stored with the build: it is renamed when an HTML build begins and
written again when one has ended without a warning.  If it is missing or differs, every page is read again.
(Examples need no stamp: they always run, see `execution`.)
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

import evenhand as bench
from evenhand.sphinx.defaults import BUILT
from evenhand.sphinx.execution import measured_packages
from evenhand.sphinx.places import gallery_folders, publishes, run_folder

ARCHIVED = ("index.json", "*.jsonl", "run.json")
"""The files by which an archive changes: those of a history, and those of runs."""
LOOKED_AT = (".py", ".toml", ".html", ".css", ".js", ".svg")


def stamp_file(app: Sphinx) -> Path:
    """The stamp of the last build without a warning."""
    return Path(app.doctreedir, "stamp")


def fingerprint(app: Sphinx) -> str:
    """The stamp of this build: packages, run, archives, kit, conf, and the modules that cells import."""
    packages = {name: (facts["version"], facts["files_sha256"]) for name, facts in measured_packages(app)[1].items()}
    digest = hashlib.sha256(repr(packages).encode())
    for name in ("run.json", "samples.parquet"):
        digest.update((run_folder(app.config) / name).read_bytes())
    for folder in app.config.measuring_archives:
        for path in sorted(found for name in ARCHIVED for found in Path(folder).rglob(name)):
            digest.update(path.read_bytes())
    for path in (*files(Path(bench.__file__).parent), *files(Path(app.confdir), made(app))):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    for path in sorted(Path(app.srcdir).glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def files(folder: Path, without: Collection[Path] = ()) -> list[Path]:
    """The files in a folder that determine a page, except those in some folders."""
    found = [path for path in folder.rglob("*") if path.suffix in LOOKED_AT and path.is_file()]
    return sorted(path for path in found if not any(path.is_relative_to(other) for other in without))


def made(app: Sphinx) -> list[Path]:
    """The folders that builds write, which may be next to `conf.py`."""
    written = [app.outdir, app.doctreedir, app.config.measuring_folder, Path(app.confdir, BUILT)]
    return [*map(Path, written), *gallery_folders(app)]


def take(app: Sphinx) -> None:
    """Rename the stamp of the previous build, for `outdated`."""
    if publishes(app):
        before(app).unlink(missing_ok=True)
        if stamp_file(app).is_file():
            stamp_file(app).rename(before(app))


def before(app: Sphinx) -> Path:
    """The stamp of the previous build during this one."""
    return stamp_file(app).with_suffix(".before")


def outdated(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Return every page if the stamp is missing or differs."""
    del added, changed, removed
    if not publishes(app) or (before(app).is_file() and before(app).read_text(encoding="utf-8") == fingerprint(app)):
        return []
    return sorted(env.found_docs)


def leave(app: Sphinx, error: Exception | None) -> None:
    """Write the stamp of a build that has ended without an error or a warning."""
    if error is None and publishes(app) and app.statuscode == 0 and app._warncount == 0:  # noqa: SLF001 - no public API has it before the end
        stamp_file(app).write_text(fingerprint(app), encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Take the stamp first, and write it last."""
    app.connect("builder-inited", take, priority=1)
    app.connect("env-get-outdated", outdated)
    app.connect("build-finished", leave, priority=999)

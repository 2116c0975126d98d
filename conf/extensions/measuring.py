"""The measuring part of a build: the stage is laid, the examples run on it, the run is sealed, then pages are read.

The rule is one, and it holds whatever was built before: **every HTML build runs every example.**  Nothing of an earlier
build is taken over; the gallery's pages are removed before they are made again, so there is no example that was left
out because its text did not change, and no traceback of one that was mended since.

What differs is where the numbers come from.  A plain build measures anew, always, and seals a new run.  A build that
reuses (``nox -s docs -- --reuse``, for someone who writes prose) runs the examples too, but their measuring calls
return the results of the run that the last whole build sealed, made with the same profile by the same packages; a
call that has none is refused by name.  That run stays as it is, with the time at which it was measured.

The other builders (``linkcheck``, ``doctest``) publish nothing and measure nothing.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import SphinxError
from sphinx_gallery.gen_gallery import generate_gallery_rst

import criterion
import tails
import tree
from evenhand import ArchiveError, Run
from evenhand.runs.configuration import ConfigurationError
from evenhand.runs.draft import EXAMPLE_VARIABLE, STAGE_VARIABLE, Stage
from evenhand.runs.packages import PackageError, changed_packages, configured, describe
from evenhand.runs.run import RUN_VARIABLE
from profiles import Profile

PUBLISHING_BUILDERS = ("html", "dirhtml")
LINES = 4
"""How much of a failed example's traceback is said: the end of it, where the example's own lines are."""


class MeasuringError(SphinxError):
    """The examples do not make a run; the message names the one that is at fault."""

    category = "Measuring error"


def publishes(app: Sphinx) -> bool:
    """Whether this build makes a site, so that it has to measure."""
    return app.builder.name in PUBLISHING_BUILDERS


def run_folder(config: Config) -> Path:
    """Where the sealed run is."""
    return Path(config.measuring_folder, "run")


def stage_folder(app: Sphinx) -> Path:
    """Where the examples leave their results."""
    return Path(app.config.measuring_folder, "stage")


def lay(app: Sphinx) -> None:
    """Lay an empty stage with the build's plan, and remove what an earlier build made of the examples."""
    # Cells of the pages run in kernels that inherit this; they read the run whoever builds.
    os.environ[RUN_VARIABLE] = str(run_folder(app.config))
    if not publishes(app):
        app.config.plot_gallery = "False"
        if not run_folder(app.config).is_dir():
            app.config.nb_execution_mode = "off"
        return
    packages, facts = measured_packages(app)
    reused = reusable(app, facts) if app.config.measuring_reuse else None
    name = app.config.measuring_profile or (reused.document["profile"] if reused else "default")
    if reused and name != reused.document["profile"]:
        message = (
            f"the run to reuse was measured with the profile {reused.document['profile']!r}, not {name!r}; "
            "leave --profile out, or leave --reuse out"
        )
        raise MeasuringError(message)
    app.config.measuring_profile = name
    if not reused:
        inside_rust(app)  # what is missing is said before minutes of measuring
    # The examples after one that failed would measure for minutes in a build that has failed.
    app.config.abort_on_example_error = True
    for folder in gallery_folders(app):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(stage_folder(app), ignore_errors=True)
    profile = Profile.read(Path(app.config.measuring_profiles), name, examples(app))
    Stage(stage_folder(app)).prepare(
        {
            "profile": profile.name,
            "rounds": profile.rounds,
            "judged": profile.judged,
            "slices": profile.slices,
            "seconds": profile.seconds,
            "options": profile.options,
            "packages": packages,
            "reuse": str(run_folder(app.config)) if reused else None,
            "began": time.time(),
        }
    )
    os.environ[STAGE_VARIABLE] = str(stage_folder(app))
    # Threads of OpenBLAS keep the cores busy while NumPy or SciPy is imported, and no example multiplies matrices.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def measured_packages(app: Sphinx) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """The packages that the site's configuration names, and their facts; refuses what is not worth measuring."""
    try:
        packages = configured(Path(app.confdir))
        return packages, describe(packages)
    except (ConfigurationError, PackageError) as error:
        raise MeasuringError(str(error)) from error


def reusable(app: Sphinx, facts: Mapping[str, Any]) -> Run:
    """The last whole build's run, if the packages that are installed made it."""
    try:
        run = Run.load(run_folder(app.config))
    except ArchiveError as error:
        message = f"there is no run to reuse ({error}); measure one first: nox -s docs"
        raise MeasuringError(message) from error
    if why := changed_packages(run.packages, facts):
        message = f"the run {run.id} cannot be reused: {why}; measure again: nox -s docs"
        raise MeasuringError(message)
    return run


def gallery_folders(app: Sphinx) -> list[Path]:
    """Where sphinx-gallery writes pages, in the source folder; all in them is made by it."""
    named = app.config.sphinx_gallery_conf["gallery_dirs"]
    return [Path(app.srcdir, name) for name in ([named] if isinstance(named, str) else named)]


def examples(app: Sphinx) -> list[str]:
    """The names of the examples there are."""
    named = app.config.sphinx_gallery_conf["examples_dirs"]
    folders = [named] if isinstance(named, str) else named
    return sorted(path.stem for folder in folders for path in Path(app.srcdir, folder).glob("*.py"))


def enter(gallery_conf: dict[str, Any], filename: str, when: str) -> None:
    """Tell the stage which example runs now; called by sphinx-gallery before each."""
    del gallery_conf
    if when == "before" and STAGE_VARIABLE in os.environ:
        Stage(Path(os.environ[STAGE_VARIABLE])).enter(Path(filename).stem)


def run_examples(app: Sphinx) -> None:
    """Let sphinx-gallery run the examples; one that exits would end the build with status 0 and no site."""
    if not publishes(app) and all(folder.is_dir() for folder in gallery_folders(app)):
        return  # the pages of the last site will do for a builder that shows none
    try:
        generate_gallery_rst(app)
    except SystemExit as error:
        name = os.environ.get(EXAMPLE_VARIABLE, "an example")
        message = f"{name} ended itself (SystemExit: {error.code!r}); an example has to run to its end"
        raise MeasuringError(message) from error
    except SphinxError:
        raise
    except Exception as error:
        name = os.environ.get(EXAMPLE_VARIABLE, "an example")
        message = f"{name} failed:\n{''.join(traceback.format_exception(error)[-LINES:])}"
        raise MeasuringError(message) from error


def seal(app: Sphinx) -> None:
    """Make a run of what the examples left, or make sure that the reused one is all theirs."""
    os.environ.pop(STAGE_VARIABLE, None)
    if not publishes(app):
        return
    stage = Stage(stage_folder(app))
    if without := sorted(set(examples(app)) - {result.example for result in stage.results()}):
        message = f"{', '.join(without)} left no result; an example measures with settings=bench.settings(__doc__)"
        raise MeasuringError(message)
    if app.config.measuring_reuse:
        return
    name = app.config.measuring_profile
    profile = Profile.read(Path(app.config.measuring_profiles), name, examples(app))
    took = {"examples_ns": round((time.time() - stage.plan()["began"]) * 1e9)}
    run = stage.run(tree=tree.read(Path(app.confdir)), took=took, **inside_rust(app))
    if profile.judged:
        refuse_unjudged(run)
    replace(run, run_folder(app.config))


def inside_rust(app: Sphinx) -> dict[str, Any]:
    """What was measured in Rust before this build began."""
    if not app.config.measuring_criterion:
        return {}
    return {
        "criterion": criterion.read(Path(app.config.measuring_criterion)),
        "tails": tails.read(Path(app.config.measuring_tails)),
    }


def refuse_unjudged(run: Run) -> None:
    """Raise if a result had too few rounds to be judged; what is at the floor is not judged with any number."""
    for entry in run.document["results"]:
        rows = entry["rows"]
        for row in rows:
            unjudged = [name for name, value in row.items() if value == "not judged"]
            if any(not at_floor(name, row, rows[0]) for name in unjudged):
                message = (
                    f"{entry['example']}/{entry['name']} is not judged in the profile {run.document['profile']!r}: "
                    "a verdict takes six rounds, more where several are judged together (bench.fewest_rounds), and a "
                    "percentile the calls or arrivals that it needs in each of them"
                )
                raise MeasuringError(message)


def at_floor(verdict: str, row: Mapping[str, Any], baseline: Mapping[str, Any]) -> bool:
    """Whether a verdict is about a number, or against one, that cannot be told from an empty statement's."""
    floor = f"{verdict.removesuffix('verdict')}at_floor"
    return bool(row.get(floor) or baseline.get(floor))


def replace(run: Run, folder: Path) -> None:
    """Put the run in the place of the one before; that one stays until the new one is whole."""
    fresh = run.save(folder.with_name(f"run.{secrets.token_hex(4)}"))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def setup(app: Sphinx) -> dict[str, Any]:
    """Put the steps around sphinx-gallery's own, which reads its settings at 10 and runs the examples at 500."""
    app.add_config_value("measuring_folder", "", "")
    app.add_config_value("measuring_profile", "", "")
    app.add_config_value("measuring_profiles", "", "")
    app.add_config_value("measuring_reuse", False, "")
    app.add_config_value("measuring_criterion", "", "")
    app.add_config_value("measuring_tails", "", "")
    app.setup_extension("sphinx_gallery.gen_gallery")
    for listener in list(app.events.listeners["builder-inited"]):
        if listener.handler is generate_gallery_rst:
            app.disconnect(listener.id)
    app.connect("builder-inited", lay, priority=5)
    app.connect("builder-inited", run_examples, priority=500)
    app.connect("builder-inited", seal, priority=600)
    return {"version": "1", "parallel_read_safe": True}

"""The measuring part of a build: the examples run and store their results, the run is sealed, then pages are read.

One rule holds, whatever was built before: **every HTML build runs every example.**  Nothing from an earlier
build is kept.  The gallery's pages are removed before they are generated again, so no example is left
out because its text did not change, and no traceback remains of one that was fixed since.

Only the source of the numbers differs.  A plain build always measures, and seals a new run.  A build that
reuses (``EVENHAND_REUSE=1``, for work on prose) runs the examples too, but their measuring calls
return the results of the run that the last complete build sealed, measured with the same profile and packages; a
call without a result is refused by name.  That run does not change and keeps its time of measurement.

The other builders (``linkcheck``, ``doctest``) publish nothing and measure nothing.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx_gallery.gen_gallery import generate_gallery_rst

from evenhand import ArchiveError, Run
from evenhand.measure.yardstick import yardstick
from evenhand.runs.budget import Budget, Costs, CostsError, Plan
from evenhand.runs.configuration import ConfigurationError
from evenhand.runs.draft import DRAFT_VARIABLE, EXAMPLE_VARIABLE, Draft
from evenhand.runs.packages import PackageError, changed_packages, configured, describe
from evenhand.runs.run import RUN_VARIABLE
from evenhand.sphinx import commit, criterion
from evenhand.sphinx.declaration import Declaration
from evenhand.sphinx.errors import MeasuringError
from evenhand.sphinx.gallery import key
from evenhand.sphinx.places import draft_folder, example_files, gallery_folders, publishes, run_folder
from evenhand.sphinx.profiles import Profile

logger = logging.getLogger(__name__)

FURTHER = "measuring-further"
"""The event at which a listener returns a dict of further parts of the run, or raises if something is missing."""
COSTS = "costs.toml"
"""The table of costs, next to the profiles."""
TOLERANCE = 0.1
"""The share of a budget by which it may be exceeded."""
LINES = 4
"""Parts of a failed example's traceback in the message: the last ones, with the example's own lines."""


def prepare_build(app: Sphinx) -> None:
    """Prepare an empty draft with the build's plan, and remove the pages that an earlier build generated."""
    # Cells of the pages run in kernels that inherit this; they read the run with every builder.
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
            "leave the profile out, or measure again"
        )
        raise MeasuringError(message)
    app.config.measuring_profile = name
    if not reused:
        measured_elsewhere(app)  # reports missing results before minutes of measuring
    # Otherwise the examples after a failed one would measure for minutes in a build that has failed.
    app.config.abort_on_example_error = True
    refuse_sources(app)
    profile = planned(app)
    refuse_costs(app, profile, reused=bool(reused))
    for folder in gallery_folders(app):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(draft_folder(app), ignore_errors=True)
    Draft(draft_folder(app)).prepare(
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
            **({} if reused else budgeted(app, profile)),
        }
    )
    os.environ[DRAFT_VARIABLE] = str(draft_folder(app))
    # Threads of OpenBLAS keep the cores busy while NumPy or SciPy is imported, and no example multiplies matrices.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def refuse_sources(app: Sphinx) -> None:
    """Raise if there is no example, one is in a sub-folder, or a folder to be removed contains one or the pages."""
    if not example_files(app):
        folders = app.config.sphinx_gallery_conf["examples_dirs"]
        message = f"there is no example in {folders}, relative to the pages; put a script that measures there"
        raise MeasuringError(message)
    for path in example_files(app, "*/*.py"):
        # sphinx-gallery runs the scripts of a folder with such a file.
        if any(path.parent.glob("GALLERY_HEADER.*")) or any(path.parent.glob("README.*")):
            message = (
                f"the example {path.parent.name}/{path.name} is in a sub-folder; move it up to the other examples, and "
                "declare its :group: instead"
            )
            raise MeasuringError(message)
    for folder in gallery_folders(app):
        if any(Path(own).resolve().is_relative_to(folder.resolve()) for own in (app.srcdir, app.confdir)):
            message = (
                f"gallery_dirs of sphinx_gallery_conf is {app.config.sphinx_gallery_conf['gallery_dirs']!r}, a folder "
                "that each build removes, and the pages or conf.py are in it; name another, such as 'gallery'"
            )
            raise MeasuringError(message)
        for path in example_files(app):
            if path.resolve().is_relative_to(folder.resolve()):
                message = (
                    f"gallery_dirs of sphinx_gallery_conf names {folder.name}, which each build writes again, and "
                    f"the example {path.name} is in it; move the examples to a folder next to the pages"
                )
                raise MeasuringError(message)


def measured_packages(app: Sphinx) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """The packages that the site's configuration names, and their facts; refuses packages not worth measuring."""
    try:
        packages = configured(Path(app.confdir))
        return packages, describe(packages)
    except (ConfigurationError, PackageError) as error:
        raise MeasuringError(str(error)) from error


def reusable(app: Sphinx, facts: Mapping[str, Any]) -> Run:
    """The run of the last complete build, if the installed packages are the ones it measured."""
    try:
        run = Run.load(run_folder(app.config))
    except ArchiveError as error:
        message = f"there is no run to reuse ({error}); measure one first: build without reusing"
        raise MeasuringError(message) from error
    if why := changed_packages(run.packages, facts):
        message = f"the run {run.id} cannot be reused: {why}; measure again: build without reusing"
        raise MeasuringError(message)
    return run


def examples(app: Sphinx) -> list[str]:
    """The names of the examples."""
    return [path.stem for path in example_files(app)]


def planned(app: Sphinx) -> Profile:
    """The profile of this build."""
    weights = {path.stem: Declaration.read(path).weight for path in example_files(app)}
    return Profile.read(Path(app.config.measuring_profiles), app.config.measuring_profile, weights)


def refuse_costs(app: Sphinx, profile: Profile, *, reused: bool) -> None:
    """Raise if the table of costs is requested from a build without a budget."""
    if app.config.measuring_costs and (reused or profile.budget is None or not profile.judged):
        message = (
            "measuring_costs writes what the calls of a build with a budget take: measure, and choose a profile that "
            f"judges and has a budget; {profile.name!r} {'reuses a run' if reused else 'has none'}"
        )
        raise MeasuringError(message)


def budgeted(app: Sphinx, profile: Profile) -> dict[str, Any]:
    """The plan of a build with a budget: the table of costs, the order of cuts, and the end of its time."""
    if not profile.judged or profile.budget is None:
        return {}
    ahead = [path.stem for path in sorted(example_files(app), key=key)]
    if app.config.measuring_costs:
        # No table and no order: nothing is cut, and each call makes its minimum of rounds.
        return {"budget": Budget(Costs(yardstick()), (), 1).as_dict(), "until": None, "examples": ahead}
    path = Path(app.config.measuring_profiles).with_name(COSTS)
    try:
        costs = Costs.read(path) if path.is_file() else Costs(yardstick())
    except CostsError as error:
        raise MeasuringError(str(error)) from error
    seconds = float(app.config.measuring_seconds or profile.budget)
    budget = Budget(costs, profile.order, profile.rounds)
    if said := too_slow(budget.plan(ahead, seconds, yardstick() / costs.pace_ns)):
        logger.info(said)
    return {"budget": budget.as_dict(), "until": time.time() + seconds, "examples": ahead}


def too_slow(plan: Plan) -> str:
    """The message that the budget is too small even with all cuts; empty where it suffices."""
    if plan.seconds <= (1 + TOLERANCE) * plan.left:
        return ""
    return (
        f"this machine is too slow for the budget of {plan.left:.0f} s: what is never cut takes about "
        f"{plan.seconds:.0f} s; raise the budget, or build in a profile that judges nothing"
    )


def enter(gallery_conf: dict[str, Any], filename: str, when: str) -> None:
    """Tell the draft which example runs now; called by sphinx-gallery before each."""
    del gallery_conf
    if when == "before" and DRAFT_VARIABLE in os.environ:
        Draft(Path(os.environ[DRAFT_VARIABLE])).enter(Path(filename).stem)


def run_examples(app: Sphinx) -> None:
    """Let sphinx-gallery run the examples; one that exits would end the build with status 0 and no site."""
    if not publishes(app) and all(folder.is_dir() for folder in gallery_folders(app)):
        return  # the pages of the last site suffice for a builder that shows none
    try:
        generate_gallery_rst(app)
    except SystemExit as error:
        name = os.environ.get(EXAMPLE_VARIABLE, "an example")
        message = f"{name} exited (SystemExit: {error.code!r}); an example has to run to its end"
        raise MeasuringError(message) from error
    except SphinxError:
        raise
    except Exception as error:
        name = os.environ.get(EXAMPLE_VARIABLE, "an example")
        message = f"{name} failed:\n{''.join(traceback.format_exception(error)[-LINES:])}"
        raise MeasuringError(message) from error


def seal(app: Sphinx) -> None:
    """Seal the results of the examples as a run, or check that the reused run has all of them."""
    os.environ.pop(DRAFT_VARIABLE, None)
    if not publishes(app):
        return
    draft = Draft(draft_folder(app))
    if without := sorted(set(examples(app)) - {result.example for result in draft.results()}):
        message = f"{', '.join(without)} stored no result; an example measures with settings=bench.settings(__doc__)"
        raise MeasuringError(message)
    if app.config.measuring_reuse:
        return
    profile = planned(app)
    ended = time.time()
    took = {"examples_ns": round((ended - draft.plan()["began"]) * 1e9), "course": course(draft, ended)}
    run = draft.run(tree=commit.read(Path(app.confdir)), took=took, **measured_elsewhere(app))
    if profile.judged:
        refuse_unjudged(run)
    replace(run, run_folder(app.config))
    tell_course(draft.plan(), took["course"], ended)
    if app.config.measuring_costs:
        seconds = {step["example"]: step["seconds"] for step in took["course"]}
        Costs.of(run, seconds, profile.clocked).write(Path(app.config.measuring_profiles).with_name(COSTS))


def course(draft: Draft, ended: float) -> list[dict[str, Any]]:
    """For each example the planned and the actual seconds, and which of its calls were cut."""
    steps = draft.course()
    ends = [*(step["began"] for step in steps[1:]), ended]
    found = []
    for step, end in zip(steps, ends, strict=True):
        mine = f"{step['example']}/"
        told = {"example": step["example"], "seconds": round(end - step["began"], 3)}
        if "planned" in step:
            told |= {"planned": round(step["planned"], 3), "slowness": round(step["slowness"], 3)}
            told |= {"cut": [key for key in step["cut"] if key.startswith(mine)]}
        found.append(told)
    return found


def tell_course(plan: Mapping[str, Any], course: Sequence[Mapping[str, Any]], ended: float) -> None:
    """Log planned and actual seconds side by side, where there was a plan."""
    if plan.get("until") is None:
        return
    for step in course:
        cut = f", without {', '.join(step['cut'])}" if step["cut"] else ""
        line = f"{step['example']}: planned {step['planned']:.0f} s, took {step['seconds']:.0f} s"
        logger.info("%s, at %.2f times the pace of the table%s", line, 1 / step["slowness"], cut)
    over = ended - plan["until"]
    logger.info("the examples took %.0f s, %s than their budget", ended - plan["began"], describe_difference(over))


def describe_difference(over: float) -> str:
    """The difference between duration and budget."""
    return f"{abs(over):.0f} s {'more' if over > 0 else 'less'}"


def measured_elsewhere(app: Sphinx) -> dict[str, Any]:
    """Measurements from outside the examples: from Criterion, and from the site's listeners to the event."""
    found: dict[str, Any] = {}
    if app.config.measuring_criterion:
        found["criterion"] = criterion.read(Path(app.config.measuring_criterion))
    for facts in app.emit(FURTHER):
        found |= facts
    return found


def refuse_unjudged(run: Run) -> None:
    """Raise if a result had too few rounds to be judged; a time at the floor is never judged."""
    for entry in run.document["results"]:
        if entry["settings"].get("cut"):
            continue
        rows = entry["rows"]
        for row in rows:
            unjudged = [name for name, value in row.items() if value == "not judged"]
            if any(not at_floor(name, row, rows[0]) for name in unjudged):
                message = (
                    f"{entry['example']}/{entry['name']} is not judged in the profile {run.document['profile']!r}: "
                    "a verdict needs six rounds, more where several are judged together (bench.fewest_rounds), and a "
                    "percentile needs enough calls or arrivals in each round, and a ratio needs numbers above 0"
                )
                raise MeasuringError(message)


def at_floor(verdict: str, row: Mapping[str, Any], baseline: Mapping[str, Any]) -> bool:
    """Whether a verdict is about a number, or against one, that is too close to that of an empty statement."""
    floor = f"{verdict.removesuffix('verdict')}at_floor"
    return bool(row.get(floor) or baseline.get(floor))


def replace(run: Run, folder: Path) -> None:
    """Replace the previous run, which stays until the new one is complete."""
    fresh = run.save(folder.with_name(f"run.{secrets.token_hex(4)}"))
    shutil.rmtree(folder, ignore_errors=True)
    fresh.rename(folder)


def setup(app: Sphinx) -> None:
    """Add the steps around sphinx-gallery's own, which reads its settings at 10 and runs the examples at 500."""
    app.add_event(FURTHER)
    for listener in list(app.events.listeners["builder-inited"]):
        if listener.handler is generate_gallery_rst:
            app.disconnect(listener.id)
    app.connect("builder-inited", prepare_build, priority=5)
    app.connect("builder-inited", run_examples, priority=500)
    app.connect("builder-inited", seal, priority=600)

"""`settings` of an example: from flags in a script, from the profile in a docs build, defaults in a notebook."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evenhand.cli.script import script_settings
from evenhand.measure.settings import ROUNDS, Settings
from evenhand.runs.draft import DRAFT_VARIABLE, Draft
from evenhand.runs.packages import Packages, configured, named
from evenhand.runs.recorder import DraftRecorder


def settings(doc: str | None, *, rounds: int = ROUNDS, packages: Packages | None = None, **options: Any) -> Settings:
    """Make the settings of an example.

    Parameters
    ----------
    doc : str
        The example's ``__doc__``, whose first lines become its ``--help``.
    rounds : int
        Rounds of each measuring call.
    packages : sequence of str, or mapping of str to str, optional
        The distributions that the example measures, such as ``["rpds-py"]``.  The run records the version of each and
        a hash of its files.  A mapping also names a function that returns facts of each build,
        ``{"mine": "mine:build_info"}``, or an empty text; a build with the facts ``profile: "debug"`` or
        ``burn: true`` is refused.  None means the packages of the nearest configuration.
    **options
        The example's own numbers with their defaults; each is a flag of the script.

    Returns
    -------
    Settings

    Raises
    ------
    ValueError
        If an option has the name of a general setting, the configuration is invalid, or the example names a package
        that its site does not name.
    TypeError
        If `packages` has another form.

    Notes
    -----
    A configuration is `evenhand.toml` or, if there is none in the same folder, the table ``[tool.evenhand]`` in
    `pyproject.toml`, with the setting ``packages``, a list or a table.  It is searched in the folder of the script and
    its parents, then in the working folder and its parents.  The argument has priority over any configuration.
    Without a configuration the run names no package, as is right for a script that measures Python itself.  In a docs
    build the site's configuration decides, because all of its pages show one run.

    Examples
    --------
    An example that calls it is a script with flags, a page and a notebook:

    >>> import evenhand as bench
    >>> settings = bench.settings("Does it hold?", samples=50_000)
    >>> settings.samples
    50000
    """
    if unusable := sorted(name for name in options if hasattr(Settings, name) or name in Settings.__dataclass_fields__):
        message = f"option {unusable[0]!r} has the name of a general setting; rename it"
        raise ValueError(message)
    draft = os.environ.get(DRAFT_VARIABLE)
    if draft:
        return build_settings(Draft(Path(draft)), options, None if packages is None else named(packages))
    caller = sys._getframe(1).f_globals  # noqa: SLF001 - the caller is the script, whatever program was started
    file = caller.get("__file__")
    if file is None:
        return Settings(example="notebook", rounds=rounds, options=options, packages=packages)
    script = Path(str(file))
    chosen = configured(script.parent) if packages is None else named(packages)
    # An example that is imported or run by IPython has no command line.
    if caller.get("__name__") != "__main__" or hasattr(builtins, "get_ipython"):
        return Settings(example=script.stem, rounds=rounds, options=options, packages=chosen)
    return script_settings(doc or "", script, rounds, options, chosen)


def build_settings(draft: Draft, options: Mapping[str, Any], packages: Mapping[str, str] | None) -> Settings:
    """Return the settings that the docs build has planned for the current example."""
    plan = draft.plan()
    example = draft.example()
    step = next((step for step in draft.course() if step["example"] == example), {})
    site = plan.get("packages", {})
    if unnamed := [name for name in packages or () if name not in site]:
        message = (
            f"{example} measures {unnamed[0]}, which this site's configuration does not name; add it to packages "
            "under [tool.evenhand] in pyproject.toml"
        )
        raise ValueError(message)
    return Settings(
        example=example,
        rounds=plan["rounds"],
        seconds=plan["seconds"].get(example),
        factor=step.get("factor"),
        cut=frozenset(key.partition("/")[2] for key in step.get("cut", ()) if key.startswith(f"{example}/")),
        options={name: plan["options"].get(name, value) for name, value in options.items()},
        recorder=DraftRecorder(draft),
        judges=plan["judged"],
        slices=plan.get("slices"),
        packages=site,
    )

"""A guide that measures itself: ``extensions = ["evenhand.sphinx"]`` in the `conf.py` of a site.

Every build of HTML runs the examples of the gallery, seals what they measured as one run, and shows that run on every
page: in tables and figures, each with the strip that tells how it was measured, and as numbers and verdicts in
sentences.  The site's own settings are stronger than all defaults here (`evenhand.sphinx.defaults`).

The settings, each of which may be left out; folders begin where `conf.py` is:

- `measuring_profile`: the profile; otherwise the variable ``EVENHAND_PROFILE``, otherwise ``default``.
- `measuring_profiles`: the table of profiles; otherwise `profiles.toml` beside `conf.py`, or the one of the kit.
- `measuring_reuse`: take the measurements of the last whole build; otherwise the variable ``EVENHAND_REUSE=1``.
- `measuring_seconds`: what the examples may take where the profile has a `budget`; otherwise that.
- `measuring_costs`: cut nothing, and write what each call took into `costs.toml` beside the profiles.
- `measuring_folder`: where the run is kept between builds; otherwise `_build/evenhand`.
- `measuring_criterion`: the output of Criterion, which has to be there then; otherwise `../target/criterion` if it is.
- `measuring_archives`: folders of further runs, whose pages are read again when a run is added.
- `measuring_returns`: what a class (``"package.Class"``) or a call (``".method("``) returns without naming it.
- `measuring_machine_page`: the page to which the strips lead, with an anchor after ``#`` if it is a section; a page is
  generated where the site has none of that name.

Pages have the roles ``measured``, ``verdict`` and ``shipped``, and the directives ``in-short``, ``remedies``,
``machine``, ``example-cards``, ``example-table`` and ``minigallery``.  The measured packages are named in
`evenhand.toml` or ``[tool.evenhand]``.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

NEEDS = {
    "bs4": "beautifulsoup4",
    "ipykernel": "ipykernel",
    "matplotlib": "matplotlib",
    "myst_nb": "myst-nb",
    "sphinx_gallery": "sphinx-gallery",
}
"""The modules of the extra ``sphinx`` that every site needs, each with its distribution."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Set up all of it; called by Sphinx.

    Raises
    ------
    ExtensionError
        If a package of the extra is not installed.
    """
    if missing := [name for module, name in NEEDS.items() if find_spec(module) is None]:
        from sphinx.errors import ExtensionError

        are = "are" if len(missing) > 1 else "is"
        message = (
            f'evenhand.sphinx needs {", ".join(missing)}, which {are} not installed; pip install "evenhand[sphinx]"'
        )
        raise ExtensionError(message)
    # Not above: they import what may be missing.
    from evenhand.sphinx import (
        cards,
        defaults,
        downloads,
        durations,
        execution,
        gallery,
        in_short,
        machine_page,
        notebooks,
        numbers,
        preparation,
        provenance,
        reports,
        roles,
        shipped,
        staleness,
    )

    for name in defaults.EXTENSIONS:
        app.setup_extension(name)
    defaults.add_settings(app)
    app.connect("config-inited", defaults.fill, priority=defaults.FIRST)
    for part in (
        execution,
        staleness,
        roles,
        numbers,
        notebooks,
        in_short,
        preparation,
        gallery,
        provenance,
        reports,
        machine_page,
        shipped,
        downloads,
        cards,
        durations,
    ):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True}

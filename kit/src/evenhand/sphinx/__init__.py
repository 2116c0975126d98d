"""The Sphinx extension for guides that measure: ``extensions = ["evenhand.sphinx"]`` in the `conf.py` of a site.

Every HTML build runs the examples of the gallery, seals their measurements as one run, and shows that run on every
page: in tables and figures, each with a strip that shows how it was measured, and as numbers and verdicts in
sentences.  The site's own settings override all defaults here (`evenhand.sphinx.defaults`).

The settings, all optional; relative folders start at the folder of `conf.py`:

- `measuring_profile`: the profile; otherwise the variable ``EVENHAND_PROFILE``, otherwise ``default``.
- `measuring_profiles`: the table of profiles; otherwise `profiles.toml` next to `conf.py`, or the kit's own.
- `measuring_reuse`: take the measurements of the last complete build; otherwise the variable ``EVENHAND_REUSE=1``.
- `measuring_seconds`: the seconds for all examples where the profile has a `budget`; otherwise the budget.
- `measuring_costs`: cut nothing, and write the cost of each call to `costs.toml` next to the profiles.
- `measuring_folder`: where the run is stored between builds; otherwise `_build/evenhand`.
- `measuring_criterion`: the output of Criterion, which must exist; otherwise `../target/criterion`, if it exists.
- `measuring_archives`: folders of further runs; their pages are read again when a run is added.
- `measuring_returns`: what a class (``"package.Class"``) or a call (``".method("``) returns without naming it.
- `measuring_machine_page`: the page that the strips link to, with an anchor after ``#`` for a section; it is generated
  where the site has no page of that name.

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
    """Set up the extension; called by Sphinx.

    Raises
    ------
    ExtensionError
        If a package of the extra is not installed.
    """
    if missing := [name for module, name in NEEDS.items() if find_spec(module) is None]:
        from sphinx.errors import ExtensionError

        are = "are" if len(missing) > 1 else "is"
        message = (
            f"evenhand.sphinx needs {', '.join(missing)}, which {are} not installed; pip install {' '.join(missing)}"
        )
        raise ExtensionError(message)
    # Not at the top: these modules import packages that may be missing.
    from evenhand.sphinx import (
        cards,
        defaults,
        downloads,
        durations,
        execution,
        gallery,
        in_short,
        kernels,
        machine_page,
        notebooks,
        numbers,
        preparation,
        provenance,
        reports,
        roles,
        shipped,
        staleness,
        ways,
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
        kernels,
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
        ways,
        durations,
    ):
        part.setup(app)
    return {"version": "1", "parallel_read_safe": True}

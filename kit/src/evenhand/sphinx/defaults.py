"""Defaults for settings that `conf.py` omits; its own settings override them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

from evenhand.runs.variables import variable

HERE = Path(__file__).parent
FIRST = 1
"""Before sphinx-gallery fills in its own defaults, at 10."""
PYDATA = "pydata_sphinx_theme"
STYLES = ("evenhand-tables.css", "evenhand.css", "evenhand-pages.css", "evenhand-gallery.css", "evenhand-verdicts.css")
"""The style sheets; a later one overrides an earlier one."""
BUILT = "_build"
"""The folder next to `conf.py` that Sphinx's own templates build into."""

EXTENSIONS = ("myst_nb", "sphinx_gallery.gen_gallery")
PAGES: dict[str, Any] = {
    "myst_enable_extensions": ["attrs_block", "attrs_inline", "colon_fence", "deflist"],
    "nb_execution_mode": "force",  # "cache" would show the numbers of an earlier run
    "nb_execution_raise_on_error": True,
    "nb_execution_timeout": 60,
    "nb_merge_streams": True,
}
GALLERY: dict[str, Any] = {
    "gallery_dirs": "gallery",
    "filename_pattern": r".*\.py$",
    "within_subsection_order": "evenhand.sphinx.gallery.ReadingOrder",
    "image_scrapers": ("evenhand.sphinx.figures.scrape",),
    "reset_modules": ("matplotlib", "evenhand.sphinx.execution.enter"),
    "reset_modules_order": "before",
    "run_stale_examples": True,
    "capture_repr": ("_repr_html_",),  # a result's table, and no "<Axes: ...>" below a figure
    "write_computation_times": False,  # its page loads from other hosts
    "min_reported_time": 1e9,  # the duration of an example says nothing about what it measures
    "css": (),  # evenhand.css replaces it
    "show_signature": False,
    "show_memory": False,  # measuring memory distorts what is timed
    "download_all_examples": False,
}


def add_settings(app: Sphinx) -> None:
    """Register the settings of the extension, all optional."""
    for name, default in {
        "measuring_folder": "",
        "measuring_profile": "",
        "measuring_profiles": "",
        "measuring_reuse": False,
        "measuring_seconds": 0,
        "measuring_costs": False,
        "measuring_criterion": "",
        "measuring_archives": [],
        "measuring_returns": {},
        "measuring_machine_page": "machine",
    }.items():
        app.add_config_value(name, default, "")


def fill(app: Sphinx, config: Config) -> None:
    """Fill in the settings that `conf.py` and the command line omit."""
    # No public API separates a configured value from a default.
    given = {**config._raw_config, **config.overrides}  # noqa: SLF001
    for name, value in PAGES.items():
        if name not in given:
            setattr(config, name, value)
    config.sphinx_gallery_conf = {
        "examples_dirs": examples_folder(Path(app.srcdir)),
        **GALLERY,
        **given.get("sphinx_gallery_conf", {}),
    }
    folders = config.sphinx_gallery_conf["gallery_dirs"]
    written = [folders] if isinstance(folders, str) else folders
    # MyST-NB would read the gallery's notebooks and scripts as pages.
    hidden = [f"{folder}/*.{ending}" for folder in written for ending in ("ipynb", "py")]
    config.exclude_patterns = [*config.exclude_patterns, *hidden, BUILT, "**.ipynb_checkpoints"]
    fill_places(config, Path(app.confdir))
    fill_dress(app, config)


def examples_folder(source: Path) -> str:
    """The folder of the examples, relative to the pages: `gallery` or `examples` next to them."""
    found = [name for name in ("../gallery", "../examples") if (source / name).is_dir()]
    return found[0] if found else "../gallery"


def fill_places(config: Config, here: Path) -> None:
    """Fill in folders and make them absolute; a relative one starts at the folder of `conf.py`."""
    config.measuring_folder = str(here / (config.measuring_folder or Path(BUILT) / "evenhand"))
    own = here / (config.measuring_profiles or "profiles.toml")
    config.measuring_profiles = str(own if config.measuring_profiles or own.is_file() else HERE / "profiles.toml")
    config.measuring_profile = config.measuring_profile or variable("EVENHAND_PROFILE")
    config.measuring_reuse = config.measuring_reuse or variable("EVENHAND_REUSE") == "1"
    if config.measuring_criterion:  # an explicit folder must exist
        config.measuring_criterion = str(here / config.measuring_criterion)
    elif any((found := here.parent / "target" / "criterion").glob("**/new/benchmark.json")):
        config.measuring_criterion = str(found)
    config.measuring_archives = [str(here / folder) for folder in config.measuring_archives]


def fill_dress(app: Sphinx, config: Config) -> None:
    """Add the templates, styles and scripts; those of the site follow and override them."""
    config.templates_path = [*config.templates_path, str(HERE / "templates")]
    config.html_static_path = [str(HERE / "static"), *config.html_static_path]
    for name in STYLES:
        app.add_css_file(name)
    for name in ("evenhand-tables.js", "evenhand-freshness.js"):
        app.add_js_file(name, loading_method="defer")
    if config.html_theme == PYDATA:
        options = config.html_theme_options
        config.html_theme_options = {"footer_start": ["run-strip", "copyright"], **options}
        config.html_context = {"default_mode": "auto", **config.html_context}  # without it the console shows an error

"""How the site is built; the pages are in docs/, the examples in gallery/."""

import os
import sys
from pathlib import Path

import rust_daq
from evenhand.runs.variables import variable

HERE = Path(__file__).parent
ROOT = HERE.parent
BUILD = ROOT / "build" / "docs"
sys.path.insert(0, str(HERE / "extensions"))

project = "rust-daq"
author = "the rust-daq developers"
copyright = author
version = release = rust_daq.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinxext.opengraph",
    # ours, in conf/extensions
    "measuring",
    "stamp",
    "measured",
    "notebooks",
    "examples",
    "provenance",
    "reports",
    "shipped",
    "addresses",
    "spacing",
    "plain",
    "card",
    "icons",
    "durations",
]
# MyST-NB would read the gallery's notebooks and scripts as pages.
exclude_patterns = ["archive/**", "gallery/*.ipynb", "gallery/*.py", "**.ipynb_checkpoints"]
templates_path = ["templates"]

# The run
measuring_folder = str(BUILD)
measuring_profile = variable("EVENHAND_PROFILE")
measuring_profiles = str(HERE / "profiles.toml")
measuring_reuse = variable("EVENHAND_REUSE") == "1"
measuring_criterion = str(ROOT / "target" / "criterion")
measuring_tails = str(BUILD / "tails")
stamp_archives = [str(ROOT / "docs" / "archive"), str(ROOT / "build" / "history")]

sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "gallery"),
    "gallery_dirs": "gallery",
    "filename_pattern": r".*\.py$",
    "within_subsection_order": "examples.reading",
    "image_scrapers": ("figures.scrape",),
    "reset_modules": ("matplotlib", "measuring.enter"),
    "reset_modules_order": "before",
    "run_stale_examples": True,
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("rust_daq",),
    "capture_repr": ("_repr_html_",),  # a result's table, and no "<Axes: ...>" under a figure
    "write_computation_times": False,  # its page loads from other hosts
    "min_reported_time": 1e9,  # the time an example takes says nothing about what it measures
    "css": (),  # the site's own style has what is needed
    "show_signature": False,
    "show_memory": False,  # measuring memory distorts what is timed
    "download_all_examples": False,
}

# Pages
myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # "cache" would serve the numbers of an earlier run
nb_execution_raise_on_error = True
nb_execution_timeout = 60
nb_merge_streams = True
autodoc_typehints = "none"  # the docstrings name types and units
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
linkcheck_ignore = [r"^(\.\./)*criterion/", r"^(\.\./)*run/"]

html_title = "rust-daq"
# Where the site is published; its path begins the links of the page for addresses that lead nowhere.
PLACE = os.environ.get("RUST_DAQ_SITE_URL") or os.environ.get("READTHEDOCS_CANONICAL_URL")
html_baseurl = PLACE or "https://rust-daq.readthedocs.io/en/latest/"
ogp_site_url = html_baseurl
ogp_description_length = 180
ogp_social_cards = {"enable": False}  # one card, drawn from the run, does for all pages
ogp_image = f"{html_baseurl}_static/card.png"
ogp_image_alt = "rust-daq, a performance guide that measures itself, and the measured cost of one point"
html_theme = "pydata_sphinx_theme"
html_logo = html_favicon = "static/logo.svg"
html_static_path = ["static"]
html_css_files = ["site.css", "measured.css", "pages.css", "print.css"]
html_js_files = [("freshness.js", {"defer": "defer"}), ("tables.js", {"defer": "defer"})]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "rust-daq", "alt_text": "rust-daq, start"},
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "navigation_with_keys": False,
    "footer_start": ["run-strip", "copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
# Without a list of the pages beside them: the first page, and what belongs to no section.
html_sidebars = {name: [] for name in ("index", "search", "genindex", "py-modindex", "404", "criterion/**")}
html_context = {"default_mode": "auto"}  # without it the console shows an error

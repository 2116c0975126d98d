"""How the site is built; the pages are in docs/, the examples in gallery/."""

import os
import sys
from pathlib import Path

import rust_daq

HERE = Path(__file__).parent
ROOT = HERE.parent
BUILD = ROOT / "build" / "docs"
sys.path.insert(0, str(HERE / "extensions"))

project = "rust-daq"
author = "the rust-daq developers"
copyright = author
version = release = rust_daq.__version__

extensions = [
    "evenhand.sphinx",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "sphinx.ext.linkcode",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinxext.opengraph",
    # ours, in conf/extensions
    "tails",
    "addresses",
    "spacing",
    "plain",
    "card",
    "feed",
    "icons",
    "links",
    "api_index",
    "properties",
    "source_lines",
    "search_words",
]
exclude_patterns = ["archive/**"]
# Old addresses: the page that has the content now, with an anchor where it is a section of it.
moved_pages = {
    "history": "gate#history",
    "machine": "reproduce#the-machine",
    "trust": "methodology#how-far-to-trust-the-numbers",
    "advice": "choose",
    "limits": "choose#when-not-to-use-this",
    "tuning": "slow#tuning-guidance",
    "bottlenecks": "slow#known-bottlenecks",
}

# The run
measuring_folder = str(BUILD)
measuring_criterion = str(ROOT / "target" / "criterion")
measuring_archives = [str(ROOT / "docs" / "archive"), str(ROOT / "build" / "history")]
measuring_machine_page = "reproduce#the-machine"
# What is got from a class or a call without naming it.
measuring_returns = {
    "rust_daq.Pipeline": "rust_daq.Report",
    "rust_daq.process.Fft": "rust_daq.process.Spectra",
    ".batch(": "rust_daq.Batch",
    ".point(": "rust_daq.DataPoint",
    ".points(": "rust_daq.DataPoint",
}
tails_folder = str(BUILD / "tails")
sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "gallery"),
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("rust_daq",),
}

# Other projects, by inventories that are kept here, so that a build needs no network
INVENTORIES = {
    "python": "https://docs.python.org/3",
    "numpy": "https://numpy.org/doc/stable",
    "pandas": "https://pandas.pydata.org/docs",
    "pyarrow": "https://arrow.apache.org/docs",
}
intersphinx_mapping = {
    name: (address, str(HERE / "inventories" / f"{name}.inv")) for name, address in INVENTORIES.items()
}

# Pages
myst_heading_anchors = 3
default_role = "py:obj"  # what docstrings have between single backticks is a name, and a link where the name is known
autodoc_typehints = "none"  # the docstrings name types and units
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"  # the list of headings is narrow
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
templates_path = ["templates"]
links_repository = "https://github.com/rust-daq/rust-daq"
links_package = "https://pypi.org/project/rust-daq/"
links_package_name = "Package index (no release yet)"
html_theme = "pydata_sphinx_theme"
html_logo = html_favicon = "static/logo.svg"
html_static_path = ["static"]
html_css_files = ["site.css", "scripts-off.css", "pages.css", "gallery.css", "claims.css", "print.css"]
html_search_scorer = str(HERE / "search-scorer.js")
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "rust-daq", "alt_text": "rust-daq, start"},
    "header_links_before_dropdown": 6,
    "show_prev_next": True,
    "navigation_with_keys": False,
    # One level, because the theme's buttons that fold the levels below have no name.
    "navigation_depth": 1,
    "icon_links": [
        {"name": "Repository", "url": links_repository, "icon": "fa-brands fa-github"},
        {"name": links_package_name, "url": links_package, "icon": "fa-brands fa-python"},
    ],
    "footer_end": ["page-links"],
    "secondary_sidebar_items": ["page-toc"],
}
# Pages without a list of pages: the first page, and those that belong to no section.
html_sidebars = {
    name: [] for name in ("index", "changelog", "search", "genindex", "py-modindex", "404", "criterion/**")
}

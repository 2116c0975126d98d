"""How the site is built; the pages are in docs/, the examples in gallery/."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
BUILD = ROOT / "build" / "docs"
sys.path.insert(0, str(HERE / "extensions"))

project = "rust-daq"
author = "the rust-daq developers"
copyright = author

extensions = ["myst_nb", "sphinx_gallery.gen_gallery", "sphinx_design", "sphinx_copybutton", "measuring", "measured"]
exclude_patterns = ["_build", "gallery/**/*.ipynb", "gallery/**/*.py"]
measuring_profile = os.environ.get("RUST_DAQ_PROFILE", "default")
measuring_stage = str(BUILD / "stage")
measured_run = str(BUILD / "run")

sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "gallery"),
    "gallery_dirs": "gallery",
    "filename_pattern": r".*\.py$",
    "reset_modules": ("matplotlib", "measuring.enter"),
    "run_stale_examples": True,
    "write_computation_times": False,
    "show_signature": False,
    "show_memory": False,
    "download_all_examples": False,
}
myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
nb_execution_mode = "force"
nb_execution_raise_on_error = True

html_theme = "pydata_sphinx_theme"
html_show_sphinx = False
html_theme_options = {"default_mode": "auto"}
html_context = {"default_mode": "auto"}
html_static_path = ["static"]

"""The guide of PROJECT: its pages are here, its examples in gallery/, its profiles in profiles.toml."""

project = "PROJECT"
extensions = ["evenhand.sphinx"]
html_theme = "pydata_sphinx_theme"

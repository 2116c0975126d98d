"""
How long does a program take to its first point?
================================================

A command that makes a handful of points and ends, a test run, a worker that
is started for each task: each imports the package again. After this page you
know how long that takes, and how long the imports take that you would use
without it.

**Safe to copy as it is.** It starts short interpreters and writes no file.

:order: 17
:weight: 1
:about: what the import takes
"""

# %%
# The contenders
# --------------
# Each call starts a fresh interpreter and waits for its end. The first
# contender imports nothing; the time of the others beyond it is their import.
# The package imports NumPy when the first array is asked for, and the kit that
# measures here, :mod:`evenhand`, only when somebody asks for it.

import evenhand as bench

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)


def setup():
    """Return the names that the statements use."""
    import subprocess
    import sys

    def start(code):
        command = [sys.executable, "-c", code]
        subprocess.run(command, check=True)  # noqa: S603 -- the code below

    return locals()


modules = ["rust_daq", "msgspec", "dataclasses", "numpy"]
contenders = {"interpreter alone": "start('pass')"}
contenders |= {name: f"start('import {name}')" for name in modules}

# %%
# The measurement
# ---------------

imports = bench.compare(
    contenders, setup=setup, name="imports", settings=settings
)
imports

# %%

imports.plot()

# %%
# - :verdict:`imports/imports/rust_daq vs msgspec
#   | faster, slower: With this package an interpreter takes {this}, with
#   msgspec {other}.`
# - :verdict:`imports/imports/rust_daq vs numpy
#   | faster, slower: With NumPy it takes {other}.`
#
# What to do
# ----------
# An import runs the module's Python code and that of everything it imports,
# whether it is used or not. ``python -X importtime`` shows which module takes
# how long. Import at the top what every run needs, and inside a function what
# few runs need. :doc:`benchmark_datapoint` has the cost of a point after that.

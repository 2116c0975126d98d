"""
How long does the import take?
==============================

A command that makes a handful of points, a test run, a worker that starts for
each task: each imports the package again. This page measures how long that
takes, and how long the imports take that you would use without the package.

**Safe to copy as it is.** It starts short interpreters and writes no file.

.. in-short::
    :figure: imports/imports

    :verdict:`imports/imports/rust_daq vs msgspec
    | faster, slower: An interpreter that imports rust_daq takes {this}; one
    that imports msgspec takes {other}.
    | no difference shown: An interpreter takes the same time with rust_daq and
    with msgspec, {this} and {other}.
    | inconclusive, not judged: An interpreter that imports rust_daq takes
    {this}; one that imports msgspec takes {other}. This run does not decide
    between them.`

    :verdict:`imports/imports/rust_daq vs numpy
    | faster, slower: With NumPy it takes {other}.
    | no difference shown: With NumPy it takes the same time, {other}.
    | inconclusive, not judged: With NumPy it takes {other}; this run does not
    decide between it and rust_daq.`

    Import at the top what every run needs, and inside a function what few runs
    need.

:order: 17
:group: Points
:weight: 1
:about: what the import takes
"""

# %%
# The contenders
# --------------
# Each call starts a new interpreter and waits for its end. The first contender
# imports nothing. The additional time of the others is their import. No
# contender makes a point. The package imports NumPy at the first use of an
# array, ``datetime`` with the first datetime, and the measuring kit,
# :mod:`evenhand`, only on request. msgspec imports ``datetime`` at once.

# Preparation: The settings, and the function that starts an interpreter
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


# %%

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
# What to do
# ----------
# An import runs the module's Python code and that of everything it imports,
# whether it is used or not. ``python -X importtime`` shows how long each
# module takes. :doc:`benchmark_datapoint` has the cost of a point after that.

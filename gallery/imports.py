"""
What does a program pay before its first point?
===============================================

A command that makes a handful of points and ends, a test run, a worker that
is started for each task: there the import weighs more than the points. After
this page you know what importing this package takes, and what it would have
taken to import what you would use without it.

**Safe to copy as it is.** It starts short interpreters and writes no file.
"""

# %%
# The contenders
# --------------
# Each call starts a fresh interpreter and waits for its end. The first
# contender imports nothing; what the others take beyond it is their import.
# The package imports NumPy when the first array is asked for, and the kit that
# measures here, :mod:`rust_daq.bench`, only when somebody asks for it.

from rust_daq import bench

settings = bench.settings(__doc__)


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
# Why it comes out this way
# -------------------------
# An import runs the module's Python code and that of all it imports in turn.
# Of this package that is three short files; the extension is mapped into
# memory by the system, and its classes are made at once. A package whose
# ``__init__`` imports ``typing``, ``inspect`` or an optional dependency pays
# for all of them, whether they are used or not.
#
# What to do
# ----------
# Import at the top what every run needs, and inside a function what few runs
# need. ``python -X importtime`` shows who imports what. What a point costs
# once everything is there: :doc:`benchmark_datapoint`.

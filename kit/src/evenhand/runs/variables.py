"""Variables of the environment that a user of the kit sets, and their names of before."""

from __future__ import annotations

import os
import sys

RENAMED = {
    "EVENHAND_ARCHIVE": "RUST_DAQ_BENCH_ARCHIVE",
    "EVENHAND_PROFILE": "RUST_DAQ_PROFILE",
    "EVENHAND_REUSE": "RUST_DAQ_REUSE",
}
"""Names that 0.2 still reads, each with a sentence on standard error."""


def variable(name: str) -> str:
    """Read a variable; empty where it is not set.

    Parameters
    ----------
    name : str
        Its name of today, which is stronger than the one of before.
    """
    value, before = os.environ.get(name, ""), RENAMED[name]
    if not value and (value := os.environ.get(before, "")):
        print(f"{before} is called {name} now and is not read from 0.3 on; rename it", file=sys.stderr)
    return value

"""The environment variables of the kit, and their former names."""

from __future__ import annotations

import os
import sys

RENAMED = {
    "EVENHAND_ARCHIVE": "RUST_DAQ_BENCH_ARCHIVE",
    "EVENHAND_PROFILE": "RUST_DAQ_PROFILE",
    "EVENHAND_REUSE": "RUST_DAQ_REUSE",
}
"""Former names, which 0.2 still reads with a warning on standard error."""


def variable(name: str) -> str:
    """Read a variable; empty if it is not set.

    Parameters
    ----------
    name : str
        Its current name, which has priority over the former one.
    """
    value, before = os.environ.get(name, ""), RENAMED[name]
    if not value and (value := os.environ.get(before, "")):
        print(f"{before} is now called {name}; rename it, because 0.3 will ignore the old name", file=sys.stderr)
    return value

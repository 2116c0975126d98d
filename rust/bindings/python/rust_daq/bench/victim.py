"""The process that `killed` kills: a self-contained file, run by path, that works until then.

It imports nothing of the kit, so that it begins as soon as the work itself can.
"""

from __future__ import annotations

import mmap
import pickle
import sys
from collections.abc import Callable


def counter(path: str) -> Callable[[int], None]:
    """A function that keeps a count in memory which outlives this process; 0 there means that it was never called."""
    with open(path, "r+b") as file:  # noqa: PTH123 - pathlib is not imported here, to start quickly
        kept = mmap.mmap(file.fileno(), 8)

    def count(done: int) -> None:
        kept[:] = (done + 1).to_bytes(8, "little")

    return count


if __name__ == "__main__":
    pickle.load(sys.stdin.buffer)(counter(sys.argv[1]))

"""The process that `killed` kills: a self-contained file, run by path, that works until it is killed.

It imports nothing from the kit, so it starts as fast as the work itself allows.  Several works get a process each,
forked from this one after it has imported what they need.
"""

from __future__ import annotations

import mmap
import os
import pickle
import signal
import sys
from collections.abc import Callable


def counter(path: str) -> Callable[[int], None]:
    """A function that keeps a count in memory which outlives this process, after the process number.

    A count of 0 means that the function was never called.
    """
    with open(path, "r+b") as file:  # noqa: PTH123 - pathlib is not imported here, to start quickly
        kept = mmap.mmap(file.fileno(), 16)
    kept[:8] = os.getpid().to_bytes(8, "little")

    def count(done: int) -> None:
        kept[8:] = (done + 1).to_bytes(8, "little")

    return count


def work(works: list[Callable[[Callable[[int], None]], object]], paths: list[str]) -> None:
    """Do one work here, or each of several in a child, until the other end of standard input is closed."""
    children = []
    for each, path in zip(works, paths, strict=True):
        child = os.fork() if len(works) > 1 else 0
        if child == 0:
            each(counter(path))
            return
        children.append(child)
    sys.stdin.buffer.read()
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    handed = pickle.load(sys.stdin.buffer)
    sys.path[:] = handed["path"]
    work([pickle.loads(each) for each in handed["works"]], sys.argv[1:])

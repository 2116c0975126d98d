"""Report the memory errors of the extension from valgrind's output: ``python report.py valgrind.xml``.

All errors count except two kinds that CPython itself causes. Lost memory counts if the extension requested it, because
CPython does not release everything at exit. An undefined value counts if the extension uses it or requested its
memory, unless it is inside an int: CPython 3.11 multiplies 0 by a digit that was never set.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from xml.etree import ElementTree

EXTENSION = "/rust_daq/_core."
ALLOCATING = {"malloc", "calloc", "realloc", "free", "_PyObject_Malloc", "PyObject_Malloc", "_PyMem_RawMalloc"}


def frames(error: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the functions of an error, and those that allocated or freed its memory."""
    return [frame for stack in error.iter("stack") for frame in stack.iter("frame")]


def is_ours(frame: ElementTree.Element) -> bool:
    """Return whether a function belongs to the extension."""
    return EXTENSION in frame.findtext("obj", "")


def is_inside_an_int(error: ElementTree.Element) -> bool:
    """Return whether the memory belongs to an int."""
    stacks = list(error.iter("stack"))
    if len(stacks) < 2:
        return False
    names = (frame.findtext("fn", "") for frame in stacks[-1].iter("frame"))
    return next((name for name in names if name not in ALLOCATING), "") == "_PyLong_New"


def counts(error: ElementTree.Element) -> bool:
    """Return whether the extension may have caused an error."""
    kind = error.findtext("kind", "")
    if kind.startswith("Leak_"):
        return any(is_ours(frame) for frame in frames(error))
    if kind.startswith("Uninit"):
        return any(is_ours(frame) for frame in frames(error)) and not is_inside_an_int(error)
    return True


def describe(error: ElementTree.Element) -> Iterator[str]:
    """Describe an error: the innermost functions of each stack, and all functions of the extension."""
    yield error.findtext("what") or error.findtext("xwhat/text") or error.findtext("kind", "")
    notes = [note.text or "" for note in error.iter("auxwhat")]
    for number, stack in enumerate(error.iter("stack")):
        if number:
            yield f"  {notes[number - 1] if number <= len(notes) else 'and'}"
        for place, frame in enumerate(stack.iter("frame")):
            if place < 6 or is_ours(frame):
                line = ":".join(filter(None, (frame.findtext("file"), frame.findtext("line"))))
                yield f"    {frame.findtext('fn', '?')} ({line or frame.findtext('obj', '?')})"


def main(path: str) -> int:
    """Print the errors of a report; return 1 if there is one."""
    found = [error for error in ElementTree.parse(path).getroot().iter("error") if counts(error)]
    for error in found:
        print(*describe(error), "", sep="\n")
    print(f"memory errors: {len(found)}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

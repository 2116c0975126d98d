"""Read what valgrind found, and tell what of it is the extension's: ``python report.py valgrind.xml``.

Everything counts but two kinds, in which CPython itself is never silent. Memory that was lost counts when the
extension asked for it: CPython does not give everything back when it ends. An undefined value counts when the extension
uses it or asked for its memory, unless it is inside an int: CPython 3.11 multiplies 0 by a digit that was never set.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from xml.etree import ElementTree

EXTENSION = "/rust_daq/_core."
ALLOCATING = {"malloc", "calloc", "realloc", "free", "_PyObject_Malloc", "PyObject_Malloc", "_PyMem_RawMalloc"}


def frames(error: ElementTree.Element) -> list[ElementTree.Element]:
    """Give the functions in which it happened, and those that allocated or freed what it happened to."""
    return [frame for stack in error.iter("stack") for frame in stack.iter("frame")]


def is_ours(frame: ElementTree.Element) -> bool:
    """Tell whether a function is the extension's."""
    return EXTENSION in frame.findtext("obj", "")


def is_inside_an_int(error: ElementTree.Element) -> bool:
    """Tell whether the memory is that of an int."""
    stacks = list(error.iter("stack"))
    if len(stacks) < 2:
        return False
    names = (frame.findtext("fn", "") for frame in stacks[-1].iter("frame"))
    return next((name for name in names if name not in ALLOCATING), "") == "_PyLong_New"


def counts(error: ElementTree.Element) -> bool:
    """Tell whether an error may be the extension's."""
    kind = error.findtext("kind", "")
    if kind.startswith("Leak_"):
        return any(is_ours(frame) for frame in frames(error))
    if kind.startswith("Uninit"):
        return any(is_ours(frame) for frame in frames(error)) and not is_inside_an_int(error)
    return True


def told(error: ElementTree.Element) -> Iterator[str]:
    """Give the lines that tell an error: in each stack the innermost functions, and all of the extension's."""
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
    """Tell the errors in a report; give 1 when there is one."""
    found = [error for error in ElementTree.parse(path).getroot().iter("error") if counts(error)]
    for error in found:
        print(*told(error), "", sep="\n")
    print(f"{len(found)} errors in memory" if found else "no error in memory")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

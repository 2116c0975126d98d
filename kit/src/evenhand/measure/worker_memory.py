"""Counters of bytes, loaded by the worker on request; this file imports nothing from the kit either."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from typing import Any


def count_traced(make: Callable[[], Any], folder: str) -> dict[str, Any]:
    """Count the memory of Python's own allocator, as `tracemalloc` sees it."""
    del folder
    import tracemalloc

    tracemalloc.stop()
    gc.collect()
    tracemalloc.start()
    held = make()
    current, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del held
    return {"traced_current_bytes": current, "traced_peak_bytes": peak}


def count_heap(make: Callable[[], Any], folder: str) -> dict[str, Any]:
    """Count the whole heap, whatever allocated it."""
    try:
        from memray import FileDestination, FileFormat, FileReader, Tracker
    except Exception as error:
        return {"missing": f"memray, which runs on Linux and macOS, cannot be imported ({error})"}
    capture = os.path.join(folder, "capture.bin")  # noqa: PTH118 - pathlib is not imported here, to start quickly
    destination = FileDestination(capture, overwrite=True)
    gc.collect()
    with Tracker(destination=destination, file_format=FileFormat.AGGREGATED_ALLOCATIONS, trace_python_allocators=True):
        held = make()
    del held
    reader = FileReader(capture)
    current = sum(record.size for record in reader.get_leaked_allocation_records(merge_threads=True))
    return {"heap_bytes": current, "heap_peak_bytes": reader.metadata.peak_memory}


def count_allocations(make: Callable[[], Any], folder: str) -> dict[str, Any]:
    """Count all allocations and their bytes, whatever made them."""
    try:
        from memray import AllocatorType, FileDestination, FileReader, Tracker
    except Exception as error:
        return {"missing": f"memray, which runs on Linux and macOS, cannot be imported ({error})"}
    capture = os.path.join(folder, "capture.bin")  # noqa: PTH118 - as above
    gc.collect()
    with Tracker(destination=FileDestination(capture, overwrite=True), trace_python_allocators=True):
        make()
    given_back = {kind.value for kind in AllocatorType if kind.name.endswith(("FREE", "MUNMAP"))}
    asked = [each.size for each in FileReader(capture).get_allocation_records() if each.allocator not in given_back]
    return {"allocations": len(asked), "bytes": sum(asked)}


def count_resident(make: Callable[[], Any], folder: str) -> dict[str, Any]:
    """Count the growth of the process's resident memory, in pages, so approximately."""
    del folder
    try:
        import psutil
    except ImportError as error:
        return {"missing": f"psutil cannot be imported ({error})"}
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    held = make()
    after = process.memory_info().rss
    del held
    return {"resident_bytes": after - before}


COUNTERS = {"traced": count_traced, "heap": count_heap, "resident": count_resident, "allocations": count_allocations}

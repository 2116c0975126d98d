"""A batch never changes: it shares only immutable memory, and other memory only on request."""

import gc
import mmap
import os
import pickle
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from batches import address, pickle_out_of_band

from rust_daq import Batch, Channel

pytestmark = pytest.mark.unsafe_code

A, B = Channel("a", "V"), Channel("b", "V")
UTC = pa.timestamp("ns", "UTC")


def of_two() -> Batch:
    return Batch.from_numpy(np.arange(4), np.arange(4.0), [A, B], np.array([0, 1, 0, 1], np.int32))


# Each returns a buffer of the bytes, most of them read-only, and a function that writes to them anyway.
Frozen = Callable[[bytes, Path], tuple[Any, Callable[[], Any]]]


def array_view(content: bytes, _: Path) -> tuple[Any, Callable[[], Any]]:
    base = np.frombuffer(bytearray(content), np.uint8)
    view = base[:]
    view.flags.writeable = False
    return view, lambda: base.fill(255)


def array_view_of_a_view(content: bytes, _: Path) -> tuple[Any, Callable[[], Any]]:
    view, write = array_view(content, _)
    return memoryview(np.asarray(view)[:].view(np.uint8)), write


def read_only_view(content: bytes, _: Path) -> tuple[Any, Callable[[], Any]]:
    base = bytearray(content)
    view = memoryview(base).toreadonly()
    return view, lambda: base.__setitem__(slice(None), b"\xff" * len(base))


def flipped_array(content: bytes, _: Path) -> tuple[Any, Callable[[], Any]]:
    base = np.array(np.frombuffer(content, np.uint8))
    base.flags.writeable = False

    def write() -> None:
        base.flags.writeable = True
        base.fill(255)

    return base, write


def read_only_map(content: bytes, folder: Path) -> tuple[Any, Callable[[], Any]]:
    path = folder / f"{len(list(folder.iterdir()))}"
    path.write_bytes(content)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def write() -> None:
        with path.open("r+b") as file:
            file.write(b"\xff" * len(content))
            file.flush()
            os.fsync(file.fileno())

    return mapped, write


def arrow_buffer(content: bytes, _: Path) -> tuple[Any, Callable[[], Any]]:
    base = bytearray(content)
    return memoryview(pa.py_buffer(memoryview(base).toreadonly())), lambda: base.__setitem__(
        slice(None), b"\xff" * len(base)
    )


def writable(content, _):
    base = bytearray(content)
    return base, lambda: base.__setitem__(slice(None), b"\xff" * len(base))


class Text(bytes):
    """A subclass of bytes, which may export another buffer."""


@pytest.mark.parametrize(
    "frozen",
    [array_view, array_view_of_a_view, read_only_view, flipped_array, read_only_map, arrow_buffer, writable],
)
def test_a_batch_from_a_buffer_does_not_change_with_it(frozen: Frozen, tmp_path: Path) -> None:
    for batch in (of_two(), A.batch([1.0, 2.0], [3, 4])):
        data, buffers = pickle_out_of_band(batch)
        made = [frozen(bytes(buffer.raw()), tmp_path) for buffer in buffers]
        back = pickle.loads(data, buffers=[buffer for buffer, _ in made])
        table = pa.table(back)
        for _, write in made:
            write()
        assert back == batch
        assert table.equals(pa.table(batch))
        assert back.to_points() == batch.to_points()


def test_a_batch_from_shared_memory_does_not_change_with_it() -> None:
    batch = of_two()
    data, buffers = pickle_out_of_band(batch)
    shared = [SharedMemory(create=True, size=len(buffer.raw())) for buffer in buffers]
    try:
        for memory, buffer in zip(shared, buffers, strict=True):
            memory.buf[: len(buffer.raw())] = buffer.raw()
        sizes = [len(buffer.raw()) for buffer in buffers]
        views = [memory.buf[:size].toreadonly() for memory, size in zip(shared, sizes, strict=True)]
        back = pickle.loads(data, buffers=views)
        for memory in shared:
            memory.buf[:] = b"\xff" * len(memory.buf)
        assert back == batch
        del views
    finally:
        for memory in shared:
            memory.close()
            memory.unlink()


def test_only_bytes_and_columns_are_shared() -> None:
    batch = A.batch(np.arange(1_000.0), np.arange(1_000))
    data, buffers = pickle_out_of_band(batch)
    content = [bytes(buffer.raw()) for buffer in buffers]
    shared = {
        "columns": buffers,
        "bytes": content,
        "views of bytes": [memoryview(text) for text in content],
        "views of columns": [memoryview(buffer) for buffer in buffers],
    }
    for name, given in shared.items():
        back = pickle.loads(data, buffers=given)
        for column, buffer in zip((back.timestamps, back.values), given, strict=True):
            assert address(column) == address(np.frombuffer(buffer)), name
    copied = {
        "another class": [Text(text) for text in content],
        "arrays": [np.frombuffer(text, np.uint8) for text in content],
        "bytearrays": [bytearray(text) for text in content],
    }
    for name, given in copied.items():
        back = pickle.loads(data, buffers=given)
        for column, buffer in zip((back.timestamps, back.values), given, strict=True):
            assert address(column) != address(np.frombuffer(buffer, np.uint8)), name


# Arrow: the producer may still write to the data.


def arrow_of_arrays(times: Any, values: Any) -> dict[str, Any]:
    columns = {"timestamp": pa.array(times).cast(UTC), "value": pa.array(values)}
    table = pa.table(columns)
    return {"table": table, "record batch": table.to_batches()[0], "reader": table.to_reader()}


@pytest.mark.parametrize("kind", ["table", "record batch", "reader"])
def test_a_batch_from_arrow_data_does_not_change_with_it(kind: str) -> None:
    values = np.arange(1_000.0)
    source = arrow_of_arrays(np.arange(1_000), values)[kind]
    # Otherwise this test shows nothing.
    assert address(arrow_of_arrays(np.arange(1_000), values)["table"]["value"].chunk(0)) == address(values)
    batch = Batch.from_arrow(source, A)
    values[:] = -1.0
    assert batch.values.tolist() == list(range(1_000))


def test_frames_are_copied() -> None:
    times, values = pd.to_datetime([1, 2], utc=True), np.array([1.0, 2.0])
    batch = Batch.from_arrow(pd.DataFrame({"timestamp": times, "value": values}, copy=False), A)
    frame = pl.DataFrame({"timestamp": times.tz_localize(None).to_numpy(), "value": values})
    frame = frame.with_columns(pl.col("timestamp").dt.replace_time_zone("UTC"))
    values[:] = -1.0
    assert batch.values.tolist() == [1.0, 2.0]
    assert address(Batch.from_arrow(frame, A).values) != address(frame["value"].to_numpy(allow_copy=False))


def test_memory_is_shared_on_request_and_kept_alive() -> None:
    values = np.arange(1_000.0)
    table = arrow_of_arrays(np.arange(1_000), values)["table"]
    batch = Batch.from_arrow(table, A, share=True)
    assert address(batch.values) == address(values)
    kept = values.copy()
    del table, values
    gc.collect()
    trash = [np.full(1_000, -1.0) for _ in range(100)]
    assert batch.values.tobytes() == kept.tobytes()
    del trash


def test_indices_are_copied_even_if_memory_is_shared() -> None:
    keys = np.array([0, 1, 0, 1], np.int32)
    channel = pa.DictionaryArray.from_arrays(pa.array(keys), pa.array(["a", "b"]))
    columns = {"timestamp": pa.array([1, 2, 3, 4], UTC), "value": pa.array(np.arange(4.0)), "channel": channel}
    batch = Batch.from_arrow(pa.table(columns), [A, B], share=True)
    keys[:] = 2**30
    assert batch.indices.tolist() == [0, 1, 0, 1]
    # The values of a shared batch may change, but must not when they are used as indices.
    data, buffers = pickle_out_of_band(of_two())
    values = np.zeros(2)
    foreign = Batch.from_arrow(arrow_of_arrays(np.arange(2), values)["table"], A, share=True)
    _, (_, column) = pickle_out_of_band(foreign)
    back = pickle.loads(data, buffers=[*buffers[:2], column])
    values[:] = 1e300
    assert back.indices.tolist() == [0, 0, 0, 0]

"""Writers and readers of further laboratory formats, in the same form as those in ``gallery/storage.py``.

Each package is used as in its documentation, and flushed after each block if it can be.  The site does not need these
packages.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from asammdf import MDF, Signal
from mcap.reader import NonSeekingReader, SeekingReader
from mcap.writer import Writer as McapWriter
from nptdms import ChannelObject, TdmsFile, TdmsWriter

Values = npt.NDArray[Any]
Writer = tuple[Callable[[Values, Values], Any], Callable[[], Any]]


CHUNKED = "mcap, chunks of 1 MiB, flushed, after 200,000 rows"


def with_tdms(path: Path, _durability: str) -> Writer:
    """Open a TDMS file: each block is a segment with its own index."""
    file = path.open("wb")
    writer = TdmsWriter(file)
    writer.open()

    def write(times: Values, values: Values) -> None:
        channels = [ChannelObject("run", "timestamp", times), ChannelObject("run", "ai0", values, {"unit_string": "V"})]
        writer.write_segment(channels)
        file.flush()

    return write, file.close


def read_tdms(path: Path) -> Iterator[Values]:
    """Read a TDMS file."""
    yield TdmsFile.read(path)["run"]["ai0"][:]


def with_mcap(path: Path, _durability: str, *, chunked: bool) -> Writer:
    """Open an MCAP file, with the default chunks of 1 MiB or without chunks: each block is a message."""
    file = path.open("wb")
    writer = McapWriter(file, use_chunking=chunked)
    writer.start()
    channel = writer.register_channel("ai0", "times and values", 0)

    def write(times: Values, values: Values) -> None:
        instant = int(times[0].astype("i8"))
        writer.add_message(channel, instant, times.tobytes() + values.tobytes(), instant)
        file.flush()

    return write, writer.finish


def read_mcap(path: Path, *, index: bool = True) -> Iterator[Values]:
    """Read an MCAP file with the index at its end, or without it from the beginning."""
    with path.open("rb") as file:
        reader = SeekingReader(file) if index else NonSeekingReader(file)
        for _, _, message in reader.iter_messages(log_time_order=False):
            both = np.frombuffer(message.data)
            yield both[len(both) // 2 :]


def with_zarr(path: Path, _durability: str) -> Writer:
    """Open a Zarr group with two arrays in a folder: each block is a chunk of each array, in its own file."""
    group = zarr.open_group(path, mode="w")
    arrays = [
        group.create_array(name, shape=(0,), chunks=(1_000,), dtype=kind)
        for name, kind in (("timestamp", "i8"), ("ai0", "f8"))
    ]

    def write(times: Values, values: Values) -> None:
        for array, block in zip(arrays, (times.astype("i8"), values), strict=True):
            array.append(block)

    return write, lambda: None


def read_zarr(path: Path) -> Iterator[Values]:
    """Read a Zarr group."""
    yield np.asarray(zarr.open_group(path, mode="r")["ai0"])


def with_mdf(path: Path, _durability: str, *, saved: bool) -> Writer:
    """Open an MDF4 file, saved whole after each block or only on closing, because asammdf cannot append to a file."""
    mdf = MDF(version="4.10")
    target = path.with_suffix(".mf4")

    def write(times: Values, values: Values) -> None:
        seconds = times.astype("i8") / 1e9
        if mdf.groups:
            mdf.extend(0, [(seconds, None), (values, None)])
        else:
            mdf.append(Signal(values, seconds, name="ai0", unit="V"))
        if saved:
            mdf.save(target, overwrite=True)

    return write, lambda: mdf.save(target, overwrite=True)


def read_mdf(path: Path) -> Iterator[Values]:
    """Read an MDF4 file."""
    yield MDF(path.with_suffix(".mf4")).get("ai0").samples


def read_csv(path: Path) -> Iterator[Values]:
    """Read CSV up to the first row without a number."""
    values = []
    with path.open(newline="") as file, suppress(TypeError, ValueError):
        for row in csv.DictReader(file):
            values.append(float(row["value"]))  # noqa: PERF401 - rows before a damaged one count
    yield np.array(values)


def recorders(files: dict[str, Callable[..., Any]]) -> dict[str, tuple[Any, ...]]:
    """Return for each row how its file is opened, how far each block gets, and how it is read and repaired.

    `files` are the writers of the example; its two CSV writers are killed only here.
    """
    from_start = partial(read_mcap, index=False)
    whole, chunked = (partial(with_mcap, chunked=chunked) for chunked in (False, True))
    return {
        "csv, flushed": (files["by_csv"], "flushed", read_csv),
        "pandas, CSV, flushed": (files["by_pandas"], "flushed", read_csv),
        "npTDMS, flushed": (with_tdms, "flushed", read_tdms),
        "mcap, no chunks, flushed, else read without its index": (whole, "flushed", read_mcap, from_start),
        f"{CHUNKED}, else read without its index": (chunked, "flushed", read_mcap, from_start),
        "Zarr, a chunk for each block": (with_zarr, "flushed", read_zarr),
        "asammdf, MDF4, saved whole after each block": (partial(with_mdf, saved=True), "flushed", read_mdf),
        "asammdf, MDF4, saved when closed": (partial(with_mdf, saved=False), "flushed", read_mdf),
    }


ROWS = {f"{CHUNKED}, else read without its index": 200_000}
"""Rows before the earliest kill of a writer whose chunks need more rows than the others'."""
PACKAGES = {"npTDMS": "npTDMS", "mcap": "mcap", "Zarr": "zarr", "asammdf": "asammdf"}


def version_of(recorder: str) -> str:
    """Return the package of a writer with its version."""
    package = PACKAGES[recorder.partition(",")[0]]
    return f"{package} {version(package)}"

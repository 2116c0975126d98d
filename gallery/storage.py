"""
Which file should I record into, and what survives a kill?
==========================================================

A recording is written for hours, and missed when something went wrong. After
this page you know what a row costs in each format, under each kind of
durability that its writer offers, how many bytes it takes, and how many rows
are left when the process is killed or the file is cut off.
"""

# %%
# The same rows in eight files
# ----------------------------
# Blocks of 1,000 samples of one channel, as an instrument gives them: a time
# and a value each. A row of a file has the name and the unit besides, unless
# the file can say them once. Each writer is opened once, and is told how far
# a block has to come before the next: *buffered* is into memory, *flushed* to
# the operating system, *synced* to the storage device.

import contextlib
import csv
import dataclasses
import mmap
import os
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np

from rust_daq import Channel, bench
from rust_daq.storage import ArrowWriter, CsvWriter, open_recording

settings = bench.settings(__doc__)

BLOCKS, ROWS = 50, 1_000
channel = Channel("ai0", "V")
samples = np.random.default_rng(1).normal(size=(BLOCKS, ROWS))
instants = 1_700_000_000_000_000_000 + np.arange(BLOCKS * ROWS) * 100_000
instants = instants.reshape(BLOCKS, ROWS).astype("datetime64[ns]")
kinds = {"buffered": "none", "flushed": "flush", "synced": "batch"}
to_device = getattr(os, "fdatasync", os.fsync)


def settling(durability, flush, descriptor):
    """Return what makes a block as durable as that."""

    def settle():
        if durability != "buffered":
            flush()
        if durability == "synced":
            to_device(descriptor)

    return settle


def arrow_writer(path, durability):
    """Write with ArrowWriter."""
    writer = ArrowWriter(path, sync=kinds[durability])

    def write(times, values):
        writer.write(channel.batch(values, times))

    return write, writer.close


def csv_writer(path, durability):
    """Write with CsvWriter."""
    writer = CsvWriter(path, sync=kinds[durability])

    def write(times, values):
        writer.write(channel.batch(values, times))

    return write, writer.close


def with_csv(path, durability):
    """Write with the standard library's csv."""
    file = open(path, "w", newline="")
    rows = csv.writer(file)
    rows.writerow(["timestamp", "channel", "value", "unit"])
    settle = settling(durability, file.flush, file.fileno())

    def write(times, values):
        texts = np.datetime_as_string(times, timezone="UTC")
        pairs = zip(texts, values.tolist(), strict=True)
        rows.writerows((text, "ai0", value, "V") for text, value in pairs)
        settle()

    return write, file.close


def with_pandas(path, durability):
    """Write with pandas."""
    import pandas as pd

    file = open(path, "w", newline="")
    settle = settling(durability, file.flush, file.fileno())
    names = {"channel": "ai0", "unit": "V"}

    def write(times, values):
        frame = pd.DataFrame({"timestamp": times, "value": values, **names})
        frame.to_csv(file, header=not file.tell(), index=False)
        settle()

    return write, file.close


def with_pyarrow(kind):
    """Return what writes with pyarrow: a stream, a file, CSV or Parquet."""

    def opened(path, durability):
        import pyarrow as pa
        import pyarrow.csv
        import pyarrow.ipc
        import pyarrow.parquet as pq

        text = pa.string()
        if kind in {"stream", "file"}:
            text = pa.dictionary(pa.int32(), pa.string())
        utc = pa.timestamp("ns", "UTC")
        fields = [("timestamp", utc), ("value", pa.float64())]
        schema = pa.schema([*fields, ("channel", text), ("unit", text)])
        file = pa.OSFile(str(path), "wb")
        buffer = pa.BufferedOutputStream(file, 1 << 18)
        makers = {
            "stream": pa.ipc.new_stream,
            "file": pa.ipc.new_file,
            "csv": pa.csv.CSVWriter,
            "parquet": pq.ParquetWriter,
        }
        writer = makers[kind](buffer, schema)
        descriptor = os.open(path, os.O_WRONLY)
        settle = settling(durability, buffer.flush, descriptor)
        name, unit = (
            pa.array([word] * ROWS, pa.string()).cast(text)
            for word in ("ai0", "V")
        )

        def write(times, values):
            columns = [pa.array(times, utc), pa.array(values), name, unit]
            batch = pa.record_batch(columns, schema=schema)
            write_batch = getattr(writer, "write_batch", None)
            write_batch(batch)
            settle()

        def close():
            for part in (writer, buffer, file):
                part.close()
            os.close(descriptor)

        return write, close

    return opened


def with_h5py(path, durability, *, many_readers=False):
    """Write with h5py; for many readers (SWMR) HDF5 orders what it writes."""
    import h5py

    kind = np.dtype([("timestamp", "i8"), ("value", "f8")])
    file = h5py.File(path, "w", libver="latest")
    sizes = {"shape": (0,), "maxshape": (None,), "chunks": (16 * ROWS,)}
    data = file.create_dataset("ai0", dtype=kind, **sizes)
    data.attrs["unit"] = "V"
    file.swmr_mode = many_readers
    descriptor = file.id.get_vfd_handle()
    settle = settling(durability, file.flush, descriptor)

    def write(times, values):
        block = np.empty(len(values), kind)
        block["timestamp"], block["value"] = times.astype("i8"), values
        data.resize(len(data) + len(block), axis=0)
        data[-len(block) :] = block
        settle()

    return write, file.close


def with_swmr(path, durability):
    """Write with h5py for many readers."""
    return with_h5py(path, durability, many_readers=True)


# %%
# What a row costs
# ----------------
# Fifty blocks into a fresh file, timed from the first to the closed file; ten
# when they are synced. A writer that can only write at its end has no number
# for what is safe before.


def written(opened, path, durability, blocks):
    """Write blocks; return the nanoseconds that it took."""
    write, close = opened(path, durability)
    begin = time.perf_counter_ns()
    for times, values in zip(instants[:blocks], samples, strict=False):
        write(times, values)
    close()
    return time.perf_counter_ns() - begin


def costs(opened, durabilities=tuple(kinds)):
    """Return rows a second under each kind of durability, and bytes a row."""
    told = dict.fromkeys(f"{kind}_per_second" for kind in kinds)
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("buffered", *durabilities):  # the first one warms up
            blocks = 10 if kind == "synced" else BLOCKS
            path = os.path.join(folder, kind)
            elapsed = written(opened, path, kind, blocks)
            told[f"{kind}_per_second"] = blocks * ROWS / elapsed * 1e9
            told["row_bytes"] = os.path.getsize(path) / blocks / ROWS
            os.remove(path)
    return told

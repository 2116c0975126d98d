"""
Which file should I record into, and what survives a kill?
==========================================================

A recording runs for hours, and is needed most when something went wrong. This
page measures what a row costs in each format, for each durability that its
writer offers, and how many bytes it takes. It also counts how many rows are
left when the process is killed or the file is cut off.

**Copy with care.** It writes some megabytes into a temporary folder, which it
removes. It kills its own processes. Measure on the file system that you
record to.

.. in-short::
    :figure: storage/survives

    An Arrow stream with ``sync="flush"`` lost
    :measured:`storage/survives/ArrowWriter, flush/rows_lost` of
    :measured:`storage/survives/ArrowWriter, flush/rows_written` rows in
    :measured:`storage/survives/ArrowWriter, flush/kills` kills; Parquet
    written by pyarrow lost
    :measured:`storage/survives/pyarrow, Parquet/rows_lost` of
    :measured:`storage/survives/pyarrow, Parquet/rows_written`.

    Rows were written to the stream at
    :measured:`storage/costs/ArrowWriter/flushed_per_second` with a flush for
    each block, and at :measured:`storage/costs/ArrowWriter/synced_per_second`
    when the storage device confirms each block. The figure shows the rows that
    each kind of file lost, of those reported as written.

    Record into a stream with ``sync="flush"``. Use ``"batch"`` or a number of
    seconds where the power may fail, and CSV where somebody reads the file
    while it grows. Convert a finished recording to Parquet with ``compact``.

:order: 12
:group: Files
:weight: 4
:about: files: what a row costs and takes, by durability, and what survives a
    kill
"""

# %%
# The same rows in each format
# ----------------------------
# Each writer receives the same blocks of 1,000 samples of one channel, as an
# instrument delivers them: times and values. Each row of a file also has the
# name and the unit of its channel, where the file cannot state them once. A
# block reaches one of three stages before the next is written: *buffered* in
# memory, *flushed* to the operating system, or *synced* to the storage device.

# Preparation: The settings, and a writer for each format
import csv
import dataclasses
import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

import evenhand as bench
from evenhand.gate.survival import recover, survive
from rust_daq import Channel
from rust_daq.storage import ArrowWriter, CsvWriter, open_recording

settings = bench.settings(
    __doc__, kills=5, packages={"rust-daq": "rust_daq:build_info"}
)

has_h5py = importlib.util.find_spec("h5py") is not None
if not has_h5py:
    print("h5py is not installed here, so it is not compared.")


def there(contenders):
    """Return those contenders that are there on this Python."""
    return {
        name: contenders[name]
        for name in contenders
        if has_h5py or not name.startswith("h5py")
    }


BLOCKS, ROWS, AFTER = 50, 1_000, 20_000
channel = Channel("ai0", "V")
samples = np.random.default_rng(1).normal(size=(BLOCKS, ROWS))
instants = 1_700_000_000_000_000_000 + np.arange(BLOCKS * ROWS) * 100_000
instants = instants.astype("datetime64[ns]").reshape(BLOCKS, ROWS)


def settle(durability, flush, descriptor):
    """Bring what was written as far as that."""
    if durability != "buffered":
        flush()
    if durability == "synced":
        getattr(os, "fdatasync", os.fsync)(descriptor)


def with_rust_daq(writer_class, path, durability):
    """Open a file with a writer of this package."""
    sync = {"buffered": "none", "flushed": "flush", "synced": "batch"}
    writer = writer_class(path, sync=sync.get(durability, durability))

    def write(times, values):
        writer.write(channel.batch(values, times))

    return write, writer.close


def with_csv(path, durability):
    """Open a file with the standard library's csv."""
    file = path.open("w", newline="")
    rows = csv.writer(file)
    rows.writerow(["timestamp", "channel", "value", "unit"])

    def write(times, values):
        texts = np.datetime_as_string(times, timezone="UTC")
        pairs = zip(texts, values.tolist(), strict=True)
        rows.writerows((text, "ai0", value, "V") for text, value in pairs)
        settle(durability, file.flush, file.fileno())

    return write, file.close


def with_pandas(path, durability):
    """Open a file for pandas to write CSV into."""
    file = path.open("w", newline="")
    headers = iter([True])

    def write(times, values):
        columns = {"timestamp": times, "channel": "ai0", "value": values}
        frame = pd.DataFrame(columns | {"unit": "V"})
        frame.to_csv(file, header=next(headers, False), index=False)
        settle(durability, file.flush, file.fileno())

    return write, file.close


def with_pyarrow(kind, path, durability, _imported=pd):
    """Open a file with pyarrow: a stream, a file, CSV or Parquet.

    Its first array imports pandas; named here, pandas is there before.
    """
    writers = {
        "stream": pa.ipc.new_stream,
        "file": pa.ipc.new_file,
        "csv": pa.csv.CSVWriter,
        "csv, no zone": pa.csv.CSVWriter,
        "parquet": pa.parquet.ParquetWriter,
    }
    zone = None if kind == "csv, no zone" else "UTC"
    instant, names = pa.timestamp("ns", zone), pa.array(["ai0"] * ROWS)
    fields = {
        "timestamp": instant,
        "value": pa.float64(),
        "channel": names.type,
    }
    repeated = [names]
    if kind.startswith("csv"):
        fields["unit"] = pa.string()
        repeated.append(pa.array(["V"] * ROWS))
    elif kind != "parquet":
        repeated = [names.dictionary_encode()]
        fields["channel"] = repeated[0].type
    schema = pa.schema(fields, metadata={"unit": "V"})
    file = pa.OSFile(str(path), "wb")
    buffer = pa.BufferedOutputStream(file, 1 << 18)
    writer = writers[kind](buffer, schema)
    descriptor = os.open(path, os.O_WRONLY)

    def write(times, values):
        columns = [pa.array(times).cast(instant), pa.array(values), *repeated]
        writer.write_batch(pa.record_batch(columns, schema=schema))
        settle(durability, buffer.flush, descriptor)

    def close():
        for part in (writer, buffer, file):
            part.close()
        os.close(descriptor)

    return write, close


def with_h5py(mode, path, durability):
    """Open a file with h5py: as usual, in the latest format, or for SWMR."""
    import h5py

    kind = np.dtype([("timestamp", "i8"), ("value", "f8")])
    file = h5py.File(path, "w", libver="latest" if mode != "usual" else None)
    shape = {"shape": (0,), "maxshape": (None,), "chunks": (ROWS,)}
    data = file.create_dataset("ai0", dtype=kind, **shape)
    data.attrs["unit"] = "V"
    if mode == "SWMR":  # single writer, multiple readers
        file.swmr_mode = True

    def write(times, values):
        block = np.empty(len(values), kind)
        block["timestamp"], block["value"] = times.astype("i8"), values
        data.resize(len(data) + len(block), axis=0)
        data[-len(block) :] = block
        settle(durability, file.flush, file.id.get_vfd_handle())

    return write, file.close


# %%

files = {
    "arrow": partial(with_rust_daq, ArrowWriter),
    "text": partial(with_rust_daq, CsvWriter),
    "by_csv": with_csv,
    "by_pandas": with_pandas,
    "stream": partial(with_pyarrow, "stream"),
    "file": partial(with_pyarrow, "file"),
    "table": partial(with_pyarrow, "csv"),
    "zoneless": partial(with_pyarrow, "csv, no zone"),
    "parquet": partial(with_pyarrow, "parquet"),
    "hdf5": partial(with_h5py, "usual"),
    "latest": partial(with_h5py, "latest"),
    "swmr": partial(with_h5py, "SWMR"),
}

# %%
# What a row costs
# ----------------
# Fifty blocks are written to a new file, from opening to closing, including
# the step from two arrays to a batch, a table or text. Nothing is judged here.
# :doc:`/gallery/streams` judges a stream against pyarrow's, and flushed
# against buffered, from existing batches. pyarrow keeps part of a Parquet file
# back until it is closed, so flushing it has no number. pyarrow's CSV is here
# twice, with a zone and without, and that of pandas has no zone: such a file
# does not say when its rows were measured. HDF5 has a chunk for each block, so
# that a flush writes each row once.


# Preparation: The measurement of a writer
def written(open_file, path, durability, blocks=BLOCKS):
    """Write blocks; return rows per second."""
    begin = time.perf_counter()
    write, close = open_file(path, durability)
    for block in range(blocks):
        write(instants[block], samples[block])
    close()
    return blocks * ROWS / (time.perf_counter() - begin)


def costs(open_file, kinds=("buffered", "flushed", "synced")):
    """Return rows per second by durability, and bytes per row."""
    told = dict.fromkeys(["flushed_per_second", "synced_per_second"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        written(open_file, path, "buffered", 1)  # what is slow once
        for kind in kinds:
            path.unlink()
            told[f"{kind}_per_second"] = written(open_file, path, kind)
        told["row_bytes"] = path.stat().st_size / BLOCKS / ROWS
    return told


# %%

# Nothing is compared here, and as many rounds as the time allows do.
few = dataclasses.replace(settings, judges=False)

writers = {
    "ArrowWriter": "costs(arrow)",
    "pyarrow, stream": "costs(stream)",
    "CsvWriter": "costs(text)",
    "pyarrow, CSV": "costs(table)",
    "pyarrow, CSV, no zone": "costs(zoneless)",
    "pandas, CSV": "costs(by_pandas)",
    "csv": "costs(by_csv)",
    "pyarrow, Parquet": "costs(parquet, ['buffered'])",
    "h5py": "costs(hdf5)",
}
cost = bench.observe(
    there(writers),
    columns=[
        "buffered_per_second",
        "flushed_per_second",
        "synced_per_second",
        "row_bytes",
    ],
    namespace=files | {"costs": costs},
    name="costs",
    settings=few,
    share=0.6,
)
cost

# %%
# Rows buffered wait in the memory of the process. Rows flushed have reached
# the operating system; rows synced have reached the storage device.

cost.plot(
    columns=["buffered_per_second", "flushed_per_second", "synced_per_second"]
)

# %%
# A kill, and a cut
# -----------------
# A process writes until ``kill -9`` ends it, and counts the rows that its
# writer reported as written: at least 20,000, and up to 30 ms later. Each
# reader then opens a file as the process left it. Where that fails, the words
# after *else* in the row's name say what repairs the file. An Arrow file is a
# stream with eight bytes in front and an index behind, and ``h5clear`` is one
# of HDF5's own tools. *Lost* are rows that were reported as written and are
# missing. *Wrong* are rows that a reader finds and no process wrote. A number
# of milliseconds is how often the storage device receives everything. Then a
# file of 50,000 rows is cut off at 60 %.


# Preparation: The writers that are killed, and the readers of their files
def record(open_file, durability, path, count):
    """Write for ever, and count the rows."""
    write, _ = open_file(path, durability)
    for block in itertools.count():
        write(instants[block % BLOCKS], samples[block % BLOCKS])
        count((block + 1) * ROWS)


def read_recording(path):
    """Read a recording of this package, an Arrow stream or CSV."""
    yield from (batch.values for batch in open_recording(path))


def read_stream(path, start=0):
    """Read an Arrow stream that begins at that byte."""
    with path.open("rb") as file:
        file.seek(start)
        for batch in pa.ipc.open_stream(file):
            yield batch["value"].to_numpy()


def read_file(path):
    """Read an Arrow file."""
    yield pa.ipc.open_file(path).read_all()["value"].to_numpy()


def read_parquet(path):
    """Read a Parquet file."""
    yield pa.parquet.read_table(path)["value"].to_numpy()


def read_hdf5(path, **mode):
    """Read an HDF5 file."""
    import h5py

    with h5py.File(path, **mode) as file:
        yield file["ai0"]["value"]


def read_cleared(path):
    """Read an HDF5 file, cleared of the mark that it is being written."""
    subprocess.run(["h5clear", "-s", str(path)], check=True)  # noqa: S603, S607
    yield from read_hdf5(path)


def h5clear():
    """Return how rows name h5clear, and the reader that uses it."""
    if shutil.which("h5clear") is None:
        return ", no h5clear here", None
    asked = ["h5clear", "--version"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True)  # noqa: S603
    return f", else h5clear -s ({told.stdout.split()[-1]})", read_cleared


# %%

clearing, cleared = h5clear()
behind, shared = partial(read_stream, start=8), partial(read_hdf5, swmr=True)
each = {
    "ArrowWriter, flush": (files["arrow"], "flushed", read_recording),
    "ArrowWriter, none": (files["arrow"], "buffered", read_recording),
    "ArrowWriter, batch": (files["arrow"], "synced", read_recording),
    "ArrowWriter, 5 ms": (files["arrow"], 0.005, read_recording),
    "CsvWriter, flush": (files["text"], "flushed", read_recording),
    "CsvWriter, none": (files["text"], "buffered", read_recording),
    "pyarrow, stream, flushed": (files["stream"], "flushed", read_stream),
    "pyarrow, file, flushed": (files["file"], "flushed", read_file, behind),
    "pyarrow, Parquet": (files["parquet"], "flushed", read_parquet),
    "h5py, flushed": (files["hdf5"], "flushed", read_hdf5),
    "h5py, latest, flushed": (files["latest"], "flushed", read_hdf5, cleared),
    "h5py, SWMR, flushed": (files["swmr"], "flushed", shared),
}
repairs = {
    "pyarrow, file, flushed": ", else as a stream",
    "h5py, latest, flushed": clearing,
}
recorders = {
    name + repairs.get(name, ""): recorder for name, recorder in each.items()
}


# Preparation: The kills, and the cut
def kill(kills, open_file, durability, read, repair=None, **moment):
    """Kill writers, and read the rows that their files still hold."""
    write, rows = partial(record, open_file, durability), samples.ravel()
    moment = {"after": AFTER} | moment
    return survive(write, read, rows, repair=repair, kills=kills, **moment)


def survives(kills, open_file, durability, read, repair=None):
    """Count the rows left in killed recordings and in one cut short."""
    told = kill(kills, open_file, durability, read, repair).as_dict()
    with tempfile.TemporaryDirectory() as folder:
        cut = Path(folder) / "cut"
        written(open_file, cut, durability)
        os.truncate(cut, cut.stat().st_size * 6 // 10)
        left = recover(cut, read, samples.ravel(), repair=repair)
    return told | {"cut_recovered": left.read, "cut_wrong": left.wrong}


# %%

names = {"survives": survives, "kills": settings.kills}
counts = "kills opens_normally after_repair not_at_all rows_written rows_lost"
survived = bench.observe(
    {
        name: bench.Statement(
            "survives(kills, *recorder)",
            namespace=names | {"recorder": recorder},
        )
        for name, recorder in there(recorders).items()
    },
    columns=[
        *counts.split(),
        "kills_with_loss",
        "wrong",
        "cut_recovered",
        "cut_wrong",
    ],
    rounds=1,
    name="survives",
    settings=settings,
)
survived

# %%

survived.plot(columns=["rows_lost"])

# %%
# What to do
# ----------
# :doc:`/choose` has these kills next to dated ones of TDMS, MCAP, Zarr and
# MDF4, and says how far so few kills can be trusted. :doc:`/gallery/streams`
# compares ArrowWriter with pyarrow's writer of the same format. :doc:`/slow`
# has the rule.

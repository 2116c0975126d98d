"""
Which file should I record into, and what survives a kill?
==========================================================

A recording is written for hours, and missed when something went wrong. After
this page you know what a row costs in each format, under each kind of
durability that its writer offers, how many bytes it takes, and how many rows
are left when the process is killed or the file is cut off.

**Copy with care.** It writes some megabytes into a temporary folder, which it
removes, and kills processes of its own; measure on the file system that you
record to.
"""

# %%
# The same rows, eight ways
# -------------------------
# Blocks of 1,000 samples of one channel, as an instrument gives them: times
# and values. Each row of a file tells its name and its unit besides, where the
# file cannot say them once. A block comes a certain way before the next is
# written: *buffered* into memory, *flushed* to the operating system, *synced*
# to the storage device.

import contextlib
import csv
import dataclasses
import itertools
import os
import random
import tempfile
import time
import warnings
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from rust_daq import Channel, bench
from rust_daq.storage import ArrowWriter, CsvWriter, open_recording

settings = bench.settings(
    __doc__, kills=5, packages={"rust-daq": "rust_daq:build_info"}
)

BLOCKS, ROWS = 50, 1_000
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
    import pandas as pd

    file = path.open("w", newline="")

    def write(times, values):
        columns = {"timestamp": times, "channel": "ai0", "value": values}
        frame = pd.DataFrame(columns | {"unit": "V"})
        frame.to_csv(file, header=not file.tell(), index=False)
        settle(durability, file.flush, file.fileno())

    return write, file.close


def with_pyarrow(kind, path, durability):
    """Open a file with pyarrow: a stream, a file, CSV or Parquet."""
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


def with_h5py(many_readers, path, durability):
    """Open a file with h5py, as usual or for many readers (SWMR)."""
    import h5py

    kind = np.dtype([("timestamp", "i8"), ("value", "f8")])
    file = h5py.File(path, "w", libver="latest")
    shape = {"shape": (0,), "maxshape": (None,), "chunks": (16 * ROWS,)}
    data = file.create_dataset("ai0", dtype=kind, **shape)
    data.attrs["unit"] = "V"
    if many_readers:
        file.swmr_mode = True

    def write(times, values):
        block = np.empty(len(values), kind)
        block["timestamp"], block["value"] = times.astype("i8"), values
        data.resize(len(data) + len(block), axis=0)
        data[-len(block) :] = block
        settle(durability, file.flush, file.id.get_vfd_handle())

    return write, file.close


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
    "hdf5": partial(with_h5py, False),
    "swmr": partial(with_h5py, True),
}

# %%
# What a row costs
# ----------------
# Fifty blocks into a fresh file, from the first to the closed file, with the
# step from two arrays to a batch, a table or text. Nothing is judged here:
# :doc:`/gallery/streams` compares with pyarrow, from existing batches. What
# pyarrow holds back of a Parquet file until it is closed cannot be flushed, so
# that no number is there. Its CSV is here twice: without a zone, a file does
# not say when its rows were.


def written(open_file, path, durability, blocks=BLOCKS):
    """Write blocks; return rows per second."""
    write, close = open_file(path, durability)
    begin = time.perf_counter()
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


# Nothing is compared here, and as many rounds as the time allows do.
few = dataclasses.replace(settings, judges=False)

cost = bench.observe(
    {
        "ArrowWriter": "costs(arrow)",
        "pyarrow, stream": "costs(stream)",
        "CsvWriter": "costs(text)",
        "pyarrow, CSV": "costs(table)",
        "pyarrow, CSV, no zone": "costs(zoneless)",
        "pandas, CSV": "costs(by_pandas)",
        "csv": "costs(by_csv)",
        "pyarrow, Parquet": "costs(parquet, ['buffered'])",
        "h5py": "costs(hdf5)",
    },
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

cost.plot()

# %%
# A kill, and a cut
# -----------------
# A process of its own writes until it is killed with ``kill -9``, and counts
# which blocks its writer said were written: after twenty of them, and up to 30
# milliseconds later. Then a file of 50,000 rows is cut off at 60 %. *Wrong*
# are rows that a reader gives and nobody wrote. A number of seconds is how
# often the storage device gets all.

kills = settings.kills


def record(open_file, path, durability, count):
    """Write for ever, and count the blocks."""
    write, _ = open_file(path, durability)
    for block in itertools.count():
        write(instants[block % BLOCKS], samples[block % BLOCKS])
        count(block + 1)


def read(kind, path):
    """Give the values of a file, as far as it can be read."""
    import h5py

    if kind == "recording":
        yield from (batch.values for batch in open_recording(path))
    elif kind == "csv":
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                yield np.array([float(row["value"])])
    elif kind == "stream":
        for batch in pa.ipc.open_stream(path):
            yield batch["value"].to_numpy()
    elif kind == "file":
        yield pa.ipc.open_file(path).read_all()["value"].to_numpy()
    elif kind == "parquet":
        yield pa.parquet.read_table(path)["value"].to_numpy()
    else:
        with h5py.File(path, swmr=kind == "swmr") as file:
            yield file["ai0"]["value"]


def recovered(kind, path):
    """Return how many rows a file gives, and how many of them are wrong."""
    right, wrong = 0, 0
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for values in read(kind, path):
            places = (right + np.arange(len(values))) % samples.size
            same = values == samples.ravel()[places]
            good = len(same) if same.all() else int(same.argmin())
            right, wrong = right + good, wrong + len(same) - good
    return right, wrong


def survives(open_file, kind, durability="flushed"):
    """Return what is left of killed recordings and of a cut one."""
    chance, told = random.Random(1), Counter(kills=kills)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        for kill in range(kills):
            run = Path(folder) / str(kill)
            work = partial(record, open_file, run, durability)
            moment = chance.uniform(0, 0.03)
            said = bench.killed(work, after=20, seconds=moment) * ROWS
            left, wrong = recovered(kind, run)
            lost = max(0, said - left)
            told.update(written=said, recovered=left, lost=lost, wrong=wrong)
        cut = Path(folder) / "cut"
        written(open_file, cut, durability)
        os.truncate(cut, cut.stat().st_size * 6 // 10)
        told["cut_recovered"], told["cut_wrong"] = recovered(kind, cut)
    return told


bench.observe(
    {
        "ArrowWriter, flush": "survives(arrow, 'recording')",
        "ArrowWriter, none": "survives(arrow, 'recording', 'buffered')",
        "ArrowWriter, batch": "survives(arrow, 'recording', 'synced')",
        "ArrowWriter, 5 ms": "survives(arrow, 'recording', 0.005)",
        "CsvWriter, flush": "survives(text, 'recording')",
        "CsvWriter, none": "survives(text, 'recording', 'buffered')",
        "csv, flushed": "survives(by_csv, 'csv')",
        "pandas, flushed": "survives(by_pandas, 'csv')",
        "pyarrow, stream, flushed": "survives(stream, 'stream')",
        "pyarrow, file, flushed": "survives(file, 'file')",
        "pyarrow, Parquet": "survives(parquet, 'parquet')",
        "h5py, flushed": "survives(hdf5, 'hdf5')",
        "h5py, SWMR, flushed": "survives(swmr, 'swmr')",
    },
    columns=[
        "kills",
        "written",
        "recovered",
        "lost",
        "wrong",
        "cut_recovered",
        "cut_wrong",
    ],
    namespace=files | {"survives": survives},
    rounds=1,
    name="survives",
    settings=settings,
)

# %%
# What to do
# ----------
# Record into a stream with ``sync="flush"``: what was written survives the
# process. Take ``"batch"`` or a number of seconds where the power may fail,
# and CSV where somebody wants to read along. Turn a finished recording into
# Parquet with ``compact``; table programs read it.
# :doc:`/gallery/streams` compares ArrowWriter with pyarrow's writer of the
# same format, and :doc:`/tuning` has the rule.

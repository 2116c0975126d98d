"""
From which size on does a second process help?
==============================================

Recordings do not depend on one another, so several processes can analyse them
at once. This page measures two processes on one machine, which Dask supplies
with work. It shows what Dask adds: it moves paths and results, repeats the
work of a killed worker, and reports a recording that cannot be read without
losing the others. It also measures three packages on one file of all
recordings, and the memory that each takes. Several machines are not
measured.

**Copy with care.** It writes some hundred megabytes into a temporary folder,
which it removes. It starts and kills its own processes. It needs the extra
``scale``.

.. in-short::
    :figure: scale_out/spread

    :verdict:`scale_out/spread/two workers/1000000/elapsed_ns vs one process
    | faster, slower: Eight recordings of a million rows take {this} on two
    workers, and {other} in one process.
    | no difference shown: Eight recordings of a million rows take the same
    time on two workers and in one process, {this} and {other}.
    | inconclusive, not judged: Eight recordings of a million rows take {this}
    on two workers, and {other} in one process; this run does not decide
    between them.`

    :verdict:`scale_out/spread/two workers/10000/elapsed_ns vs one process
    | faster, slower: With 10,000 rows each they take {this} and {other}.
    | no difference shown: With 10,000 rows each both take the same time,
    {this} and {other}.
    | inconclusive, not judged: With 10,000 rows each they take {this} and
    {other}; this run does not decide between them.`
    Starting the workers takes
    :measured:`scale_out/spread/two workers/1000000/start_ns` once.

    Start with a loop in one process. Spread recordings over workers only at a
    size for which the table below confirms a gain, and check the errors by
    name afterwards.

:order: 14
:group: Files
:weight: 4
:about: recordings spread over processes on one machine, and data that exceeds
    memory
"""

# %%
# One task per recording
# ----------------------
# Eight recordings of each length. The result for each is its spectrum at low
# frequencies. A recording is read batch by batch, so a process needs memory
# for a batch and not for a recording.

# Preparation: The settings, and the recordings
import contextlib
import dataclasses
import itertools
import os
import tempfile
import threading
import time
from pathlib import Path

import dask
import distributed
import numpy as np
import psutil

import evenhand as bench
from rust_daq import Channel
from rust_daq.process import Fft, Iir
from rust_daq.storage import ArrowWriter, compact, open_recording

settings = bench.settings(
    __doc__, packages={"rust-daq": "rust_daq:build_info"}
)

RATE, LENGTHS = 1e4, [10_000, 100_000, 1_000_000]
temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)
noise = np.random.default_rng(1).normal(size=(8, 100, 1_000))


def record(path, number, rows):
    """Record a sine with noise, in batches of 1,000 rows."""
    channel = Channel(f"ai{number}", "V")
    sine = np.sin(np.arange(1_000) * (number + 1) / 100 * 2 * np.pi)
    with ArrowWriter(path) as writer:
        for block in range(rows // 1_000):
            values = sine + noise[number, block % 100]
            start = round(block * 1_000 / RATE * 1e9)
            writer.write(channel.batch(values, start=start, rate=RATE))


recordings = {
    rows: [folder / f"ai{number}-{rows}.arrow" for number in range(8)]
    for rows in LENGTHS
}
for rows, paths in recordings.items():
    for number, path in enumerate(paths):
        record(path, number, rows)


# End of preparation
def analyse(path):
    """Return the mean spectrum of a recording, behind a low pass."""
    lowpass = Iir([[0.02, 0.04, 0.02, 1.0, -1.56, 0.64]] * 4)
    fft = Fft(1024, 128, RATE)
    total, frames = np.zeros(513), 0
    with open_recording(path) as recording:
        for batch in recording:
            spectra = fft.process(lowpass.process(batch))
            total += spectra.power.sum(axis=0)
            frames += len(spectra)
    rows, left_over = recording.next_row, recording.leftover_bytes
    return {"rows": rows, "left_over": left_over, "spectrum": total / frames}


# %%
# In one process the analysis is a loop. A recording that cannot be read is
# stored with its name and its error. Spread over workers, each recording is a
# ``dask.delayed`` call of the same function: Dask sends the path and the
# function, and receives the spectrum. A task that fails loses none of the
# others.


def attempt(path):
    """Return the analysis of a recording, or why there is none."""
    try:
        return analyse(path)
    except (OSError, ValueError) as error:
        return error


def in_one_process(paths):
    """Analyse one recording after the other."""
    return {path.name: attempt(path) for path in paths}


def spread(client, paths, meanwhile=None):
    """Analyse recordings wherever the client has workers."""
    tasks = client.compute([dask.delayed(analyse)(path) for path in paths])
    if meanwhile:
        meanwhile(tasks)
    distributed.wait(tasks)
    return {
        path.name: task.exception() or task.result()
        for path, task in zip(paths, tasks, strict=True)
    }


def same(one, other):
    """Tell whether all is the same, spectra in every bit."""

    def bits(told):
        if isinstance(told, Exception):
            return repr(told)
        return {**told, "spectrum": told["spectrum"].tobytes()}

    return {name: bits(told) for name, told in one.items()} == {
        name: bits(told) for name, told in other.items()
    }


# Preparation: Two workers on this machine
@contextlib.contextmanager
def two_workers():
    """Give a client with two workers on this machine."""
    with (
        tempfile.TemporaryDirectory() as scratch,
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=None,
            local_directory=scratch,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


# %%
# On a cluster of machines, use ``distributed.Client("tcp://scheduler:8786")``
# instead; nothing else changes. All machines need access to the folder. A
# program that starts workers from its main file needs ``if __name__ ==
# "__main__":``, because each worker reads that file again. Here the processes
# that measure start the workers.
#
# A killed worker, and files that cannot be read
# ----------------------------------------------
# Among the recordings are one that was cut off, a text that is no recording,
# and one that does not exist. The cut one returns its complete batches. As
# soon as four tasks are done, the worker that did most of them is killed.

cut, text = folder / "cut.arrow", folder / "text.arrow"
cut.write_bytes(recordings[1_000_000][0].read_bytes()[:10_000_000])
text.write_text("no recording")
mixed = [*recordings[1_000_000], cut, text, folder / "missing.arrow"]


def with_a_kill(paths):
    """Analyse recordings while a worker is killed; return the counts."""
    told = {}

    def kill(tasks):
        list(itertools.islice(distributed.as_completed(tasks), 4))
        told["unfinished"] = sum(not task.done() for task in tasks)
        held = client.has_what()
        victim = max(held, key=lambda worker: len(held[worker]))
        process = psutil.Process(client.run(os.getpid)[victim])
        process.kill()
        process.wait(10)
        told["killed"] = not process.is_running()

    with two_workers() as client:
        found = spread(client, paths, kill)
    unreadable = [isinstance(each, Exception) for each in found.values()]
    told["analysed"] = len(found) - sum(unreadable)
    told["unreadable"] = sum(unreadable)
    told["identical"] = same(found, in_one_process(paths))
    return {name: int(value) for name, value in told.items()}


survived = bench.observe(
    {"two workers, one killed": "with_a_kill(mixed)"},
    columns=["killed", "unfinished", "analysed", "unreadable", "identical"],
    namespace={"with_a_kill": with_a_kill, "mixed": mixed},
    rounds=1,
    name="killed",
    settings=settings,
)
assert survived.number("two workers, one killed", "identical").value == 1
survived

# %%
# *Unfinished* counts the tasks that were left when the worker died.
# *Identical* is 1 where every result and every error is that of one process,
# the spectra to the last bit. A task is one recording from beginning to end.
# Any worker can do it. Dask repeats what the dead worker had done or begun,
# and starts another worker in its place. A task that ends four workers in a
# row is given up, with its own error.
#
# From which size on it helps
# ---------------------------
# The same eight recordings in one process, and spread over two running
# workers.


# Preparation: The time of one process and of two workers
def timed(work, paths):
    """Return how long work takes."""
    begin = time.perf_counter_ns()
    work(paths)
    return time.perf_counter_ns() - begin


started = {}


def start():
    """Start workers, once, that live as long as this process."""
    if not started:
        begin = time.perf_counter_ns()
        workers = two_workers()
        client = workers.__enter__()
        client.run(analyse, recordings[LENGTHS[0]][0])
        start_ns = time.perf_counter_ns() - begin
        started.update(workers=workers, client=client, start_ns=start_ns)


def by_one(rows):
    """Tell what one process takes."""
    in_one_process(recordings[rows])  # so that the files are in memory
    return {
        "elapsed_ns": timed(in_one_process, recordings[rows]),
        "identical": None,
        "start_ns": None,
    }


def by_two(rows):
    """Tell what two workers take, and whether they give the same."""
    start()
    client = started["client"]
    expected = in_one_process(recordings[rows])
    found = spread(client, recordings[rows])
    return {
        "elapsed_ns": timed(lambda p: spread(client, p), recordings[rows]),
        "identical": int(same(found, expected)),
        "start_ns": started["start_ns"],
    }


# %%

shared = bench.observe(
    {"one process": "by_one(n)", "two workers": "by_two(n)"},
    columns=["elapsed_ns", "identical", "start_ns"],
    sizes=LENGTHS,
    size_label="rows per recording",
    compared=["elapsed_ns"],
    namespace={"by_one": by_one, "by_two": by_two},
    name="spread",
    settings=settings,
    share=0.7,
)
shared

# %%

shared.plot()

# %%
# Two workers against one process, by the rows of a recording:
# :measured:`scale_out/spread/two workers/elapsed_faster`. A second machine
# would add memory and a disk, and a network in between.
#
# Data that exceeds memory, on one machine
# ----------------------------------------
# ``compact`` makes one Parquet file of many recordings. Three packages answer
# a question about it: polars in its streaming engine, DuckDB, and pandas,
# which loads the two columns that the question needs. polars and DuckDB use
# all cores, and pandas while it reads the file. *Peak* is the growth of the
# process, looked at each millisecond.

tables = {8 * rows: folder / f"{rows}.parquet" for rows in LENGTHS}
for paths, path in zip(recordings.values(), tables.values(), strict=True):
    compact(paths, path)


def with_polars(path):
    """Summarise each channel with polars."""
    import polars as pl

    value = pl.col("value")
    summary = pl.scan_parquet(path).group_by("channel")
    summary = summary.agg(pl.len(), value.mean(), value.max().alias("max"))
    return summary.collect(engine="streaming").sort("channel").rows()


def with_duckdb(path):
    """Summarise each channel with DuckDB."""
    import duckdb

    summary = "channel, count(*), avg(value), max(value)"
    table = duckdb.read_parquet(str(path)).aggregate(summary, "channel")
    return table.order("channel").fetchall()


def with_pandas(path):
    """Summarise each channel with pandas, which loads two columns."""
    import pandas as pd

    frame = pd.read_parquet(path, columns=["channel", "value"])
    by_channel = frame.groupby("channel", observed=True)
    summary = by_channel["value"].agg(["size", "mean", "max"])
    return list(summary.sort_index().itertuples(name=None))


engines = {
    "polars, streaming": with_polars,
    "DuckDB": with_duckdb,
    "pandas": with_pandas,
}
told = [ask(tables[80_000]) for ask in engines.values()]
answers = [[row[1:] for row in rows] for rows in told]
assert all(np.allclose(answer, answers[0]) for answer in answers)


# Preparation: The time and the memory of a question
def warmed(ask):
    """Return an engine's question, asked once, and the process's size then."""
    ask(tables[80_000])
    return {"ask": ask, "before": psutil.Process().memory_info().rss}


def asked(ask, rows, before):
    """Tell what a question takes, and by how much the process grew."""
    process, done, peaks = psutil.Process(), threading.Event(), [before]

    def watch():
        while not done.wait(0.001):
            peaks.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    begin = time.perf_counter_ns()
    ask(tables[rows])
    elapsed = time.perf_counter_ns() - begin
    done.set()
    watcher.join()
    return {"peak_bytes": max(peaks) - before, "elapsed_ns": elapsed}


# %%

larger = bench.observe(
    {
        name: bench.Statement(
            "asked(ask, n, before)",
            lambda ask=ask: warmed(ask),
            {"asked": asked},
        )
        for name, ask in engines.items()
    },
    columns=["peak_bytes", "elapsed_ns"],
    sizes=[800_000, 8_000_000],
    size_label="rows",
    name="larger",
    settings=dataclasses.replace(settings, judges=False),
    share=0.3,
)
temporary.cleanup()
larger

# %%
# What to do
# ----------
# For a question about all the rows, convert the recordings to Parquet and let
# polars or DuckDB stream it before you plan a second machine.
# :doc:`/gallery/storage` has the formats, and what survives a kill.

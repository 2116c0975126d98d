"""Combining recordings into one Parquet file."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from recordings import LAMP, TUNED, batch_of, describe_rows, mixed, read, record, run, write

from rust_daq import Batch, Channel, _compaction, _parquet
from rust_daq.storage import ArrowWriter, compact, open_recording


def test_recordings_of_every_format_become_one_file_in_order(tmp_path):
    parts = [[batch_of(3, first=0)], [mixed(4, [LAMP, TUNED], first=9), batch_of(2, TUNED)], [batch_of(5)]]
    sources = [
        write(tmp_path / name, part) for name, part in zip(["a.csv", "b.arrow", "c.parquet"], parts, strict=True)
    ]
    assert compact(sources, tmp_path / "all.parquet") == 14
    assert read(tmp_path / "all.parquet")[0] == describe_rows([batch for part in parts for batch in part])
    assert compact(str(sources[1]), str(tmp_path / "one.parquet")) == 6


def test_the_columns_are_always_the_same(tmp_path):
    utc = pa.timestamp("ns", "UTC")
    texts = pa.dictionary(pa.int32(), pa.string())
    fields = [
        pa.field("timestamp", utc, nullable=False),
        pa.field("channel", texts, nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("unit", texts, nullable=False),
        pa.field("metadata", texts),
        pa.field("sequence", pa.uint64()),
    ]
    for index, batches in enumerate([[], [batch_of(3)], [batch_of(3, TUNED, first=5)]]):
        path = write(tmp_path / f"{index}.parquet", batches)
        file = pa.parquet.ParquetFile(path)
        assert file.schema_arrow.equals(pa.schema(fields))
        assert file.metadata.metadata[b"rust_daq.version"] == b"1"
        assert read(path)[0] == describe_rows(batches)


def test_recordings_with_other_units_of_a_name_become_one_file(tmp_path):
    volts, millivolts = Channel("laser", "V"), Channel("laser", "mV")
    batches = [
        mixed(4, [volts, LAMP], first=0),
        batch_of(3, millivolts, first=4),
        batch_of(2, volts, first=7),
        batch_of(2, LAMP),
    ]
    sources = [write(tmp_path / f"{index}.arrow", [batch]) for index, batch in enumerate(batches)]
    assert compact(sources, tmp_path / "run.parquet") == 11
    rows, recording = read(tmp_path / "run.parquet")
    assert rows == describe_rows(batches)
    assert recording.leftover_bytes == 0


LEFT = """
import os, sys
from rust_daq import _compaction
_compaction._publish = lambda *arguments, **settings: (print("ready", flush=True), sys.stdin.readline())
_compaction.compact(sys.argv[1], sys.argv[2])
"""


@pytest.mark.skipif(os.name == "nt", reason="there an open file is not removed in any case")
def test_files_of_killed_calls_are_removed_but_not_of_running_ones(tmp_path):
    source = write(tmp_path / "run.arrow", [batch_of(3)])
    other = tmp_path / ".somebody.part"
    other.touch()

    def begun(target):
        command = [sys.executable, "-c", LEFT, str(source), str(tmp_path / target)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        return process

    with begun("run.parquet") as killed, begun("run.parquet") as living, begun("another.parquet") as elsewhere:
        assert len(list(tmp_path.glob(".*.part"))) == 4
        killed.kill()
        killed.wait()
        assert compact(source, tmp_path / "run.parquet") == 3
        # The files of running calls, and an unrelated file.
        assert len(list(tmp_path.glob(".*.part"))) == 3
        for process in (living, elsewhere):
            process.kill()
            process.wait()
    for target in ("run.parquet", "another.parquet"):
        assert compact(source, tmp_path / target, overwrite=True) == 3
    assert sorted(tmp_path.iterdir()) == sorted([other, source, tmp_path / "run.parquet", tmp_path / "another.parquet"])


def test_a_gap_shows_in_the_file(tmp_path):
    path = write(
        tmp_path / "run.parquet", [batch_of(3, first=0), batch_of(3, first=3), batch_of(3, first=8), batch_of(2)]
    )
    found = list(open_recording(path))
    assert [(len(batch), batch.first_sequence) for batch in found] == [
        (6, {"laser": 0}),
        (3, {"laser": 8}),
        (2, None),
    ]


def test_many_small_and_one_large_batch_are_compacted_in_row_groups(tmp_path):
    record(ArrowWriter(tmp_path / "small", sync="none"), *(batch_of(1, start=index) for index in range(20_000)))
    record(ArrowWriter(tmp_path / "large", sync="none"), batch_of(600_000, first=0))
    assert compact([tmp_path / "small", tmp_path / "large"], tmp_path / "run.parquet") == 620_000
    file = pa.parquet.ParquetFile(tmp_path / "run.parquet")
    sizes = [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)]
    assert max(sizes) <= 262_144
    rows = sum(len(batch) for batch in open_recording(tmp_path / "run.parquet"))
    assert rows == 620_000


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is asked for as on Linux")
def test_memory_does_not_grow_with_the_recordings(tmp_path):
    code = """
import resource, sys
from recordings import batch_of
from rust_daq.storage import ArrowWriter, compact
with ArrowWriter(sys.argv[1] + "/run", sync="none") as writer:
    batch = batch_of(10_000)
    for _ in range(int(sys.argv[2])):
        writer.write(batch)
compact([sys.argv[1] + "/run"], sys.argv[1] + "/run.parquet")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""

    def peak(batches):
        folder = tmp_path / str(batches)
        folder.mkdir()
        return int(run(code, folder, batches))

    # 20 MB of rows compared with 400 MB.
    assert peak(2_000) < peak(100) + 100e6


def test_a_target_is_replaced_only_on_request(tmp_path):
    source = write(tmp_path / "run.arrow", [batch_of(3)])
    target = tmp_path / "run.parquet"
    target.write_text("what somebody needs")
    with pytest.raises(FileExistsError, match="overwrite=True to replace it"):
        compact(source, target)
    with pytest.raises(TypeError, match="overwrite must be a bool, got 'no'"):
        compact(source, target, overwrite="no")
    assert target.read_text() == "what somebody needs"
    assert compact(source, target, overwrite=True) == 3
    assert read(target)[0] == describe_rows([batch_of(3)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.arrow", "run.parquet"]


def test_a_target_created_in_the_meantime_is_not_replaced(tmp_path, monkeypatch):
    source = write(tmp_path / "run.arrow", [batch_of(3)])
    target = tmp_path / "run.parquet"
    write_rows = _compaction._write

    def late(*arguments):
        rows = write_rows(*arguments)
        target.write_text("what somebody needs")
        return rows

    monkeypatch.setattr(_compaction, "_write", late)
    with pytest.raises(FileExistsError, match="overwrite=True to replace it"):
        compact(source, target)
    assert target.read_text() == "what somebody needs"
    assert sorted(tmp_path.iterdir()) == [source, target]


def test_without_hard_links_the_file_is_renamed(tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(errno.EPERM, "not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refused)
    source = write(tmp_path / "run.arrow", [batch_of(3)])
    assert compact(source, tmp_path / "run.parquet") == 3
    with pytest.raises(FileExistsError):
        compact(source, tmp_path / "run.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.arrow", "run.parquet"]


def test_an_unreadable_source_leaves_no_file(tmp_path):
    good = write(tmp_path / "run.arrow", [batch_of(3)])
    bad = tmp_path / "notes.txt"
    bad.write_text("shopping list")
    with pytest.raises(ValueError, match="notes.txt: is not a recording"):
        compact([good, bad], tmp_path / "run.parquet")
    with pytest.raises(FileNotFoundError, match="the file does not exist"):
        compact([good, tmp_path / "missing"], tmp_path / "run.parquet")
    assert sorted(tmp_path.iterdir()) == [bad, good]


@pytest.mark.parametrize(
    ("sources", "error", "sentence"),
    [
        ([], ValueError, "sources is empty; pass at least one recording"),
        (3, TypeError, "sources must be a path or an iterable of paths, got 3"),
        ([3], TypeError, "sources must be a path or an iterable of paths, got 3 in it"),
        (["run.parquet"], ValueError, "target .* is one of the sources; pass another file"),
    ],
)
def test_invalid_sources_are_refused(tmp_path, monkeypatch, sources, error, sentence):
    monkeypatch.chdir(tmp_path)
    write("run.parquet", [batch_of(3)])
    with pytest.raises(error, match=sentence):
        compact(sources, "run.parquet", overwrite=True)
    assert read("run.parquet")[1].next_row == 3


def test_an_error_of_the_iterable_of_sources_is_the_callers_own(tmp_path):
    def sources():
        yield write(tmp_path / "run.arrow", [batch_of(3)])
        yield from (1 for _ in None)

    with pytest.raises(TypeError, match="'NoneType' object is not iterable"):
        compact(sources(), tmp_path / "run.parquet")


@pytest.mark.parametrize("name", ["run.arrow", "run.csv", "run.parquet"])
def test_threads_that_share_a_recording_receive_each_batch_once(tmp_path, monkeypatch, name):
    monkeypatch.setattr(_parquet, "_ROWS", 5)  # the rows of a read, so that Parquet takes several
    batches = [batch_of(5, first=1_000_000 * number) for number in range(200)]
    path = write(tmp_path / name, batches)
    found, errors = [], []

    def iterate():
        try:
            found.extend(recording)
        except Exception as error:
            errors.append(error)

    with open_recording(path) as recording:
        threads = [threading.Thread(target=iterate) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert recording.next_row == 1_000
    assert errors == []
    assert sorted(describe_rows(found), key=lambda row: row[-1]) == describe_rows(batches)


@pytest.mark.parametrize(
    ("target", "error", "sentence"),
    [
        (".", IsADirectoryError, "is a folder"),
        ("missing/run.parquet", FileNotFoundError, "the folder .*missing does not exist; create it first"),
        *(
            (target, TypeError, "target must be a str or an os.PathLike of str, got ")
            for target in (None, 3, b"run.parquet")
        ),
    ],
)
def test_an_invalid_target_is_refused(tmp_path, monkeypatch, target, error, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=sentence):
        compact(write("run.arrow", [batch_of(3)]), target, overwrite=True)


def test_parquet_not_written_by_compact_is_refused(tmp_path):
    pa.parquet.write_table(pa.table(batch_of(3)), tmp_path / "run.parquet")
    with pytest.raises(ValueError, match="is not a recording, because compact did not write it; read it with pyarrow"):
        open_recording(tmp_path / "run.parquet")


def test_parquet_of_a_newer_version_is_refused(tmp_path):
    path = write(tmp_path / "run.parquet", [batch_of(3)])
    table = pa.parquet.read_table(path).replace_schema_metadata({"rust_daq.version": "2"})
    pa.parquet.write_table(table, path)
    with pytest.raises(ValueError, match="its schema has version 2, but this rust_daq reads versions up to 1"):
        open_recording(path)


@pytest.mark.parametrize("call", ["compact(sys.argv[1], sys.argv[2])", "open_recording(sys.argv[3])"])
def test_without_pyarrow_parquet_is_refused_with_the_package_to_install(tmp_path, call):
    source = write(tmp_path / "run.arrow", [batch_of(3)])
    parquet = write(tmp_path / "run.parquet", [batch_of(3)])
    code = f"""
import sys
sys.modules["pyarrow"] = None
from rust_daq.storage import compact, open_recording
assert len(list(open_recording(sys.argv[1]))) == 1
try:
    {call}
except ModuleNotFoundError as error:
    print(error)
"""
    assert "Parquet needs pyarrow, which is not installed; run pip install pyarrow" in run(
        code, source, tmp_path / "new.parquet", parquet
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_the_file_has_the_permissions_of_the_umask(tmp_path):
    source = write(tmp_path / "run.arrow", [batch_of(3)])
    before = os.umask(0o027)
    try:
        compact(source, tmp_path / "run.parquet")
    finally:
        os.umask(before)
    assert (tmp_path / "run.parquet").stat().st_mode & 0o777 == 0o640


def test_a_table_of_a_compacted_file_is_a_batch(tmp_path):
    written = [mixed(4, [LAMP, TUNED]), batch_of(2, TUNED)]
    compact([write(tmp_path / "a.arrow", written)], tmp_path / "a.parquet")
    table, whole = pa.parquet.read_table(tmp_path / "a.parquet"), Batch.concat(written)
    assert Batch.from_arrow(table) == whole
    for part in (table.slice(1), pa.Table.from_batches(table.to_batches(max_chunksize=2))):
        assert Batch.from_arrow(part) == whole[len(whole) - len(part) :]
    other = Channel(TUNED.name, "another unit")
    with pytest.raises(ValueError, match=rf"'?{TUNED.name}'? .*another unit"):
        Batch.from_arrow(table, other)

"""Continuing a recording: existing rows stay, and new rows fit."""

import pytest
from recordings import LAMP, LASER, TUNED, WRITERS, batch_of, describe_rows, mixed, read, read_torn, record, write

from rust_daq import Channel
from rust_daq.storage import ArrowWriter, CsvWriter

every_writer = pytest.mark.parametrize("writer_class", WRITERS)


@every_writer
@pytest.mark.parametrize("sync", ["none", "flush", "batch"])
def test_a_recording_continues_after_its_last_row(tmp_path, writer_class, sync):
    path = tmp_path / "run"
    expected = []
    for count in range(3):
        with writer_class(path, append=True, sync=sync) as writer:
            assert writer.rows == 5 * count
            writer.write(batch_of(5, start=5 * count))
            assert writer.rows == 5 * count + 5
        expected.append(batch_of(5, start=5 * count))
        assert writer.bytes == path.stat().st_size
        assert read(path)[0] == describe_rows(expected)
        assert read(path)[1].leftover_bytes == 0


@every_writer
def test_a_recording_continued_without_rows_is_unchanged(tmp_path, writer_class):
    path = tmp_path / "run"
    record(writer_class(path), batch_of(5))
    before = path.read_bytes()
    writer_class(path, append=True).close()
    assert path.read_bytes() == before


@every_writer
def test_a_recording_without_batches_accepts_any_batch(tmp_path, writer_class):
    path = tmp_path / "run"
    writer_class(path).close()
    record(writer_class(path, append=True), batch_of(5))
    assert read(path)[0] == describe_rows([batch_of(5)])


@every_writer
@pytest.mark.parametrize("first", [None, 3])
def test_a_file_cut_anywhere_continues_after_its_last_whole_batch(tmp_path, writer_class, first):
    batches = [batch_of(2, first=first), batch_of(2, first=None if first is None else 5, start=2)]
    content = record(writer_class(tmp_path / "whole"), *batches).path.read_bytes()
    path = tmp_path / "run"
    for length in range(len(content)):
        path.write_bytes(content[:length])
        before = read_torn(path)[0]
        writer = record(writer_class(path, append=True), batch_of(3, first=0 if first is not None else None))
        found, recording = read(path)
        assert found == before + describe_rows([batch_of(3, first=0 if first is not None else None)]), length
        assert (recording.leftover_bytes, writer.bytes) == (0, path.stat().st_size)


@pytest.mark.parametrize("zeros", [1, 8, 5_000])
@pytest.mark.parametrize("closed", [False, True])
@every_writer
def test_zeros_left_by_a_crash_are_cut_off(tmp_path, writer_class, zeros, closed):
    path = tmp_path / "run"
    writer = writer_class(path)
    writer.write(batch_of(5))
    content = path.read_bytes()
    writer.close()
    path.write_bytes((path.read_bytes() if closed else content) + bytes(zeros))
    record(writer_class(path, append=True), batch_of(5, start=5))
    assert read(path)[0] == describe_rows([batch_of(5), batch_of(5, start=5)])
    assert read(path)[1].leftover_bytes == 0


@every_writer
def test_a_recording_damaged_in_the_middle_is_not_continued(tmp_path, writer_class):
    path = tmp_path / "run"
    with writer_class(path) as writer:
        writer.write(batch_of(2))
        place = writer.bytes
        writer.write(batch_of(50, start=2))
        writer.write(batch_of(50, start=52))
    content = bytearray(path.read_bytes())
    content[place + 40 if writer_class is CsvWriter else place + 700] ^= 0x40
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"run: cannot be continued: after row .*; write to another file"):
        writer_class(path, append=True)
    assert path.read_bytes() == content


def test_a_file_that_is_not_a_recording_is_not_continued(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("shopping list\n")
    for writer_class in WRITERS:
        with pytest.raises(ValueError, match=r"notes.txt: is not a recording"):
            writer_class(path, append=True)
    stream, table = write(tmp_path / "run.arrow", [batch_of(3)]), write(tmp_path / "run.csv", [batch_of(3)])
    with pytest.raises(ValueError, match="the recording is an Arrow stream; continue it with ArrowWriter"):
        CsvWriter(stream, append=True)
    with pytest.raises(ValueError, match="the recording is CSV; continue it with CsvWriter"):
        ArrowWriter(table, append=True)
    assert path.read_text() == "shopping list\n"
    assert read(stream)[0] == describe_rows([batch_of(3)])


@every_writer
def test_a_unit_cannot_change(tmp_path, writer_class):
    path = tmp_path / "run"
    record(writer_class(path), batch_of(3))
    with writer_class(path, append=True) as writer:
        with pytest.raises(ValueError, match="channel 'laser' has the units 'mW' and 'W'"):
            writer.write(batch_of(3, Channel("laser", "W")))
        writer.write(batch_of(3))
    assert read(path)[0] == describe_rows([batch_of(3), batch_of(3)])


def test_a_stream_keeps_its_channels_and_their_metadata(tmp_path):
    path = tmp_path / "run"
    record(ArrowWriter(path, channels=[TUNED, LAMP]), batch_of(3, TUNED))
    before = path.read_bytes()
    for channels, sentence in [
        ([Channel("laser", "W", {"gain": 2})], "has the units 'mW' and 'W'"),
        ([LASER], "has the metadata"),
        ([Channel("other", "V")], "is not in the recording"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            ArrowWriter(path, append=True, channels=channels)
    with pytest.raises(ValueError, match="the recording has no column of metadata; omit own_metadata"):
        ArrowWriter(path, append=True, own_metadata=True)
    assert path.read_bytes() == before
    with ArrowWriter(path, append=True, channels=[LAMP]) as writer:
        with pytest.raises(ValueError, match="has the metadata"):
            writer.write(batch_of(3, LASER))
        writer.write(mixed(4, [LAMP, TUNED]))
    assert read(path)[0] == describe_rows([batch_of(3, TUNED), mixed(4, [LAMP, TUNED])])


def test_a_stream_with_metadata_for_each_row_keeps_the_column(tmp_path):
    path = tmp_path / "run"
    record(ArrowWriter(path, own_metadata=True), batch_of(3, TUNED))
    record(ArrowWriter(path, append=True), batch_of(3, LASER))
    assert read(path)[0] == describe_rows([batch_of(3, TUNED), batch_of(3, LASER)])


def test_csv_keeps_its_column_of_numbers(tmp_path):
    numbered, plain = tmp_path / "numbered", tmp_path / "plain"
    for path, first in ((numbered, 0), (plain, None)):
        record(CsvWriter(path), batch_of(3, first=first))
    with pytest.raises(ValueError, match="has no column of sequence numbers; pass sequences=False"):
        CsvWriter(plain, append=True, sequences=True)
    with pytest.raises(ValueError, match="has a column of sequence numbers; omit sequences"):
        CsvWriter(numbered, append=True, sequences=False)
    with (
        CsvWriter(plain, append=True) as writer,
        pytest.raises(ValueError, match="but the file has no column for them"),
    ):
        writer.write(batch_of(3, first=3))
    record(CsvWriter(plain, append=True, sequences=False), batch_of(3, first=3))
    record(CsvWriter(numbered, append=True), batch_of(3, first=3), batch_of(3))
    assert read(plain)[0] == describe_rows([batch_of(3), batch_of(3)])
    assert read(numbered)[0] == describe_rows([batch_of(3, first=0), batch_of(3, first=3), batch_of(3)])


@every_writer
def test_samples_of_a_recording_are_not_written_twice(tmp_path, writer_class):
    path = tmp_path / "run"
    record(
        writer_class(path),
        batch_of(5, first=10),
        batch_of(5, LAMP, first=0) if writer_class is CsvWriter else batch_of(5, first=15),
    )
    last = 14 if writer_class is CsvWriter else 19
    with writer_class(path, append=True) as writer:
        for first in (1, 10, last):
            sentence = f"the batch has sample {first} of channel 'laser', but the recording goes up to sample {last}; "
            with pytest.raises(ValueError, match=sentence):
                writer.write(batch_of(5, first=first))
        assert (writer.rows, writer.closed) == (10, False)
        # A new run starts at 0; this does not affect the next batch.
        writer.write(batch_of(5, first=0))
        writer.write(batch_of(5, first=2))
    for first in (last + 1, last + 100):
        record(writer_class(path, append=True), batch_of(5, first=first))


@every_writer
def test_a_rotated_recording_continues_in_its_last_part(tmp_path, writer_class):
    batches = [batch_of(20, start=20 * count) for count in range(9)]
    paths = []
    for count in range(3):
        with writer_class(tmp_path / "run.x", append=True, rotate_bytes=2_500) as writer:
            for batch in batches[3 * count : 3 * count + 3]:
                writer.write(batch)
        paths += writer.paths
    parts = sorted(tmp_path.iterdir())
    assert sorted(set(paths)) == parts
    assert len(parts) > 2
    assert all(path.stat().st_size >= 2_500 for path in parts[:-1])
    assert [row for path in parts for row in read(path)[0]] == describe_rows(batches)


@every_writer
@pytest.mark.parametrize("content", [b"", b"\xff\xff", b"time"])
def test_a_part_without_a_beginning_uses_the_one_of_the_previous_part(tmp_path, writer_class, content):
    record(writer_class(tmp_path / "run.x", rotate_bytes=1), batch_of(5, first=0))
    (tmp_path / "run.part0001.x").write_bytes(content)
    if content and (writer_class is CsvWriter) != (content == b"time"):
        return
    with writer_class(tmp_path / "run.x", append=True, rotate_bytes=1) as writer:
        with pytest.raises(ValueError, match="has the units 'mW' and 'W'"):
            writer.write(batch_of(5, Channel("laser", "W")))
        with pytest.raises(ValueError, match="the batch has sample 3"):
            writer.write(batch_of(5, first=3))
        writer.write(batch_of(5, first=5))
    assert writer.paths == [tmp_path / "run.part0001.x"]
    assert read(writer.path)[0] == describe_rows([batch_of(5, first=5)])


@every_writer
def test_a_file_and_parts_are_not_continued_as_each_other(tmp_path, writer_class):
    record(writer_class(tmp_path / "one.x"), batch_of(5))
    record(writer_class(tmp_path / "parts.x", rotate_bytes=1), batch_of(5))
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FileExistsError, match="the recording is one file; omit rotate_bytes to continue it"):
        writer_class(tmp_path / "one.x", append=True, rotate_bytes=1)
    with pytest.raises(FileExistsError, match="has parts such as .*part0000.x; pass rotate_bytes to continue it"):
        writer_class(tmp_path / "parts.x", append=True)
    assert sorted(tmp_path.iterdir()) == before

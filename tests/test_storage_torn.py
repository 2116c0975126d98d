"""Truncated and damaged files: every whole batch is read, and no wrong data."""

import math
import warnings
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import FORMATS, LAMP, LASER, TUNED, batch_of, describe_rows, mixed, read, write

from rust_daq.storage import ArrowWriter, TornRecordingWarning, compact, open_recording

BATCHES = [batch_of(2, first=7), mixed(3, [LASER, LAMP], first=9), LASER.batch([math.nan, -0.0], [-1, 2**62])]
CHANNELS = [LASER, LAMP]

FIRST_VERSION = Path(__file__).parent / "data" / "version_1.arrow"
"""Batches of three numbered rows and of two without numbers."""

CLOSING = 350
"""More bytes than the end of a stream, and fewer than its end and its last batch."""


def torn(path):
    """Read a file; return the description of its rows, the recording and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rows, recording = read(path)
    assert [warning.category for warning in caught] in ([], [TornRecordingWarning])
    assert len(rows) == recording.next_row
    return rows, recording, [str(warning.message) for warning in caught]


def ends(path, suffix):
    """Return the ends of whole batches in a stream, or of rows in CSV."""
    if suffix == "csv":
        lines = path.read_bytes().splitlines(keepends=True)
        return [sum(map(len, lines[: count + 1])) for count in range(len(lines))]
    sizes = []
    with ArrowWriter(path.with_name("again"), channels=CHANNELS) as writer:
        for batch in BATCHES:
            # Without rows, it has only its beginning.
            writer.write(batch[:0])
            sizes.append(writer.bytes)
            writer.write(batch)
        sizes = [sizes[0], *sizes[1:], writer.bytes]
    # The message without rows, and the end marker of eight bytes.
    return [*sizes, writer.bytes - 8]


@pytest.mark.parametrize("suffix", ["arrow", "csv"])
def test_a_file_cut_anywhere_returns_everything_whole(tmp_path, suffix):
    path = write(tmp_path / f"run.{suffix}", BATCHES, CHANNELS)
    whole = path.read_bytes()
    ended = ends(path, suffix)
    rows = describe_rows(BATCHES)
    counts = (
        [sum(map(len, BATCHES[:count])) for count in (0, 1, 2, 3, 3)] if suffix == "arrow" else range(len(rows) + 1)
    )
    cut = tmp_path / "cut"
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        found, recording, warned = torn(cut)
        reached = [end for end in ended if end <= length]
        count = counts[len(reached) - 1] if reached else 0
        assert found == rows[:count], length
        if reached:
            assert recording.leftover_bytes == length - reached[-1], length
        # A CSV file has no end marker; it may have been closed at this point.
        assert bool(warned) == (suffix == "arrow" or length not in ended), length
    assert torn(path)[0] == rows
    assert torn(path)[2] == []


def test_a_parquet_file_cut_anywhere_is_refused(tmp_path):
    whole = write(tmp_path / "run.parquet", BATCHES, CHANNELS).read_bytes()
    cut = tmp_path / "cut"
    for length in range(1, len(whole)):
        cut.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="the Parquet file is cut off or damaged") as refused:
            open_recording(cut)
        assert str(cut) in str(refused.value)
        assert "compact its recordings again" in str(refused.value)


def test_the_warning_reports_the_loss_once(tmp_path):
    path = write(tmp_path / "run.arrow", [batch_of(5), batch_of(7)])
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-CLOSING])
    recording = open_recording(path)
    assert len(next(recording)) == 5
    lost = f"{path}: the file ends before it was closed; 5 rows before it were read, "
    with pytest.warns(TornRecordingWarning) as warned:
        assert list(recording) == []
    [warning] = warned
    assert str(warning.message) == f"{lost}{recording.leftover_bytes} bytes are left over"
    assert warning.filename == __file__
    assert recording.next_row == 5
    assert 0 < recording.leftover_bytes < size
    assert list(recording) == []


def messages(path):
    """Return the bytes of each message of a stream: schema, names, batches, the one without rows, the end marker."""
    content, found = path.read_bytes(), []
    with path.open("rb") as file:
        while file.tell() < len(content):
            begin = file.tell()
            length = int.from_bytes(file.read(8)[4:], "little")
            if length:
                file.seek(begin)
                pa.ipc.read_message(file)
            found.append(content[begin : file.tell()])
    return found


def without(parts, at):
    return [*parts[:at], *parts[at + 1 :]]


def doubled(parts, at):
    return [*parts[: at + 1], *parts[at:]]


def swapped(parts, at):
    return [*parts[:at], parts[at + 1], parts[at], *parts[at + 2 :]]


@pytest.mark.parametrize("change", [without, doubled, swapped])
@pytest.mark.parametrize("at", range(2, 8))
def test_missing_duplicated_and_moved_messages_are_detected(tmp_path, change, at):
    # The batches differ only in their values, so their messages have equal lengths.
    batches = [batch_of(4, start=4 * index) for index in range(5)]
    path = write(tmp_path / "run.arrow", batches)
    parts = messages(path)
    assert (len(parts), b"".join(parts)) == (9, path.read_bytes())
    path.write_bytes(b"".join(change(parts, at)))
    rows, _, warned = torn(path)
    assert warned
    assert rows == describe_rows(batches[: len(rows) // 4])
    assert len(rows) <= 4 * (at - 1)


def test_a_stream_of_the_previous_version_is_read_and_not_continued(tmp_path):
    path = tmp_path / "run.arrow"
    path.write_bytes(FIRST_VERSION.read_bytes())
    assert read(path)[0] == describe_rows([batch_of(3, first=7), batch_of(2)])
    with pytest.raises(ValueError, match="was written by an earlier version and cannot be continued"):
        ArrowWriter(path, append=True)
    assert path.read_bytes() == FIRST_VERSION.read_bytes()


def test_bytes_after_the_end_are_left_over(tmp_path):
    path = write(tmp_path / "run.arrow", [batch_of(5)])
    path.write_bytes(path.read_bytes() * 2)
    rows, recording, [warned] = torn(path)
    assert rows == describe_rows([batch_of(5)])
    assert recording.leftover_bytes == path.stat().st_size // 2
    assert "bytes follow the end of the recording" in warned


@pytest.mark.parametrize("zeros", [1, 100, 5_000])
@pytest.mark.parametrize("suffix", ["arrow", "csv"])
def test_zeros_at_the_end_are_not_rows(tmp_path, suffix, zeros):
    # A crashed system may have extended a file without writing its content.
    path = write(tmp_path / f"run.{suffix}", BATCHES, CHANNELS)
    if suffix == "arrow":
        path.write_bytes(path.read_bytes()[: ends(path, suffix)[-2]])
    with path.open("ab") as file:
        file.write(bytes(zeros))
    rows, recording, warned = torn(path)
    assert rows == describe_rows(BATCHES)
    assert recording.leftover_bytes == zeros
    assert warned


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("2026-01-01T00:00:00Z,laser,1.5", "it has 3 cells, but the file has 4 columns"),
        ("2026-01-01T00:00:00Z,laser,1.5,mW,,,", "it has more cells than the file has columns"),
        ("2026-01-01,laser,1.5,mW", 'its timestamp "2026-01-01" is not a valid time in UTC'),
        ("2026-02-30T00:00:00Z,laser,1.5,mW", 'its timestamp "2026-02-30T00:00:00Z" is not a valid time in UTC'),
        ("2026-01-01T00:00:00Z,,1.5,mW", "its channel is empty"),
        ("2026-01-01T00:00:00Z,laser,1.5x,mW", 'its value "1.5x" is not a number'),
        ("2026-01-01T00:00:00Z,laser,,mW", 'its value "" is not a number'),
        ("2026-01-01T00:00:00Z,laser,1.5,V", 'its unit is "V", but "laser" had the unit "mW" before'),
    ],
)
def test_a_damaged_row_ends_the_reading_with_its_reason(tmp_path, row, sentence):
    path = write(tmp_path / "run.csv", [batch_of(3)])
    lines = path.read_text().replace(",sequence", "").replace(",\n", "\n").splitlines(keepends=True)
    path.write_text("".join([*lines[:3], row + "\n", *lines[3:]]))
    rows, recording, [warned] = torn(path)
    assert rows == describe_rows([batch_of(2)])
    assert f"row 2 is damaged: {sentence}" in warned
    assert recording.leftover_bytes == len((row + "\n" + lines[3]).encode())


@pytest.mark.parametrize("sequence", ["x", "-1", "1.0", "+1", str(2**64)])
def test_a_sequence_number_is_a_count(tmp_path, sequence):
    path = tmp_path / "run.csv"
    path.write_text(f"timestamp,channel,value,unit,sequence\n2026-01-01T00:00:00Z,laser,1.5,V,{sequence}\n")
    assert f'its sequence "{sequence}" is not a count' in torn(path)[2][0]


@pytest.mark.parametrize("suffix", FORMATS)
@given(at=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_a_changed_byte_never_becomes_another_row(tmp_path_factory, suffix, at, change):
    folder = tmp_path_factory.mktemp("changed")
    path = write(folder / f"run.{suffix}", BATCHES, CHANNELS)
    content = bytearray(path.read_bytes())
    place = int(at * len(content))
    content[place] ^= change
    path.write_bytes(content)
    rows = describe_rows(BATCHES)
    try:
        found, _, _ = torn(path)
    except ValueError as refused:
        assert str(path) in str(refused)  # noqa: PT017 (it may be read as well)
        return
    if suffix == "csv":
        # A changed digit cannot be detected. The rows before it are unchanged.
        rows = rows[: max(0, content[:place].count(b"\n") - 1)]
        found = found[: len(rows)]
    assert found == rows[: len(found)]


@given(st.sampled_from([b"", b"\xff\xff\xff\xff", b"PAR1", b"timestamp,channel,value,unit\n"]), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory, beginning, rest):
    path = tmp_path_factory.mktemp("any") / "run"
    path.write_bytes(beginning + rest)
    try:
        torn(path)
    except ValueError as refused:
        assert str(path) in str(refused)  # noqa: PT017 (they may be rows as well)


@pytest.mark.parametrize("length", [2**31 - 1, 2**31, 2**32 - 1])
def test_an_impossible_length_is_refused(tmp_path, length):
    path = tmp_path / "run"
    path.write_bytes(b"\xff\xff\xff\xff" + length.to_bytes(4, "little") + bytes(100))
    with pytest.raises(ValueError, match="its schema is longer than that of any recording"):
        open_recording(path)


def test_a_torn_recording_is_compacted_with_a_warning(tmp_path):
    path = write(tmp_path / "run.arrow", [batch_of(5, TUNED), batch_of(7, TUNED)])
    path.write_bytes(path.read_bytes()[:-CLOSING])
    with pytest.warns(TornRecordingWarning, match="5 rows before it were read"):
        assert compact([path], tmp_path / "run.parquet") == 5
    assert read(tmp_path / "run.parquet")[0] == describe_rows([batch_of(5, TUNED)])

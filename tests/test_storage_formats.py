"""Written data is read back by `open_recording` and by every intended reader of the formats."""

import csv
import itertools
import json
import math
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from batches import INT64, recorded
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import FORMATS, LAMP, LASER, batch_of, bits, describe_rows, mixed, read, record, write

from rust_daq import Batch
from rust_daq.storage import ArrowWriter, CsvWriter, open_recording

# CSV readers guess types: a name that looks like a number, a date or a missing value is converted.
words = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=6).filter(
    lambda word: word.casefold() not in {"null", "none", "nan", "na", "n", "inf", "infinity", "true", "false", "t", "f"}
)
# Not every reader supports the full range of times: DuckDB reads the last nanosecond as infinity.
years = st.integers(-(2**62), 2**62)
plain = recorded(names=words, text=words, times=years, metadata=st.none())

# Each example writes one or three files.
few = settings(max_examples=settings().max_examples // 4)


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def written(folder, suffix, batches, channels=None):
    """Write a new file."""
    path = Path(tempfile.mkdtemp(dir=folder)) / f"run.{suffix}"
    return write(path, batches, channels)


@pytest.mark.parametrize("suffix", FORMATS)
@few
@given(recorded(own=True))
def test_batches_survive_a_round_trip(folder, suffix, recording):
    channels, batches = recording
    rows, reader = read(written(folder, suffix, batches, channels))
    assert rows == describe_rows(batches, metadata=suffix != "csv")
    assert (reader.format, reader.leftover_bytes, reader.next_row) == (suffix, 0, len(rows))


@few
@given(recorded())
def test_a_stream_is_read_batch_by_batch(folder, recording):
    channels, batches = recording
    found = list(open_recording(written(folder, "arrow", batches, channels)))
    there = [batch for batch in batches if len(batch)]
    assert found == there
    assert [batch.first_sequence for batch in found] == [batch.first_sequence for batch in there]


def spread(times, names, units, values):
    """Return the rows of columns: time, name, unit and bits of the value."""
    return list(zip(times, names, units, map(bits, values), strict=True))


def of_table(table, units=None):
    """Return the rows of an Arrow table."""
    names = table["channel"].to_pylist()
    units = table["unit"].to_pylist() if units is None else [units[name] for name in names]
    times = pa.compute.cast(table["timestamp"], pa.int64()).to_pylist()
    return spread(times, names, units, [math.nan if value is None else value for value in table["value"].to_pylist()])


def of_frame(frame, units=None):
    """Return the rows of a pandas frame."""
    units = frame["unit"] if units is None else frame["channel"].astype(str).map(units)
    return spread(frame["timestamp"].astype("int64"), frame["channel"], units, frame["value"])


def of_texts(columns, read=None):
    """Return the rows of columns whose timestamps are text."""
    times = map(read or nanoseconds, columns["timestamp"])
    return spread(times, columns["channel"], columns["unit"], map(float, columns["value"]))


def units_of(path):
    described = pa.ipc.open_stream(path).schema.metadata[b"rust_daq.channels"]
    return {name: facts["unit"] for name, facts in json.loads(described).items()}


def nanoseconds(text):
    """Parse a timestamp; reference implementation."""
    moment = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)).days * 86_400 + moment.hour * 3_600
    return (seconds + moment.minute * 60 + moment.second) * 10**9 + int(text[20:29])


def with_duckdb(path):
    with duckdb.connect() as connection:
        found = connection.register("recording", pa.ipc.open_stream(path).read_all())
        return of_table(found.sql("from recording").to_arrow_table(), units_of(path))


def with_the_standard_library(path):
    with path.open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    return of_texts({name: [row[name] for row in found] for name in ("timestamp", "channel", "unit", "value")})


def with_pyarrow(path):
    texts = pa.csv.ConvertOptions(strings_can_be_null=False, column_types={"value": pa.float64()})
    table = pa.csv.read_csv(path, convert_options=texts)
    return of_table(table) if table.num_rows else []  # without rows it knows no types


READERS = {
    ("arrow", "pyarrow"): lambda path: of_table(pa.ipc.open_stream(path).read_all(), units_of(path)),
    ("arrow", "polars"): lambda path: of_table(pl.read_ipc_stream(path).to_arrow(), units_of(path)),
    ("arrow", "pandas"): lambda path: of_frame(pa.ipc.open_stream(path).read_pandas(), units_of(path)),
    ("arrow", "duckdb"): with_duckdb,
    ("csv", "pyarrow"): with_pyarrow,
    ("csv", "pandas"): lambda path: of_texts(pd.read_csv(path), lambda text: pd.Timestamp(text).value),
    ("csv", "polars"): lambda path: of_texts(pl.read_csv(path, schema_overrides={"value": pl.Float64})),
    ("csv", "csv"): with_the_standard_library,
    ("parquet", "pyarrow"): lambda path: of_table(pa.parquet.read_table(path)),
    ("parquet", "polars"): lambda path: of_table(pl.read_parquet(path).to_arrow()),
    ("parquet", "pandas"): lambda path: of_frame(pd.read_parquet(path)),
    ("parquet", "duckdb"): lambda path: [
        (*row[:3], bits(row[3]))
        for row in duckdb.sql(f"select epoch_ns(timestamp), channel, unit, value from '{path}'").fetchall()
    ],
}


def expected(batches):
    return [row[:4] for row in describe_rows(batches, metadata=False)]


@pytest.mark.parametrize(("suffix", "reader"), READERS)
@few
@given(st.data())
def test_every_reader_opens_it(folder, suffix, reader, data):
    readable = plain if suffix == "csv" and reader != "csv" else recorded(times=years if reader == "duckdb" else INT64)
    channels, batches = data.draw(readable)
    assert READERS[suffix, reader](written(folder, suffix, batches, channels)) == expected(batches)


@few
@given(plain)
def test_duckdb_opens_csv_except_digits_of_time(folder, recording):
    _, batches = recording
    path = written(folder, "csv", batches)
    found = duckdb.sql(f"select channel, unit, value::double from '{path}'").fetchall()
    assert [(*row[:2], bits(row[2])) for row in found] == [row[1:] for row in expected(batches)]


@few
@given(recorded(own=True))
def test_parquet_has_columns_of_metadata_and_sequence_numbers(folder, recording):
    channels, batches = recording
    table = pa.parquet.read_table(written(folder, "parquet", batches, channels))
    assert of_table(table) == expected(batches)
    documents = [None if text is None else repr(json.loads(text)) for text in table["metadata"].to_pylist()]
    assert documents == [row[4] for row in describe_rows(batches)]
    assert table["sequence"].to_pylist() == [row[5] for row in describe_rows(batches)]


def test_a_stream_describes_its_format(tmp_path):
    path = write(tmp_path / "run.arrow", [mixed(4, [LASER, LAMP], first=7)])
    with pa.ipc.open_stream(path) as stream:
        assert stream.schema.metadata[b"rust_daq.version"] == b"2"
        assert units_of(path) == {"laser": "mW", "lamp": "K"}
        batch, metadata = stream.read_next_batch_with_custom_metadata()
    assert metadata[b"rust_daq.first_sequences"] == b"[7,7]"
    assert Batch.from_arrow(batch) == mixed(4, [LASER, LAMP])


def test_columns_of_a_memory_mapped_stream_are_not_copied(tmp_path):
    path = write(tmp_path / "run.arrow", [batch_of(1_000), batch_of(1_000)])
    with pa.memory_map(str(path)) as file:
        before = pa.total_allocated_bytes()
        table = pa.ipc.open_stream(file).read_all()
        assert pa.total_allocated_bytes() - before < 1_000
        assert table.num_rows == 2_000


def test_a_value_of_csv_is_the_shortest_text_and_always_a_float(tmp_path):
    values = [1.0, 0.1, 1e300, 1e-300, -0.0, 100.0, math.nan, math.inf, -math.inf, 1 / 3]
    record(CsvWriter(tmp_path / "run.csv"), LASER.batch(values, start=0, rate=1.0))
    texts = [line.split(",")[2] for line in (tmp_path / "run.csv").read_text().splitlines()[1:]]
    assert texts == ["1.0", "0.1", "1e+300", "1e-300", "-0.0", "100.0", "NaN", "inf", "-inf", "0.3333333333333333"]


def test_csv_of_windows_spreadsheets_and_pandas_is_read(tmp_path):
    path = write(tmp_path / "run.csv", [batch_of(3)])
    text = path.read_text()
    spread_sheet = text.replace("T", " ").replace("Z", "+00:00")
    by_pandas = pd.read_csv(path, parse_dates=["timestamp"]).drop(columns="sequence").to_csv(index=False)
    for written, mark, end in itertools.product((text, spread_sheet, by_pandas), ("", "\ufeff"), ("\n", "\r\n")):
        path.write_bytes((mark + written.replace("\n", end)).encode())
        rows, recording = read(path)
        assert (rows, recording.leftover_bytes) == (describe_rows([batch_of(3)]), 0)


def test_a_long_csv_file_is_read_in_parts(tmp_path):
    path = write(tmp_path / "run.csv", [batch_of(100_000, first=5)])
    found = list(open_recording(path))
    assert [len(batch) for batch in found] == [65_536, 100_000 - 65_536]
    assert [batch.first_sequence["laser"] for batch in found] == [5, 5 + 65_536]
    assert Batch.concat(found) == batch_of(100_000)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_recording_is_read_one_batch_at_a_time(tmp_path, suffix):
    path = write(tmp_path / f"run.{suffix}", [batch_of(20_000, start=20_000 * index) for index in range(10)])
    with open_recording(path) as recording:
        assert recording.next_row == 0
        assert recording.leftover_bytes is None
        first = next(recording)
        assert recording.next_row == len(first)
        assert iter(recording) is recording
        assert recording.path == path
        assert repr(recording) == f"<Recording {str(path)!r}, {suffix}, next row {len(first)}>"
    assert recording.next_row == len(first)
    with pytest.raises(ValueError, match="the recording is closed; open it again"):
        next(recording)


def test_a_growing_file_is_read_up_to_its_end(tmp_path):
    with ArrowWriter(tmp_path / "run") as writer, open_recording(writer.path) as recording:
        with pytest.warns(UserWarning, match="the file ends before it was closed"):
            assert list(recording) == []
        writer.write(batch_of(5))
        with open_recording(writer.path) as growing:
            assert len(next(growing)) == 5
            writer.write(batch_of(7))
            assert len(next(growing)) == 7

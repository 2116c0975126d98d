"""Batches to Arrow and back, with the real pyarrow, polars, pandas and DuckDB."""

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from batches import LASER, PROBE, Handed, address, growth, of_distinct, of_one, of_own, rows_of_any_channels
from hypothesis import given
from hypothesis import strategies as st

from rust_daq import Batch, Channel, DataPoint, Metadata

CHANNELS = [LASER, PROBE]
UTC = pa.timestamp("ns", "UTC")
KEY = b"rust_daq.channels"


@pytest.fixture(params=[of_one, of_distinct, of_own])
def batch(request):
    return request.param()


def table(**columns: Any) -> pa.Table:
    """Return the simplest valid table, with some columns replaced; None omits a column."""
    given_columns = {
        "timestamp": pa.array([1, 2, 3], UTC),
        "value": pa.array([1.0, 2.0, 3.0]),
        "channel": pa.array(["laser", "probe", "laser"]),
    } | columns
    return pa.table({name: column for name, column in given_columns.items() if column is not None})


EXPECTED = [LASER.point(1.0, 1), PROBE.point(2.0, 2), LASER.point(3.0, 3)]


def schema_metadata(schema: pa.Schema) -> Any:
    return json.loads(schema.metadata[KEY])


# one schema


def test_the_schema_is_the_same_for_one_and_many_channels() -> None:
    fields = [
        pa.field("timestamp", UTC, nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("channel", pa.dictionary(pa.int32(), pa.string()), nullable=False),
    ]
    for batch in (of_one(), of_distinct(), of_one(0), of_one()[2:3], Batch.concat([])):
        for schema in (pa.table(batch).schema, pa.record_batch(batch).schema, pa.schema(batch)):
            assert schema.equals(pa.schema(fields))
            assert list(schema.metadata) == [KEY]


def test_a_metadata_column_exists_only_if_points_of_one_channel_differ() -> None:
    made = pa.table(of_own())
    assert made.schema.field("metadata") == pa.field("metadata", pa.string(), nullable=True)
    assert made["metadata"].to_pylist() == [None, '{"row":1}', None, '{"row":3}', None, '{"row":5}']
    assert "metadata" not in pa.table(of_distinct()).column_names


def test_the_schema_has_units_and_metadata() -> None:
    assert schema_metadata(pa.table(of_distinct()).schema) == {
        "laser": {"unit": "mW", "metadata": {"gain": 2, "big": 2**80}},
        "probe": {"unit": "K", "metadata": None},
    }
    assert schema_metadata(pa.table(of_own()).schema) == {"laser": {"unit": "mW", "metadata": None}}


def test_the_dictionary_has_each_name_once() -> None:
    for batch, names in [(of_one(), ["laser"]), (of_distinct(), ["laser", "probe"]), (of_own(), ["laser"])]:
        for chunk in pa.table(batch)["channel"].chunks:
            assert chunk.dictionary.to_pylist() == names


def test_a_requested_schema_is_ignored(batch: Batch) -> None:
    request = pa.schema({"value": pa.float32()}).__arrow_c_schema__()
    assert pa.RecordBatchReader._import_from_c_capsule(batch.__arrow_c_stream__(request)).schema == pa.schema(batch)
    assert batch.__arrow_c_stream__(requested_schema=None) is not None
    assert batch.__arrow_c_array__(requested_schema=request) is not None


def test_pyarrow_validates_the_data(batch: Batch) -> None:
    for made in (batch, batch[1:4], batch[::2], batch[3:3], Batch.concat([batch, batch[1:]])):
        pa.table(made).validate(full=True)
        pa.record_batch(made).validate(full=True)


# the packages


def rows_of(made: pa.Table) -> list[tuple[Any, ...]]:
    stamps = made["timestamp"].cast(pa.int64()).to_pylist()
    return list(zip(stamps, made["value"].to_pylist(), made["channel"].to_pylist(), strict=True))


def expected_rows(batch: Batch) -> list[tuple[Any, ...]]:
    return [(point.timestamp_ns, point.value, point.channel) for point in batch]


def test_every_package_reads_the_rows(batch):
    polars, pandas = pl.DataFrame(batch), pd.DataFrame.from_arrow(batch)
    assert (polars.schema["timestamp"], polars.schema["value"]) == (pl.Datetime("ns", "UTC"), pl.Float64)
    assert str(pandas["timestamp"].dtype) == "datetime64[ns, UTC]"
    columns = polars.select(pl.col("timestamp").to_physical(), "value", pl.col("channel").cast(pl.String))
    assert columns.rows() == expected_rows(batch)
    columns = zip(pandas["timestamp"].astype("int64"), pandas["value"], pandas["channel"], strict=True)
    assert list(columns) == expected_rows(batch)
    for part in (batch, batch[1:4], batch[3:3]):
        assert rows_of(pa.table(part)) == expected_rows(part)
        assert rows_of(pa.Table.from_batches([pa.record_batch(part)])) == expected_rows(part)


def test_duckdb_reads_the_rows(batch: Batch) -> None:
    assert batch is not None  # the query refers to it by name
    query = "select channel::varchar, sum(value), count(*) from batch group by all order by all"
    sums: dict[str, list[float]] = {}
    for point in batch:
        sums.setdefault(point.channel, []).append(point.value)
    found: Any = duckdb.sql(query)
    assert found.fetchall() == sorted((name, sum(of), len(of)) for name, of in sums.items())


# no copy


@pytest.mark.unsafe_code
def test_pyarrow_shares_the_columns_of_the_batch(batch: Batch) -> None:
    for part, offset in ((batch, 0), (batch[2:5], 2)):
        for made in (pa.table(part).combine_chunks().to_batches()[0], pa.record_batch(part)):
            stamps, numbers = made["timestamp"].cast(pa.int64()).to_numpy(), made["value"].to_numpy()
            assert address(numbers) == address(part.values) == address(batch.values) + 8 * offset
            assert address(stamps) == address(part.timestamps) == address(batch.timestamps) + 8 * offset


@pytest.mark.unsafe_code
def test_the_indices_of_distinct_names_are_not_copied() -> None:
    batch = of_distinct()
    assert address(pa.record_batch(batch)["channel"].indices.to_numpy()) == address(batch.indices)


@pytest.mark.unsafe_code
def test_polars_shares_the_columns_of_the_batch(batch: Batch) -> None:
    frame = pl.DataFrame(batch)
    assert address(frame["value"].to_numpy(allow_copy=False)) == address(batch.values)
    assert address(frame["timestamp"].to_physical().to_numpy(allow_copy=False)) == address(batch.timestamps)


@pytest.mark.unsafe_code
def test_from_arrow_shares_the_columns_of_the_table_on_request() -> None:
    given_table = table(channel=pa.array(["laser", "probe", "laser"]).dictionary_encode())
    for source in (given_table, given_table.to_batches()[0], given_table.slice(1)):
        batch = Batch.from_arrow(source, CHANNELS, share=True)
        numbers, stamps = source["value"], source["timestamp"].cast(pa.int64())
        if isinstance(source, pa.Table):
            numbers, stamps = numbers.chunk(0), stamps.chunk(0)
        assert address(batch.values) == address(numbers.to_numpy())
        assert address(batch.timestamps) == address(stamps.to_numpy())


@pytest.mark.unsafe_code
def test_values_of_an_arrow_array_are_copied() -> None:
    numbers, stamps = pa.array([1.0, 2.0, 3.0])[1:], pa.array([1, 2, 3], UTC)[1:]
    batch = LASER.batch(numbers, stamps)
    assert address(batch.values) != address(numbers.to_numpy())
    assert address(batch.timestamps) != address(stamps.cast(pa.int64()).to_numpy())
    del numbers, stamps
    gc.collect()
    assert batch.to_points() == [LASER.point(2.0, 2), LASER.point(3.0, 3)]


def test_a_batch_of_distinct_names_goes_to_arrow_and_back_without_a_copy(batch: Batch) -> None:
    for source in (batch, pa.table(batch), pa.record_batch(batch)):
        back = Batch.from_arrow(source, share=True)
        assert back == batch == Batch.from_arrow(source)
        if source is batch:
            back = Batch.from_arrow(source)
        if "metadata" not in pa.table(batch).column_names:
            assert address(back.values) == address(batch.values)
            assert address(back.timestamps) == address(batch.timestamps)


# lifetimes


@pytest.mark.unsafe_code
@pytest.mark.parametrize("make", [of_one, of_distinct, of_own])
def test_arrow_data_outlive_the_batch(make):
    batch = make()
    expected = expected_rows(batch)
    made, frame, part = pa.table(batch), pl.DataFrame(batch), pa.record_batch(batch[2:])
    del batch
    gc.collect()
    trash = [bytearray(48) for _ in range(1_000)]
    assert rows_of(made) == expected
    assert rows_of(pa.Table.from_batches([part])) == expected[2:]
    assert frame["value"].to_list() == [value for _, value, _ in expected]
    del trash


@pytest.mark.unsafe_code
def test_a_batch_outlives_the_arrow_data() -> None:
    source = table()
    batch = Batch.from_arrow(source, CHANNELS)
    column = batch.values
    del source
    gc.collect()
    trash = [pa.array(np.zeros(3)) for _ in range(1_000)]
    assert batch.to_points() == EXPECTED
    del batch
    gc.collect()
    assert column.tolist() == [1.0, 2.0, 3.0]
    del trash


@pytest.mark.unsafe_code
def test_a_stream_outlives_the_batch() -> None:
    batch = of_distinct()
    stream, pair = batch.__arrow_c_stream__(), batch.__arrow_c_array__()
    expected = expected_rows(batch)
    del batch
    gc.collect()
    assert rows_of(pa.RecordBatchReader._import_from_c_capsule(stream).read_all()) == expected
    assert rows_of(pa.Table.from_batches([pa.RecordBatch._import_from_c_capsule(*pair)])) == expected


def test_unused_capsules_and_dropped_tables_leak_no_memory() -> None:
    batch, foreign = of_distinct(1_000), table()

    def work(times: int) -> None:
        for _ in range(times):
            batch.__arrow_c_stream__()
            batch.__arrow_c_array__()
            batch.__arrow_c_schema__()
            assert len(Batch.from_arrow(pa.table(batch))) == 1_000
            assert len(Batch.from_arrow(foreign, CHANNELS)) == 3
            with pytest.raises(ValueError, match="the unit of channel .* is unknown"):
                Batch.from_arrow(foreign, LASER)

    # A batch is 20 kB: a leak of each one would be 60 MB.
    assert growth(work, 1_000, 3_000) < 4 * 2**20


# round trips


@given(rows_of_any_channels(), st.slices(20))
def test_rows_come_back_equal(rows: list[DataPoint], part: slice) -> None:
    batch = Batch.from_points(rows)
    assert Batch.from_arrow(pa.table(batch)).to_points() == rows
    assert Batch.from_arrow(pa.record_batch(batch[part])) == batch[part]
    assert [repr(point) for point in Batch.from_arrow(batch)] == [repr(point) for point in rows]


@given(rows_of_any_channels())
def test_rows_come_back_from_polars(rows: list[DataPoint]) -> None:
    batch = Batch.from_points(rows)
    assert Batch.from_arrow(pl.DataFrame(batch), batch.channels).to_points() == rows


@given(rows_of_any_channels())
def test_rows_come_back_from_a_file(rows: list[DataPoint]) -> None:
    sink = pa.BufferOutputStream()
    made = pa.table(Batch.from_points(rows))
    with pa.ipc.new_stream(sink, made.schema) as writer:
        writer.write_table(made, max_chunksize=3)
    reader = pa.ipc.open_stream(sink.getvalue())
    assert Batch.from_arrow(reader).to_points() == rows


def test_rows_come_back_from_parquet(batch: Batch, tmp_path: Any) -> None:
    import pyarrow.parquet as pq

    pq.write_table(pa.table(batch), tmp_path / "rows.parquet")
    assert Batch.from_arrow(pq.read_table(tmp_path / "rows.parquet")) == batch


def test_rows_come_back_from_duckdb() -> None:
    batch = Batch.from_points([channel.point(row, row * 1_000) for row, channel in enumerate(CHANNELS * 3)])
    whole: Any = duckdb.sql("select * from batch")
    assert Batch.from_arrow(whole, CHANNELS) == batch
    part: Any = duckdb.sql("select value, channel, timestamp from batch where value >= 2 order by value")
    assert Batch.from_arrow(part, CHANNELS) == batch[2:]


def test_rows_come_back_from_pandas(batch: Batch) -> None:
    assert Batch.from_arrow(pd.DataFrame.from_arrow(batch), batch.channels) == batch
    assert Batch.from_arrow(pa.table(batch).to_pandas(), batch.channels) == batch


def test_a_pandas_frame_is_read() -> None:
    stamps = pd.to_datetime([1, 2, 3], utc=True)
    frame = pd.DataFrame({"timestamp": stamps, "value": [1, 2, 3], "channel": ["laser", "probe", "laser"]})
    assert Batch.from_arrow(frame, CHANNELS).to_points() == EXPECTED


def test_a_polars_frame_is_read() -> None:
    stamps = pl.Series([1, 2, 3]).cast(pl.Datetime("ns", "UTC"))
    frame = pl.DataFrame({"timestamp": stamps, "value": [1, 2, 3], "channel": ["laser", "probe", "laser"]})
    for made in (frame, frame.with_columns(pl.col("channel").cast(pl.Categorical)), frame.select(frame.columns[::-1])):
        assert Batch.from_arrow(made, CHANNELS).to_points() == EXPECTED
    in_chunks = pl.concat([frame[:1], frame[1:]], rechunk=False)
    assert Batch.from_arrow(in_chunks, CHANNELS).to_points() == EXPECTED


def test_a_table_in_chunks_is_read() -> None:
    whole = table(channel=pa.array(["laser", "probe", "laser"]).dictionary_encode())
    # Each chunk has its own dictionary.
    last = table(channel=pa.array(["probe", "laser", "probe"]).dictionary_encode())
    batch = Batch.from_arrow(pa.concat_tables([whole, whole.slice(1, 0), last]), CHANNELS)
    assert batch.to_points() == EXPECTED + [PROBE.point(1.0, 1), LASER.point(2.0, 2), PROBE.point(3.0, 3)]


def test_a_table_without_rows_is_read() -> None:
    schema = pa.table(of_distinct()).schema
    for source in (pa.table(of_distinct()).slice(0, 0), schema.empty_table(), pa.Table.from_batches([], schema)):
        assert Batch.from_arrow(source).to_points() == []


@pytest.mark.parametrize("key", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
@pytest.mark.parametrize("value", ["string", "large_string", "string_view"])
def test_dictionaries_of_every_kind_are_names(key: str, value: str) -> None:
    keys = pa.array([0, 1, 0], getattr(pa, key)())
    names = pa.array(["laser", "probe"], getattr(pa, value)())
    for source in (keys, pa.concat_arrays([keys, keys])[2:5].take(pa.array([1, 2, 1]))):
        made = table(channel=pa.DictionaryArray.from_arrays(source, names))
        assert [point.channel for point in Batch.from_arrow(made, CHANNELS)] == ["laser", "probe", "laser"]


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view"])
def test_strings_of_every_kind_are_names(kind: str) -> None:
    made = table(channel=pa.array(["laser", "probe", "laser"], getattr(pa, kind)()))
    assert Batch.from_arrow(made, CHANNELS).to_points() == EXPECTED


def test_a_name_without_rows_may_be_unknown() -> None:
    for names in (["laser", "probe", "stranger"], ["laser", "probe", None]):
        keys = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0], "i4"), pa.array(names))
        assert Batch.from_arrow(table(channel=keys), CHANNELS).to_points() == EXPECTED


def test_a_name_twice_in_the_dictionary_is_one_channel() -> None:
    keys = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], "i4"), pa.array(["laser", "probe", "laser"]))
    batch = Batch.from_arrow(table(channel=keys), CHANNELS)
    assert batch.to_points() == EXPECTED
    assert batch.channels == (LASER, PROBE)


@pytest.mark.parametrize(("unit", "factor"), [("s", 10**9), ("ms", 10**6), ("us", 1_000), ("ns", 1)])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+05:30"])
def test_timestamps_of_every_unit_and_zone_are_read(unit: str, factor: int, zone: str) -> None:
    made = table(timestamp=pa.array([-1, 0, 1_767_225_600], pa.timestamp(unit, zone)))
    stamps = [point.timestamp_ns for point in Batch.from_arrow(made, CHANNELS)]
    assert stamps == [-factor, 0, 1_767_225_600 * factor]


@pytest.mark.parametrize(
    "kind", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
)
def test_numbers_of_every_type_are_read(kind: str) -> None:
    numbers = pa.array(np.array([1, 2, 3], kind), getattr(pa, kind)())
    assert Batch.from_arrow(table(value=numbers), CHANNELS).to_points() == EXPECTED


def test_rows_without_a_name_belong_to_the_only_channel() -> None:
    made = table(channel=None)
    expected = LASER.batch([1.0, 2.0, 3.0], [1, 2, 3])
    assert Batch.from_arrow(made, LASER) == Batch.from_arrow(made, [LASER]) == expected
    described = made.replace_schema_metadata(pa.table(of_one()).schema.metadata)
    assert Batch.from_arrow(described) == expected


def test_passed_channels_take_precedence_over_the_schema() -> None:
    other = Channel("laser", "W", [1])
    made = pa.table(of_distinct())
    assert Batch.from_arrow(made, other).channels == (other, PROBE)
    assert Batch.from_arrow(made, [Channel("novel", "V")]) == of_distinct()
    assert Batch.from_arrow(made, None) == of_distinct()


def test_a_metadata_column_applies_to_every_row() -> None:
    made = table(metadata=pa.array(['{"a": 1}', None, "null"]))
    assert [point.metadata for point in Batch.from_arrow(made, CHANNELS)] == [{"a": 1}, None, None]
    assert Batch.from_arrow(made, CHANNELS)[0].unit == "mW"


# refusals


def refused(source: Any, error: type[Exception], message: str, channels: Any = CHANNELS) -> None:
    with pytest.raises(error, match=message):
        Batch.from_arrow(source, channels)


OTHER_TYPES = {
    "timestamp": [pa.array([1, 2, 3]), pa.array([1, 2, 3], pa.date32()), pa.array(["a", "b", "c"])]
    + [pa.array([1.0, 2.0, 3.0]), pa.array([1, 2, 3], pa.duration("ns")), pa.array([1, 2, 3], pa.timestamp("ns"))],
    "value": [pa.array(["1", "2", "3"]), pa.array([1, 2, 3], pa.decimal128(5)), pa.array([True, False, True])]
    + [pa.array([1.0] * 3).dictionary_encode(), pa.array([[1.0]] * 3), pa.array([1, 2, 3], pa.timestamp("ns"))],
    "channel": [pa.array([1, 2, 3]), pa.array([b"laser"] * 3), pa.array([1, 2, 3]).dictionary_encode()],
    "metadata": [pa.array([1, 2, 3]), pa.array([{"a": 1}] * 3)],
}
NULL_NAME = pa.array(["laser", "probe", None])
WITH_NULL = [
    *(("timestamp", pa.array([1, 2, None], UTC)), ("value", pa.array([1, 2, None])), ("channel", NULL_NAME)),
    *(("channel", NULL_NAME.dictionary_encode()),),
    *(("channel", pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), NULL_NAME)),),
]
NO_UNIT = r"^the unit of channel 'probe' is unknown; pass channels=\[Channel\('probe', unit\), \.\.\.\]"
NO_DATA = [None, 1, "a", [1.0], {"timestamp": [1]}, np.zeros(3), LASER]


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        *(
            (table(**{name: column}), TypeError, rf"^column {name} is .*; pass ")
            for name, columns in OTHER_TYPES.items()
            for column in ([*columns] if name == "metadata" else [*columns, pa.nulls(3)])
        ),
        *(
            (table(**{name: column}), ValueError, rf"^column {name} has a null in row 2; drop")
            for name, column in WITH_NULL
        ),
        *((table(**{name: None}), ValueError, rf"^column {name} is missing; ") for name in table().column_names),
        *(
            (table().append_column(name, table()[name]), ValueError, rf"^column {name} ")
            for name in table().column_names
        ),
        (table(extra=pa.array([1, 2, 3])), ValueError, r"^column extra .*; remove it"),
        (
            pd.DataFrame({"timestamp": pd.to_datetime([1, 2, 3]), "value": 1.0, "channel": "laser"}),
            TypeError,
            r"^column timestamp is .*; pass timestamps with a time zone",
        ),
        (table(channel=pa.array(["laser", "", "laser"])), ValueError, "''"),
        *(
            (
                table(timestamp=pa.array([1, count, 3], pa.timestamp(unit, "UTC"))),
                OverflowError,
                rf"^timestamp {count} .* is outside 64-bit nanoseconds; pass",
            )
            for unit, count in (("s", 2**40), ("ms", 2**50), ("us", -(2**60)))
        ),
        *(
            (
                table(value=pa.array([1, 2**53 + 1, 2], kind)),
                ValueError,
                rf"^column value has {2**53 + 1} in row 1, .*; convert",
            )
            for kind in (pa.int64(), pa.uint64())
        ),
        *(
            (table(metadata=pa.array([None, None, wrong])), ValueError, "metadata")
            for wrong in ("", "{", "{'a': 1}", "[1,]", "NaN", "[" * 500 + "]" * 500)
        ),
        *((source, TypeError, r"^data must provide Arrow data .*got .*; pass") for source in NO_DATA),
        (pa.array([1.0, 2.0]), TypeError, r"^data is an Arrow array of .*; pass a table or a record batch"),
        (pa.chunked_array([[1.0]]), (TypeError, ValueError), "."),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_a_table_that_is_not_a_batch_is_refused(source: Any, error: type[Exception], message: str) -> None:
    refused(source, error, message)


@pytest.mark.parametrize(
    ("channels", "made", "error", "message"),
    [
        *(
            (channels, table(channel=None), ValueError, r"^column channel is missing; add it, or pass")
            for channels in ([], None)
        ),
        (LASER, table(), ValueError, NO_UNIT),
        (LASER, table(channel=pa.array(["probe"] * 3).dictionary_encode()), ValueError, NO_UNIT),
        (None, table(), ValueError, r"^the unit of channel 'laser' is unknown"),
        *(
            (wrong, table(), TypeError, r"^channels must be a Channel or a sequence of them, got ")
            for wrong in ("laser", 1, [LASER, "probe"])
        ),
        (
            [*CHANNELS, Channel("laser", "W")],
            table(),
            ValueError,
            r"^channel 'laser' has the units 'mW' and 'W'; convert",
        ),
        *(
            (None, table().replace_schema_metadata({KEY: wrong}), ValueError, r"(metadata|rust_daq\.channels)")
            for wrong in ("", "{", "[]", '{"laser": "mW"}', '{"laser": {}}', '{"laser": {"unit": 1}}')
        ),
    ],
)
def test_channels_without_the_required_facts_are_refused(
    channels: Any, made: Any, error: type[Exception], message: str
) -> None:
    refused(made, error, message, channels)


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()])
def test_a_null_among_floats_is_nan(kind: pa.DataType) -> None:
    numbers = pa.array(np.array([1.0, 0.0, 3.0], kind.to_pandas_dtype()), kind, mask=np.array([False, True, False]))
    for column in (numbers, pa.chunked_array([numbers[:1], numbers[1:]])):
        np.testing.assert_array_equal(Batch.from_arrow(table(value=column), CHANNELS).values, [1.0, np.nan, 3.0])
        np.testing.assert_array_equal(LASER.batch(column).values, [1.0, np.nan, 3.0])


def test_a_frame_with_missing_values_is_read() -> None:
    missing = [1.0, None, 3.0]
    expected = [1.0, np.nan, 3.0]
    stamps = pd.to_datetime([1, 2, 3], utc=True)
    for values in (
        pd.Series(missing),
        pd.Series(missing, dtype="Float64"),
        pd.Series(missing, dtype="double[pyarrow]"),
    ):
        frame = pd.DataFrame({"timestamp": stamps, "value": values})
        np.testing.assert_array_equal(Batch.from_arrow(frame, LASER).values, expected)
    polars = pl.DataFrame({"timestamp": stamps.tz_localize(None).to_numpy(), "value": missing})
    polars = polars.with_columns(pl.col("timestamp").dt.replace_time_zone("UTC"))
    np.testing.assert_array_equal(Batch.from_arrow(polars, LASER).values, expected)


@pytest.mark.parametrize(
    ("name", "chunks"),
    [
        ("value", [[1, 2], [3, None]]),
        ("value", [[1, 2], [3, 2**53 + 1]]),
        ("timestamp", [pa.array([1, 2], UTC), pa.array([3, None], UTC)]),
        ("channel", [["laser", "laser"], ["laser", None]]),
    ],
)
def test_an_error_names_the_row_within_the_whole_column(name: str, chunks: Any) -> None:
    whole = {
        "timestamp": pa.array([1, 2, 3, 4], UTC),
        "value": pa.array([1.0, 2.0, 3.0, 4.0]),
        "channel": pa.array(["laser"] * 4),
    }
    made = pa.table(whole | {name: pa.chunked_array(chunks)})
    refused(made, ValueError, rf"^column {name} .*row 3", LASER)
    if name == "value":
        with pytest.raises(ValueError, match="row 3"):
            LASER.batch(pa.chunked_array(chunks))


@pytest.mark.unsafe_code
@pytest.mark.parametrize("index", [2, -1, 127])
@pytest.mark.parametrize("names", [["laser", "probe"], ["laser", None]])
def test_an_index_outside_the_dictionary_is_refused(index: int, names: list[str]) -> None:
    keys = pa.array([0, 0, index], "i1")
    for column in (keys, keys.cast("i4")):
        made = pa.DictionaryArray.from_arrays(column, pa.array(names), safe=False)
        refused(table(channel=made), ValueError, r"^column channel has an index outside its dictionary of 2 names")


@pytest.mark.unsafe_code
def test_an_index_into_an_empty_dictionary_is_refused() -> None:
    made = pa.DictionaryArray.from_arrays(pa.array([0, 0, 0], "i4"), pa.array([], "string"), safe=False)
    refused(table(channel=made), ValueError, r"^column channel has an index outside its dictionary of 0 names")


NO_UTF8 = """
import sys
import pyarrow as pa
from rust_daq import Batch, Channel

good = b"laser" if sys.argv[1] == "channel" else b'"laser"'
wrong = pa.array([good, b'"\\xff\\xfe\\x80"', good]).view("string")
columns = {"timestamp": pa.array([1, 2, 3], pa.timestamp("ns", "UTC")), "value": pa.array([1.0, 2.0, 3.0])}
columns |= {"channel": pa.array(["laser"] * 3), sys.argv[1]: wrong.cast(sys.argv[2]) if sys.argv[2] else wrong}
if sys.argv[3]:
    columns[sys.argv[1]] = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], "i4"), columns[sys.argv[1]])
try:
    Batch.from_arrow(pa.table(columns), [Channel("laser", "mW")])
except ValueError as error:
    print(error)
"""


@pytest.mark.unsafe_code
@pytest.mark.parametrize("name", ["channel", "metadata"])
@pytest.mark.parametrize("kind", ["", "large_string"])
@pytest.mark.parametrize("dictionary", ["", "dictionary"])
def test_strings_that_are_not_utf8_are_refused(name: str, kind: str, dictionary: str) -> None:
    # In another process, because invalid text must not reach code that trusts it.
    command = [sys.executable, "-c", NO_UTF8, name, kind, dictionary]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-200:]
    assert name in ended.stdout


def test_an_array_of_structs_is_read_unless_one_is_null() -> None:
    whole = pa.array(of_distinct())
    assert isinstance(whole, pa.StructArray)
    rows = table().to_struct_array().combine_chunks()
    assert Batch.from_arrow(rows, CHANNELS).to_points() == EXPECTED
    mask = pa.array([False, True, False])
    holes = pa.StructArray.from_arrays(rows.flatten(), names=table().column_names, mask=mask)
    refused(holes, ValueError, r"null")


class BoomError(Exception):
    message = "the wire was cut"


@pytest.mark.unsafe_code
def test_a_stream_that_ends_with_an_error_is_refused() -> None:
    good = table().to_batches()[0]

    def broken() -> Iterator[pa.RecordBatch]:
        yield good
        raise BoomError(BoomError.message)

    for _ in range(3):
        reader = pa.RecordBatchReader.from_batches(good.schema, broken())
        refused(reader, ValueError, "the wire was cut")


@pytest.mark.unsafe_code
def test_a_used_up_reader_returns_no_rows() -> None:
    reader = pa.RecordBatchReader.from_batches(table().schema, table().to_batches())
    assert Batch.from_arrow(reader, CHANNELS).to_points() == EXPECTED
    assert Batch.from_arrow(reader, CHANNELS).to_points() == []


def test_the_schema_of_an_array_has_the_channels() -> None:
    assert Batch.from_arrow(Handed("__arrow_c_array__", of_distinct().__arrow_c_array__())) == of_distinct()


def test_an_error_of_the_producer_is_raised() -> None:
    class Broken:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            raise BoomError

    with pytest.raises(BoomError):
        Batch.from_arrow(Broken(), CHANNELS)
    with pytest.raises(BoomError):
        LASER.batch(Broken())


def test_metadata_of_a_channel_survives_a_round_trip() -> None:
    documents_given: list[Any] = [{"a": [1, 2.5, None, True, "ü\u2028"]}, 2**200, "text", [], {}, -0.0, 1e300]
    for document in documents_given:
        channel = Channel("laser", "mW", document)
        back = Batch.from_arrow(pa.table(channel.batch([1.0]))).channels[0]
        assert back == channel
        assert back.metadata is not None
        assert back.metadata.json == Metadata(document).json

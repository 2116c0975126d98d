//! Conversion between batches and self-contained rows, the layout of Parquet recordings.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, UInt64Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray,
    TimestampNanosecondArray, UInt64Array,
};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, TimeUnit};

use super::numbering::Numbering;
use super::{TABLE_VERSION, VERSION_KEY};
use crate::batch::arrow::{CHANNEL, METADATA, TIMESTAMP, UNIT, UTC, VALUE, texts};
use crate::batch::{Batch, BatchBuilder, Chunk, Memory, read_arrow_numbers, read_arrow_timestamps};
use crate::channel::Channel;
use crate::column::{room, total, zeroed};
use crate::error::Error;
use crate::metadata::Metadata;

/// The facts of a channel: name, unit and metadata.
type Facts<'a> = (&'a str, &'a str, Option<&'a str>);

/// The column of sequence numbers.
const SEQUENCE: &str = "sequence";

/// Converts batches to one table: timestamp, channel, value, unit, metadata as JSON text, and sequence number.
///
/// # Errors
///
/// [`Error::Refused`] with the message of Arrow; [`Error::OutOfMemory`].
pub fn table_from_batches(batches: &[&Batch]) -> Result<RecordBatch, Error> {
    let rows = total(batches.iter().map(|batch| batch.len()))?;
    let (mut timestamps, mut values) = (room(rows)?, room(rows)?);
    for batch in batches {
        timestamps.extend_from_slice(batch.timestamps());
        values.extend_from_slice(batch.values());
    }
    let timestamps = TimestampNanosecondArray::from(timestamps);
    let values = Float64Array::from(values);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(timestamps.with_timezone(UTC)),
        Arc::new(encode(batches, rows, |channel| Some(channel.name()))?),
        Arc::new(values),
        Arc::new(encode(batches, rows, |channel| Some(channel.unit()))?),
        Arc::new(encode(batches, rows, |channel| channel.metadata().map(Metadata::json))?),
        Arc::new(sequences(batches, rows)?),
    ];
    RecordBatch::try_new(Arc::new(schema()), columns)
        .map_err(|error| Error::column("of the batches", error))
}

fn schema() -> Schema {
    let utc = DataType::Timestamp(TimeUnit::Nanosecond, Some(UTC.into()));
    let text = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let fields = vec![
        Field::new(TIMESTAMP, utc, false),
        Field::new(CHANNEL, text(), false),
        Field::new(VALUE, DataType::Float64, false),
        Field::new(UNIT, text(), false),
        Field::new(METADATA, text(), true),
        Field::new(SEQUENCE, DataType::UInt64, true),
    ];
    let version = (VERSION_KEY.to_owned(), TABLE_VERSION.to_string());
    Schema::new(fields).with_metadata(HashMap::from([version]))
}

/// Encodes one text of each row's channel as a dictionary column.
fn encode<'a>(
    batches: &[&'a Batch],
    rows: usize,
    text: impl Fn(&'a Channel) -> Option<&'a str>,
) -> Result<DictionaryArray<Int32Type>, Error> {
    let mut places: HashMap<&str, i32> = HashMap::new();
    let mut distinct = Vec::new();
    let mut keys = Nullable::of(rows)?;
    for batch in batches {
        let place = |channel: &'a Channel| {
            let text = text(channel)?;
            Some(*places.entry(text).or_insert_with(|| {
                distinct.push(text);
                i32::try_from(distinct.len() - 1).unwrap_or(i32::MAX)
            }))
        };
        let of_channel: Vec<Option<i32>> = batch.channels().iter().map(place).collect();
        (0..batch.len()).for_each(|row| keys.push(of_channel[batch.index_of(row)]));
    }
    let (keys, nulls) = keys.finish();
    let texts = Arc::new(StringArray::from(distinct));
    Ok(DictionaryArray::new(Int32Array::new(keys, nulls), texts))
}

/// Returns the sequence number of each row, null if unknown.
fn sequences(batches: &[&Batch], rows: usize) -> Result<UInt64Array, Error> {
    let mut column = Nullable::of(rows)?;
    for batch in batches {
        let Some(first) = batch.first_sequences() else {
            (0..batch.len()).for_each(|_| column.push(None));
            continue;
        };
        let names = batch.names();
        let mut numbers = first.to_vec();
        for row in 0..batch.len() {
            let number = &mut numbers[names[batch.index_of(row)]];
            column.push(Some(*number));
            *number = number.wrapping_add(1);
        }
    }
    let (numbers, nulls) = column.finish();
    Ok(UInt64Array::new(numbers, nulls))
}

/// A nullable column in preallocated memory.
struct Nullable<T> {
    entries: Vec<T>,
    valid: Vec<u8>,
    nulls: usize,
}

impl<T: ArrowNativeType> Nullable<T> {
    fn of(rows: usize) -> Result<Self, Error> {
        Ok(Self { entries: room(rows)?, valid: zeroed(rows.div_ceil(8))?, nulls: 0 })
    }

    /// Adds a row, up to the preallocated number.
    fn push(&mut self, entry: Option<T>) {
        let row = self.entries.len();
        match entry {
            Some(_) => self.valid[row / 8] |= 1 << (row % 8),
            None => self.nulls += 1,
        }
        self.entries.push(entry.unwrap_or_default());
    }

    fn finish(self) -> (ScalarBuffer<T>, Option<NullBuffer>) {
        let rows = self.entries.len();
        let valid = || NullBuffer::new(BooleanBuffer::new(self.valid.into(), 0, rows));
        (self.entries.into(), (self.nulls > 0).then(valid))
    }
}

/// Converts the pieces of a table to batches. A new batch begins with each piece, where sequence
/// numbers jump, and where a name has another unit.
///
/// # Errors
///
/// If a column is missing, has another type, or contains invalid values.
pub fn batches_from_tables(tables: &[RecordBatch]) -> Result<Vec<Batch>, Error> {
    let mut before = 0;
    let mut batches = Vec::new();
    for table in tables {
        batches.extend(rows_of_table(table, before)?);
        before += table.num_rows();
    }
    Ok(batches)
}

/// Converts one piece, which follows `before` rows.
fn rows_of_table(table: &RecordBatch, before: usize) -> Result<Vec<Batch>, Error> {
    let find = |name: &str| {
        let missing = || Error::column(name, "is missing; pass a file written by compact");
        table.column_by_name(name).ok_or_else(missing)
    };
    // Shared, because rows are copy_column below.
    let chunk = |name| Chunk { name, before, memory: Memory::Shared };
    let timestamps = read_arrow_timestamps(chunk(TIMESTAMP), find(TIMESTAMP)?)?;
    let values = read_arrow_numbers(chunk(VALUE), find(VALUE)?)?;
    let names = texts(CHANNEL, find(CHANNEL)?)?;
    let units = texts(UNIT, find(UNIT)?)?;
    let metadata = texts(METADATA, find(METADATA)?)?;
    let sequences = find(SEQUENCE)?;
    let sequences = sequences.as_primitive_opt::<UInt64Type>().ok_or_else(|| {
        Error::column(SEQUENCE, "has another type; pass a file written by compact")
    })?;

    let mut batches = Vec::new();
    let (mut builder, mut numbering) = (BatchBuilder::default(), Numbering::default());
    let mut first_units = HashMap::new();
    let mut known: HashMap<Facts<'_>, (Channel, usize, i32)> = HashMap::new();
    for row in 0..table.num_rows() {
        let (Some(name), Some(unit)) = (names[row], units[row]) else {
            return Err(Error::column(
                CHANNEL,
                "or unit is null in a row; pass a file written by compact",
            ));
        };
        let number = sequences.is_valid(row).then(|| sequences.value(row));
        let (channel, batch, index) = match known.entry((name, unit, metadata[row])) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let metadata = metadata[row].map(Metadata::from_json).transpose()?;
                place.insert((Channel::new(name, unit, metadata)?, usize::MAX, 0))
            }
        };
        // A table may contain two units of one name, but a batch may not. Only a channel that is new in the batch can
        // have another unit.
        let same_unit = *batch == batches.len() || *first_units.entry(name).or_insert(unit) == unit;
        if !same_unit || !numbering.admits(name, number) {
            let made = std::mem::take(&mut builder).finish();
            batches.push(std::mem::take(&mut numbering).finish(made, Numbering::first_of));
            numbering.admits(name, number);
            first_units = HashMap::from([(name, unit)]);
        }
        if *batch != batches.len() {
            (*batch, *index) = (batches.len(), builder.index(channel)?);
        }
        builder.push(timestamps[row], values[row], *index)?;
    }
    batches.push(numbering.finish(builder.finish(), Numbering::first_of));
    batches.retain(|batch| !batch.is_empty());
    Ok(batches)
}

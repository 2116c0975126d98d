//! Record batches as a batch, converted where nothing is lost.
//!
//! Whoever made the data may still write to them, so they are copied unless the caller says that nobody does.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch};
use arrow_buffer::{ArrowNativeType, ScalarBuffer};
use arrow_schema::{DataType, Schema, TimeUnit};

use super::{CHANNEL, CHANNELS_KEY, METADATA, TIMESTAMP, UNIT, VALUE};
use crate::batch::{Batch, BatchBuilder, Entries};
use crate::channel::Channel;
use crate::column::{collected, copied, room};
use crate::error::Error;
use crate::metadata::{Json, Metadata};

const INSTANTS: &str = "timestamps with a time zone, as timestamp[ns, UTC]; \
                        one without is not known to be UTC: attach the zone first";
const NUMBERS: &str = "float64, or numbers that convert to it without loss";
const TEXTS: &str = "strings, or a dictionary of strings";

/// What becomes of Arrow's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// It is copied, once.
    Copied,
    /// It is shared where it is of the right type: nobody may write to it any more.
    Shared,
}

/// One chunk of an Arrow column, and how it is read.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// The name of the column, or of the argument, for messages.
    pub name: &'a str,
    /// How many rows of the column came before.
    pub before: usize,
    /// What becomes of its memory.
    pub memory: Memory,
}

impl Batch {
    /// Puts the record batches of one schema together; several are copied once in any case.
    ///
    /// Units and metadata come from `given` by name, then from the schema's metadata. A table with the columns of
    /// [`table_of_rows`](crate::table_of_rows) tells them itself.
    ///
    /// # Errors
    ///
    /// When a column is missing, too many, of a type that would lose something, or holds nulls (a float column may: a
    /// null is NaN); when nothing tells a channel's unit; when an instant is outside 64-bit nanoseconds, metadata are
    /// no JSON, or there is not enough memory.
    pub fn from_record_batches(
        schema: &Schema,
        batches: &[RecordBatch],
        given: &[Channel],
        memory: Memory,
    ) -> Result<Self, Error> {
        Entries::default().add_all(given)?;
        if schema.field_with_name(UNIT).is_ok() {
            return of_rows(batches, given);
        }
        check_schema(schema)?;
        let described = described(schema)?;
        let known = Known::of(given, &described);
        // Those of several are copied when they are put together.
        let memory = if batches.len() > 1 { Memory::Shared } else { memory };
        let mut before = 0;
        let mut parts = Vec::with_capacity(batches.len());
        for batch in batches {
            parts.push(part(batch, &known, before, memory)?);
            before += batch.num_rows();
        }
        if parts.is_empty() {
            let channels = if given.is_empty() { &described } else { given };
            return Self::new(Vec::new().into(), Vec::new().into(), channels, None);
        }
        Self::concat(&parts)
    }
}

/// The rows of tables in which each row tells all; the units of given channels have to be the same.
fn of_rows(batches: &[RecordBatch], given: &[Channel]) -> Result<Batch, Error> {
    let batch = Batch::concat(&crate::rows_of_tables(batches)?)?;
    let mut units = Entries::default();
    units.add_all(given)?;
    units.add_all(batch.channels())?;
    Ok(batch)
}

/// The channels that are known, by name; those that are given come first.
struct Known<'a> {
    given: &'a [Channel],
    described: &'a [Channel],
    by_name: HashMap<&'a str, &'a Channel>,
}

impl<'a> Known<'a> {
    fn of(given: &'a [Channel], described: &'a [Channel]) -> Self {
        let mut by_name = HashMap::new();
        for channel in given.iter().chain(described) {
            by_name.entry(channel.name()).or_insert(channel);
        }
        Self { given, described, by_name }
    }

    fn find(&self, name: &str) -> Result<Channel, Error> {
        let found = self.by_name.get(name).map(|&channel| channel.clone());
        found.ok_or_else(|| Error::UnknownChannel { channel: name.to_owned() })
    }
}

fn check_schema(schema: &Schema) -> Result<(), Error> {
    for name in [TIMESTAMP, VALUE] {
        if schema.field_with_name(name).is_err() {
            let there: Vec<&str> =
                schema.fields().iter().map(|field| field.name().as_str()).collect();
            return Err(column(
                name,
                format!(
                    "is missing; pass a table with timestamp, value and channel, got {there:?}"
                ),
            ));
        }
    }
    for (place, field) in schema.fields().iter().enumerate() {
        if schema.fields()[..place].iter().any(|other| other.name() == field.name()) {
            return Err(column(field.name(), "is there twice; leave one of them out".to_owned()));
        }
        let known: (fn(&DataType) -> bool, &'static str) = match field.name().as_str() {
            TIMESTAMP => (is_instant, INSTANTS),
            VALUE => (is_number, NUMBERS),
            CHANNEL | METADATA => (is_text, TEXTS),
            other => return Err(column(other, "is not of a batch; leave it out".to_owned())),
        };
        let (takes, wanted) = known;
        if !takes(field.data_type()) {
            let (column, got) = (field.name().clone(), field.data_type().to_string());
            return Err(Error::ColumnType { column, got, wanted });
        }
    }
    Ok(())
}

fn is_instant(found: &DataType) -> bool {
    matches!(found, DataType::Timestamp(_, Some(_)))
}

fn is_number(found: &DataType) -> bool {
    found.is_integer() || matches!(found, DataType::Float16 | DataType::Float32 | DataType::Float64)
}

fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Dictionary(_, values) => is_text(values),
        other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

/// The channels that the schema's metadata describe.
pub(crate) fn described(schema: &Schema) -> Result<Vec<Channel>, Error> {
    let Some(text) = schema.metadata().get(CHANNELS_KEY) else { return Ok(Vec::new()) };
    let wrong = || {
        column(
            CHANNELS_KEY,
            format!(
                "of the schema's metadata is {text:?}; it is JSON of name to unit and metadata"
            ),
        )
    };
    let description = Metadata::from_json(text)?;
    let Json::Object(members) = description.document() else { return Err(wrong()) };
    let channel = |(name, facts): (&String, &Json)| {
        let Json::Object(facts) = facts else { return Err(wrong()) };
        let Some(Json::String(unit)) = facts.get(UNIT) else { return Err(wrong()) };
        let metadata = facts.get(METADATA).cloned().map(Metadata::new).transpose()?;
        Channel::new(name, unit, metadata)
    };
    members.iter().map(channel).collect()
}

fn part(
    batch: &RecordBatch,
    known: &Known<'_>,
    before: usize,
    memory: Memory,
) -> Result<Batch, Error> {
    let chunk = |name| Chunk { name, before, memory };
    let find = |name: &str| batch.column_by_name(name);
    let (Some(timestamps), Some(values)) = (find(TIMESTAMP), find(VALUE)) else {
        return Err(column(TIMESTAMP, "or value is missing".to_owned()));
    };
    let timestamps = instants_of_arrow(chunk(TIMESTAMP), timestamps)?;
    let values = numbers_of_arrow(chunk(VALUE), values)?;
    let texts = find(METADATA).map(|found| texts(METADATA, found)).transpose()?;
    let (channels, indices) = match find(CHANNEL) {
        Some(names) => {
            chunk(CHANNEL).refuse_nulls(names)?;
            named(names, |name| known.find(name))?
        }
        None => (vec![only(known.given, known.described)?], None),
    };
    match texts {
        Some(texts) => with_metadata(&timestamps, &values, &channels, indices.as_ref(), &texts),
        None => Batch::new(timestamps, values, &channels, indices),
    }
}

/// The channel of rows that name none.
fn only(given: &[Channel], described: &[Channel]) -> Result<Channel, Error> {
    match (given, described) {
        ([channel], _) | ([], [channel]) => Ok(channel.clone()),
        _ => Err(column(
            CHANNEL,
            "is missing; pass it, or the one channel of all rows: channels=[Channel(name, unit)]"
                .to_owned(),
        )),
    }
}

type Named = (Vec<Channel>, Option<ScalarBuffer<i32>>);

/// The channels that a column names, and the index of each row.
fn named(names: &ArrayRef, known: impl Fn(&str) -> Result<Channel, Error>) -> Result<Named, Error> {
    let Some(dictionary) = names.as_any_dictionary_opt() else {
        return encoded(names.len(), texts(CHANNEL, names)?.into_iter(), known);
    };
    let values = texts(CHANNEL, dictionary.values())?;
    if let Some(keys) = dictionary.keys().as_primitive_opt::<Int32Type>()
        && values.len() == 1
        && keys.null_count() == 0
        && keys.values().iter().fold(0, |all, key| all | key) == 0
    {
        // The common case, in one quick pass: all rows are of one channel.
        return Ok((vec![known(values[0].unwrap_or_default())?], None));
    }
    let keys = keys(CHANNEL, dictionary.keys(), values.len())?;
    let mut used = vec![false; values.len()];
    for &key in keys.iter().flatten() {
        used[key] = true;
    }
    // A name that no row has may be unknown.
    if !used.iter().all(|used| *used) {
        return encoded(keys.len(), keys.iter().map(|key| key.and_then(|key| values[key])), known);
    }
    let channels = values.iter().map(|name| known(name.unwrap_or_default()));
    let channels = channels.collect::<Result<_, _>>()?;
    // Copied: who made the data may still write to them, and an index is checked but once.
    let indices = collected(keys.len(), keys.iter().map(|key| key.map_or(0, narrowed)))?;
    Ok((channels, Some(indices)))
}

/// An index as batches keep it; there is no memory for more channels than that.
fn narrowed(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

fn encoded<'a>(
    count: usize,
    rows: impl Iterator<Item = Option<&'a str>>,
    known: impl Fn(&str) -> Result<Channel, Error>,
) -> Result<Named, Error> {
    let mut channels = Vec::new();
    let mut places: HashMap<&str, i32> = HashMap::new();
    let mut indices = room(count)?;
    for name in rows.map(Option::unwrap_or_default) {
        let index = if let Some(&place) = places.get(name) {
            place
        } else {
            let place = narrowed(channels.len());
            channels.push(known(name)?);
            places.insert(name, place);
            place
        };
        indices.push(index);
    }
    Ok((channels, Some(indices.into())))
}

/// Rows whose metadata are told one by one.
pub(crate) fn with_metadata(
    timestamps: &[i64],
    values: &[f64],
    channels: &[Channel],
    indices: Option<&ScalarBuffer<i32>>,
    texts: &[Option<&str>],
) -> Result<Batch, Error> {
    let mut builder = BatchBuilder::with_capacity(timestamps.len())?;
    let mut known: HashMap<(usize, Option<&str>), i32> = HashMap::new();
    for (row, text) in texts.iter().enumerate() {
        let channel = indices.map_or(0, |indices| usize::try_from(indices[row]).unwrap_or(0));
        let index = if let Some(&index) = known.get(&(channel, *text)) {
            index
        } else {
            let metadata = text.map(Metadata::from_json).transpose()?;
            let bare = &channels[channel];
            let index = builder.index(&Channel::new(bare.name(), bare.unit(), metadata)?)?;
            known.insert((channel, *text), index);
            index
        };
        builder.push(timestamps[row], values[row], index)?;
    }
    Ok(builder.finish())
}

/// The instants of an Arrow array of timestamps with a time zone.
///
/// # Errors
///
/// When the array is of another type, holds nulls, an instant is outside 64-bit nanoseconds, or there is not enough
/// memory.
pub fn instants_of_arrow(chunk: Chunk<'_>, found: &ArrayRef) -> Result<ScalarBuffer<i64>, Error> {
    let DataType::Timestamp(unit, Some(_)) = found.data_type() else {
        return Err(wrong_type(chunk.name, found, INSTANTS));
    };
    chunk.refuse_nulls(found)?;
    let scaled = |counts: &ScalarBuffer<i64>, factor: i64| {
        let mut times = room(counts.len())?;
        for count in counts {
            times.push(count.checked_mul(factor).ok_or_else(|| Error::TimestampOutOfRange {
                argument: chunk.name.to_owned(),
                got: format!("{count} {unit:?}s since 1970"),
            })?);
        }
        Ok(times.into())
    };
    match unit {
        TimeUnit::Nanosecond => {
            chunk.column(found.as_primitive::<TimestampNanosecondType>().values())
        }
        TimeUnit::Microsecond => {
            scaled(found.as_primitive::<TimestampMicrosecondType>().values(), 1_000)
        }
        TimeUnit::Millisecond => {
            scaled(found.as_primitive::<TimestampMillisecondType>().values(), 1_000_000)
        }
        TimeUnit::Second => {
            scaled(found.as_primitive::<TimestampSecondType>().values(), 1_000_000_000)
        }
    }
}

/// The values of an Arrow array of numbers; a null among floats is NaN.
///
/// # Errors
///
/// When the array is of another type, holds nulls among integers, or an integer that no float is, or there is not
/// enough memory.
pub fn numbers_of_arrow(chunk: Chunk<'_>, found: &ArrayRef) -> Result<ScalarBuffer<f64>, Error> {
    match found.data_type() {
        DataType::Float64 => {
            let found = found.as_primitive::<Float64Type>();
            if found.null_count() > 0 { widened(found) } else { chunk.column(found.values()) }
        }
        DataType::Float32 => widened(found.as_primitive::<Float32Type>()),
        DataType::Float16 => widened(found.as_primitive::<Float16Type>()),
        other if !is_number(other) => Err(wrong_type(chunk.name, found, NUMBERS)),
        integers => {
            chunk.refuse_nulls(found)?;
            match integers {
                DataType::Int8 => widened(found.as_primitive::<Int8Type>()),
                DataType::Int16 => widened(found.as_primitive::<Int16Type>()),
                DataType::Int32 => widened(found.as_primitive::<Int32Type>()),
                DataType::UInt8 => widened(found.as_primitive::<UInt8Type>()),
                DataType::UInt16 => widened(found.as_primitive::<UInt16Type>()),
                DataType::UInt32 => widened(found.as_primitive::<UInt32Type>()),
                DataType::Int64 => chunk.exact(found.as_primitive::<Int64Type>().values()),
                _ => chunk.exact(found.as_primitive::<UInt64Type>().values()),
            }
        }
    }
}

/// Numbers that all are floats, NaN for a null.
fn widened<T: ArrowPrimitiveType>(found: &PrimitiveArray<T>) -> Result<ScalarBuffer<f64>, Error>
where
    f64: From<T::Native>,
{
    let rows = found.len();
    if found.null_count() == 0 {
        return collected(rows, found.values().iter().map(|&number| f64::from(number)));
    }
    collected(rows, found.iter().map(|number| number.map_or(f64::NAN, f64::from)))
}

impl Chunk<'_> {
    /// The memory of a column of the right type.
    fn column<T: ArrowNativeType>(
        &self,
        found: &ScalarBuffer<T>,
    ) -> Result<ScalarBuffer<T>, Error> {
        match self.memory {
            Memory::Copied => copied(found),
            Memory::Shared => Ok(found.clone()),
        }
    }

    fn refuse_nulls(&self, found: &dyn Array) -> Result<(), Error> {
        let Some(nulls) = found.logical_nulls().filter(|nulls| nulls.null_count() > 0) else {
            return Ok(());
        };
        let row = self.before + nulls.iter().position(|valid| !valid).unwrap_or(0);
        let problem = format!("has a null in row {row}; drop such rows, or fill them in");
        Err(column(self.name, problem))
    }

    /// Integers of 64 bits as floats, refused where one would be rounded.
    fn exact<T: Copy + Into<i128>>(&self, integers: &[T]) -> Result<ScalarBuffer<f64>, Error> {
        let mut numbers = room(integers.len())?;
        for (row, &integer) in integers.iter().enumerate() {
            let integer: i128 = integer.into();
            numbers.push(exact_float(integer).ok_or_else(|| {
                let row = self.before + row;
                let problem =
                    format!("holds {integer} in row {row}, which no float64 is; convert it before");
                column(self.name, problem)
            })?);
        }
        Ok(numbers.into())
    }
}

/// The float that equals an integer, if there is one.
#[must_use]
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // told by the way back
pub fn exact_float(integer: i128) -> Option<f64> {
    let number = integer as f64;
    (number as i128 == integer).then_some(number)
}

/// The keys of a dictionary of so many values, none where it is null; those that come from elsewhere are not yet
/// checked.
fn keys(name: &str, found: &dyn Array, values: usize) -> Result<Vec<Option<usize>>, Error> {
    fn checked<T: ArrowPrimitiveType>(
        found: &dyn Array,
        values: usize,
    ) -> Result<Option<Vec<Option<usize>>>, Error>
    where
        usize: TryFrom<T::Native>,
    {
        let check = |key: Option<T::Native>| match key {
            None => Some(None),
            Some(key) => usize::try_from(key).ok().filter(|key| *key < values).map(Some),
        };
        let mut keys = room(found.len())?;
        for key in found.as_primitive::<T>() {
            let Some(key) = check(key) else { return Ok(None) };
            keys.push(key);
        }
        Ok(Some(keys))
    }
    let keys = match found.data_type() {
        DataType::Int8 => checked::<Int8Type>(found, values),
        DataType::Int16 => checked::<Int16Type>(found, values),
        DataType::Int32 => checked::<Int32Type>(found, values),
        DataType::Int64 => checked::<Int64Type>(found, values),
        DataType::UInt8 => checked::<UInt8Type>(found, values),
        DataType::UInt16 => checked::<UInt16Type>(found, values),
        DataType::UInt32 => checked::<UInt32Type>(found, values),
        DataType::UInt64 => checked::<UInt64Type>(found, values),
        _ => Ok(None),
    };
    keys?.ok_or_else(|| {
        column(name, format!("has an index outside its dictionary of {values} names"))
    })
}

/// Each row's text; of a dictionary, its values spread out.
pub(crate) fn texts<'a>(name: &str, found: &'a ArrayRef) -> Result<Vec<Option<&'a str>>, Error> {
    let rows = |count, texts: &mut dyn Iterator<Item = Option<&'a str>>| {
        let mut rows = room(count)?;
        rows.extend(texts);
        Ok(rows)
    };
    if let Some(dictionary) = found.as_any_dictionary_opt() {
        let values = texts(name, dictionary.values())?;
        let keys = keys(name, dictionary.keys(), values.len())?;
        return rows(keys.len(), &mut keys.into_iter().map(|key| key.and_then(|key| values[key])));
    }
    // What comes from elsewhere is not yet known to be text.
    found
        .to_data()
        .validate_full()
        .map_err(|error| column(name, format!("is no text: {error}")))?;
    match found.data_type() {
        DataType::Utf8 => rows(found.len(), &mut found.as_string::<i32>().iter()),
        DataType::LargeUtf8 => rows(found.len(), &mut found.as_string::<i64>().iter()),
        DataType::Utf8View => rows(found.len(), &mut found.as_string_view().iter()),
        _ => Err(wrong_type(name, found, TEXTS)),
    }
}

fn column(column: &str, problem: String) -> Error {
    Error::Column { column: column.to_owned(), problem }
}

pub(crate) fn wrong_type(column: &str, found: &dyn Array, wanted: &'static str) -> Error {
    Error::ColumnType { column: column.to_owned(), got: found.data_type().to_string(), wanted }
}

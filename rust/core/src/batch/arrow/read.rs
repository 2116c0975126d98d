//! Reading a batch from Arrow record batches.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{DataType, Schema};

use super::conversion::{
    Chunk, INSTANTS, Memory, NUMBERS, TEXTS, is_instant, is_number, is_text, keys,
    read_arrow_numbers, read_arrow_timestamps, texts,
};
use super::{CHANNEL, CHANNELS_KEY, METADATA, TIMESTAMP, UNIT, VALUE};
use crate::batch::{Batch, BatchBuilder, Entries};
use crate::channel::Channel;
use crate::column::{collect_column, room};
use crate::error::Error;
use crate::metadata::{Json, Metadata};

impl Batch {
    /// Combines record batches of one schema; several are always copied once.
    ///
    /// Units and metadata come from `given` by name, then from the schema's metadata. A table with the columns of
    /// [`table_of_rows`](crate::table_of_rows) contains them.
    ///
    /// # Errors
    ///
    /// If a column is missing or unknown, its conversion would lose information, or it has nulls (except floats, where
    /// null becomes NaN); if the unit of a channel is unknown; if a timestamp is outside 64-bit nanoseconds, metadata
    /// is not JSON, or there is not enough memory.
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
        let described = read_description(schema)?;
        let known = Known::of(given, &described);
        // Several batches are copied when they are combined.
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

/// Reads tables that have all facts in each row; units of passed channels must agree with them.
fn of_rows(batches: &[RecordBatch], given: &[Channel]) -> Result<Batch, Error> {
    let batch = Batch::concat(&crate::batches_from_tables(batches)?)?;
    let mut units = Entries::default();
    units.add_all(given)?;
    units.add_all(batch.channels())?;
    Ok(batch)
}

/// The known channels by name; passed channels take precedence.
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
        found.ok_or_else(|| {
            Error::Refused(format!(
                "the unit of channel '{name}' is unknown; pass channels=[Channel('{name}', unit), ...]"
            ))
        })
    }
}

fn check_schema(schema: &Schema) -> Result<(), Error> {
    for name in [TIMESTAMP, VALUE] {
        if schema.field_with_name(name).is_err() {
            let there: Vec<&str> =
                schema.fields().iter().map(|field| field.name().as_str()).collect();
            return Err(Error::column(
                name,
                format!(
                    "is missing; pass a table with timestamp, value and channel, got {there:?}"
                ),
            ));
        }
    }
    for (place, field) in schema.fields().iter().enumerate() {
        if schema.fields()[..place].iter().any(|other| other.name() == field.name()) {
            return Err(Error::column(
                field.name(),
                "appears twice; remove one of them".to_owned(),
            ));
        }
        let known: (fn(&DataType) -> bool, &'static str) = match field.name().as_str() {
            TIMESTAMP => (is_instant, INSTANTS),
            VALUE => (is_number, NUMBERS),
            CHANNEL | METADATA => (is_text, TEXTS),
            other => {
                return Err(Error::column(
                    other,
                    "is not a column of a batch; remove it".to_owned(),
                ));
            }
        };
        let (takes, wanted) = known;
        if !takes(field.data_type()) {
            let (column, got) = (field.name().clone(), field.data_type().to_string());
            return Err(Error::ColumnType { column, got, wanted });
        }
    }
    Ok(())
}

/// Reads the channels from the schema's metadata.
pub(crate) fn read_description(schema: &Schema) -> Result<Vec<Channel>, Error> {
    let Some(text) = schema.metadata().get(CHANNELS_KEY) else { return Ok(Vec::new()) };
    let wrong = || {
        Error::column(
            CHANNELS_KEY,
            format!(
                "of the schema's metadata must be JSON that maps names to units and metadata, got {text:?}"
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
        return Err(Error::column(TIMESTAMP, "or value is missing".to_owned()));
    };
    let timestamps = read_arrow_timestamps(chunk(TIMESTAMP), timestamps)?;
    let values = read_arrow_numbers(chunk(VALUE), values)?;
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

/// Returns the only channel, for rows without a channel column.
fn only(given: &[Channel], described: &[Channel]) -> Result<Channel, Error> {
    match (given, described) {
        ([channel], _) | ([], [channel]) => Ok(channel.clone()),
        _ => Err(Error::column(
            CHANNEL,
            "is missing; add it, or pass the channel of all rows: channels=[Channel(name, unit)]"
                .to_owned(),
        )),
    }
}

type Named = (Vec<Channel>, Option<ScalarBuffer<i32>>);

/// Reads a channel column: its channels, and the index of each row.
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
        // The common case in one fast pass: all rows belong to one channel.
        return Ok((vec![known(values[0].unwrap_or_default())?], None));
    }
    let keys = keys(CHANNEL, dictionary.keys(), values.len())?;
    let mut used = vec![false; values.len()];
    for &key in keys.iter().flatten() {
        used[key] = true;
    }
    // A name without rows may be unknown.
    if !used.iter().all(|used| *used) {
        return encoded(keys.len(), keys.iter().map(|key| key.and_then(|key| values[key])), known);
    }
    let channels = values.iter().map(|name| known(name.unwrap_or_default()));
    let channels = channels.collect::<Result<_, _>>()?;
    // Copied, because the producer may still write to the data, and indices are checked only once.
    let indices = collect_column(keys.len(), keys.iter().map(|key| key.map_or(0, narrow)))?;
    Ok((channels, Some(indices)))
}

/// Converts an index to the type of batches; more channels do not fit into memory.
fn narrow(index: usize) -> i32 {
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
            let place = narrow(channels.len());
            channels.push(known(name)?);
            places.insert(name, place);
            place
        };
        indices.push(index);
    }
    Ok((channels, Some(indices.into())))
}

/// Applies a column of metadata to the rows.
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

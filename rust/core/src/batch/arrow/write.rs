//! Conversion of a batch to a record batch that shares its large columns.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use arrow_array::types::Int32Type;
use arrow_array::{
    ArrayRef, DictionaryArray, Float64Array, Int32Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};

use super::{CHANNEL, CHANNELS_KEY, METADATA, TIMESTAMP, Texts, UNIT, UTC, VALUE};
use crate::batch::Batch;
use crate::channel::Channel;
use crate::column::{collect_column, zeroed};
use crate::error::Error;
use crate::metadata::{Json, Metadata, Object};

/// The indices of batches with one channel: zeros, shared by all of them, as long as the longest request so far.
static ZEROS: Mutex<Option<Buffer>> = Mutex::new(None);

/// The time zone of the timestamps.
static ZONE: LazyLock<Arc<str>> = LazyLock::new(|| UTC.into());

/// The fields of each schema, shared by all; metadata last.
static FIELDS: LazyLock<[FieldRef; 4]> = LazyLock::new(|| {
    let utc = DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::clone(&ZONE)));
    let name = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    [
        Arc::new(Field::new(TIMESTAMP, utc, false)),
        Arc::new(Field::new(VALUE, DataType::Float64, false)),
        Arc::new(Field::new(CHANNEL, name, false)),
        Arc::new(Field::new(METADATA, DataType::Utf8, true)),
    ]
});

/// The distinct names of a batch, and the name of each channel.
struct Names<'a> {
    names: Vec<&'a str>,
    of_channel: Vec<i32>,
}

impl<'a> Names<'a> {
    fn of(channels: &'a [Channel]) -> Self {
        if let [channel] = channels {
            return Self { names: vec![channel.name()], of_channel: vec![0] };
        }
        let mut known: HashMap<&str, i32> = HashMap::new();
        let mut names = Vec::new();
        let mut of_channel = Vec::with_capacity(channels.len());
        for channel in channels {
            let next = i32::try_from(names.len()).unwrap_or(i32::MAX);
            of_channel.push(*known.entry(channel.name()).or_insert_with(|| {
                names.push(channel.name());
                next
            }));
        }
        Self { names, of_channel }
    }

    /// Whether two channels have the same name and different metadata.
    fn are_shared(&self) -> bool {
        self.names.len() < self.of_channel.len()
    }
}

impl Batch {
    /// Returns the Arrow schema of the batch, with the description of its channels.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let names = Names::of(&self.channels);
        Arc::new(schema_of(&self.channels, &names, names.are_shared()))
    }

    /// Converts the batch to a record batch that shares timestamps and values, and indices if names are distinct.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] with the message of Arrow; [`Error::OutOfMemory`].
    pub fn to_record_batch(&self) -> Result<RecordBatch, Error> {
        let names = Names::of(&self.channels);
        let timestamps = TimestampNanosecondArray::new(self.timestamps.clone(), None);
        let values = Float64Array::new(self.values.clone(), None);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(timestamps.with_timezone(Arc::clone(&ZONE))),
            Arc::new(values),
            Arc::new(self.name_column(&names)?),
        ];
        if names.are_shared() {
            columns.push(Arc::new(self.metadata_column()?));
        }
        let schema = schema_of(&self.channels, &names, names.are_shared());
        RecordBatch::try_new(Arc::new(schema), columns)
            .map_err(|error| Error::column("of the batch", error))
    }

    fn name_column(&self, names: &Names<'_>) -> Result<DictionaryArray<Int32Type>, Error> {
        let indices = match &self.indices {
            None => ScalarBuffer::new(zeros(self.len())?, 0, self.len()),
            Some(indices) if !names.are_shared() => indices.clone(),
            Some(_) => {
                let of_row = |row| names.of_channel[self.index_of(row)];
                collect_column(self.len(), (0..self.len()).map(of_row))?
            }
        };
        Ok(dictionary(indices, &names.names))
    }

    /// Creates the column of metadata; 32 bits must be able to count its bytes.
    fn metadata_column(&self) -> Result<StringArray, Error> {
        let texts: Vec<Option<&str>> =
            self.channels.iter().map(|known| known.metadata().map(Metadata::json)).collect();
        let text = |row| texts[self.index_of(row)];
        let length = |row| text(row).map_or(0, str::len);
        let bytes = (0..self.len()).map(length).fold(0, usize::saturating_add);
        let Ok(_) = i32::try_from(bytes) else {
            return Err(Error::column(
                METADATA,
                format!(
                    "takes {bytes} bytes in all rows, but an Arrow column has room for {}; pass the \
                     batch in parts, or each of batch.by_channel()",
                    i32::MAX
                ),
            ));
        };
        let Texts { valid, nulls, offsets, data } = Texts::of(self.len(), text)?;
        let valid = NullBuffer::new(BooleanBuffer::new(valid.into(), 0, self.len()));
        let offsets = OffsetBuffer::new(offsets.into());
        let nulls = Some(valid).filter(|_| nulls > 0);
        StringArray::try_new(offsets, data.into(), nulls)
            .map_err(|error| Error::column(METADATA, error))
    }
}

/// Creates the schema for batches of these channels, with or without a column of metadata.
pub(crate) fn arrow_schema(channels: &[Channel], own_metadata: bool) -> Schema {
    schema_of(channels, &Names::of(channels), own_metadata)
}

fn schema_of(channels: &[Channel], names: &Names<'_>, own_metadata: bool) -> Schema {
    let fields = if own_metadata { &FIELDS[..] } else { &FIELDS[..3] };
    let description = (CHANNELS_KEY.to_owned(), description(channels, names));
    Schema::new(fields.to_vec()).with_metadata(HashMap::from([description]))
}

/// Describes channels as JSON that maps names to units and metadata; omits metadata that differs within a name.
fn description(channels: &[Channel], names: &Names<'_>) -> String {
    // For each name: its first channel, and whether it is the only one.
    let mut first: Vec<Option<(&Channel, bool)>> = vec![None; names.names.len()];
    for (channel, &name) in channels.iter().zip(&names.of_channel) {
        let first = &mut first[name.cast_unsigned() as usize];
        *first = Some(first.map_or((channel, true), |(channel, _)| (channel, false)));
    }
    let mut description = Object::new();
    for (channel, only) in first.into_iter().flatten() {
        let metadata = channel.metadata().filter(|_| only);
        let metadata = metadata.map_or(Json::Null, |known| known.document().clone());
        let facts = [(UNIT, Json::String(channel.unit().to_owned())), (METADATA, metadata)];
        let facts = facts.map(|(key, fact)| (key.to_owned(), fact));
        description.insert(channel.name().to_owned(), Json::Object(facts.into_iter().collect()));
    }
    crate::metadata::json_text(&Json::Object(description))
}

/// Creates the dictionary column of names.
#[allow(unsafe_code, reason = "the check would read every index of a batch that was checked")]
fn dictionary(indices: ScalarBuffer<i32>, names: &[&str]) -> DictionaryArray<Int32Type> {
    let names = StringArray::from(names.to_vec());
    let keys = Int32Array::new(indices, None);
    // SAFETY: every index of a batch refers to one of its channels, and each channel has a name here;
    // without channels there are no rows.
    unsafe { DictionaryArray::new_unchecked(keys, Arc::new(names)) }
}

/// Returns a buffer of at least `count` zeros.
fn zeros(count: usize) -> Result<Buffer, Error> {
    // After a panic in another thread, the buffer is either complete or absent.
    let mut shared = ZEROS.lock().unwrap_or_else(PoisonError::into_inner);
    match &*shared {
        Some(zeros) if zeros.len() / size_of::<i32>() >= count => Ok(zeros.clone()),
        _ => {
            let longer = count.checked_next_power_of_two().unwrap_or(count);
            let zeros = Buffer::from_vec(zeroed::<i32>(longer)?);
            *shared = Some(zeros.clone());
            Ok(zeros)
        }
    }
}

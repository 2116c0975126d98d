//! Measurement data in columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_buffer::{ArrowNativeType, ScalarBuffer};

use crate::channel::Channel;
use crate::column::{collect_column, room, total};
use crate::error::Error;

pub(crate) mod arrow;
mod builder;
mod entries;
mod order;
mod sequences;

pub use arrow::{
    CHANNELS_KEY, Chunk, Memory, exact_float, read_arrow_numbers, read_arrow_timestamps,
};
pub(crate) use arrow::{Texts, arrow_schema, read_description, with_metadata};
pub use builder::BatchBuilder;
pub(crate) use entries::Entries;

/// Rows of a timestamp, a value and a channel, stored in shared columns: clones and slices copy no rows.
///
/// Each row has the index of its channel in the distinct channels of the batch. With at most one channel, no indices
/// are stored. Two channels of one name differ only in their metadata.
///
/// A batch of an acquisition has the sequence number of the first sample of each name. Samples lost between two batches
/// show as a jump in these numbers; numbers within a batch are consecutive.
#[derive(Debug, Clone)]
pub struct Batch {
    timestamps: ScalarBuffer<i64>,
    values: ScalarBuffer<f64>,
    channels: Arc<[Channel]>,
    indices: Option<ScalarBuffer<i32>>,
    /// The sequence number of the first row of each channel's name.
    first_sequences: Option<Arc<[u64]>>,
}

impl Batch {
    /// Creates a batch from columns; `timestamps` are in nanoseconds since 1970 UTC.
    ///
    /// Equal channels are merged. Without `indices`, all rows belong to the only channel.
    ///
    /// # Errors
    ///
    /// If lengths differ, an index has no channel, or a name has two units.
    pub fn new(
        timestamps: ScalarBuffer<i64>,
        values: ScalarBuffer<f64>,
        channels: &[Channel],
        indices: Option<ScalarBuffer<i32>>,
    ) -> Result<Self, Error> {
        let rows = timestamps.len();
        same_length("values", values.len(), rows)?;
        let mut entries = Entries::default();
        let merged = entries.add_all(channels)?;
        let Some(indices) = indices else {
            if merged.len() != 1 && rows > 0 {
                return Err(Error::Refused(format!(
                    "indices is missing, but there are {} channels; pass one channel, or the index of each row's \
                     channel",
                    merged.len()
                )));
            }
            return Ok(Self::of_checked(timestamps, values, entries.finish(), None));
        };
        same_length("indices", indices.len(), rows)?;
        check_indices(&indices, merged.len())?;
        let channels = entries.finish();
        let indices = if channels.len() == merged.len() {
            indices
        } else {
            // Checked above; the fallback of 0 is never used.
            let remapped = |&index: &i32| {
                usize::try_from(index).ok().and_then(|index| merged.get(index)).copied()
            };
            collect_column(rows, indices.iter().map(|index| remapped(index).unwrap_or(0)))?
        };
        Ok(Self::of_checked(timestamps, values, channels, Some(indices)))
    }

    /// Creates a batch of one channel.
    ///
    /// # Errors
    ///
    /// If the lengths differ.
    pub fn of_channel(
        channel: Channel,
        timestamps: ScalarBuffer<i64>,
        values: ScalarBuffer<f64>,
    ) -> Result<Self, Error> {
        same_length("values", values.len(), timestamps.len())?;
        Ok(Self::of_checked(timestamps, values, Arc::new([channel]), None))
    }

    /// Creates a batch of distinct channels, each name with one unit, and the first sequence number of each name.
    ///
    /// # Errors
    ///
    /// If lengths differ or an index has no channel.
    pub(crate) fn of_distinct(
        timestamps: ScalarBuffer<i64>,
        values: ScalarBuffer<f64>,
        channels: Arc<[Channel]>,
        indices: ScalarBuffer<i32>,
        first_sequences: Option<Arc<[u64]>>,
    ) -> Result<Self, Error> {
        same_length("values", values.len(), timestamps.len())?;
        same_length("indices", indices.len(), timestamps.len())?;
        check_indices(&indices, channels.len())?;
        if let Some(first) = &first_sequences {
            same_length("first_sequences", first.len(), channels.len())?;
        }
        let batch = Self::of_checked(timestamps, values, channels, Some(indices));
        Ok(Self { first_sequences, ..batch })
    }

    /// Creates a batch from columns that were checked.
    fn of_checked(
        timestamps: ScalarBuffer<i64>,
        values: ScalarBuffer<f64>,
        channels: Arc<[Channel]>,
        indices: Option<ScalarBuffer<i32>>,
    ) -> Self {
        let indices = indices.filter(|_| channels.len() > 1);
        Self { timestamps, values, channels, indices, first_sequences: None }
    }

    /// Returns the same rows with other values; sequence numbers are kept.
    ///
    /// # Errors
    ///
    /// If the lengths differ.
    pub fn with_values(&self, values: ScalarBuffer<f64>) -> Result<Self, Error> {
        same_length("values", values.len(), self.len())?;
        Ok(Self { values, ..self.clone() })
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// Whether the batch has no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// The timestamps, in nanoseconds since 1970 UTC.
    #[must_use]
    pub const fn timestamps(&self) -> &ScalarBuffer<i64> {
        &self.timestamps
    }

    /// The values, each in the unit of its channel.
    #[must_use]
    pub const fn values(&self) -> &ScalarBuffer<f64> {
        &self.values
    }

    /// The distinct channels; a slice may have channels without rows.
    #[must_use]
    pub const fn channels(&self) -> &Arc<[Channel]> {
        &self.channels
    }

    /// The index of each row's channel; `None` if there is at most one channel.
    #[must_use]
    pub const fn indices(&self) -> Option<&ScalarBuffer<i32>> {
        self.indices.as_ref()
    }

    /// Returns the index of a row's channel.
    ///
    /// # Panics
    ///
    /// If the row does not exist, as for a slice.
    #[must_use]
    pub fn index_of(&self, row: usize) -> usize {
        // Indices were checked and are not negative.
        self.indices.as_ref().map_or(0, |indices| usize::try_from(indices[row]).unwrap_or(0))
    }

    /// Returns for each channel the index of the first channel with its name.
    pub(crate) fn names(&self) -> Vec<usize> {
        let mut first = HashMap::new();
        let name = |(index, channel): (usize, &Channel)| {
            *first.entry(channel.name().to_owned()).or_insert(index)
        };
        self.channels.iter().enumerate().map(name).collect()
    }

    /// Returns at most `count` rows from `offset` on, sharing the columns.
    #[must_use]
    pub fn slice(&self, offset: usize, count: usize) -> Self {
        let offset = offset.min(self.len());
        let count = count.min(self.len() - offset);
        Self {
            timestamps: self.timestamps.slice(offset, count),
            values: self.values.slice(offset, count),
            channels: Arc::clone(&self.channels),
            indices: self.indices.as_ref().map(|indices| indices.slice(offset, count)),
            first_sequences: self.sequences_after(offset),
        }
    }

    /// Copies the selected rows, in this order; the result has no sequence numbers.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchRow`], [`Error::OutOfMemory`].
    pub fn take(&self, rows: &[usize]) -> Result<Self, Error> {
        if let Some(&got) = rows.iter().find(|&&row| row >= self.len()) {
            return Err(Error::NoSuchRow { got, rows: self.len() });
        }
        Ok(Self {
            timestamps: gathered(&self.timestamps, rows)?,
            values: gathered(&self.values, rows)?,
            channels: Arc::clone(&self.channels),
            indices: self.indices.as_ref().map(|indices| gathered(indices, rows)).transpose()?,
            first_sequences: None,
        })
    }

    /// Concatenates batches, copying rows once; a single batch is shared.
    ///
    /// Sequence numbers are kept if all batches have them and follow each other without a gap.
    ///
    /// # Errors
    ///
    /// [`Error::UnitsDiffer`] if a name has two units, [`Error::OutOfMemory`].
    pub fn concat(batches: &[Self]) -> Result<Self, Error> {
        if let [batch] = batches {
            return Ok(batch.clone());
        }
        let rows = total(batches.iter().map(Self::len))?;
        let (mut timestamps, mut values) = (room(rows)?, room(rows)?);
        let mut entries = Entries::default();
        let mut merged = Vec::with_capacity(batches.len());
        for batch in batches {
            timestamps.extend_from_slice(&batch.timestamps);
            values.extend_from_slice(&batch.values);
            merged.push(entries.add_all(&batch.channels)?);
        }
        let channels = entries.finish();
        let indices = if channels.len() > 1 {
            let mut indices = room(rows)?;
            for (batch, merged) in batches.iter().zip(&merged) {
                if let Some(own) = &batch.indices {
                    indices.extend(own.iter().map(|index| merged[index.cast_unsigned() as usize]));
                } else if let Some(&only) = merged.first() {
                    indices.resize(indices.len() + batch.len(), only);
                }
            }
            Some(indices.into())
        } else {
            None
        };
        let batch = Self::of_checked(timestamps.into(), values.into(), channels, indices);
        Ok(batch.with_joined_sequences(batches))
    }

    /// Splits the batch by name, in the order in which names first appear; copies rows if there are several names.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn by_channel(&self) -> Result<Vec<Self>, Error> {
        let Some(indices) = &self.indices else {
            return Ok(if self.is_empty() { Vec::new() } else { vec![self.clone()] });
        };
        // The number of rows of each channel, and the channels in the order of their first rows.
        let mut counts = vec![0_usize; self.channels.len()];
        let mut met = Vec::new();
        for index in indices {
            let index = index.cast_unsigned() as usize;
            if counts[index] == 0 {
                met.push(index);
            }
            counts[index] += 1;
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut names: HashMap<&str, usize> = HashMap::new();
        // For each channel with rows: its part, and its index among the channels of that part.
        let mut places = vec![(0, 0); self.channels.len()];
        for index in met {
            let channel = &self.channels[index];
            let part = *names.entry(channel.name()).or_insert(parts.len());
            if part == parts.len() {
                let first = self.first_sequences.as_ref().map(|first| first[index]);
                parts.push(Part { channels: Vec::new(), rows: 0, first });
            }
            let Part { channels, rows, .. } = &mut parts[part];
            places[index] = (part, i32::try_from(channels.len()).unwrap_or(i32::MAX));
            channels.push(channel.clone());
            *rows += counts[index];
        }
        let mut columns = parts.iter().map(Part::columns).collect::<Result<Vec<_>, _>>()?;
        let rows = indices.iter().zip(self.timestamps.iter().zip(self.values.iter()));
        for (index, (&timestamp, &value)) in rows {
            let (part, place) = places[index.cast_unsigned() as usize];
            let (timestamps, values, indices) = &mut columns[part];
            timestamps.push(timestamp);
            values.push(value);
            // A part of one channel has no indices and no memory for them.
            if indices.capacity() > 0 {
                indices.push(place);
            }
        }
        let batch = |(part, (timestamps, values, indices)): (Part, Columns)| {
            let first_sequences = part.first.map(|first| vec![first; part.channels.len()].into());
            let (channels, indices) = (part.channels.into(), Some(indices.into()));
            let batch = Self::of_checked(timestamps.into(), values.into(), channels, indices);
            Self { first_sequences, ..batch }
        };
        Ok(parts.into_iter().zip(columns).map(batch).collect())
    }

    /// Returns whether corresponding rows have equal channels.
    fn same_channels(&self, other: &Self) -> bool {
        let same_entries =
            Arc::ptr_eq(&self.channels, &other.channels) || self.channels == other.channels;
        match (&self.indices, &other.indices) {
            (None, None) if same_entries => return true,
            (Some(mine), Some(others)) if same_entries => return mine == others,
            _ => {}
        }
        // Channels are distinct within a batch, so each equals at most one channel of the other.
        #[allow(
            clippy::mutable_key_type,
            reason = "only the cached text may change, and it does not affect hash or equality"
        )]
        let places: HashMap<&Channel, usize> =
            other.channels.iter().enumerate().map(|(place, channel)| (channel, place)).collect();
        let partners: Vec<Option<usize>> =
            self.channels.iter().map(|channel| places.get(channel).copied()).collect();
        (0..self.len()).all(|row| partners[self.index_of(row)] == Some(other.index_of(row)))
    }
}

/// The part of one name, before its rows are copied.
struct Part {
    channels: Vec<Channel>,
    rows: usize,
    /// The sequence number of the first row.
    first: Option<u64>,
}

type Columns = (Vec<i64>, Vec<f64>, Vec<i32>);

impl Part {
    fn columns(&self) -> Result<Columns, Error> {
        let indices = if self.channels.len() > 1 { self.rows } else { 0 };
        Ok((room(self.rows)?, room(self.rows)?, room(indices)?))
    }
}

/// Batches are equal if their rows are equal as points: NaN equals NaN, and 0.0 equals -0.0.
///
/// Channels without rows and sequence numbers are ignored.
impl PartialEq for Batch {
    fn eq(&self, other: &Self) -> bool {
        let same = |(left, right): (&f64, &f64)| left == right || (left.is_nan() && right.is_nan());
        self.timestamps == other.timestamps
            && self.len() == other.len()
            && self.values.iter().zip(&other.values).all(same)
            && (self.is_empty() || self.same_channels(other))
    }
}

impl Eq for Batch {}

/// Refuses an index without a channel.
pub(crate) fn check_indices(indices: &[i32], channels: usize) -> Result<(), Error> {
    // As an unsigned number, a negative index is large. The first pass is fast, and usually the only one.
    let largest = indices.iter().fold(0, |largest, index| index.cast_unsigned().max(largest));
    if indices.is_empty() || (largest as usize) < channels {
        return Ok(());
    }
    let known = |index: i32| (index.cast_unsigned() as usize) < channels;
    let row = indices.iter().position(|&index| !known(index)).unwrap_or(0);
    Err(Error::Refused(format!(
        "indices[{row}] must be the index of one of {channels} channels, got {}",
        indices[row]
    )))
}

/// Copies the entries of these rows, which must exist.
pub(crate) fn gathered<T: ArrowNativeType>(
    column: &[T],
    rows: &[usize],
) -> Result<ScalarBuffer<T>, Error> {
    collect_column(rows.len(), rows.iter().map(|&row| column[row]))
}

pub(crate) fn same_length(column: &str, got: usize, wanted: usize) -> Result<(), Error> {
    if got == wanted {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{column} has {got} entries, but timestamps has {wanted}; pass one entry of each per row"
    )))
}

#[cfg(test)]
pub(crate) mod tests;

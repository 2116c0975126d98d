//! Measurement data in columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_buffer::{ArrowNativeType, ScalarBuffer};

use crate::channel::Channel;
use crate::column::{collected, room, total};
use crate::error::Error;

pub(crate) mod arrow;
mod builder;
mod entries;
mod order;
mod sequences;

pub use arrow::{CHANNELS_KEY, Chunk, Memory, exact_float, instants_of_arrow, numbers_of_arrow};
pub(crate) use arrow::{Texts, arrow_schema, described, with_metadata};
pub use builder::BatchBuilder;
pub(crate) use entries::Entries;

/// Rows of an instant, a value and a channel, in columns that are shared: a clone or a slice copies none.
///
/// A row names its channel by an index into the distinct channels of the batch. While there is at most one of them no
/// index is kept, so that a channel costs nothing. Two channels of one name differ in their metadata only.
///
/// A batch out of an acquisition knows which of the samples of each name its first one is. Samples that were lost
/// between two batches show as a jump in these numbers; within a batch there is none.
#[derive(Debug, Clone)]
pub struct Batch {
    timestamps: ScalarBuffer<i64>,
    values: ScalarBuffer<f64>,
    channels: Arc<[Channel]>,
    indices: Option<ScalarBuffer<i32>>,
    /// For each channel the sequence number of the first row of its name.
    first_sequences: Option<Arc<[u64]>>,
}

impl Batch {
    /// Puts columns together; `timestamps` count nanoseconds since 1970 in UTC.
    ///
    /// Channels that are equal become one. Without `indices` all rows are of the one channel.
    ///
    /// # Errors
    ///
    /// When lengths differ, an index is none of a channel, or one name has two units.
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
                    "indices is missing, and there are {} channels; pass one channel, or for each row the index of \
                     its channel",
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
            // Checked above; a fallback of 0 is never taken.
            let remapped = |&index: &i32| {
                usize::try_from(index).ok().and_then(|index| merged.get(index)).copied()
            };
            collected(rows, indices.iter().map(|index| remapped(index).unwrap_or(0)))?
        };
        Ok(Self::of_checked(timestamps, values, channels, Some(indices)))
    }

    /// A batch of one channel.
    ///
    /// # Errors
    ///
    /// When the lengths differ.
    pub fn of_channel(
        channel: Channel,
        timestamps: ScalarBuffer<i64>,
        values: ScalarBuffer<f64>,
    ) -> Result<Self, Error> {
        same_length("values", values.len(), timestamps.len())?;
        Ok(Self::of_checked(timestamps, values, Arc::new([channel]), None))
    }

    /// Columns of channels that are distinct, each name with one unit, and the number of the first row of each name.
    ///
    /// # Errors
    ///
    /// When lengths differ or an index is none of a channel.
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

    /// Columns that are known to belong together.
    fn of_checked(
        timestamps: ScalarBuffer<i64>,
        values: ScalarBuffer<f64>,
        channels: Arc<[Channel]>,
        indices: Option<ScalarBuffer<i32>>,
    ) -> Self {
        let indices = indices.filter(|_| channels.len() > 1);
        Self { timestamps, values, channels, indices, first_sequences: None }
    }

    /// The same rows with other values, which keep their sequence numbers.
    ///
    /// # Errors
    ///
    /// When the lengths differ.
    pub fn with_values(&self, values: ScalarBuffer<f64>) -> Result<Self, Error> {
        same_length("values", values.len(), self.len())?;
        Ok(Self { values, ..self.clone() })
    }

    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.timestamps.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.timestamps.is_empty()
    }

    /// The instants, in nanoseconds since 1970 UTC.
    #[must_use]
    pub const fn timestamps(&self) -> &ScalarBuffer<i64> {
        &self.timestamps
    }

    /// The values, each in the unit of its channel.
    #[must_use]
    pub const fn values(&self) -> &ScalarBuffer<f64> {
        &self.values
    }

    /// The distinct channels; a slice may hold some of which it has no row.
    #[must_use]
    pub const fn channels(&self) -> &Arc<[Channel]> {
        &self.channels
    }

    /// For each row the index of its channel; `None` while there is at most one channel.
    #[must_use]
    pub const fn indices(&self) -> Option<&ScalarBuffer<i32>> {
        self.indices.as_ref()
    }

    /// The index of the channel of a row.
    ///
    /// # Panics
    ///
    /// When there is no such row, as indexing a slice does.
    #[must_use]
    pub fn index_of(&self, row: usize) -> usize {
        // Indices are not negative: they were checked.
        self.indices.as_ref().map_or(0, |indices| usize::try_from(indices[row]).unwrap_or(0))
    }

    /// For each channel the index of the first one of its name.
    pub(crate) fn names(&self) -> Vec<usize> {
        let mut first = HashMap::new();
        let name = |(index, channel): (usize, &Channel)| {
            *first.entry(channel.name().to_owned()).or_insert(index)
        };
        self.channels.iter().enumerate().map(name).collect()
    }

    /// So many rows from `offset` on, cut to what there is, of the same columns.
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

    /// The rows that are named, in that order, copied; they have no sequence numbers.
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

    /// The rows of all batches, one after the other, copied once; one batch alone is shared.
    ///
    /// Sequence numbers are kept where all batches have them and the batches join without a gap.
    ///
    /// # Errors
    ///
    /// [`Error::UnitsDiffer`] when one name has two units, [`Error::OutOfMemory`].
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

    /// A batch for each name, in the order in which they first appear; copied unless there is but one.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn by_channel(&self) -> Result<Vec<Self>, Error> {
        let Some(indices) = &self.indices else {
            return Ok(if self.is_empty() { Vec::new() } else { vec![self.clone()] });
        };
        // How many rows each channel has, and the channels in the order of their first rows.
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
        // For each channel that has rows its part, and its place among the channels of that part.
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
            // A part of one channel has no indices, and no room for them.
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

    /// Whether the rows are of equal channels, one by one.
    fn same_channels(&self, other: &Self) -> bool {
        let same_entries =
            Arc::ptr_eq(&self.channels, &other.channels) || self.channels == other.channels;
        match (&self.indices, &other.indices) {
            (None, None) if same_entries => return true,
            (Some(mine), Some(others)) if same_entries => return mine == others,
            _ => {}
        }
        // Within a batch channels are distinct, so that each has at most one partner.
        #[allow(
            clippy::mutable_key_type,
            reason = "what may change is text that is made once, and does not count"
        )]
        let places: HashMap<&Channel, usize> =
            other.channels.iter().enumerate().map(|(place, channel)| (channel, place)).collect();
        let partners: Vec<Option<usize>> =
            self.channels.iter().map(|channel| places.get(channel).copied()).collect();
        (0..self.len()).all(|row| partners[self.index_of(row)] == Some(other.index_of(row)))
    }
}

/// What is known of the rows of one name before they are copied.
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

/// Batches are equal when their rows are, as points are: a NaN equals itself, and 0.0 equals -0.0.
///
/// Channels of which there is no row do not count, and sequence numbers do not.
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

/// Refuses an index that is none of so many channels.
pub(crate) fn check_indices(indices: &[i32], channels: usize) -> Result<(), Error> {
    // A negative index is a large one without its sign. The first pass is quick, and most often the only one.
    let largest = indices.iter().fold(0, |largest, index| index.cast_unsigned().max(largest));
    if indices.is_empty() || (largest as usize) < channels {
        return Ok(());
    }
    let known = |index: i32| (index.cast_unsigned() as usize) < channels;
    let row = indices.iter().position(|&index| !known(index)).unwrap_or(0);
    Err(Error::Refused(format!(
        "indices[{row}] is {}, and there are {channels} channels; pass indices of channels",
        indices[row]
    )))
}

/// The entries of these rows, which have to be there.
pub(crate) fn gathered<T: ArrowNativeType>(
    column: &[T],
    rows: &[usize],
) -> Result<ScalarBuffer<T>, Error> {
    collected(rows.len(), rows.iter().map(|&row| column[row]))
}

pub(crate) fn same_length(column: &str, got: usize, wanted: usize) -> Result<(), Error> {
    if got == wanted {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "{column} has {got} entries and timestamps has {wanted}; pass one of each for a row"
    )))
}

#[cfg(test)]
pub(crate) mod tests;

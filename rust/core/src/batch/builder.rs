//! A batch made row by row.

use super::{Batch, Entries};
use crate::channel::Channel;
use crate::error::Error;

/// Takes rows one by one and makes a batch of them.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    timestamps: Vec<i64>,
    values: Vec<f64>,
    indices: Vec<i32>,
    entries: Entries,
}

impl BatchBuilder {
    /// A builder with room for so many rows.
    #[must_use]
    pub fn with_capacity(rows: usize) -> Self {
        Self {
            timestamps: Vec::with_capacity(rows),
            values: Vec::with_capacity(rows),
            indices: Vec::with_capacity(rows),
            entries: Entries::default(),
        }
    }

    /// The index by which [`push`](Self::push) knows a channel.
    ///
    /// # Errors
    ///
    /// [`Error::UnitsDiffer`] when one name has two units.
    pub fn index(&mut self, channel: &Channel) -> Result<i32, Error> {
        self.entries.add(channel)
    }

    /// Adds a row of the channel of this index.
    pub fn push(&mut self, timestamp_ns: i64, value: f64, index: i32) {
        self.timestamps.push(timestamp_ns);
        self.values.push(value);
        self.indices.push(index);
    }

    /// The batch.
    #[must_use]
    pub fn finish(self) -> Batch {
        let indices = Some(self.indices.into());
        let channels = self.entries.finish();
        Batch::of_checked(self.timestamps.into(), self.values.into(), channels, indices)
    }
}

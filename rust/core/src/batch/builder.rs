//! Building a batch row by row.

use std::collections::TryReserveError;

use super::{Batch, Entries};
use crate::channel::Channel;
use crate::column::room;
use crate::error::Error;

/// Builds a batch from single rows.
#[derive(Debug, Default)]
pub struct BatchBuilder {
    timestamps: Vec<i64>,
    values: Vec<f64>,
    indices: Vec<i32>,
    entries: Entries,
}

impl BatchBuilder {
    /// Creates a builder with room for `rows` rows; it grows if needed.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn with_capacity(rows: usize) -> Result<Self, Error> {
        let entries = Entries::default();
        Ok(Self { timestamps: room(rows)?, values: room(rows)?, indices: room(rows)?, entries })
    }

    /// Returns the index of a channel for [`push`](Self::push).
    ///
    /// # Errors
    ///
    /// [`Error::UnitsDiffer`] if a name has two units.
    pub fn index(&mut self, channel: &Channel) -> Result<i32, Error> {
        self.entries.add(channel)
    }

    /// Adds a row of the channel with this index.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`]; the row is then not added.
    pub fn push(&mut self, timestamp_ns: i64, value: f64, index: i32) -> Result<(), Error> {
        if self.indices.len() == self.indices.capacity() {
            self.grow().map_err(|_| Error::OutOfMemory { rows: self.indices.len() + 1 })?;
        }
        self.timestamps.push(timestamp_ns);
        self.values.push(value);
        self.indices.push(index);
        Ok(())
    }

    /// Makes room for at least one more row; the capacity is that of the column that grows last.
    #[cold]
    fn grow(&mut self) -> Result<(), TryReserveError> {
        let rows = self.indices.len().max(64);
        self.timestamps.try_reserve(rows)?;
        self.values.try_reserve(rows)?;
        self.indices.try_reserve(rows)
    }

    /// Returns the batch.
    #[must_use]
    pub fn finish(self) -> Batch {
        let indices = Some(self.indices.into());
        let channels = self.entries.finish();
        Batch::of_checked(self.timestamps.into(), self.values.into(), channels, indices)
    }
}

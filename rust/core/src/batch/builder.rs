//! A batch made row by row.

use std::collections::TryReserveError;

use super::{Batch, Entries};
use crate::channel::Channel;
use crate::column::room;
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
    /// A builder with room for so many rows; more may come.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn with_capacity(rows: usize) -> Result<Self, Error> {
        let entries = Entries::default();
        Ok(Self { timestamps: room(rows)?, values: room(rows)?, indices: room(rows)?, entries })
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

    /// Makes room for one more row at least; the column that grows last is the one that is asked.
    #[cold]
    fn grow(&mut self) -> Result<(), TryReserveError> {
        let rows = self.indices.len().max(64);
        self.timestamps.try_reserve(rows)?;
        self.values.try_reserve(rows)?;
        self.indices.try_reserve(rows)
    }

    /// The batch.
    #[must_use]
    pub fn finish(self) -> Batch {
        let indices = Some(self.indices.into());
        let channels = self.entries.finish();
        Batch::of_checked(self.timestamps.into(), self.values.into(), channels, indices)
    }
}

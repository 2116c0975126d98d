//! Everything that can be wrong with measurement data.

use crate::metadata::MAX_DEPTH;
use crate::path::{Path, Step};

/// Why the domain refuses a value: which argument, what came, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A channel has to have a name.
    #[error("channel is empty (''); pass the name of the channel that was measured")]
    EmptyChannel,

    /// The instant does not fit into a signed 64-bit count of nanoseconds since 1970.
    #[error(
        "{argument} {got} is outside 64-bit nanoseconds; \
         pass an instant between 1677-09-21 and 2262-04-11 UTC"
    )]
    TimestampOutOfRange {
        /// What was given.
        argument: String,
        /// The refused instant, shortened.
        got: String,
    },

    /// A schedule needs a rate that something can happen at.
    #[error("rate is {got}; pass the number of samples a second, finite and above 0")]
    Rate {
        /// The refused rate.
        got: String,
    },

    /// The columns of a batch are of one length.
    #[error("{column} has {got} entries and timestamps has {wanted}; pass one of each for a row")]
    LengthsDiffer {
        /// The column that differs.
        column: &'static str,
        /// Its length.
        got: usize,
        /// The number of timestamps.
        wanted: usize,
    },

    /// Without an index for each row there has to be one channel.
    #[error(
        "indices is missing, and there are {channels} channels; \
         pass one channel, or for each row the index of its channel"
    )]
    NoIndices {
        /// How many channels there are.
        channels: usize,
    },

    /// A row belongs to one of the channels of its batch.
    #[error("indices[{row}] is {got}, and there are {channels} channels; pass indices of channels")]
    NoSuchChannel {
        /// The row.
        row: usize,
        /// Its index.
        got: i64,
        /// How many channels there are.
        channels: usize,
    },

    /// A selection names rows that there are.
    #[error("row {got} is out of range; the batch has {rows} rows")]
    NoSuchRow {
        /// The refused row.
        got: usize,
        /// How many there are.
        rows: usize,
    },

    /// A name stands for one unit within a batch.
    #[error(
        "channel '{channel}' has the units '{first}' and '{second}'; \
         convert one of them, or give it another name"
    )]
    UnitsDiffer {
        /// The name.
        channel: String,
        /// The unit that came first.
        first: String,
        /// The other one.
        second: String,
    },

    /// A column of Arrow data is of a type that would lose something.
    #[error("column {column} is {got}; pass {wanted}")]
    ColumnType {
        /// The column.
        column: String,
        /// Its type.
        got: String,
        /// What is taken.
        wanted: &'static str,
    },

    /// A column of Arrow data is missing, or is one too many.
    #[error("column {column} {problem}")]
    Column {
        /// The column.
        column: String,
        /// What is wrong, and what to do.
        problem: String,
    },

    /// Nothing tells the unit of a channel.
    #[error(
        "nothing tells the unit of channel '{channel}'; \
         pass channels=[Channel('{channel}', unit), ...]"
    )]
    UnknownChannel {
        /// The name.
        channel: String,
    },

    /// JSON has no NaN and no infinities.
    #[error("{path}: {got} is not JSON; pass a finite number, a string or null")]
    NotFinite {
        /// Where in the document.
        path: Path,
        /// The refused number.
        got: String,
    },

    /// The text of metadata, out of a file or a stream, is no JSON.
    #[error("the text of metadata is no JSON: {problem}; pass text as `Metadata.json` gives it")]
    NotJson {
        /// What the parser says, and where.
        problem: String,
    },

    /// Documents are bounded, so that any recursion over them is.
    #[error("{path}: nested deeper than {MAX_DEPTH}; flatten the document")]
    TooDeep {
        /// Where in the document.
        path: Path,
    },

    /// A container that contains itself has no JSON text.
    #[error("{path}: the container contains itself; pass a document without a cycle")]
    Cycle {
        /// Where the container is met again.
        path: Path,
    },
}

impl Error {
    /// The same fault, seen from one container further out.
    #[must_use]
    pub fn inside(self, step: Step) -> Self {
        match self {
            Self::NotFinite { path, got } => Self::NotFinite { path: path.inside(step), got },
            Self::TooDeep { path } => Self::TooDeep { path: path.inside(step) },
            Self::Cycle { path } => Self::Cycle { path: path.inside(step) },
            _ => self,
        }
    }
}

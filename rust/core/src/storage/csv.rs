//! CSV files: a row for each point, and nothing that would have to be looked up.
//!
//! The columns are `timestamp` (RFC 3339 in UTC, to the nanosecond), `channel`, `value` and `unit`, and `sequence` where
//! batches are numbered. A value is the shortest text that reads back to it, with a point or an exponent, so that no
//! reader takes a column for integers. Text is quoted where it has to be, as RFC 4180 says.

mod cells;
mod read;
mod row;
mod stamp;
mod write;

pub(super) use read::CsvReader;
pub use write::CsvFormat;

/// The first line, up to where it ends or goes on with [`SEQUENCE`].
const HEADER: &str = "timestamp,channel,value,unit";

/// The column of sequence numbers.
const SEQUENCE: &str = ",sequence";

/// The longest row in bytes: what is longer was not written here, and no memory is taken for it.
const LONGEST: usize = 1 << 20;

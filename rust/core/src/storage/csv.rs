//! CSV files: one self-contained row per point.
//!
//! The columns are `timestamp` (RFC 3339 in UTC, to the nanosecond), `channel`, `value` and `unit`, and `sequence` if
//! batches are numbered. A value is the shortest text that reads back to it. It has a point or an exponent, so that no
//! reader converts the column to integers. Text is quoted only if necessary (RFC 4180).

mod cells;
mod read;
mod row;
mod stamp;
mod write;

pub(super) use read::CsvReader;
pub use write::CsvFormat;

/// The first line, without the optional [`SEQUENCE`].
const HEADER: &str = "timestamp,channel,value,unit";

/// The column of sequence numbers.
const SEQUENCE: &str = ",sequence";

/// The longest row in bytes: longer rows are never written, and no memory is allocated for them.
const LONGEST: usize = 1 << 20;

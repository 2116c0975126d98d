//! Recordings: files that batches are appended to, and that are read again batch by batch.
//!
//! A file is only ever appended to. What was whole stays whole and readable, whatever comes after: a failed write is
//! cut off again, and a reader gives every whole batch of a file that ends in the middle of one.

mod arrow;
mod claim;
mod csv;
mod file;
mod input;
mod known;
mod numbering;
mod parts;
mod recording;
mod resume;
mod source;
mod sync;
mod table;
mod writer;

pub use arrow::ArrowFormat;
pub use claim::{Existing, is_written};
pub use csv::CsvFormat;
pub use parts::Place;
pub use recording::{Next, Recording};
pub use resume::Layout;
pub use sync::Sync;
pub use table::{rows_of_tables, table_of_rows};
pub use writer::{Format, Writer};

/// The key of the metadata of a file under which the version of its schema stands.
pub const VERSION_KEY: &str = "rust_daq.version";

/// The version of a stream that is written; a reader knows it and all before it.
const STREAM_VERSION: u32 = 2;

/// The version of a table that is written.
const TABLE_VERSION: u32 = 1;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

//! Recordings: files that batches are appended to, and that are read again batch by batch.
//!
//! A file is only ever appended to. What was whole stays whole and readable, whatever comes after: a failed write is
//! cut off again, and a reader gives every whole batch of a file that ends in the middle of one.

mod arrow;
mod csv;
mod file;
mod input;
mod numbering;
mod parts;
mod recording;
mod sync;
mod table;
mod writer;

pub use arrow::ArrowFormat;
pub use csv::CsvFormat;
pub use parts::Place;
pub use recording::Recording;
pub use sync::Sync;
pub use table::{rows_of_tables, table_of_rows};
pub use writer::{ArrowWriter, CsvWriter, Format, Writer};

/// The key of the metadata of a file under which the version of its schema stands.
pub const VERSION_KEY: &str = "rust_daq.version";

/// The version that is written; a reader knows it and all before it.
const VERSION: u32 = 1;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

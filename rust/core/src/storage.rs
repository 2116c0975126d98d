//! Recordings: files that are written and read batch by batch.
//!
//! Files only grow at their end, so whole batches stay whole and readable. A failed write is cut off again. A reader
//! returns every whole batch of a file that ends within a batch.

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
pub use table::{batches_from_tables, table_from_batches};
pub use writer::{Format, Writer};

/// The key of the schema version in the metadata of a file.
pub const VERSION_KEY: &str = "rust_daq.version";

/// The schema version of written streams; a reader accepts this and all earlier versions.
const STREAM_VERSION: u32 = 2;

/// The schema version of written tables.
const TABLE_VERSION: u32 = 1;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

//! Recordings: files that batches are appended to, and that are read again batch by batch.
//!
//! A file is only ever appended to. What was whole stays whole and readable, whatever comes after: a failed write is
//! cut off again, and a reader gives every whole batch of a file that ends in the middle of one.

mod arrow;
mod file;
mod input;
mod parts;
mod recording;
mod sync;
mod writer;

pub use arrow::ArrowFormat;
pub use parts::Place;
pub use recording::Recording;
pub use sync::Sync;
pub use writer::{ArrowWriter, Format, Writer};

/// The key of the metadata of a file under which the version of its schema stands.
pub const VERSION_KEY: &str = "rust_daq.version";

/// The version that is written; a reader knows it and all before it.
const VERSION: u32 = 1;

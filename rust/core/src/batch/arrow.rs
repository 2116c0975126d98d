//! Batches as Arrow record batches, and back: one schema always.
//!
//! The columns are `timestamp` (nanoseconds, UTC), `value` (float64) and `channel` (a dictionary of distinct names).
//! Units and metadata stand in the metadata of the schema, under [`CHANNELS_KEY`]. Where points of one name differ in
//! their metadata there is a column `metadata` of JSON text, which then counts for every row.

mod conversion;
mod read;
mod texts;
mod write;

pub(crate) use conversion::texts;
pub use conversion::{Chunk, Memory, exact_float, instants_of_arrow, numbers_of_arrow};
pub(crate) use read::{described, with_metadata};
pub(crate) use texts::Texts;
pub(crate) use write::arrow_schema;

/// The key of the schema's metadata under which channels are described: JSON of name to unit and metadata.
pub const CHANNELS_KEY: &str = "rust_daq.channels";

pub(crate) const TIMESTAMP: &str = "timestamp";
pub(crate) const VALUE: &str = "value";
pub(crate) const CHANNEL: &str = "channel";
pub(crate) const METADATA: &str = "metadata";

pub(crate) const UNIT: &str = "unit";
pub(crate) const UTC: &str = "UTC";

#[cfg(test)]
mod tests;

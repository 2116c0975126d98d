//! Conversion between batches and Arrow record batches, always with the same schema.
//!
//! The columns are `timestamp` (nanoseconds, UTC), `value` (float64) and `channel` (a dictionary of distinct names).
//! Units and metadata are in the metadata of the schema, under [`CHANNELS_KEY`]. If points of one name differ in their
//! metadata, an additional column `metadata` of JSON text applies to every row.

mod conversion;
mod read;
mod texts;
mod write;

pub(crate) use conversion::texts;
pub use conversion::{Chunk, Memory, exact_float, read_arrow_numbers, read_arrow_timestamps};
pub(crate) use read::{read_description, with_metadata};
pub(crate) use texts::Texts;
pub(crate) use write::arrow_schema;

/// The key of the channels' description in the schema's metadata: JSON that maps names to units and metadata.
pub const CHANNELS_KEY: &str = "rust_daq.channels";

pub(crate) const TIMESTAMP: &str = "timestamp";
pub(crate) const VALUE: &str = "value";
pub(crate) const CHANNEL: &str = "channel";
pub(crate) const METADATA: &str = "metadata";

pub(crate) const UNIT: &str = "unit";
pub(crate) const UTC: &str = "UTC";

#[cfg(test)]
mod tests;

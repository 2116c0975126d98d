//! Arrow IPC streams, the default format of recordings.
//!
//! A stream consists of a schema, the names of all channels, a message for each batch, and an end marker once it was
//! closed. The metadata of the schema describes the channels, as for a table, and contains the version. Each batch's
//! message has its own metadata: the sequence numbers of its first rows ([`SEQUENCES_KEY`]) and a CRC-32
//! ([`CHECKSUM_KEY`]) over all bytes before the first batch, the position of the message in the file, and the message
//! itself with zeros as digits. A message without rows precedes the end marker. Missing, duplicated and moved messages
//! are therefore detected, including the last one.

mod checksum;
mod decode;
mod message;
mod read;
mod shape;
mod write;

pub(super) use read::ArrowReader;
pub use write::ArrowFormat;

/// A key of a message's metadata: a JSON array of the first sequence number of each channel in the batch, in the
/// order of the names; null for channels without rows.
const SEQUENCES_KEY: &str = "rust_daq.first_sequences";

/// A key of a message's metadata: eight hexadecimal digits.
const CHECKSUM_KEY: &str = "rust_daq.crc32";

/// The beginning of each message; its length follows in four bytes.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];

/// The length of the marker and of the head's length.
const PREFIX: usize = 8;

/// The longest head of a message in bytes: longer ones are not written, and no memory is allocated for them.
///
/// Its largest parts are the names, units and metadata of all channels, and a sequence number for each of them.
const LONGEST_HEAD: usize = 1 << 26;

/// The alignment of buffers and messages.
const ALIGNMENT: usize = 8;

/// Returns the number of bytes up to the next multiple of the alignment.
const fn padding(length: usize) -> usize {
    length.wrapping_neg() % ALIGNMENT
}

#[cfg(test)]
mod tests;

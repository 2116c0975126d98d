//! Arrow IPC streams, the format that recordings have by default.
//!
//! A stream is a schema, the names of all channels, and a message for each batch; an end marker says that it was
//! closed. The metadata of the schema describe the channels as those of a table do, and tell the version. A batch's
//! message carries, as metadata of its own, the sequence numbers of its first rows ([`SEQUENCES_KEY`]) and a CRC-32
//! ([`CHECKSUM_KEY`]) over all bytes before the first batch, the place of the message in the file, and the message itself,
//! in which the digits count as zeros. A message without rows precedes the end marker. So a message that is missing,
//! doubled or in another place is noticed, the last one as well.

mod checksum;
mod decode;
mod message;
mod read;
mod shape;
mod write;

pub(super) use read::ArrowReader;
pub use write::ArrowFormat;

/// The key of a message's metadata: a JSON array of the sequence number of each channel's first row in the batch, in the
/// order of the names, null for those without rows.
const SEQUENCES_KEY: &str = "rust_daq.first_sequences";

/// The key of a message's metadata: eight hexadecimal digits.
const CHECKSUM_KEY: &str = "rust_daq.crc32";

/// What each message begins with; its length follows in four bytes.
pub(super) const CONTINUATION: [u8; 4] = [0xff; 4];

/// Each message begins with the marker and the length of its head.
const PREFIX: usize = 8;

/// The longest head of a message in bytes: no memory is taken for a longer one, and none is written.
///
/// Its largest parts are the names, units and metadata of all channels, and a sequence number for each of them.
const LONGEST_HEAD: usize = 1 << 26;

/// What buffers and messages begin at a multiple of.
const ALIGNMENT: usize = 8;

/// The bytes up to the next multiple.
const fn padding(length: usize) -> usize {
    length.wrapping_neg() % ALIGNMENT
}

#[cfg(test)]
mod tests;

//! The checksum of a batch.

use std::io::Write;

use crc32fast::Hasher;

/// Hexadecimal digits of 32 bits.
const DIGITS: usize = 8;

/// What the digits count as while they are computed.
pub(super) const BLANK: &str = "00000000";

/// A checksum that has seen all bytes before the first batch, and the place of a message in the file.
pub(super) fn at_place(before: &Hasher, place: u64) -> Hasher {
    let mut hasher = before.clone();
    hasher.update(&place.to_le_bytes());
    hasher
}

/// Puts the checksum of a message into the place of its digits; `hasher` has seen what precedes the message.
pub(super) fn seal<'a>(
    mut hasher: Hasher,
    head: &mut [u8],
    digits: usize,
    body: impl Iterator<Item = &'a [u8]>,
) {
    hasher.update(head);
    for part in body {
        hasher.update(part);
    }
    // They fit into their place, so this cannot fail.
    let _ = write!(&mut head[digits..digits + DIGITS], "{:08x}", hasher.finalize());
}

/// Whether the checksum in a message is right; `hasher` has seen what precedes the message.
pub(super) fn is_right(mut hasher: Hasher, head: &[u8], digits: usize, body: &[u8]) -> bool {
    let Some(found) = head.get(digits..digits + DIGITS) else { return false };
    if cfg!(fuzzing) {
        // It would stop all that the fuzzer changes.
        return true;
    }
    hasher.update(&head[..digits]);
    hasher.update(BLANK.as_bytes());
    hasher.update(&head[digits + DIGITS..]);
    hasher.update(body);
    found == format!("{:08x}", hasher.finalize()).as_bytes()
}

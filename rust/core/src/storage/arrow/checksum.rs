//! The checksum of a batch.

use crc32fast::Hasher;

/// Hexadecimal digits of 32 bits.
const DIGITS: usize = 8;

/// What the digits count as while they are computed.
pub(super) const BLANK: &str = "00000000";

/// Puts the checksum of a message into the place of its digits.
///
/// `before` has seen all that stands before the first batch.
pub(super) fn seal<'a>(
    before: &Hasher,
    head: &mut [u8],
    digits: usize,
    body: impl Iterator<Item = &'a [u8]>,
) {
    let mut hasher = before.clone();
    hasher.update(head);
    for part in body {
        hasher.update(part);
    }
    let text = format!("{:08x}", hasher.finalize());
    head[digits..digits + DIGITS].copy_from_slice(text.as_bytes());
}

/// Whether the checksum in a message is right.
pub(super) fn is_right(before: &Hasher, head: &[u8], digits: usize, body: &[u8]) -> bool {
    let Some(found) = head.get(digits..digits + DIGITS) else { return false };
    if cfg!(fuzzing) {
        // It would stop all that the fuzzer changes.
        return true;
    }
    let mut hasher = before.clone();
    hasher.update(&head[..digits]);
    hasher.update(BLANK.as_bytes());
    hasher.update(&head[digits + DIGITS..]);
    hasher.update(body);
    found == format!("{:08x}", hasher.finalize()).as_bytes()
}

//! The checksum of a batch.

use std::io::Write;

use crc32fast::Hasher;

/// The number of hexadecimal digits of 32 bits.
const DIGITS: usize = 8;

/// The placeholder of the digits while the checksum is computed.
pub(super) const BLANK: &str = "00000000";

/// Starts a checksum with all bytes before the first batch, and the position of a message in the file.
pub(super) fn at_place(before: &Hasher, place: u64) -> Hasher {
    let mut hasher = before.clone();
    hasher.update(&place.to_le_bytes());
    hasher
}

/// Writes the checksum of a message over its placeholder; `hasher` contains everything before the message.
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
    // The digits fit, so this cannot fail.
    let _ = write!(&mut head[digits..digits + DIGITS], "{:08x}", hasher.finalize());
}

/// Returns whether the checksum of a message is correct; `hasher` contains everything before the message.
pub(super) fn is_right(mut hasher: Hasher, head: &[u8], digits: usize, body: &[u8]) -> bool {
    let Some(found) = head.get(digits..digits + DIGITS) else { return false };
    if cfg!(fuzzing) {
        // The check would reject every change of the fuzzer.
        return true;
    }
    hasher.update(&head[..digits]);
    hasher.update(BLANK.as_bytes());
    hasher.update(&head[digits + DIGITS..]);
    hasher.update(body);
    found == format!("{:08x}", hasher.finalize()).as_bytes()
}

use arrow_ipc::{MessageHeader, root_as_message};
use crc32fast::Hasher;
use proptest::collection::vec;
use proptest::prelude::*;

use super::checksum::{BLANK, at_place, seal};
use super::write::{check_heads, head_of_batch};
use super::{ArrowFormat, CHECKSUM_KEY, LONGEST_HEAD, PREFIX};
use crate::batch::Batch;
use crate::batch::tests::{batch, channel};
use crate::channel::Channel;
use crate::error::Error;
use crate::metadata::{Json, Metadata};
use crate::storage::STREAM_VERSION;
use crate::storage::fixtures::{any_batches, arrow, describe, read, read_file, written};

/// Corrects all checksums of a stream, as a forger would.
fn reseal(bytes: Vec<u8>) -> Vec<u8> {
    reseal_with(bytes, at_place)
}

/// Corrects all checksums, each starting from `seen`.
fn reseal_with(mut bytes: Vec<u8>, seen: impl Fn(&Hasher, u64) -> Hasher) -> Vec<u8> {
    let mut before = Hasher::new();
    let mut at = 0;
    while let Some(length) = bytes.get(at + 4..at + PREFIX) {
        let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
        let end = at + PREFIX + length;
        let Some(head) = bytes.get(at..end) else { break };
        let Ok(message) = root_as_message(&head[PREFIX..]) else { break };
        let Ok(body) = usize::try_from(message.bodyLength()) else { break };
        let Some(whole) = bytes.get(at..end.saturating_add(body)) else { break };
        if message.header_type() == MessageHeader::RecordBatch {
            let entry = message.custom_metadata().and_then(|entries| {
                entries.iter().find(|entry| entry.key() == Some(CHECKSUM_KEY))?.value()
            });
            let Some(digits) = entry.filter(|digits| digits.len() == BLANK.len()) else { break };
            let digits = digits.as_ptr() as usize - head.as_ptr() as usize;
            let mut head = head.to_vec();
            head[digits..digits + BLANK.len()].copy_from_slice(BLANK.as_bytes());
            let seen = seen(&before, at as u64);
            seal(seen, &mut head, digits, std::iter::once(&whole[PREFIX + length..]));
            bytes[at..end].copy_from_slice(&head);
        } else {
            before.update(whole);
        }
        at = end + body;
    }
    bytes
}

fn own() -> Vec<Batch> {
    let rows =
        |gain| [(1, 0.5, channel("laser", "mW", gain)), (2, 0.25, channel("lamp", "V", None))];
    vec![batch(&[rows(None), rows(Some(3))].concat()), batch(&rows(Some(4)))]
}

#[test]
fn an_unchanged_stream_has_correct_checksums() {
    let bytes = arrow(&own());
    assert_eq!(reseal(bytes.clone()), bytes);
}

#[test]
fn a_newer_version_is_refused() {
    let bytes = arrow(&own());
    let key = crate::VERSION_KEY.as_bytes();
    let place = bytes.windows(key.len()).position(|window| window == key).unwrap();
    let version =
        (place..bytes.len()).chain(0..place).find(|&at| bytes[at..].starts_with(b"2\0\0\0"));
    let mut changed = bytes.clone();
    changed[version.unwrap()] = b'3';
    let refused = read(&changed).unwrap_err().to_string();
    assert!(
        refused.contains("its schema has version 3, but this rust_daq reads versions up to 2"),
        "{refused}"
    );
}

proptest! {
    #[test]
    fn a_forged_message_is_read_or_refused(
        batches in any_batches(), changes in vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4),
    ) {
        let mut bytes = arrow(&batches);
        for (at, change) in changes {
            let at = at.index(bytes.len());
            bytes[at] ^= change;
        }
        let _ = read(&reseal(bytes));
    }
}

/// Returns the positions and lengths of the heads of all messages.
fn heads(bytes: &[u8]) -> Vec<(usize, usize)> {
    let (mut heads, mut at) = (Vec::new(), 0);
    while let Some(length) = bytes.get(at + 4..at + PREFIX) {
        let length = u32::from_le_bytes(length.try_into().unwrap()) as usize;
        let Ok(message) = root_as_message(&bytes[at + PREFIX..at + PREFIX + length]) else { break };
        heads.push((at, length));
        at += PREFIX + length + usize::try_from(message.bodyLength()).unwrap();
    }
    heads
}

#[test]
fn no_memory_is_allocated_for_an_oversized_head() {
    let bytes = arrow(&own());
    let heads = heads(&bytes);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let longer = u32::try_from(LONGEST_HEAD + 8).unwrap();
    let with_head = |at: usize| {
        let mut changed = bytes.clone();
        changed[at + 4..at + PREFIX].copy_from_slice(&longer.to_le_bytes());
        std::fs::write(&path, &changed).unwrap();
        // As long as the head says, so that the reason is not the end of the file.
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.set_len(2 * u64::from(longer)).unwrap();
        read_file(&path)
    };
    let schema = with_head(0).unwrap_err().to_string();
    assert!(schema.contains("its schema is longer than that of any recording"), "{schema}");
    let last = heads[heads.len() - 2].0;
    let found = with_head(last).unwrap();
    assert_eq!(describe(&found.batches, true), describe(&own()[..1], true));
    assert!(found.torn.unwrap().contains("a longer head than any message of a recording has"));
}

#[test]
fn no_head_is_written_that_a_reader_refuses() {
    let with_text = |length: usize| {
        let text = Metadata::new(Json::String("x".repeat(length))).unwrap();
        let channel = Channel::new("laser", "mW", Some(text)).unwrap();
        let format = ArrowFormat::new(std::slice::from_ref(&channel), false)?;
        let row = Batch::of_channel(channel, vec![1].into(), vec![0.5].into())?;
        read(&written(format, &[row])).map(|found| found.next_row)
    };
    assert_eq!(with_text(LONGEST_HEAD - 1024), Ok(1));
    let refused = with_text(LONGEST_HEAD);
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
}

#[test]
fn the_head_of_a_batch_is_as_long_as_its_channels_allow() {
    for count in [1, 2, 1000] {
        let row = |index: i32| (1, 0.5, channel(&format!("channel {index}"), "V", None));
        let rows: Vec<_> = (0..count).map(row).collect();
        let numbered = batch(&rows).with_first_sequences(Some(&|_| u64::MAX));
        let bytes = arrow(&[numbered]);
        let heads = heads(&bytes);
        let (_, length) = heads[heads.len() - 2];
        let most = head_of_batch(rows.len());
        assert!(length <= most && length + 1024 > most, "{count}: {length} of {most}");
    }
    let refused = check_heads(LONGEST_HEAD / 21, &[]);
    assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
    assert_eq!(check_heads(LONGEST_HEAD / 21 - 1024, &[]), Ok(()));
}

#[test]
fn a_message_without_rows_is_not_a_batch_in_version_1() {
    let mut bytes = arrow(&own());
    let key = b"rust_daq.version";
    let text = [b"\x01\0\0\0", STREAM_VERSION.to_string().as_bytes()].concat();
    let schema = heads(&bytes)[0].1;
    assert!(bytes[..schema].windows(key.len()).any(|bytes| bytes == key));
    let version = bytes[..schema].windows(text.len()).position(|bytes| bytes == text).unwrap();
    bytes[version + text.len() - 1] = b'1';
    let found = read(&reseal_with(bytes, |before, _| before.clone())).unwrap();
    assert_eq!(describe(&found.batches, true), describe(&own(), true));
    assert_eq!((found.batches.len(), found.torn, found.leftover), (own().len(), None, 0));
}

use arrow_ipc::{MessageHeader, root_as_message};
use crc32fast::Hasher;
use proptest::collection::vec;
use proptest::prelude::*;

use super::checksum::{BLANK, at_place, seal};
use super::{CHECKSUM_KEY, CONTINUATION};
use crate::batch::Batch;
use crate::batch::tests::{batch, channel};
use crate::error::Error;
use crate::storage::fixtures::{any_batches, arrow, read, told};

const PREFIX: usize = 8;

/// Puts right checksums into a stream, as far as it has messages: whoever lies may know how to compute them.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
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
            let place = at_place(&before, at as u64);
            seal(place, &mut head, digits, std::iter::once(&whole[PREFIX + length..]));
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
fn what_was_not_changed_is_sealed_already() {
    let bytes = arrow(&own());
    assert_eq!(resealed(bytes.clone()), bytes);
}

#[test]
fn a_changed_byte_breaks_the_checksum_of_its_batch_and_of_none_before() {
    let batches = own();
    let bytes = arrow(&batches);
    let rows = told(&batches, true);
    let mut counts = vec![0; rows.len() + 1];
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        match read(&changed) {
            Ok(found) => {
                let found = told(&found.batches, true);
                assert_eq!(found[..], rows[..found.len()], "{at}");
                counts[found.len()] += 1;
            }
            Err(Error::NoRecording { .. }) => counts[0] += 1,
            Err(error) => panic!("{at}: {error}"),
        }
    }
    assert!(counts[0] > 0 && counts[batches[0].len()] > 0 && counts[rows.len()] > 0);
    assert_eq!(counts.iter().sum::<usize>(), bytes.len());
}

#[test]
fn a_stream_of_another_program_is_refused_with_what_to_do() {
    let table = own()[1].to_record_batch().unwrap();
    let mut bytes = Vec::new();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut bytes, &table.schema()).unwrap();
    writer.write(&table).unwrap();
    writer.finish().unwrap();
    drop(writer);
    let refused = read(&bytes).unwrap_err().to_string();
    assert!(refused.contains("ArrowWriter did not write it; read it with pyarrow"), "{refused}");
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
        refused.contains("has version 3 of the schema, and this rust_daq reads up to 2"),
        "{refused}"
    );
}

#[test]
fn a_stream_begins_with_its_marker() {
    assert!(arrow(&[]).starts_with(&CONTINUATION));
}

proptest! {
    #[test]
    fn a_message_that_lies_is_read_or_refused(
        batches in any_batches(), changes in vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4),
    ) {
        let mut bytes = arrow(&batches);
        for (at, change) in changes {
            let at = at.index(bytes.len());
            bytes[at] ^= change;
        }
        let _ = read(&resealed(bytes));
    }
}

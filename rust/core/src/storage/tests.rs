//! Tests for recordings of every format.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::fixtures::{any_batches, arrow, csv, describe, place, read};
use super::*;
use crate::batch::Batch;
use crate::batch::tests::{batch, channel};
use crate::error::Error;

fn of(rows: i64, name: &str) -> Batch {
    let laser = channel(name, "mW", None);
    #[allow(clippy::cast_precision_loss)]
    let rows: Vec<_> =
        (0..rows).map(|row| (row * 1_000, row as f64 / 8.0, laser.clone())).collect();
    batch(&rows).with_first_sequences(Some(&|_| 5))
}

fn stream(folder: &TempDir, sync: Sync) -> Writer<ArrowFormat> {
    let format = ArrowFormat::new(&[], false).unwrap();
    Writer::create(format, place(folder.path().join("run")), sync).unwrap()
}

#[test]
fn every_sync_setting_writes_the_same_file() {
    let mut files = Vec::new();
    for sync in [Sync::None, Sync::Flush, Sync::Batch, Sync::every(1e-6).unwrap()] {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = stream(&folder, sync);
        for rows in [3, 0, 40_000, 1] {
            writer.write(&of(rows, "laser")).unwrap();
        }
        assert_eq!(writer.rows(), 40_004);
        let bytes = writer.bytes();
        writer.close().unwrap();
        assert!(writer.bytes() > bytes + 8, "the message without rows, and the end marker");
        files.push(fs::read(folder.path().join("run")).unwrap());
        assert_eq!(files[0].len() as u64, writer.bytes());
    }
    assert!(files.iter().all(|file| *file == files[0]));
}

#[test]
fn a_recording_without_a_batch_is_whole() {
    for bytes in [arrow(&[]), csv(&[])] {
        let found = read(&bytes).unwrap();
        assert_eq!((found.batches.len(), found.torn, found.leftover), (0, None, 0));
    }
}

#[test]
fn channels_without_rows_do_not_count() {
    let lamp = channel("lamp", "V", None);
    let two = batch(&[(0, 0.5, channel("laser", "mW", None)), (1, 0.5, lamp)]);
    let folder = tempfile::tempdir().unwrap();
    let mut writer = stream(&folder, Sync::Flush);
    writer.write(&of(3, "laser")).unwrap();
    writer.write(&two.slice(0, 1)).unwrap();
    // The refused batch must not have made the lamp a channel of the recording.
    assert!(matches!(writer.write(&two), Err(Error::Refused(_))));
}

proptest! {
    #[test]
    fn a_stream_returns_its_batches(batches in any_batches()) {
        let found = read(&arrow(&batches)).unwrap();
        prop_assert_eq!(found.torn, None);
        let there: Vec<Batch> = batches.iter().filter(|batch| !batch.is_empty()).cloned().collect();
        prop_assert_eq!(&found.batches, &there);
        prop_assert_eq!(describe(&found.batches, true), describe(&batches, true));
        for (found, batch) in found.batches.iter().zip(&there) {
            prop_assert_eq!(found.first_sequences().is_some(), batch.first_sequences().is_some());
        }
    }

    #[test]
    fn a_csv_file_returns_its_rows(batches in any_batches()) {
        let found = read(&csv(&batches)).unwrap();
        prop_assert_eq!(found.torn, None);
        prop_assert_eq!(describe(&found.batches, false), describe(&batches, false));
    }

    #[test]
    fn a_table_returns_its_rows(batches in any_batches()) {
        let table = table_from_batches(&batches.iter().collect::<Vec<_>>()).unwrap();
        let found = batches_from_tables(std::slice::from_ref(&table)).unwrap();
        prop_assert_eq!(describe(&found, true), describe(&batches, true));
    }

    #[test]
    fn a_changed_byte_of_a_stream_loses_rows_and_adds_none(
        batches in any_batches(), at: prop::sample::Index, change in 1..=255_u8,
    ) {
        let mut bytes = arrow(&batches);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(found) = read(&bytes) {
            let (found, rows) = (describe(&found.batches, true), describe(&batches, true));
            prop_assert_eq!(&found[..], &rows[..found.len()]);
        }
    }

    #[test]
    fn a_changed_byte_of_a_csv_file_leaves_the_rows_before_it(
        batches in any_batches(), at: prop::sample::Index, change in 1..=255_u8,
    ) {
        let mut bytes = csv(&batches);
        let at = at.index(bytes.len());
        let before = bytes[..at].split(|&byte| byte == b'\n').count() - 1;
        bytes[at] ^= change;
        if let Ok(found) = read(&bytes) {
            let (found, rows) = (describe(&found.batches, false), describe(&batches, false));
            let count = before.saturating_sub(1);
            prop_assert_eq!(&found[..count], &rows[..count]);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(
        format in prop::sample::select(vec![&b""[..], b"\xff\xff\xff\xff", b"timestamp,channel,value,unit,sequence\n"]),
        bytes in vec(any::<u8>(), 0..400),
    ) {
        let _ = read(&[format, &bytes].concat());
    }
}

#[cfg(unix)]
#[test]
fn a_part_that_its_writer_is_about_to_claim_does_not_end_a_recording() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place { rotate_bytes: Some(1), ..place(folder.path().join("run")) };
    let format = ArrowFormat::new(&[], false).unwrap();
    let mut writer = Writer::create(format, place.clone(), Sync::Flush).unwrap();
    writer.write(&of(3, "laser")).unwrap();
    let mut followed = Recording::open(&place.path).unwrap();
    assert!(matches!(followed.follow().unwrap(), Next::Batch(_)));
    // The state between the two steps of creating the next part.
    fs::write(super::parts::part(&place.path, 1), b"").unwrap();
    for _ in 0..3 {
        assert_eq!(followed.follow().unwrap(), Next::Nothing);
    }
    drop(writer);
    assert_eq!(followed.follow().unwrap(), Next::End);
}

#[cfg(unix)]
#[test]
fn a_file_that_its_writer_is_about_to_claim_is_not_at_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    fs::write(&path, b"").unwrap();
    let mut followed = Recording::open(&path).unwrap();
    let claimed = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            std::thread::sleep(claim::PAUSE);
            claim::Claimed::existing(&path).unwrap()
        });
        assert_eq!(followed.follow().unwrap(), Next::Nothing);
        writer.join().unwrap()
    });
    drop(claimed);
    assert_eq!(followed.follow().unwrap(), Next::End);
}

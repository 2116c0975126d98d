//! What holds for recordings of every format.

use std::fs;
use std::io::ErrorKind;

use proptest::collection::vec;
use proptest::prelude::*;

use super::fixtures::{Folder, any_batches, arrow, channels, csv, place, read, read_file, told};
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

fn stream(folder: &Folder, sync: Sync) -> ArrowWriter {
    let format = ArrowFormat::new(&[], false).unwrap();
    Writer::create(format, place(folder.path("run")), sync).unwrap()
}

#[test]
fn each_way_to_sync_gives_the_same_file() {
    let mut files = Vec::new();
    for sync in [Sync::None, Sync::Flush, Sync::Batch, Sync::every(1e-6).unwrap()] {
        let folder = Folder::new();
        let mut writer = stream(&folder, sync);
        for rows in [3, 0, 40_000, 1] {
            writer.write(&of(rows, "laser")).unwrap();
        }
        assert_eq!(writer.rows(), 40_004);
        let bytes = writer.bytes();
        writer.close().unwrap();
        assert!(writer.bytes() > bytes + 8, "the message without rows, and the end marker");
        files.push(fs::read(folder.path("run")).unwrap());
        assert_eq!(files[0].len() as u64, writer.bytes());
    }
    assert!(files.iter().all(|file| *file == files[0]));
}

#[test]
fn a_batch_is_in_the_file_when_its_write_returns_unless_nothing_is_flushed() {
    for (sync, expected) in [(Sync::None, 0), (Sync::Flush, 3), (Sync::Batch, 3)] {
        let folder = Folder::new();
        let mut writer = stream(&folder, sync);
        writer.write(&of(3, "laser")).unwrap();
        let found = read_file(&folder.path("run")).unwrap();
        assert_eq!(found.next_row, expected, "{sync:?}");
        writer.flush().unwrap();
        assert_eq!(read_file(&folder.path("run")).unwrap().next_row, 3);
    }
}

#[test]
fn a_dropped_writer_has_written_all() {
    let folder = Folder::new();
    let mut writer = stream(&folder, Sync::None);
    writer.write(&of(3, "laser")).unwrap();
    drop(writer);
    let found = read_file(&folder.path("run")).unwrap();
    assert_eq!((found.next_row, found.torn, found.leftover), (3, None, 0));
}

#[test]
fn a_recording_without_a_batch_is_whole() {
    for bytes in [arrow(&[]), csv(&[])] {
        let found = read(&bytes).unwrap();
        assert_eq!((found.batches.len(), found.torn, found.leftover), (0, None, 0));
    }
}

#[test]
fn a_closed_recording_takes_no_more() {
    let folder = Folder::new();
    let mut writer = stream(&folder, Sync::None);
    writer.write(&of(3, "laser")).unwrap();
    writer.close().unwrap();
    assert_eq!(writer.close(), Ok(()));
    assert!(matches!(writer.write(&of(3, "laser")), Err(Error::Closed { .. })));
    assert!(matches!(writer.flush(), Err(Error::Closed { .. })));
    assert_eq!(read_file(&folder.path("run")).unwrap().next_row, 3);
}

#[test]
fn a_refused_batch_leaves_no_trace() {
    let folder = Folder::new();
    let mut writer = stream(&folder, Sync::Flush);
    writer.write(&of(3, "laser")).unwrap();
    assert!(matches!(writer.write(&of(3, "lamp")), Err(Error::OtherSchema { .. })));
    let volts = batch(&[(0, 0.5, channel("laser", "V", None))]);
    assert!(matches!(writer.write(&volts), Err(Error::UnitsDiffer { .. })));
    let other = batch(&[(0, 0.5, channel("laser", "mW", Some(1)))]);
    assert!(matches!(writer.write(&other), Err(Error::OtherSchema { .. })));
    writer.write(&of(2, "laser")).unwrap();
    writer.close().unwrap();
    let found = read_file(&folder.path("run")).unwrap();
    assert_eq!((found.next_row, found.torn), (5, None));
}

#[test]
fn channels_without_rows_do_not_count() {
    let lamp = channel("lamp", "V", None);
    let two = batch(&[(0, 0.5, channel("laser", "mW", None)), (1, 0.5, lamp)]);
    let folder = Folder::new();
    let mut writer = stream(&folder, Sync::Flush);
    writer.write(&of(3, "laser")).unwrap();
    writer.write(&two.slice(0, 1)).unwrap();
    // It knows the lamp by now, but that does not make it one of the recording.
    assert!(matches!(writer.write(&two), Err(Error::OtherSchema { .. })));
}

#[test]
fn a_full_file_is_followed_by_the_next() {
    let folder = Folder::new();
    let place = Place { rotate_bytes: Some(1), ..place(folder.path("run.arrow")) };
    let format = ArrowFormat::new(&[], false).unwrap();
    let mut writer = Writer::create(format, place.clone(), Sync::None).unwrap();
    for rows in 1..4 {
        writer.write(&of(rows, "laser")).unwrap();
    }
    writer.close().unwrap();
    let names = ["run.part0000.arrow", "run.part0001.arrow", "run.part0002.arrow"];
    assert_eq!(writer.paths(), names.map(|name| folder.path(name)));
    for (rows, path) in (1..4).zip(writer.paths()) {
        let found = read_file(path).unwrap();
        assert_eq!((found.next_row, found.torn), (rows, None));
    }
    let size = |path: &std::path::PathBuf| fs::metadata(path).unwrap().len();
    assert_eq!(writer.bytes(), writer.paths().iter().map(size).sum::<u64>());

    let again = |existing| {
        let format = ArrowFormat::new(&[], false).unwrap();
        Writer::create(format, Place { existing, ..place.clone() }, Sync::None)
    };
    fs::remove_file(&writer.paths()[0]).unwrap();
    let refused = again(Existing::Refuse).err().unwrap();
    assert!(matches!(&refused, Error::File { kind: ErrorKind::AlreadyExists, path, .. }
        if *path == folder.path(names[1])));
    drop(again(Existing::Replace).unwrap());
    assert!(
        !folder.path(names[1]).exists(),
        "else it would be taken for a part of the new recording"
    );
}

/// The stream of some of the batches, before it is closed.
fn arrow_open(batches: &[Batch], all: &[Batch]) -> Vec<u8> {
    let format = ArrowFormat::new(&channels(all), false).unwrap();
    let folder = Folder::new();
    let mut writer = Writer::create(format, place(folder.path("run")), Sync::Flush).unwrap();
    // Without rows a batch writes but the beginning.
    writer.write(&all[0].slice(0, 0)).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    fs::read(folder.path("run")).unwrap()
}

#[test]
fn a_stream_that_is_cut_anywhere_gives_every_whole_batch() {
    let other = channel("laser", "mW", Some(3));
    let own = batch(&[(0, f64::NAN, other), (1, -0.0, channel("laser", "mW", None))]);
    for batches in [vec![of(3, "laser"), of(2, "laser"), of(1, "laser")], vec![own.clone(), own]] {
        let bytes = arrow(&batches);
        let streams = (0..=batches.len()).map(|count| arrow_open(&batches[..count], &batches));
        let streams: Vec<Vec<u8>> = streams.collect();
        assert!(streams.iter().all(|stream| bytes.starts_with(stream)));
        for end in 0..bytes.len() {
            let found = read(&bytes[..end]).unwrap();
            let count = streams[1..].iter().filter(|stream| stream.len() <= end).count();
            assert_eq!(told(&found.batches, true), told(&batches[..count], true), "{end}");
            assert!(found.torn.is_some(), "{end}");
            let closing = bytes.len() - 8;
            if end >= closing {
                assert_eq!(found.leftover, (end - closing) as u64, "{end}");
            } else if end >= streams[0].len() {
                assert_eq!(found.leftover, (end - streams[count].len()) as u64, "{end}");
            }
        }
        assert_eq!(read(&bytes).unwrap().torn, None);
    }
}

#[test]
fn a_csv_file_that_is_cut_anywhere_gives_every_whole_row() {
    let odd = channel("say \"a\",\nb", " \u{b0}C", None);
    let batches = [of(3, "laser"), batch(&[(7, 1e-300, odd.clone()), (8, f64::INFINITY, odd)])];
    let bytes = csv(&batches);
    let rows = told(&batches, false);
    let whole = String::from_utf8(bytes.clone()).unwrap();
    let ends: Vec<usize> = whole.match_indices('\n').map(|(at, _)| at + 1).collect();
    // Two of them are within quotes.
    let ends: Vec<usize> = [&ends[..4], &ends[5..6], &ends[7..]].concat();
    assert_eq!(ends.len(), rows.len() + 1);
    for end in 0..bytes.len() {
        let found = read(&bytes[..end]).unwrap();
        let count = ends.iter().filter(|&&at| at <= end).count().saturating_sub(1);
        assert_eq!(told(&found.batches, false), rows[..count], "{end}");
        let last = ends.iter().rev().find(|&&at| at <= end).copied().unwrap_or(0);
        assert_eq!(found.leftover, (end - last) as u64, "{end}");
        assert_eq!(found.torn.is_some(), end != last || end < ends[0], "{end}");
    }
}

proptest! {
    #[test]
    fn a_stream_gives_back_its_batches(batches in any_batches()) {
        let found = read(&arrow(&batches)).unwrap();
        prop_assert_eq!(found.torn, None);
        let there: Vec<Batch> = batches.iter().filter(|batch| !batch.is_empty()).cloned().collect();
        prop_assert_eq!(&found.batches, &there);
        prop_assert_eq!(told(&found.batches, true), told(&batches, true));
        for (found, batch) in found.batches.iter().zip(&there) {
            prop_assert_eq!(found.first_sequences().is_some(), batch.first_sequences().is_some());
        }
    }

    #[test]
    fn a_csv_file_gives_back_its_rows(batches in any_batches()) {
        let found = read(&csv(&batches)).unwrap();
        prop_assert_eq!(found.torn, None);
        prop_assert_eq!(told(&found.batches, false), told(&batches, false));
    }

    #[test]
    fn a_table_gives_back_its_rows(batches in any_batches()) {
        let table = table_of_rows(&batches.iter().collect::<Vec<_>>()).unwrap();
        let found = rows_of_tables(std::slice::from_ref(&table)).unwrap();
        prop_assert_eq!(told(&found, true), told(&batches, true));
    }

    #[test]
    fn a_changed_byte_of_a_stream_costs_rows_and_makes_none(
        batches in any_batches(), at: prop::sample::Index, change in 1..=255_u8,
    ) {
        let mut bytes = arrow(&batches);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        if let Ok(found) = read(&bytes) {
            let (found, rows) = (told(&found.batches, true), told(&batches, true));
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
            let (found, rows) = (told(&found.batches, false), told(&batches, false));
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

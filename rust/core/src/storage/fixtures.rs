//! Fixtures of the storage tests.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;

use super::{ArrowFormat, CsvFormat, Existing, Format, Place, Recording, Sync, Writer};
use crate::batch::Batch;
use crate::batch::tests::{any_rows, batch};
use crate::channel::Channel;

pub(super) fn place(path: PathBuf) -> Place {
    Place { path, existing: Existing::Refuse, rotate_bytes: None }
}

/// Batches with or without sequence numbers, of channels known in advance.
pub(super) fn any_batches() -> impl Strategy<Value = Vec<Batch>> {
    let numbered = |(rows, first): (Vec<_>, Option<u64>)| {
        let made = batch(&rows);
        match first {
            Some(first) => made.with_first_sequences(Some(&|name| first + name.len() as u64)),
            None => made,
        }
    };
    vec((any_rows(), prop::option::of(0..u64::MAX / 2)).prop_map(numbered), 0..5)
}

/// Returns the channels of all batches.
pub(super) fn channels(batches: &[Batch]) -> Vec<Channel> {
    batches.iter().flat_map(|batch| batch.channels().iter().cloned()).collect()
}

/// Writes a recording and returns its bytes.
pub(super) fn written<F: Format>(format: F, batches: &[Batch]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut writer = Writer::create(format, place(path.clone()), Sync::None).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.close().unwrap();
    fs::read(path).unwrap()
}

pub(super) fn arrow(batches: &[Batch]) -> Vec<u8> {
    written(ArrowFormat::new(&channels(batches), false).unwrap(), batches)
}

pub(super) fn csv(batches: &[Batch]) -> Vec<u8> {
    written(CsvFormat::new(true, Some(true)), batches)
}

/// The result of reading a file.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) batches: Vec<Batch>,
    pub(super) torn: Option<String>,
    pub(super) leftover: u64,
    pub(super) next_row: u64,
}

/// Reads bytes as a recording; an error if they are not one.
pub(super) fn read(bytes: &[u8]) -> Result<Read, crate::Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    fs::write(&path, bytes).unwrap();
    read_file(&path)
}

pub(super) fn read_file(path: &Path) -> Result<Read, crate::Error> {
    let mut recording = Recording::open(path)?;
    let mut batches = Vec::new();
    while let Some(batch) = recording.next_batch()? {
        batches.push(batch);
    }
    assert_eq!(recording.next_batch(), Ok(None), "the end stays the end");
    Ok(Read {
        batches,
        torn: recording.torn(),
        leftover: recording.leftover_bytes().unwrap(),
        next_row: recording.next_row(),
    })
}

/// Describes the names, numbers and rows of batches as text; NaN equals NaN, and metadata is optional.
pub(super) fn describe(batches: &[Batch], metadata: bool) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in batches {
        let names = batch.names();
        let mut numbers = batch.first_sequences().map(|first| first.to_vec());
        for row in 0..batch.len() {
            let index = batch.index_of(row);
            let channel = &batch.channels()[index];
            let number = numbers.as_mut().map(|numbers| {
                numbers[names[index]] += 1;
                numbers[names[index]] - 1
            });
            let value = batch.values()[row];
            let value = if value.is_nan() { "NaN".to_owned() } else { format!("{value:?}") };
            let document =
                channel.metadata().filter(|_| metadata).map(|known| known.json().to_owned());
            rows.push(format!(
                "{} {} {} {value} {document:?} {number:?}",
                batch.timestamps()[row],
                channel.name(),
                channel.unit(),
            ));
        }
    }
    rows
}

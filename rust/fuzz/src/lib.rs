//! Reads bytes as a recording, and tells what has to be so of whatever comes.

use std::fs;
use std::path::PathBuf;

use rust_daq::Recording;

/// Reads bytes that begin as a recording of a format does, to the end.
///
/// # Panics
///
/// When a count is wrong; a panic of the reader, a hang and too much memory are seen by the fuzzer.
pub fn read(beginning: &[u8], bytes: &[u8]) {
    let path = file();
    fs::write(&path, [beginning, bytes].concat()).unwrap();
    let length = (beginning.len() + bytes.len()) as u64;
    let Ok(mut recording) = Recording::open(&path) else { return };
    let mut rows = 0;
    while let Ok(Some(batch)) = recording.next_batch() {
        rows += batch.len() as u64;
        assert!(!batch.is_empty());
        assert!((0..batch.len()).all(|row| batch.index_of(row) < batch.channels().len()));
        assert!(batch.first_sequences().is_none_or(|first| first.len() == batch.channels().len()));
        assert_eq!(recording.next_row(), rows);
    }
    let leftover = recording.leftover_bytes().unwrap();
    assert!(leftover <= length);
    assert!(leftover == 0 || recording.torn().is_some());
    // Each row takes at least that.
    assert!(rows <= length);
}

/// A file of this process, in memory where that is possible.
fn file() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    folder.join(format!("rust-daq-fuzz-{}", std::process::id()))
}

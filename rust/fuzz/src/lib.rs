//! Reads any bytes as a recording, and checks the invariants of the result.

use std::fs;
use std::path::PathBuf;

use rust_daq::Recording;

/// Reads bytes after the beginning of a recording, to the end.
///
/// # Panics
///
/// If a count is wrong. The fuzzer itself detects panics of the reader, hangs and excessive memory.
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
    // Each row takes at least one byte.
    assert!(rows <= length);
}

/// Returns a file of this process, in memory if possible.
fn file() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { memory } else { std::env::temp_dir() };
    folder.join(format!("rust-daq-fuzz-{}", std::process::id()))
}

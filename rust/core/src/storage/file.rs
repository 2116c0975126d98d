//! A file to which whole batches are appended.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::claim::{Claimed, Existing};

/// The interval of checks that the file still has a name; a check takes as long as a hundred rows.
const NAME_CHECKED: Duration = Duration::from_millis(50);

/// The size of the write buffer in bytes.
///
/// A full buffer ends at a multiple of this size in the file. The system then keeps the block as one piece; pieces that
/// begin and end elsewhere take it up to twice as long.
const BLOCK: usize = 256 * 1024;

/// Bytes behind a block for a piece that crosses its end.
const BEYOND: usize = 4 * 1024;

/// The end of a whole batch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct End {
    /// Bytes from the beginning of the file.
    pub(super) bytes: u64,
    /// Rows up to this point.
    pub(super) rows: u64,
}

/// A growing file that can be cut back to its last whole batch.
#[derive(Debug)]
pub struct AppendFile {
    pub(super) file: Claimed,
    buffer: Vec<u8>,
    /// The bytes written to the system.
    given: u64,
    /// The end of the last whole batch written to the system.
    whole: End,
    /// The ends of batches in the buffer.
    ends: Vec<End>,
    /// Whether some bytes may not be on the device.
    unsynced: bool,
    name_checked: Instant,
}

impl AppendFile {
    /// Creates a file, or replaces an existing one.
    pub(super) fn create(path: &Path, existing: Existing) -> io::Result<Self> {
        Ok(Self::of(Claimed::create(path, existing)?, End::default()))
    }

    /// Continues a file after its last whole batch; the rest is cut off.
    pub(super) fn resume(mut file: Claimed, whole: End) -> io::Result<Self> {
        file.set_len(whole.bytes)?;
        file.seek(SeekFrom::Start(whole.bytes))?;
        Ok(Self::of(file, whole))
    }

    fn of(file: Claimed, whole: End) -> Self {
        Self {
            file,
            buffer: Vec::with_capacity(BLOCK + BEYOND),
            given: whole.bytes,
            whole,
            ends: Vec::new(),
            unsynced: true,
            name_checked: Instant::now(),
        }
    }

    /// Appends bytes.
    pub(super) fn append(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while bytes.len() >= self.free() {
            if self.buffer.is_empty() {
                // The buffer would save no call here, and would only cost a copy.
                let blocks = bytes.len() - (bytes.len() - self.free()) % BLOCK;
                self.unsynced = true;
                give(&mut self.file, &bytes[..blocks], &mut self.given)?;
                bytes = &bytes[blocks..];
            } else {
                let (block, rest) = bytes.split_at(self.free());
                self.buffer.extend_from_slice(block);
                self.give()?;
                bytes = rest;
            }
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// Lets `write` append a piece to the buffer, which saves a copy if the piece is made there.
    #[inline]
    pub(super) fn append_with(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
    ) -> io::Result<()> {
        write(&mut self.buffer)?;
        let block = BLOCK - usize::try_from(self.given % BLOCK as u64).unwrap_or(0);
        if self.buffer.len() < block { Ok(()) } else { self.give_blocks(block) }
    }

    /// Writes the buffer to the system up to the last end of a block; the first block has `block` bytes.
    #[cold]
    fn give_blocks(&mut self, block: usize) -> io::Result<()> {
        let end = self.buffer.len() - (self.buffer.len() - block) % BLOCK;
        let rest = self.buffer.split_off(end);
        self.give()?;
        self.buffer.extend_from_slice(&rest);
        Ok(())
    }

    /// The bytes that fit into the current block of the file, at least one.
    fn free(&self) -> usize {
        BLOCK - usize::try_from(self.bytes() % BLOCK as u64).unwrap_or(0)
    }

    /// The length of the file, including the buffer.
    pub(super) fn bytes(&self) -> u64 {
        self.given + self.buffer.len() as u64
    }

    /// Marks the end of a whole batch, with `rows` rows in total.
    pub(super) fn end_batch(&mut self, rows: u64) {
        self.ends.push(End { bytes: self.bytes(), rows });
    }

    /// Writes the buffer to the system.
    pub(super) fn give(&mut self) -> io::Result<()> {
        give(&mut self.file, &self.buffer, &mut self.given)?;
        self.buffer.clear();
        self.unsynced = true;
        if let Some(&end) = self.ends.last() {
            self.whole = end;
            self.ends.clear();
        }
        Ok(())
    }

    /// Writes the buffer to the system, and syncs the file to the device.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.give()?;
        if self.unsynced {
            self.file.sync_data()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Fails if the file has no name any more, because its content is then lost on closing.
    pub(super) fn check_name(&mut self) -> io::Result<()> {
        self.name_checked = Instant::now();
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            if self.file.metadata()?.nlink() == 0 {
                return Err(io::Error::from_raw_os_error(rustix::io::Errno::NOENT.raw_os_error()));
            }
        }
        Ok(())
    }

    /// Checks the name, if the last check was some time ago.
    pub(super) fn check_name_again(&mut self) -> io::Result<()> {
        if self.name_checked.elapsed() < NAME_CHECKED { Ok(()) } else { self.check_name() }
    }

    /// Cuts off an incomplete batch after a failure; returns the end and the rows of the whole batches.
    ///
    /// If the system cannot cut the file, the rest stays, and a reader stops before it.
    pub(super) fn cut_back(&mut self) -> End {
        let given = self.given;
        if let Some(&end) = self.ends.iter().rev().find(|end| end.bytes <= given) {
            self.whole = end;
        }
        self.buffer.clear();
        self.ends.clear();
        if self.given > self.whole.bytes && self.file.set_len(self.whole.bytes).is_ok() {
            self.given = self.whole.bytes;
        }
        End { bytes: self.given, rows: self.whole.rows }
    }
}

/// Writes all bytes, and counts the written bytes even if a later write fails.
fn give(file: &mut File, mut bytes: &[u8], given: &mut u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => {
                *given += count as u64;
                bytes = &bytes[count..];
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{AppendFile, BLOCK, Existing};

    #[test]
    fn a_full_buffer_ends_at_a_multiple_of_its_size() {
        full_buffers(AppendFile::append);
        full_buffers(|file, bytes| file.append_with(|buffer| buffer.write_all(bytes)));
    }

    fn full_buffers(append: impl Fn(&mut AppendFile, &[u8]) -> std::io::Result<()>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let mut file = AppendFile::create(&path, Existing::Refuse).unwrap();
        let (mut expected, mut given) = (Vec::new(), 0);
        for (number, length) in
            [700, 1, BLOCK - 701, BLOCK, BLOCK + 5, 2 * BLOCK - 5, 0, 9, 3 * BLOCK, 20_000]
                .into_iter()
                .enumerate()
        {
            let bytes = vec![u8::try_from(number).unwrap(); length];
            append(&mut file, &bytes).unwrap();
            expected.extend(bytes);
            let whole = expected.len() / BLOCK * BLOCK;
            assert_eq!(file.buffer, expected[whole.max(given)..], "after {length} bytes");
            if number == 0 {
                file.give().unwrap();
                given = expected.len();
            }
        }
        file.give().unwrap();
        assert_eq!(std::fs::read(path).unwrap(), expected);
    }
}

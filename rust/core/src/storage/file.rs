//! A file that whole batches are appended to.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use super::claim::{Claimed, Existing};

/// How often it is asked whether the file still has a name: the question takes as long as a hundred rows.
const NAME_CHECKED: Duration = Duration::from_millis(50);

/// How much is collected before the system is given it.
const BUFFER: usize = 256 * 1024;

/// The end of a whole batch.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct End {
    /// Bytes from the beginning of the file.
    pub(super) bytes: u64,
    /// Rows up to there.
    pub(super) rows: u64,
}

/// A file that grows at its end, and that can be cut back to the last whole batch.
#[derive(Debug)]
pub struct AppendFile {
    pub(super) file: Claimed,
    buffer: Vec<u8>,
    /// The bytes that the system was given.
    given: u64,
    /// The last whole batch of which the system was given all.
    whole: End,
    /// Ends of batches in the buffer.
    ends: Vec<End>,
    /// Whether the device may lack something.
    unsynced: bool,
    name_checked: Instant,
}

impl AppendFile {
    /// A new file, or one that exists and is replaced.
    pub(super) fn create(path: &Path, existing: Existing) -> io::Result<Self> {
        Ok(Self::of(Claimed::create(path, existing)?, End::default()))
    }

    /// A file that is continued behind its last whole batch; the rest is cut off.
    pub(super) fn resume(mut file: Claimed, whole: End) -> io::Result<Self> {
        file.set_len(whole.bytes)?;
        file.seek(SeekFrom::Start(whole.bytes))?;
        Ok(Self::of(file, whole))
    }

    fn of(file: Claimed, whole: End) -> Self {
        Self {
            file,
            buffer: Vec::with_capacity(BUFFER),
            given: whole.bytes,
            whole,
            ends: Vec::new(),
            unsynced: true,
            name_checked: Instant::now(),
        }
    }

    /// Appends bytes.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() > BUFFER - self.buffer.len() {
            self.give()?;
        }
        if bytes.len() < BUFFER {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        // Where the buffer could not save a call, it would only cost a copy.
        self.unsynced = true;
        give(&mut self.file, bytes, &mut self.given)
    }

    /// The buffer, with room for so many bytes more, which are fewer than it holds.
    pub(super) fn room(&mut self, most: usize) -> io::Result<&mut Vec<u8>> {
        if most > BUFFER - self.buffer.len() {
            self.give()?;
        }
        Ok(&mut self.buffer)
    }

    /// How long the file is, with what waits in the buffer.
    pub(super) fn bytes(&self) -> u64 {
        self.given + self.buffer.len() as u64
    }

    /// Says that what was appended is whole, with so many rows in all.
    pub(super) fn end_batch(&mut self, rows: u64) {
        self.ends.push(End { bytes: self.bytes(), rows });
    }

    /// Hands what waits to the system.
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

    /// Hands what waits to the system, and all that the system has to the device.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.give()?;
        if self.unsynced {
            self.file.sync_data()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Fails once the file has no name any more: all of it is lost then when it is closed.
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

    /// The same, when it was not asked for a while.
    pub(super) fn check_name_again(&mut self) -> io::Result<()> {
        if self.name_checked.elapsed() < NAME_CHECKED { Ok(()) } else { self.check_name() }
    }

    /// Cuts off the rest of a batch after a failure; returns the end of the file and the rows of whole batches.
    ///
    /// Where the system refuses to cut, the rest stays, and a reader stops before it.
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

/// Writes all bytes, and counts those that were taken, also when a later one is not.
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

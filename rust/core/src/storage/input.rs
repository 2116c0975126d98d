//! Sequential reading of a file.

use std::fs::File;
use std::io;
use std::path::Path;

/// The size of a read in bytes.
const BUFFER: usize = 256 * 1024;

/// A file with a buffer, the position of the reader, and the known length.
///
/// Each read passes its position in the file. A fork shares the system's position with its parent, so each of them
/// would skip the bytes that the other reads.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) file: File,
    buffer: Vec<u8>,
    /// The unread part of the buffer.
    begin: usize,
    end: usize,
    /// The position of the unread part in the file.
    pub(super) position: u64,
    length: u64,
}

impl Input {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, buffer: vec![0; BUFFER], begin: 0, end: 0, position: 0, length })
    }

    /// Returns the current length of the file.
    pub(super) fn length(&mut self) -> io::Result<u64> {
        self.length = self.file.metadata()?.len();
        Ok(self.length)
    }

    /// Continues at another position, with the current content of the file.
    pub(super) const fn seek(&mut self, position: u64) {
        (self.begin, self.end) = (0, 0);
        self.position = position;
    }

    /// Whether only zero bytes follow.
    pub(super) fn has_only_zeros(&mut self) -> io::Result<bool> {
        loop {
            let piece = self.peek()?;
            if piece.is_empty() || piece.iter().any(|&byte| byte != 0) {
                return Ok(piece.is_empty());
            }
            let count = piece.len();
            self.consume(count);
        }
    }

    /// Whether `count` bytes are left, checked before memory is allocated for them.
    pub(super) fn has(&mut self, count: u64) -> io::Result<bool> {
        let known = self.length.saturating_sub(self.position);
        Ok(count <= known || count <= self.length()?.saturating_sub(self.position))
    }

    /// Returns the next available bytes; empty at the end of the file.
    pub(super) fn peek(&mut self) -> io::Result<&[u8]> {
        while self.begin == self.end {
            match read_at(&self.file, &mut self.buffer, self.position) {
                Ok(0) => break,
                Ok(count) => (self.begin, self.end) = (0, count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(&self.buffer[self.begin..self.end])
    }

    /// Skips `count` of the bytes returned by [`peek`](Self::peek).
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.begin);
        self.begin += count;
        self.position += count as u64;
    }

    /// Reads `count` bytes piece by piece; returns whether there were as many.
    pub(super) fn read(
        &mut self,
        mut count: usize,
        mut take: impl FnMut(&[u8]),
    ) -> io::Result<bool> {
        while count > 0 {
            let piece = self.peek()?;
            if piece.is_empty() {
                return Ok(false);
            }
            let part = piece.len().min(count);
            take(&piece[..part]);
            self.consume(part);
            count -= part;
        }
        Ok(true)
    }

    /// Appends the next `count` bytes; returns whether there were as many. Missing memory is an error.
    pub(super) fn read_onto(&mut self, count: usize, bytes: &mut Vec<u8>) -> io::Result<bool> {
        if !self.has(count as u64)? {
            return Ok(false);
        }
        bytes.try_reserve(count).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        self.read(count, |piece| bytes.extend_from_slice(piece))
    }
}

/// Reads at a position of a file.
#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

/// Reads at a position of a file.
#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

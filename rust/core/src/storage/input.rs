//! A file that is read from its beginning to its end.

use std::fs::File;
use std::io;
use std::path::Path;

/// How much is asked for at once.
const BUFFER: usize = 256 * 1024;

/// A file, how far it was read, and how long it is known to be.
///
/// Each read names its place in the file. A fork shares the system's own position with its parent, so that each of the
/// two would skip what the other reads.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) file: File,
    buffer: Vec<u8>,
    /// The part of the buffer that comes next.
    begin: usize,
    end: usize,
    /// The place of that part in the file: all before it was read.
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

    /// The length of the file by now.
    pub(super) fn length(&mut self) -> io::Result<u64> {
        self.length = self.file.metadata()?.len();
        Ok(self.length)
    }

    /// Goes on at another place, with what the file has there by now.
    pub(super) const fn seek(&mut self, position: u64) {
        (self.begin, self.end) = (0, 0);
        self.position = position;
    }

    /// Whether nothing follows but bytes that are 0.
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

    /// Whether so many bytes are left by now, so that memory is taken for no more than there is.
    pub(super) fn has(&mut self, count: u64) -> io::Result<bool> {
        let known = self.length.saturating_sub(self.position);
        Ok(count <= known || count <= self.length()?.saturating_sub(self.position))
    }

    /// The bytes that come next, as many as are at hand; none at the end of the file.
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

    /// Goes on by so many of the bytes that [`peek`](Self::peek) showed.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.end - self.begin);
        self.begin += count;
        self.position += count as u64;
    }

    /// Reads so many bytes, piece by piece; tells whether there were as many.
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

    /// Appends the next bytes to others; tells whether there were as many. Memory that is missing is an error.
    pub(super) fn read_onto(&mut self, count: usize, bytes: &mut Vec<u8>) -> io::Result<bool> {
        if !self.has(count as u64)? {
            return Ok(false);
        }
        bytes.try_reserve(count).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        self.read(count, |piece| bytes.extend_from_slice(piece))
    }
}

/// Reads from a place in a file.
#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, position)
}

/// Reads from a place in a file.
#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, position)
}

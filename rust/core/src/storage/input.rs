//! A file that is read from its beginning to its end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

/// How much is asked for at once.
const BUFFER: usize = 256 * 1024;

/// A file, how far it was read, and how long it is known to be.
#[derive(Debug)]
pub(super) struct Input {
    reader: BufReader<File>,
    position: u64,
    length: u64,
}

impl Input {
    /// Opens a file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { reader: BufReader::with_capacity(BUFFER, file), position: 0, length })
    }

    /// The bytes that were read.
    pub(super) const fn position(&self) -> u64 {
        self.position
    }

    /// The file.
    pub(super) fn file(&self) -> &File {
        self.reader.get_ref()
    }

    /// The length of the file by now.
    pub(super) fn length(&mut self) -> io::Result<u64> {
        self.length = self.reader.get_ref().metadata()?.len();
        Ok(self.length)
    }

    /// Goes on at another place, with what the file has there by now.
    pub(super) fn seek(&mut self, position: u64) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(position))?;
        self.position = position;
        Ok(())
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

    /// The bytes that are left; a file may grow while it is read.
    fn left(&mut self) -> io::Result<u64> {
        Ok(self.length()?.saturating_sub(self.position))
    }

    /// Whether so many bytes are left, so that memory is taken for no more than there is.
    pub(super) fn has(&mut self, count: u64) -> io::Result<bool> {
        let known = self.length.saturating_sub(self.position);
        Ok(count <= known || count <= self.left()?)
    }

    /// The bytes that come next, as many as are at hand; none at the end of the file.
    pub(super) fn peek(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    /// Goes on by so many of the bytes that [`peek`](Self::peek) showed.
    pub(super) fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.position += count as u64;
    }

    /// Reads so many bytes, piece by piece; tells whether there were as many.
    pub(super) fn read(
        &mut self,
        mut count: usize,
        mut take: impl FnMut(&[u8]),
    ) -> io::Result<bool> {
        while count > 0 {
            let piece = match self.reader.fill_buf() {
                Ok(piece) => piece,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
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
}

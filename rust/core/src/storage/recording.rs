//! Reads a recording batch by batch.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::arrow::{ArrowReader, CONTINUATION};
use super::csv::CsvReader;
use super::input::Input;
use crate::batch::Batch;
use crate::error::Error;

/// A recording that is read from its beginning to its end.
///
/// Of a file that ends in the middle of a batch, or is damaged, all batches before that are given.
pub struct Recording {
    path: PathBuf,
    reader: Reader,
    next_row: u64,
    /// Known at the end.
    end: Option<End>,
}

enum Reader {
    Arrow(ArrowReader),
    Csv(Box<CsvReader>),
}

/// How a recording ended.
#[derive(Debug)]
struct End {
    leftover: u64,
    torn: Option<String>,
}

/// Why a file gives no more.
pub(super) const CUT: &str = "the file ends before it was closed";
pub(super) const DAMAGED: &str = "what follows is damaged";

/// What comes next in a file.
pub(super) enum Step {
    Batch(Batch),
    /// The file says that it is whole.
    End,
    /// Nothing more can be read, for this reason.
    Torn(String),
}

impl Recording {
    /// Opens a file that was written here; what wrote it is told by its first bytes.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when it cannot be read, and [`Error::NoRecording`] when it is something else.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let facts = fs::metadata(path).map_err(|error| not_read(path, &error))?;
        if !facts.is_file() && !facts.is_dir() {
            // To open a pipe would wait for whoever writes into it.
            let problem = "is no file; pass the path of one".to_owned();
            return Err(Error::NoRecording { path: path.to_owned(), problem });
        }
        let mut input = Input::open(path).map_err(|error| not_read(path, &error))?;
        let beginning = input.peek().map_err(|error| not_read(path, &error))?;
        // A file that was cut within its first bytes may have been either.
        let shown = beginning.len().min(CONTINUATION.len());
        let reader = if beginning[..shown] == CONTINUATION[..shown] {
            Reader::Arrow(ArrowReader::open(input, path)?)
        } else {
            Reader::Csv(Box::new(CsvReader::open(input, path)?))
        };
        Ok(Self { path: path.to_owned(), reader, next_row: 0, end: None })
    }

    /// The format: `"arrow"` or `"csv"`.
    #[must_use]
    pub const fn format(&self) -> &'static str {
        match self.reader {
            Reader::Arrow(_) => "arrow",
            Reader::Csv(_) => "csv",
        }
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Error::File`].
    pub fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        if self.end.is_some() {
            return Ok(None);
        }
        let step = match &mut self.reader {
            Reader::Arrow(reader) => reader.next(),
            Reader::Csv(reader) => reader.next(),
        };
        let step = step.map_err(|error| not_read(&self.path, &error))?;
        let torn = match step {
            Step::Batch(batch) => {
                self.next_row += batch.len() as u64;
                return Ok(Some(batch));
            }
            Step::End => None,
            Step::Torn(problem) => Some(problem),
        };
        let leftover = match &mut self.reader {
            Reader::Arrow(reader) => reader.leftover(),
            Reader::Csv(reader) => reader.leftover(),
        };
        let leftover = leftover.map_err(|error| not_read(&self.path, &error))?;
        let torn = torn.or_else(|| {
            (leftover > 0).then(|| "something stands behind the end of the recording".to_owned())
        });
        self.end = Some(End { leftover, torn });
        Ok(None)
    }

    /// The number of the row that comes next, counted from 0: in the end, how many were read.
    #[must_use]
    pub const fn next_row(&self) -> u64 {
        self.next_row
    }

    /// The bytes behind the last whole batch; `None` before the end is reached.
    #[must_use]
    pub fn leftover_bytes(&self) -> Option<u64> {
        self.end.as_ref().map(|end| end.leftover)
    }

    /// Why no more could be read, where the file does not say that it is whole.
    #[must_use]
    pub fn torn(&self) -> Option<&str> {
        self.end.as_ref()?.torn.as_deref()
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

pub(super) fn not_read(path: &Path, error: &io::Error) -> Error {
    let problem = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::IsADirectory => "is a folder; pass one of the files in it".to_owned(),
        _ => format!("cannot be read: {}", Error::reason(error)),
    };
    Error::file_problem(path, problem, error.kind(), error.raw_os_error())
}

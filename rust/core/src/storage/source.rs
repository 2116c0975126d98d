//! Reading one file of a recording.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;

use super::arrow::{ArrowReader, CONTINUATION};
use super::claim::{PAUSE, TRIES, is_claimed_by_writer};
use super::csv::CsvReader;
use super::input::Input;
use super::resume::Layout;
use crate::batch::Batch;
use crate::error::Error;

/// The reasons why a file has no more batches.
pub(super) const CUT: &str = "the file ends before it was closed";
pub(super) const DAMAGED: &str = "the rest is damaged";

/// The next step in reading a file.
pub(super) enum Step {
    Batch(Batch),
    /// The complete end of the file.
    End,
    /// The reason why no more can be read.
    Torn(String),
}

/// A file to read, which may still grow.
pub(super) struct Source {
    pub(super) path: PathBuf,
    input: Input,
    /// `None` while the file is empty or ends before its first batch.
    reader: Option<Box<dyn Reader>>,
}

/// Reads the batches of a format.
pub(super) trait Reader: Send {
    /// The name of the format.
    fn format(&self) -> &'static str;

    /// Returns the next batch, or why the batches end.
    fn next(&mut self, input: &mut Input) -> io::Result<Step>;

    /// Goes back to the end of the last whole batch.
    fn rewind(&mut self, input: &mut Input);

    /// The bytes up to the end of the last whole batch.
    fn whole(&self) -> u64;

    /// The bytes up to the end of the last whole message, which may be after the last batch.
    fn end(&self) -> u64 {
        self.whole()
    }

    /// The start of the damaged bytes, if there is damage; `None` for a format without checksums.
    fn damage(&self) -> Option<u64> {
        None
    }

    /// Returns the layout that a continuing writer needs; `None` if the file has no complete beginning.
    fn layout(&self, input: &mut Input, path: &Path) -> Result<Option<Layout>, Error>;
}

impl Source {
    /// Opens a recording; its first bytes determine the format.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let facts = fs::metadata(path).map_err(|error| not_read(path, &error))?;
        if !facts.is_file() && !facts.is_dir() {
            // Opening a pipe would wait for its writer.
            return Err(Error::in_file(path, "is not a regular file; pass the path of a file"));
        }
        let input = Input::open(path).map_err(|error| not_read(path, &error))?;
        let mut source = Self { path: path.to_owned(), input, reader: None };
        source.begin()?;
        Ok(source)
    }

    /// Reads the beginning of the file, if it is complete.
    fn begin(&mut self) -> Result<(), Error> {
        let Self { path, input, reader } = self;
        input.seek(0);
        let beginning = input.peek().map_err(|error| not_read(path, &error))?;
        *reader = match beginning.first() {
            None => None,
            Some(&first) if first == CONTINUATION[0] => {
                ArrowReader::open(input, path)?.map(|reader| Box::new(reader) as Box<dyn Reader>)
            }
            Some(_) => {
                CsvReader::open(input, path)?.map(|reader| Box::new(reader) as Box<dyn Reader>)
            }
        };
        Ok(())
    }

    /// The format: `"arrow"` or `"csv"`; `None` while the file has no complete beginning.
    pub(super) fn format(&self) -> Option<&'static str> {
        self.reader.as_ref().map(|reader| reader.format())
    }

    /// Returns the next batch, or why the batches end.
    pub(super) fn step(&mut self) -> Result<Step, Error> {
        if self.reader.is_none() {
            self.begin()?;
        }
        let Self { path, input, reader } = self;
        let step = match reader {
            None => Ok(Step::Torn(CUT.to_owned())),
            Some(reader) => reader.next(input),
        };
        step.map_err(|error| not_read(path, &error))
    }

    /// Goes back to the end of the last whole batch, to continue there after the file has grown.
    pub(super) fn rewind(&mut self) {
        if let Some(reader) = &mut self.reader {
            reader.rewind(&mut self.input);
        }
    }

    /// Whether a writer may still add to the file; true if the file system cannot tell.
    ///
    /// A writer creates its file shortly before it claims it, so a file without a beginning is checked repeatedly.
    pub(super) fn is_written(&self) -> bool {
        let tries = if self.reader.is_none() { TRIES } else { 1 };
        (0..tries).any(|earlier| {
            if earlier > 0 {
                sleep(PAUSE);
            }
            is_claimed_by_writer(&self.input.file, &self.path).unwrap_or(true)
        })
    }

    /// The bytes up to the end of the last whole batch.
    pub(super) fn whole(&self) -> u64 {
        self.reader.as_ref().map_or(0, |reader| reader.whole())
    }

    /// Returns the number of unreadable bytes, after the last batch.
    pub(super) fn leftover(&mut self) -> Result<u64, Error> {
        let end = self.reader.as_ref().map_or(0, |reader| reader.end());
        let length = self.input.length().map_err(|error| not_read(&self.path, &error))?;
        Ok(length.saturating_sub(end))
    }

    /// Whether the file ends within a batch, so that no whole batch can follow.
    ///
    /// After a crash of the system, a file may be longer than the data written to it.
    pub(super) fn ends_torn(&mut self, problem: &str) -> Result<bool, Error> {
        if problem == CUT {
            return Ok(true);
        }
        let damage = self.reader.as_ref().and_then(|reader| reader.damage());
        let Some(damage) = damage else { return Ok(false) };
        self.input.seek(damage);
        self.input.has_only_zeros().map_err(|error| not_read(&self.path, &error))
    }

    /// Returns the layout that a continuing writer needs; `None` if the file has no complete beginning.
    pub(super) fn layout(&mut self) -> Result<Option<Layout>, Error> {
        let Self { path, input, reader } = self;
        reader.as_ref().map_or(Ok(None), |reader| reader.layout(input, path))
    }
}

pub(super) fn not_read(path: &Path, error: &io::Error) -> Error {
    let problem = match error.kind() {
        io::ErrorKind::NotFound => "the file does not exist".to_owned(),
        io::ErrorKind::IsADirectory => "is a folder; pass one of the files in it".to_owned(),
        _ => format!("cannot be read: {}", Error::reason(error)),
    };
    Error::file_problem(path, problem, error.kind(), error.raw_os_error())
}

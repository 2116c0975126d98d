//! A file of a recording as it is read.

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

/// Why a file has no more batches.
pub(super) const CUT: &str = "the file ends before it was closed";
pub(super) const DAMAGED: &str = "what follows is damaged";

/// The next thing in a file.
pub(super) enum Step {
    Batch(Batch),
    /// The file says that it is whole.
    End,
    /// Nothing more can be read, for this reason.
    Torn(String),
}

/// A file that is read, and that may still grow.
pub(super) struct Source {
    pub(super) path: PathBuf,
    input: Input,
    /// `None` while the file is empty, or ends before its first batch could begin.
    reader: Option<Box<dyn Reader>>,
}

/// What reads the batches of a format.
pub(super) trait Reader: Send {
    /// The name of the format.
    fn format(&self) -> &'static str;

    /// The next batch, or why there is none.
    fn next(&mut self, input: &mut Input) -> io::Result<Step>;

    /// Goes back behind the last whole batch.
    fn rewind(&mut self, input: &mut Input);

    /// The bytes up to the end of the last whole batch.
    fn whole(&self) -> u64;

    /// The bytes up to the end of the last whole message, which may be behind that.
    fn end(&self) -> u64 {
        self.whole()
    }

    /// Where bytes begin of which nothing is known, once something was damaged; `None` from a format that cannot tell.
    fn damage(&self) -> Option<u64> {
        None
    }

    /// What a writer has to know that continues the file; `None` where it has no whole beginning.
    fn layout(&self, input: &mut Input, path: &Path) -> Result<Option<Layout>, Error>;
}

impl Source {
    /// Opens a file that was written here; its first bytes say what wrote it.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let facts = fs::metadata(path).map_err(|error| not_read(path, &error))?;
        if !facts.is_file() && !facts.is_dir() {
            // To open a pipe would wait for its writer.
            return Err(Error::in_file(path, "is no file; pass the path of one"));
        }
        let input = Input::open(path).map_err(|error| not_read(path, &error))?;
        let mut source = Self { path: path.to_owned(), input, reader: None };
        source.begin()?;
        Ok(source)
    }

    /// Reads what precedes the batches, as far as it is there by now.
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

    /// The format: `"arrow"` or `"csv"`; `None` while the file has no beginning.
    pub(super) fn format(&self) -> Option<&'static str> {
        self.reader.as_ref().map(|reader| reader.format())
    }

    /// The next batch, or why there is none.
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

    /// Goes back behind the last whole batch, to read on from there when the file has grown.
    pub(super) fn rewind(&mut self) {
        if let Some(reader) = &mut self.reader {
            reader.rewind(&mut self.input);
        }
    }

    /// Whether a writer may still add to the file; so it is where the file system cannot tell.
    ///
    /// A writer makes its file an instant before it claims it, so a file without a beginning is looked at for a while.
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

    /// The bytes that could not be read, once the file has no more batches.
    pub(super) fn leftover(&mut self) -> Result<u64, Error> {
        let end = self.reader.as_ref().map_or(0, |reader| reader.end());
        let length = self.input.length().map_err(|error| not_read(&self.path, &error))?;
        Ok(length.saturating_sub(end))
    }

    /// Whether the file ends in the middle of something, so that no whole batch can follow.
    ///
    /// A system that crashed may leave a file that is longer than what was written into it.
    pub(super) fn ends_torn(&mut self, problem: &str) -> Result<bool, Error> {
        if problem == CUT {
            return Ok(true);
        }
        let damage = self.reader.as_ref().and_then(|reader| reader.damage());
        let Some(damage) = damage else { return Ok(false) };
        self.input.seek(damage);
        self.input.has_only_zeros().map_err(|error| not_read(&self.path, &error))
    }

    /// What a writer has to know that continues the file; `None` where it has no whole beginning.
    pub(super) fn layout(&mut self) -> Result<Option<Layout>, Error> {
        let Self { path, input, reader } = self;
        reader.as_ref().map_or(Ok(None), |reader| reader.layout(input, path))
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

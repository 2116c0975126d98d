//! A file of a recording as it is read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::arrow::{ArrowReader, CONTINUATION};
use super::claim::is_claimed_by_writer;
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
    path: PathBuf,
    input: Input,
    /// `None` while the file is empty, or ends before its first batch could begin.
    reader: Option<Reader>,
}

enum Reader {
    Arrow(ArrowReader),
    Csv(Box<CsvReader>),
}

impl Source {
    /// Opens a file that was written here; its first bytes say what wrote it.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let facts = fs::metadata(path).map_err(|error| not_read(path, &error))?;
        if !facts.is_file() && !facts.is_dir() {
            // To open a pipe would wait for its writer.
            let problem = "is no file; pass the path of one".to_owned();
            return Err(Error::NoRecording { path: path.to_owned(), problem });
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
                ArrowReader::open(input, path)?.map(Reader::Arrow)
            }
            Some(_) => CsvReader::open(input, path)?.map(|csv| Reader::Csv(Box::new(csv))),
        };
        Ok(())
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The format: `"arrow"` or `"csv"`; `None` while the file has no beginning.
    pub(super) const fn format(&self) -> Option<&'static str> {
        match self.reader {
            None => None,
            Some(Reader::Arrow(_)) => Some("arrow"),
            Some(Reader::Csv(_)) => Some("csv"),
        }
    }

    /// The next batch, or why there is none.
    pub(super) fn step(&mut self) -> Result<Step, Error> {
        if self.reader.is_none() {
            self.begin()?;
        }
        let Self { path, input, reader } = self;
        let step = match reader {
            None => Ok(Step::Torn(CUT.to_owned())),
            Some(Reader::Arrow(reader)) => reader.next(input),
            Some(Reader::Csv(reader)) => reader.next(input),
        };
        step.map_err(|error| not_read(path, &error))
    }

    /// Goes back behind the last whole batch, to read on from there when the file has grown.
    pub(super) fn rewind(&mut self) {
        match &mut self.reader {
            None => {}
            Some(Reader::Arrow(reader)) => reader.rewind(&mut self.input),
            Some(Reader::Csv(reader)) => reader.rewind(&mut self.input),
        }
    }

    /// Whether a writer may still add to the file; so it is where the file system cannot tell.
    pub(super) fn is_written(&self) -> bool {
        is_claimed_by_writer(self.input.file(), &self.path).unwrap_or(true)
    }

    /// The bytes up to the end of the last whole batch.
    pub(super) fn whole(&self) -> u64 {
        match &self.reader {
            None => 0,
            Some(Reader::Arrow(reader)) => reader.whole(),
            Some(Reader::Csv(reader)) => reader.whole(),
        }
    }

    /// The bytes that could not be read, once the file has no more batches.
    pub(super) fn leftover(&mut self) -> Result<u64, Error> {
        let end = match &self.reader {
            None => 0,
            Some(Reader::Arrow(reader)) => reader.end(),
            Some(Reader::Csv(reader)) => reader.whole(),
        };
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
        let Some(Reader::Arrow(reader)) = &self.reader else { return Ok(false) };
        self.input.seek(reader.damage());
        self.input.has_only_zeros().map_err(|error| not_read(&self.path, &error))
    }

    /// What a writer has to know that continues the file; `None` where it has no whole beginning.
    pub(super) fn layout(&mut self) -> Result<Option<Layout>, Error> {
        let Self { path, input, reader } = self;
        let layout = match reader {
            None => return Ok(None),
            Some(Reader::Csv(reader)) => return Ok(Some(reader.layout())),
            Some(Reader::Arrow(reader)) => reader.layout(input, path)?,
        };
        Ok(layout)
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

//! Reading a recording batch by batch.

use std::mem::replace;
use std::path::{Path, PathBuf};

use super::parts::{existing_part, existing_parts};
use super::source::{CUT, Source, Step, not_read};
use crate::batch::Batch;
use crate::error::Error;

/// Reads a recording from its beginning to its end: a file, or all parts of a rotated recording.
///
/// If a file ends within a batch or is damaged, all batches before that point are returned.
pub struct Recording {
    path: PathBuf,
    source: Source,
    /// The previous part.
    before: Option<Source>,
    /// The number of the current part.
    part: Option<usize>,
    next_row: u64,
    /// The number of unreadable bytes in earlier parts, and the reasons.
    leftover: u64,
    torn: Vec<String>,
    ended: bool,
}

/// The next step in a growing recording.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// A batch.
    Batch(Batch),
    /// No batch yet, but a writer may add one.
    Nothing,
    /// The end.
    End,
}

impl Recording {
    /// Opens a recording; its first bytes determine the format.
    ///
    /// If the file does not exist, the parts of a rotated recording are opened.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if it cannot be read, and [`Error::Refused`] if it is not a recording.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut part = None;
        let source = match Source::open(path) {
            Err(missing) if is_missing(&missing) => {
                // If the folder does not exist, there are no parts either.
                let parts = existing_parts(path).unwrap_or_default();
                let Some((number, first)) = parts.into_iter().next() else { return Err(missing) };
                part = Some(number);
                Source::open(&first)?
            }
            source => source?,
        };
        let mut torn = Vec::new();
        if part.is_some_and(|number| number > 0) {
            torn.push(format!("the parts before {} are missing", source.path.display()));
        }
        Ok(Self {
            path: path.to_owned(),
            source,
            before: None,
            part,
            next_row: 0,
            leftover: 0,
            torn,
            ended: false,
        })
    }

    /// The format: `"arrow"` or `"csv"`; `None` while the file is empty.
    #[must_use]
    pub fn format(&self) -> Option<&'static str> {
        self.source.format()
    }

    /// Returns the next batch; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Error::File`]; [`Error::Refused`] if a later part, or a file that was empty, is not a recording.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        while !self.ended {
            if let Step::Batch(batch) = self.source.step()? {
                return Ok(Some(self.counted(batch)));
            }
            if let Some(batch) = self.pass()? {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// Returns the next batch of a growing recording.
    ///
    /// The end is reached when all batches are read and no writer claims the file. Damage ends it too.
    ///
    /// # Errors
    ///
    /// As [`next_batch`](Self::next_batch).
    pub fn follow(&mut self) -> Result<Next, Error> {
        while !self.ended {
            let damaged = match self.source.step()? {
                Step::Batch(batch) => return Ok(Next::Batch(self.counted(batch))),
                Step::End => false,
                Step::Torn(problem) => problem != CUT,
            };
            if !damaged && self.next_part()?.is_none() && self.is_written() {
                self.source.rewind();
                return Ok(Next::Nothing);
            }
            if let Some(batch) = self.pass()? {
                return Ok(Next::Batch(batch));
            }
        }
        Ok(Next::End)
    }

    /// Whether a writer may still add to the recording.
    ///
    /// The order matters: a writer claims a new part before it releases the one before.
    fn is_written(&self) -> bool {
        self.before.as_ref().is_some_and(Source::is_written) || self.source.is_written()
    }

    /// Moves to the next part, or ends, after returning batches added to the current file since the last read.
    fn pass(&mut self) -> Result<Option<Batch>, Error> {
        // Searched before reading again, because a writer completes a part before it begins another.
        let next = self.next_part()?;
        self.source.rewind();
        match self.source.step()? {
            Step::Batch(batch) => return Ok(Some(self.counted(batch))),
            step => self.leave(step)?,
        }
        match next {
            None => self.ended = true,
            Some((number, path)) => {
                if self.part.is_some_and(|present| number > present + 1) {
                    self.torn.push(format!("the parts before {} are missing", path.display()));
                }
                self.before = Some(replace(&mut self.source, Source::open(&path)?));
                self.part = Some(number);
            }
        }
        Ok(None)
    }

    /// Returns the next part.
    fn next_part(&self) -> Result<Option<(usize, PathBuf)>, Error> {
        let Some(present) = self.part else { return Ok(None) };
        if let Some(path) = existing_part(&self.path, present + 1) {
            return Ok(Some((present + 1, path)));
        }
        let parts = existing_parts(&self.path).map_err(|error| not_read(&self.path, &error))?;
        Ok(parts.into_iter().find(|(number, _)| *number > present))
    }

    fn counted(&mut self, batch: Batch) -> Batch {
        self.next_row += batch.len() as u64;
        batch
    }

    /// Records how the current file ended.
    fn leave(&mut self, step: Step) -> Result<(), Error> {
        let leftover = self.source.leftover()?;
        let problem = match step {
            Step::Torn(problem) => Some(problem),
            _ => (leftover > 0).then(|| "bytes follow the end of the recording".to_owned()),
        };
        let name = |problem| match self.part {
            Some(_) => format!("{}: {problem}", self.source.path.display()),
            None => problem,
        };
        self.torn.extend(problem.map(name));
        self.leftover += leftover;
        Ok(())
    }

    /// The number of the next row, counted from 0; at the end, the number of rows.
    #[must_use]
    pub const fn next_row(&self) -> u64 {
        self.next_row
    }

    /// The number of unreadable bytes; `None` before the end.
    #[must_use]
    pub fn leftover_bytes(&self) -> Option<u64> {
        self.ended.then_some(self.leftover)
    }

    /// Why the recording is incomplete, once the end is reached.
    #[must_use]
    pub fn torn(&self) -> Option<String> {
        (self.ended && !self.torn.is_empty()).then(|| self.torn.join("; "))
    }
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::File { kind: std::io::ErrorKind::NotFound, .. })
}

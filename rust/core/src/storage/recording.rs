//! Reads a recording batch by batch.

use std::mem::replace;
use std::path::{Path, PathBuf};

use super::parts::{existing_part, existing_parts};
use super::source::{CUT, Source, Step, not_read};
use crate::batch::Batch;
use crate::error::Error;

/// A recording that is read from its beginning to its end: a file, or all parts of one.
///
/// Of a file that ends in the middle of a batch, or is damaged, all batches before that are given.
pub struct Recording {
    path: PathBuf,
    source: Source,
    /// The part that was read before.
    before: Option<Source>,
    /// The number of the part that is read.
    part: Option<usize>,
    next_row: u64,
    /// The bytes that could not be read, and why, of the parts before.
    leftover: u64,
    torn: Vec<String>,
    ended: bool,
}

/// The next thing in a recording that may still grow.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// A batch.
    Batch(Batch),
    /// Nothing yet, and a writer may still add to it.
    Nothing,
    /// The end.
    End,
}

impl Recording {
    /// Opens a file that was written here; its first bytes say what wrote it.
    ///
    /// Where there is no such file, its parts are opened, which a writer with rotation made.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when it cannot be read, and [`Error::Refused`] when it is something else.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut part = None;
        let source = match Source::open(path) {
            Err(missing) if is_missing(&missing) => {
                // Without its folder there are no parts either.
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

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Error::File`]; [`Error::Refused`] when another part, or a file that was empty, is something else.
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

    /// The next batch of a recording that may still be written.
    ///
    /// It has ended when all is read and no writer has a claim on its file. Damage ends it as well.
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
    /// It is asked in this order because a writer claims a part before it lets go of the one before.
    fn is_written(&self) -> bool {
        self.before.as_ref().is_some_and(Source::is_written) || self.source.is_written()
    }

    /// Leaves the present file for the next part, or ends; first it gives what was added to the file in the meantime.
    fn pass(&mut self) -> Result<Option<Batch>, Error> {
        // Looked for before reading again: a writer completes a part before it begins another.
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

    /// The part that comes after the present one.
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

    /// Notes how the present file ended.
    fn leave(&mut self, step: Step) -> Result<(), Error> {
        let leftover = self.source.leftover()?;
        let problem = match step {
            Step::Torn(problem) => Some(problem),
            _ => (leftover > 0).then(|| "something follows the end of the recording".to_owned()),
        };
        let name = |problem| match self.part {
            Some(_) => format!("{}: {problem}", self.source.path.display()),
            None => problem,
        };
        self.torn.extend(problem.map(name));
        self.leftover += leftover;
        Ok(())
    }

    /// The number of the row that comes next, counted from 0: in the end, how many were read.
    #[must_use]
    pub const fn next_row(&self) -> u64 {
        self.next_row
    }

    /// The bytes that could not be read; `None` before the end is reached.
    #[must_use]
    pub fn leftover_bytes(&self) -> Option<u64> {
        self.ended.then_some(self.leftover)
    }

    /// Why not all could be read, once the end is reached.
    #[must_use]
    pub fn torn(&self) -> Option<String> {
        (self.ended && !self.torn.is_empty()).then(|| self.torn.join("; "))
    }
}

fn is_missing(error: &Error) -> bool {
    matches!(error, Error::File { kind: std::io::ErrorKind::NotFound, .. })
}

//! Writing batches to a recording.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::claim::{Claimed, Existing};
use super::file::{AppendFile, End};
use super::parts::{Parts, Place, sync_folder};
use super::resume::{Layout, Past, read_past};
use super::sync::Sync;
use crate::batch::Batch;
use crate::error::Error;
use crate::pipeline::{Failure, Sink};
use crate::process::Output;

/// A file format. Unless documented otherwise, errors are those of the system.
#[allow(clippy::missing_errors_doc, reason = "said above, once for all")]
pub trait Format {
    /// Refuses a batch that does not fit the file; the first batch determines the layout.
    fn admit(&mut self, batch: &Batch) -> Result<(), Error>;

    /// Adopts the layout of an existing recording, unless it differs from the arguments.
    fn resume(&mut self, layout: Layout) -> Result<(), Error>;

    /// Writes the beginning of a file.
    fn begin(&mut self, file: &mut AppendFile) -> io::Result<()>;

    /// Writes a batch that was just admitted.
    fn write(&mut self, batch: &Batch, file: &mut AppendFile) -> io::Result<()>;

    /// Writes the end of a file.
    fn end(&mut self, _file: &mut AppendFile) -> io::Result<()> {
        Ok(())
    }
}

/// Appends batches to a recording, each completely or not at all.
pub struct Writer<F: Format> {
    format: F,
    parts: Parts,
    sync: Sync,
    /// The current file; `None` between two files and after the last.
    file: Option<AppendFile>,
    /// Whether the beginning of the file was written.
    begun: bool,
    /// Why no more batches are accepted.
    ended: Option<Error>,
    /// Rows and bytes of the files before the current one.
    before: End,
    /// Rows in all files.
    rows: u64,
    /// The time of the last sync to the device.
    synced: Instant,
    /// The next sequence number of each name in a continued recording, until rows of the name are written.
    join: HashMap<String, u64>,
    /// The process that owns the file. A fork has the same buffer, and would write it a second time.
    process: u32,
}

impl<F: Format> Writer<F> {
    /// Creates the file, or opens an existing one to continue it.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if it exists already, is open in another writer, or cannot be created;
    /// [`Error::Refused`] or [`Error::UnitsDiffer`] if it cannot be continued.
    pub fn create(format: F, place: Place, sync: Sync) -> Result<Self, Error> {
        let continued = place.existing == Existing::Append;
        let mut writer = Self {
            format,
            parts: Parts::new(place)?,
            sync,
            file: None,
            begun: false,
            ended: None,
            before: End::default(),
            rows: 0,
            synced: Instant::now(),
            join: HashMap::new(),
            process: std::process::id(),
        };
        match if continued { writer.parts.claim_last()? } else { None } {
            Some(last) => writer.resume(last)?,
            None => writer.begin_file()?,
        }
        Ok(writer)
    }

    /// Continues an existing recording after its last whole batch.
    fn resume(&mut self, file: Claimed) -> Result<(), Error> {
        let Past { layout, whole, next } = read_past(self.path())?;
        // The last part has no beginning if the system crashed at that moment.
        let earlier = match layout {
            Some(_) => None,
            None => self.parts.before_last().map(|part| read_past(&part)).transpose()?,
        };
        self.begun = layout.is_some();
        self.rows = whole.rows;
        let (layout, next) = match earlier {
            Some(earlier) => (earlier.layout, earlier.next),
            None => (layout, next),
        };
        if let Some(layout) = layout {
            self.format.resume(layout)?;
        }
        self.join = next;
        let file = AppendFile::resume(file, whole);
        let failed = |error| Error::file(self.path(), "cannot be continued", &error);
        let file = file.map_err(failed)?;
        let full = self.parts.is_full(file.bytes());
        self.file = Some(file);
        if full { self.end_file() } else { Ok(()) }
    }

    /// Refuses rows that a continued recording already has; accepts a new numbering from 0.
    fn check_join(&mut self, batch: &Batch) -> Result<(), Error> {
        let Some(first) = batch.first_sequences() else { return Ok(()) };
        let rows = batch.rows_of_names();
        let channels = batch.channels().iter().zip(first.iter().zip(rows));
        let names = channels.filter(|(_, (_, rows))| *rows > 0);
        let names: Vec<_> = names.map(|(channel, (&number, _))| (channel.name(), number)).collect();
        for &(name, number) in &names {
            let Some(&next) = self.join.get(name) else { continue };
            if (1..next).contains(&number) {
                return Err(Error::Refused(format!(
                    "the batch has sample {number} of channel '{name}', but the recording goes up \
                         to sample {}; pass later samples, or number them from 0 again",
                    next - 1
                )));
            }
        }
        for (name, _) in names {
            self.join.remove(name);
        }
        Ok(())
    }

    /// Appends a batch. The batch is acknowledged when this returns, unless the setting is [`Sync::None`].
    ///
    /// # Errors
    ///
    /// The errors of the format, after which another batch may be written; [`Error::File`] if the system fails, which
    /// ends the recording after its last whole batch; [`Error::Refused`] after it was closed.
    pub fn write(&mut self, batch: &Batch) -> Result<(), Error> {
        self.check_open()?;
        self.format.admit(batch)?;
        if !self.join.is_empty() {
            self.check_join(batch)?;
        }
        if self.file.is_none() {
            // If the next part cannot be created, the recording ends as after a failed write.
            if let Err(error) = self.begin_file() {
                self.parts.release();
                self.ended = Some(error.clone());
                return Err(error);
            }
        }
        let rows = self.rows + batch.len() as u64;
        let in_file = rows - self.before.rows;
        let sync = self.sync;
        let due = match sync {
            Sync::Every(time) => self.synced.elapsed() >= time,
            Sync::None | Sync::Flush => false,
            Sync::Batch => true,
        };
        let begun = std::mem::replace(&mut self.begun, true);
        self.attempt(|format, file| {
            if !begun {
                format.begin(file)?;
            }
            format.write(batch, file)?;
            file.end_batch(in_file);
            match sync {
                _ if due => file.sync()?,
                Sync::None => {}
                _ => file.give()?,
            }
            file.check_name_again()
        })?;
        self.rows = rows;
        if due {
            self.synced = Instant::now();
        }
        if self.parts.is_full(self.file.as_ref().map_or(0, AppendFile::bytes)) {
            self.end_file()?;
        }
        Ok(())
    }

    /// Writes the buffer to the system, and syncs to the device if the setting includes the device.
    ///
    /// # Errors
    ///
    /// [`Error::File`], which ends the recording after its last whole batch; [`Error::Refused`] after it was closed.
    pub fn flush(&mut self) -> Result<(), Error> {
        self.check_open()?;
        let durable = self.sync.is_durable();
        self.attempt(|_, file| {
            if durable { file.sync() } else { file.give() }?;
            file.check_name()
        })
    }

    /// Ends the recording; does nothing if it has ended already.
    ///
    /// # Errors
    ///
    /// [`Error::File`]; whole batches stay whole.
    pub fn close(&mut self) -> Result<(), Error> {
        if self.ended.is_some() {
            return Ok(());
        }
        self.check_process()?;
        self.end_file()?;
        self.parts.release();
        self.ended = Some(Error::closed(self.path()));
        Ok(())
    }

    /// Whether no more batches are accepted, because it was closed or has failed.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.ended.is_some()
    }

    /// The number of rows in all files, including the existing rows of a continued file.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The number of bytes in all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.before.bytes + self.file.as_ref().map_or(0, AppendFile::bytes)
    }

    /// The files, the current one last.
    #[must_use]
    pub fn paths(&self) -> &[PathBuf] {
        self.parts.paths()
    }

    /// The current file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.parts.path()
    }

    fn check_open(&self) -> Result<(), Error> {
        self.check_process()?;
        self.ended.clone().map_or(Ok(()), Err)
    }

    fn check_process(&self) -> Result<(), Error> {
        if self.process == std::process::id() {
            return Ok(());
        }
        Err(Error::in_file(
            self.path(),
            "the recording was opened before the process was forked; open another one in the child",
        ))
    }

    fn begin_file(&mut self) -> Result<(), Error> {
        let file = self.parts.create_next()?;
        if self.sync.is_durable() {
            let synced = sync_folder(self.path());
            synced
                .map_err(|error| Error::file(self.path(), "its folder cannot be synced", &error))?;
        }
        self.file = Some(file);
        self.begun = false;
        Ok(())
    }

    fn end_file(&mut self) -> Result<(), Error> {
        let durable = self.sync.is_durable();
        let begun = std::mem::replace(&mut self.begun, true);
        self.attempt(|format, file| {
            if !begun {
                format.begin(file)?;
            }
            format.end(file)?;
            if durable { file.sync() } else { file.give() }?;
            file.check_name()
        })?;
        self.before = End { bytes: self.bytes(), rows: self.rows };
        if let Some(file) = self.file.take() {
            self.parts.hold(file);
        }
        Ok(())
    }

    /// Runs an operation on the current file, if there is one; after a failure, an incomplete batch is cut off.
    fn attempt(
        &mut self,
        work: impl FnOnce(&mut F, &mut AppendFile) -> io::Result<()>,
    ) -> Result<(), Error> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let Err(error) = work(&mut self.format, file) else { return Ok(()) };
        let removed = error.kind() == io::ErrorKind::NotFound;
        let left = if removed { End::default() } else { file.cut_back() };
        self.rows = self.before.rows + left.rows;
        let problem = if removed {
            "was removed while it was open, so its content is lost".to_owned()
        } else {
            let rows = self.rows;
            format!(
                "cannot be written: {}; the {rows} rows before are intact",
                Error::reason(&error)
            )
        };
        let error = Error::file_problem(self.path(), problem, error.kind(), error.raw_os_error());
        self.before = End { bytes: self.before.bytes + left.bytes, rows: self.rows };
        self.file = None;
        self.ended = Some(error.clone());
        Err(error)
    }
}

impl<F: Format + Send> Sink for Writer<F> {
    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        match output {
            Output::Batch(batch) => Ok(Self::write(self, batch)?),
            Output::Spectra(_) => {
                let problem = "a recording received spectra; write batches, before the processor that returns spectra";
                Err(Error::Refused(problem.to_owned()).into())
            }
        }
    }

    fn close(&mut self) -> Result<(), Failure> {
        Ok(Self::close(self)?)
    }
}

impl<F: Format> Drop for Writer<F> {
    /// Ignores errors; call `close` to see them.
    fn drop(&mut self) {
        let _ = self.close();
    }
}

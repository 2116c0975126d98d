//! `rust_daq.storage`: the common part of its writers and readers.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString};
use rust_daq::{Error, Existing, Failure, Format, Output, Place, Sink, Sync, Writer};

use crate::batch::PyBatch;
use crate::error::{Raise, explained, wrong_type};
use crate::guarded::Guarded;
use crate::number::count;

mod arrow;
mod csv;
mod reader;
mod table;
mod writer;

pub use arrow::PyArrowWriter;
pub use csv::PyCsvWriter;
pub use reader::PyRecordingReader;
pub use table::{PyRowTable, batches_of_rows};
use writer::writer;

const SYNC_WANTED: &str = "'none', 'flush', 'batch' or a number of seconds";

/// A writer that threads and pipelines share.
struct Shared<F: Format>(Arc<Guarded<Owned<F>>>);

struct Owned<F: Format> {
    writer: Writer<F>,
    /// Whether `close` was called. A second call is refused, but a pipeline may close its sinks in addition.
    by_owner: bool,
}

impl<F: Format> Clone for Shared<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F: Format + Send + 'static> Shared<F> {
    /// Creates the file.
    fn create(
        format: F,
        path: &Bound<'_, PyAny>,
        sync: Option<&Bound<'_, PyAny>>,
        rotate_bytes: Option<&Bound<'_, PyAny>>,
        existing: Existing,
    ) -> PyResult<Self> {
        let py = path.py();
        let path = read_path(path)?;
        let sync = sync.map_or(Ok(Sync::default()), read_sync)?;
        let rotate_bytes = rotate_bytes.filter(|given| !given.is_none());
        let rotate_bytes = rotate_bytes
            .map(|given| count("rotate_bytes", "the size of a full file in bytes", given))
            .transpose()?;
        let place = Place { path, existing, rotate_bytes: rotate_bytes.map(|most| most as u64) };
        let writer = py.detach(|| Writer::create(format, place, sync));
        let writer = writer.raise()?;
        Ok(Self(Arc::new(Guarded::new(Owned { writer, by_owner: false }, None))))
    }

    fn write(&self, batch: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = batch.py();
        let Ok(batch) = batch.cast::<PyBatch>() else {
            return Err(wrong_type("batch", "a Batch", batch));
        };
        let batch = batch.get().core();
        self.0.detached(py, |owned| owned.writer.write(batch))?.raise()
    }

    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.0.detached(py, |owned| owned.writer.flush())?.raise()
    }

    /// Closes the file; with `once`, a second call is an error.
    fn close(&self, py: Python<'_>, once: bool) -> PyResult<()> {
        let close = |owned: &mut Owned<F>| {
            if once && std::mem::replace(&mut owned.by_owner, true) {
                return Err(Error::closed(owned.writer.path()));
            }
            owned.writer.close()
        };
        self.0.detached(py, close)?.raise()
    }

    /// Reads a property of the writer.
    fn read<T>(&self, py: Python<'_>, read: impl FnOnce(&Writer<F>) -> T) -> PyResult<T> {
        Ok(read(&self.0.lock(py)?.writer))
    }

    fn repr(&self, py: Python<'_>, class: &str) -> PyResult<String> {
        self.read(py, |writer| {
            let state = if writer.is_closed() { "closed" } else { "open" };
            format!("<{class} of {}, {} rows, {state}>", writer.path().display(), writer.rows())
        })
    }
}

impl<F: Format + Send> Sink for Shared<F> {
    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        let mut owned = self.0.lock_detached()?;
        Sink::write(&mut owned.writer, output)
    }

    fn close(&mut self) -> Result<(), Failure> {
        let mut owned = self.0.lock_detached()?;
        Sink::close(&mut owned.writer)
    }
}

/// Returns the pipeline sink of a writer of this module.
pub fn sink(writer: &Bound<'_, PyAny>) -> Option<Box<dyn Sink>> {
    if let Ok(arrow) = writer.cast::<PyArrowWriter>() {
        return Some(Box::new(arrow.get().shared()));
    }
    let csv = writer.cast::<PyCsvWriter>().ok()?;
    Some(Box::new(csv.get().shared()))
}

/// Reads the arguments `overwrite` and `append`.
fn read_existing(overwrite: bool, append: bool) -> PyResult<Existing> {
    match (overwrite, append) {
        (false, false) => Ok(Existing::Refuse),
        (true, false) => Ok(Existing::Replace),
        (false, true) => Ok(Existing::Append),
        (true, true) => Err(PyValueError::new_err(
            "overwrite and append are both True; pass overwrite=True to replace, or append=True to continue",
        )),
    }
}

/// Returns whether a writer has the file at a path open, in this process or another.
#[pyfunction]
pub fn is_written(path: &Bound<'_, PyAny>) -> PyResult<bool> {
    let path_buf = read_path(path)?;
    Ok(path.py().detach(|| rust_daq::is_written(&path_buf)))
}

/// Reads a path: text, or a path object.
fn read_path(path: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    let wrong = || wrong_type("path", "a str or an os.PathLike of str", path);
    path.extract().map_err(|error| explained(error, path.py(), wrong))
}

fn read_sync(sync: &Bound<'_, PyAny>) -> PyResult<Sync> {
    if let Ok(word) = sync.cast::<PyString>() {
        return word.to_string_lossy().parse().raise();
    }
    if sync.is_instance_of::<PyBool>() {
        return Err(wrong_type("sync", SYNC_WANTED, sync));
    }
    let seconds = sync
        .extract()
        .map_err(|error| explained(error, sync.py(), || wrong_type("sync", SYNC_WANTED, sync)))?;
    Sync::every(seconds).raise()
}

//! The reader behind `rust_daq.storage.open_recording`.

use pyo3::prelude::*;
use rust_daq::{Next, Recording};

use super::read_path;
use crate::batch::PyBatch;
use crate::error::Raise;
use crate::guarded::Guarded;

/// Reads the batches of a file.
#[pyclass(name = "_RecordingReader", module = "rust_daq._core", frozen, immutable_type)]
pub struct PyRecordingReader(Guarded<Recording>);

#[pymethods]
impl PyRecordingReader {
    #[new]
    fn new(path: &Bound<'_, PyAny>) -> PyResult<Self> {
        let path_buf = read_path(path)?;
        let recording = path.py().detach(|| Recording::open(&path_buf));
        recording.map(|recording| Self(Guarded::new(recording, None))).raise()
    }

    /// Returns the next batch, or None at the end.
    fn next(&self, py: Python<'_>) -> PyResult<Option<PyBatch>> {
        let batch = self.0.detached(py, Recording::next_batch)?.raise()?;
        Ok(batch.map(PyBatch::from))
    }

    /// Returns the next batch of a growing recording; None if no batch is available yet, and at the end.
    fn follow(&self, py: Python<'_>) -> PyResult<Option<PyBatch>> {
        match self.0.detached(py, Recording::follow)?.raise()? {
            Next::Batch(batch) => Ok(Some(PyBatch::from(batch))),
            Next::Nothing | Next::End => Ok(None),
        }
    }

    /// The number of the next row.
    #[getter]
    fn next_row(&self, py: Python<'_>) -> PyResult<u64> {
        self.read(py, Recording::next_row)
    }

    /// The bytes after the last whole batch; None before the end.
    #[getter]
    fn leftover_bytes(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        self.read(py, Recording::leftover_bytes)
    }

    /// Why the file is incomplete; None if it is complete.
    #[getter]
    fn torn(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.read(py, Recording::torn)
    }

    /// The format of the file; None while it is empty.
    #[getter]
    fn format(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        self.read(py, Recording::format)
    }
}

impl PyRecordingReader {
    fn read<T>(&self, py: Python<'_>, read: impl FnOnce(&Recording) -> T) -> PyResult<T> {
        Ok(read(&*self.0.lock(py)?))
    }
}

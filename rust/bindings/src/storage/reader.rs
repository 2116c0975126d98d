//! What `rust_daq.storage.open_recording` reads with.

use pyo3::prelude::*;
use rust_daq::{Next, Recording};

use super::read_path;
use crate::batch::PyBatch;
use crate::error::Raise;
use crate::guarded::Guarded;

/// Gives the batches of a file.
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

    /// The next batch, or None.
    fn next(&self, py: Python<'_>) -> PyResult<Option<PyBatch>> {
        let batch = self.0.detached(py, Recording::next_batch)?.raise()?;
        Ok(batch.map(PyBatch::from))
    }

    /// The next batch of a recording that may still be written; None while there is none, and at the end.
    fn follow(&self, py: Python<'_>) -> PyResult<Option<PyBatch>> {
        match self.0.detached(py, Recording::follow)?.raise()? {
            Next::Batch(batch) => Ok(Some(PyBatch::from(batch))),
            Next::Nothing | Next::End => Ok(None),
        }
    }

    /// The number of the row that comes next.
    #[getter]
    fn next_row(&self, py: Python<'_>) -> PyResult<u64> {
        self.told(py, Recording::next_row)
    }

    /// The bytes behind the last whole batch; None before the end is reached.
    #[getter]
    fn leftover_bytes(&self, py: Python<'_>) -> PyResult<Option<u64>> {
        self.told(py, Recording::leftover_bytes)
    }

    /// Why no more can be read, where the file does not say that it is whole.
    #[getter]
    fn torn(&self, py: Python<'_>) -> PyResult<Option<String>> {
        self.told(py, Recording::torn)
    }

    /// The format of the file; None while it is empty.
    #[getter]
    fn format(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        self.told(py, Recording::format)
    }
}

impl PyRecordingReader {
    fn told<T>(&self, py: Python<'_>, tell: impl FnOnce(&Recording) -> T) -> PyResult<T> {
        Ok(tell(&*self.0.lock(py)?))
    }
}

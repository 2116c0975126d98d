//! What `rust_daq.storage.open_recording` reads with.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use rust_daq::Recording;

use super::read_path;
use crate::batch::PyBatch;
use crate::error::raised;

/// Gives the batches of a file.
#[pyclass(name = "_RecordingReader", module = "rust_daq._core", frozen, immutable_type)]
pub struct PyRecordingReader(Mutex<Recording>);

#[pymethods]
impl PyRecordingReader {
    #[new]
    fn new(path: &Bound<'_, PyAny>) -> PyResult<Self> {
        let path_buf = read_path(path)?;
        let recording = path.py().detach(|| Recording::open(&path_buf));
        recording.map(|recording| Self(Mutex::new(recording))).map_err(|error| raised(&error))
    }

    /// The next batch, or None.
    fn next(&self, py: Python<'_>) -> PyResult<Option<PyBatch>> {
        let next = || self.0.lock().unwrap_or_else(PoisonError::into_inner).next_batch();
        let batch = py.detach(next).map_err(|error| raised(&error))?;
        Ok(batch.map(PyBatch::from))
    }

    /// Rows so far, leftover bytes and why it is torn.
    fn state(&self) -> (u64, Option<u64>, Option<String>) {
        let recording = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (recording.next_row(), recording.leftover_bytes(), recording.torn().map(str::to_owned))
    }
}

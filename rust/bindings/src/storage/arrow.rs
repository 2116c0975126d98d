//! `rust_daq.storage.ArrowWriter`.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rust_daq::{ArrowFormat, Writer};

use super::Shared;
use crate::batch::read_channels;
use crate::error::raised;

/// Appends batches to an Arrow stream.
#[pyclass(name = "ArrowWriter", module = "rust_daq.storage", frozen, immutable_type)]
pub struct PyArrowWriter(Shared<ArrowFormat>);

impl PyArrowWriter {
    /// The writer, shared with a pipeline.
    pub(super) fn shared(&self) -> Shared<ArrowFormat> {
        self.0.clone()
    }
}

#[pymethods]
impl PyArrowWriter {
    #[new]
    #[pyo3(signature = (
        path, *, sync=None, rotate_bytes=None, overwrite=false, channels=None, own_metadata=false
    ))]
    fn new(
        path: &Bound<'_, PyAny>,
        sync: Option<&Bound<'_, PyAny>>,
        rotate_bytes: Option<&Bound<'_, PyAny>>,
        overwrite: bool,
        channels: Option<&Bound<'_, PyAny>>,
        own_metadata: bool,
    ) -> PyResult<Self> {
        let channels = channels.filter(|given| !given.is_none());
        let channels = channels.map(read_channels).transpose()?.unwrap_or_default();
        let channels: Vec<_> =
            channels.iter().map(|channel| channel.get().core().clone()).collect();
        let format = ArrowFormat::new(&channels, own_metadata).map_err(|error| raised(&error))?;
        Shared::create(path.py(), format, path, sync, rotate_bytes, overwrite).map(Self)
    }

    /// Append a batch.
    fn write(&self, batch: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.write(batch)
    }

    /// Hand all.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        self.0.flush(py)
    }

    /// End the recording.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.0.close(py, true)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.0.close(_exception.py(), false)
    }

    /// The file that is written.
    #[getter]
    fn path(&self, py: Python<'_>) -> PathBuf {
        self.0.told(py, |writer| writer.path().to_owned())
    }

    /// The rows.
    #[getter]
    fn rows(&self, py: Python<'_>) -> u64 {
        self.0.told(py, Writer::rows)
    }
}

//! Iteration over the points of a batch.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;

use rust_daq::Batch;

use super::PyBatch;
use crate::channel::PyChannel;
use crate::point::{PyDataPoint, native as point_native};

/// Creates the points of a batch on demand; if threads share the iterator, each point is returned once.
#[pyclass(frozen, name = "_BatchIterator", module = "rust_daq._core", immutable_type)]
pub struct PyBatchIterator {
    batch: Batch,
    channels: Vec<Py<PyChannel>>,
    next: AtomicUsize,
}

impl PyBatchIterator {
    /// Creates an iterator that starts at the first row.
    pub fn over(batch: &Bound<'_, PyBatch>) -> PyResult<Self> {
        let py = batch.py();
        let channels = batch.get().objects(py)?.iter().map(|channel| channel.clone_ref(py));
        let channels = channels.collect();
        Ok(Self { batch: batch.get().core().clone(), channels, next: AtomicUsize::new(0) })
    }

    /// Returns the channel, timestamp and value of the next row.
    #[inline]
    pub fn advance(&self) -> Option<(&PyChannel, i64, f64)> {
        let row = self.take_row()?;
        let timestamp_ns = *self.batch.timestamps().get(row)?;
        let channel = self.channels.get(self.batch.index_of(row))?.get();
        Some((channel, timestamp_ns, self.batch.values()[row]))
    }

    /// Takes the next row for this thread; `None` after the last.
    #[inline]
    fn take_row(&self) -> Option<usize> {
        let left = |row: usize| (row < self.batch.len()).then_some(row + 1);
        if cfg!(Py_GIL_DISABLED) {
            return self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).ok();
        }
        // Two steps are cheaper than one atomic step, and the GIL keeps other threads out between them.
        let row = self.next.load(Ordering::Relaxed);
        self.next.store(left(row)?, Ordering::Relaxed);
        Some(row)
    }
}

#[pymethods]
impl PyBatchIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDataPoint>>> {
        let Some((channel, timestamp_ns, value)) = self.advance() else { return Ok(None) };
        point_native::object(py, channel.data_point(py, timestamp_ns, value)).map(Some)
    }

    fn __length_hint__(&self) -> usize {
        self.batch.len().saturating_sub(self.next.load(Ordering::Relaxed))
    }
}

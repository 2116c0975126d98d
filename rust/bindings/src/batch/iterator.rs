//! The points of a batch, one by one.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;

use super::PyBatch;
use crate::point::{PyDataPoint, native as point_native};

/// Makes the points of a batch as they are asked for; threads that share it get each of them once.
#[pyclass(frozen, name = "_BatchIterator", module = "rust_daq._core", immutable_type)]
pub struct PyBatchIterator {
    batch: Py<PyBatch>,
    next: AtomicUsize,
}

impl PyBatchIterator {
    /// An iterator from the first row on.
    pub fn over(batch: &Bound<'_, PyBatch>) -> PyResult<Self> {
        // Made here, so that a row cannot fail for want of them.
        batch.get().objects(batch.py())?;
        Ok(Self { batch: batch.clone().unbind(), next: AtomicUsize::new(0) })
    }

    /// The fields of the next point.
    #[inline]
    pub fn advance(&self, py: Python<'_>) -> Option<PyDataPoint> {
        let batch = self.batch.get();
        let row = self.next.load(Ordering::Relaxed);
        if row >= batch.core().len() {
            return None;
        }
        // With the GIL nobody comes between; without it, the row may be somebody else's by now.
        let row = self.next.fetch_add(1, Ordering::Relaxed);
        if row >= batch.core().len() {
            return None;
        }
        let channels = batch.objects(py).ok()?;
        Some(batch.row(py, channels, row))
    }
}

#[pymethods]
impl PyBatchIterator {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDataPoint>>> {
        self.advance(py).map(|point| point_native::object(py, point)).transpose()
    }

    fn __length_hint__(&self) -> usize {
        self.batch.get().core().len().saturating_sub(self.next.load(Ordering::Relaxed))
    }
}

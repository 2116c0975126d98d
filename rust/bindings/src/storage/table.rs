//! The conversion between batches and Parquet rows.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rust_daq::{batches_from_tables, table_from_batches};

use crate::batch::PyBatch;
use crate::capsule;
use crate::error::Raise;

/// Batches as Arrow data with all facts in each row.
#[pyclass(name = "_RowTable", module = "rust_daq._core", frozen, immutable_type)]
pub struct PyRowTable(Vec<Py<PyBatch>>);

#[pymethods]
impl PyRowTable {
    #[new]
    fn new(batches: Vec<Py<PyBatch>>) -> Self {
        Self(batches)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        // There is only one schema, and the interface allows a producer to ignore the request.
        let _ = requested_schema;
        let batches: Vec<_> = self.0.iter().map(|batch| batch.get().core()).collect();
        let table = py.detach(|| table_from_batches(&batches)).raise()?;
        capsule::of_batch(py, table)
    }
}

/// Converts such Arrow data to batches; a new batch begins wherever sequence numbers jump.
#[pyfunction]
pub fn batches_of_rows(data: &Bound<'_, PyAny>) -> PyResult<Vec<PyBatch>> {
    let (_, tables) = capsule::read_batches(data)?;
    let batches = data.py().detach(|| batches_from_tables(&tables)).raise()?;
    Ok(batches.into_iter().map(PyBatch::from).collect())
}

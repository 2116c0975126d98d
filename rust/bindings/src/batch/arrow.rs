//! A batch as Arrow data for other packages.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::PyBatch;
use crate::capsule;
use crate::error::Raise;

#[pymethods]
impl PyBatch {
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        capsule::of_schema(py, &self.core.schema()).map(Bound::into_any)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        // There is only one schema, and the interface allows a producer to ignore the request.
        let _ = requested_schema;
        let batch = self.core.to_record_batch().raise()?;
        capsule::of_batch(py, batch)
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        // There is only one schema, and the interface allows a producer to ignore the request.
        let _ = requested_schema;
        let batch = self.core.to_record_batch().raise()?;
        capsule::of_stream(py, batch).map(Bound::into_any)
    }
}

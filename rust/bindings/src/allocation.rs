//! A known number of bytes on Rust's heap, to test the memory counters.

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

/// `size` bytes on Rust's heap, all written, freed with this object.
///
/// Used only by `evenhand.footprint_self_test`, as the known quantity.
#[pyclass(frozen, name = "_Allocation", module = "rust_daq._core")]
pub struct PyAllocation {
    bytes: Vec<u8>,
}

#[pymethods]
impl PyAllocation {
    #[new]
    fn new(size: usize) -> PyResult<Self> {
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).map_err(|error| {
            PyMemoryError::new_err(format!(
                "size {size} cannot be allocated ({error}); pass a smaller size"
            ))
        })?;
        // The system allocates a page only when it is written to.
        bytes.resize(size, 1);
        Ok(Self { bytes })
    }

    fn __len__(&self) -> usize {
        self.bytes.len()
    }
}

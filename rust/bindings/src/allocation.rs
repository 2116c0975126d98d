//! A known number of bytes on Rust's heap, by which the counters of memory are themselves tested.

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

/// So many bytes on Rust's heap, each of them written, freed with this object.
///
/// The known quantity of `evenhand.footprint_self_test`, and of no use for anything else.
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
                "size {size} cannot be allocated ({error}); ask for less"
            ))
        })?;
        // The system gives no memory to pages that nobody has written to.
        bytes.resize(size, 1);
        Ok(Self { bytes })
    }

    fn __len__(&self) -> usize {
        self.bytes.len()
    }
}

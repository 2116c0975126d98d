//! The measured value: whatever says that it is a real number.

use pyo3::prelude::*;

use crate::number::real;

const WANTED: &str = "a real number (with __float__ or __index__, no text)";

/// Reads a float that says what the value says.
pub fn extract(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    real("value", WANTED, value)
}

//! The measured value: whatever says that it is a real number.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::{caused_by, shown, while_reading, wrong_type};

/// Reads a float through `__float__` or `__index__`.
pub fn extract(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    // NumPy's text scalars are numbers by `__float__`; text is none here.
    if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
        return Err(no_number(value));
    }
    value.extract().map_err(|error| refused(value, error))
}

fn refused(value: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    let py = value.py();
    if error.is_instance_of::<PyTypeError>(py) {
        return caused_by(error, no_number(value), py);
    }
    if error.is_instance_of::<PyOverflowError>(py) {
        let message = format!(
            "value does not fit into a float, got {}; pass a float or scale the unit",
            shown(value)
        );
        return caused_by(error, PyOverflowError::new_err(message), py);
    }
    while_reading("value", error, py)
}

fn no_number(value: &Bound<'_, PyAny>) -> PyErr {
    wrong_type("value", "a real number (with __float__ or __index__, no text)", value)
}

//! The measured value: whatever says that it is a real number.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::{shown, while_reading, wrong_type};

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
    if error.is_instance_of::<PyTypeError>(py) && !is_number(value) {
        return no_number(value);
    }
    if error.is_instance_of::<PyOverflowError>(py) {
        let message = format!(
            "value does not fit into a float, got {}; pass a float or scale the unit",
            shown(value)
        );
        let overflow = PyOverflowError::new_err(message);
        overflow.set_cause(py, Some(error));
        return overflow;
    }
    while_reading("value", error, py)
}

fn is_number(value: &Bound<'_, PyAny>) -> bool {
    let kind = value.get_type();
    ["__float__", "__index__"].iter().any(|name| kind.hasattr(*name).unwrap_or(true))
}

fn no_number(value: &Bound<'_, PyAny>) -> PyErr {
    wrong_type("value", "a real number (with __float__ or __index__, no text)", value)
}

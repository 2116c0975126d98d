//! Numbers that are settings.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt};

use crate::error::{shown, wrong_type};

/// A finite number; the core says what else is wrong with it.
pub fn finite(argument: &str, wanted: &str, number: &Bound<'_, PyAny>) -> PyResult<f64> {
    let found: f64 = number.extract().map_err(|_| wrong_type(argument, wanted, number))?;
    if found.is_finite() {
        return Ok(found);
    }
    Err(PyValueError::new_err(format!("{argument} is {found}; pass {wanted}, which is finite")))
}

/// A count of at least 1.
pub fn count(argument: &str, wanted: &str, number: &Bound<'_, PyAny>) -> PyResult<usize> {
    if !number.is_instance_of::<PyInt>() || number.is_instance_of::<PyBool>() {
        return Err(wrong_type(argument, wanted, number));
    }
    let found = number.extract().ok().filter(|&found: &usize| found > 0);
    found.ok_or_else(|| {
        let got = shown(number);
        PyValueError::new_err(format!(
            "{argument} is {got}; pass {wanted}, from 1 to {}",
            isize::MAX
        ))
    })
}

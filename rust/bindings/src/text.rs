//! Text arguments, stored as exact `str` that can be encoded.

use std::str::FromStr;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use rust_daq::Error;

use crate::error::{Raise, shown, wrong_type};

/// Reads a `str`; an instance of a subclass is copied to an exact `str`, because its behaviour could change later.
pub fn extract(argument: &str, text: &Bound<'_, PyAny>) -> PyResult<Py<PyString>> {
    let found = text.cast::<PyString>().map_err(|_| wrong_type(argument, "a str", text))?;
    let content = found.to_str().map_err(|_| {
        PyValueError::new_err(format!(
            "{argument} contains a lone surrogate, got {}; pass text that encodes to UTF-8",
            shown(text)
        ))
    })?;
    if found.is_exact_instance_of::<PyString>() {
        return Ok(found.clone().unbind());
    }
    Ok(PyString::new(text.py(), content).unbind())
}

/// Parses an argument that is one of a few words; the default if it is missing.
pub fn word<T>(argument: &str, given: Option<&Bound<'_, PyAny>>) -> PyResult<T>
where
    T: FromStr<Err = Error> + Default,
{
    let Some(given) = given else { return Ok(T::default()) };
    let Ok(text) = given.cast::<PyString>() else {
        return Err(wrong_type(argument, "a str", given));
    };
    text.to_string_lossy().parse().raise()
}

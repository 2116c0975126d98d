//! The check of the interpreter that loads the extension.

#![allow(unsafe_code)]

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Refuses every interpreter except the main one, before a class is created.
///
/// The classes exist once per process and belong to the interpreter that created them. In another interpreter, they
/// could be used after their memory was freed.
pub fn refuse_subinterpreter(_: Python<'_>) -> PyResult<()> {
    // SAFETY: attached. Both calls only read pointers, which are compared and not dereferenced.
    if unsafe { ffi::PyInterpreterState_Get() == ffi::PyInterpreterState_Main() } {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "rust_daq cannot be imported in a sub-interpreter; import it in the main interpreter, or use another process",
    ))
}

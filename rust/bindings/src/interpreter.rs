//! Which interpreter loads the extension.

#![allow(unsafe_code)]

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Refuses every interpreter but the main one, before a class is made.
///
/// The classes exist once in a process and belong to the interpreter that made them. In another interpreter they
/// would outlive the memory that they are made of, or be used while it is freed.
pub fn refuse_subinterpreter(_: Python<'_>) -> PyResult<()> {
    // SAFETY: attached; both only read pointers, which are compared and not followed.
    if unsafe { ffi::PyInterpreterState_Get() == ffi::PyInterpreterState_Main() } {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "rust_daq cannot be imported in a sub-interpreter; import it in the main interpreter, or use a process of its own",
    ))
}

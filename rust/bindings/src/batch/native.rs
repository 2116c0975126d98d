//! `tp_iternext` of the batch iterator, called by the interpreter directly.

#![allow(unsafe_code)]

use std::ptr::null_mut;

use pyo3::prelude::*;
use pyo3::{PyTypeInfo, ffi};

use super::PyBatchIterator;
use crate::channel::native::parts;
use crate::point::native::installed_class;

/// Installs the fast `tp_iternext` if the fast constructor of points is installed; called when the module is created.
pub fn install(py: Python<'_>) {
    if installed_class().is_null() {
        return;
    }
    // SAFETY: the class is a live type object without instances, and `next` has the right signature.
    unsafe {
        let class = PyBatchIterator::type_object_raw(py);
        (*class).tp_iternext = Some(next);
        ffi::PyType_Modified(class);
    }
}

/// `tp_iternext`: returns the next point, or null without an exception after the last.
unsafe extern "C" fn next(iterator: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with an object of the class, and only if it was
    // installed, which implies the fast constructor of points.
    unsafe {
        let py = Python::assume_attached();
        let iterator = Bound::ref_from_ptr(py, &iterator).cast_unchecked::<PyBatchIterator>().get();
        let Some((channel, timestamp_ns, value)) = iterator.advance() else { return null_mut() };
        parts(channel, timestamp_ns, value).write(installed_class())
    }
}

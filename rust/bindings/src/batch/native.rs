//! The iteration over a batch as the interpreter calls it.

#![allow(unsafe_code)]

use std::ptr::null_mut;

use pyo3::prelude::*;
use pyo3::{PyTypeInfo, ffi};

use super::PyBatchIterator;
use crate::channel::native::parts;
use crate::point::native::installed_class;

/// Puts the quick step in place, if points are made the quick way; called while the module is made.
pub fn install(py: Python<'_>) {
    if installed_class().is_null() {
        return;
    }
    // SAFETY: the class is a live type object without an instance, and `next` is such a function.
    unsafe {
        let class = PyBatchIterator::type_object_raw(py);
        (*class).tp_iternext = Some(next);
        ffi::PyType_Modified(class);
    }
}

/// `tp_iternext`: the next point, or null without an exception after the last.
unsafe extern "C" fn next(iterator: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with an object of the class, and only where it was
    // installed, so that points are made the quick way.
    unsafe {
        let py = Python::assume_attached();
        let iterator = Bound::ref_from_ptr(py, &iterator).cast_unchecked::<PyBatchIterator>().get();
        let Some((channel, timestamp_ns, value)) = iterator.advance() else { return null_mut() };
        parts(channel, timestamp_ns, value).write(installed_class())
    }
}

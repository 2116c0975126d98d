//! Methods and attributes that the interpreter calls directly, in place of PyO3's.
//!
//! PyO3 wraps each call: it counts the attachment, catches panics, and reads arguments for all cases. For a
//! function of a few nanoseconds, this takes most of the time. The functions installed here are called without the
//! wrapper, so they must neither panic nor drop a `Py`. PyO3's documentation is kept, and so is PyO3's function of a
//! method: it handles all other cases, so that errors are raised in one place.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::ptr::null_mut;

use pyo3::prelude::*;
use pyo3::{PyTypeInfo, ffi};

/// The C signature of a method with positional and keyword arguments.
pub type Method = unsafe extern "C" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    ffi::Py_ssize_t,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// The flags of such a method in PyO3.
const FAST: c_int = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;

/// Replaces a method of PyO3 by `quick`, and returns PyO3's function.
///
/// Returns `None` and changes nothing if PyO3's method has another calling convention.
///
/// # Safety
///
/// `quick` fulfils the contract of the C API for a method of `T`, and the method was never looked up before.
pub unsafe fn replace_method<T: PyTypeInfo>(
    py: Python<'_>,
    name: &'static CStr,
    quick: Method,
) -> PyResult<Option<Method>> {
    let found = py.get_type::<T>().getattr(name)?;
    // SAFETY: the type of the descriptor is checked before its definition is read, and the flags are
    // checked before the function is used with this signature.
    unsafe {
        if ffi::Py_TYPE(found.as_ptr()) != &raw mut ffi::PyMethodDescr_Type {
            return Ok(None);
        }
        let definition = &*(*found.as_ptr().cast::<ffi::PyMethodDescrObject>()).d_method;
        if definition.ml_flags != FAST {
            return Ok(None);
        }
        let ordinary = definition.ml_meth.PyCFunctionFastWithKeywords;
        // Lives as long as the class, which lives as long as the process.
        let quick = Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: name.as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: quick },
            ml_flags: FAST,
            ml_doc: definition.ml_doc,
        }));
        put::<T>(py, name, ffi::PyDescr_NewMethod(T::type_object_raw(py), quick))?;
        Ok(Some(ordinary))
    }
}

/// Replaces a read-only attribute of PyO3 by `quick`.
///
/// # Safety
///
/// `quick` fulfils the contract of the C API for a getter of `T`, and the attribute was never looked up before.
pub unsafe fn replace_getter<T: PyTypeInfo>(
    py: Python<'_>,
    name: &'static CStr,
    quick: ffi::getter,
) -> PyResult<()> {
    let found = py.get_type::<T>().getattr(name)?;
    // SAFETY: the type of the descriptor is checked before its definition is read.
    unsafe {
        if ffi::Py_TYPE(found.as_ptr()) != &raw mut ffi::PyGetSetDescr_Type {
            return Ok(());
        }
        let doc = (*(*found.as_ptr().cast::<ffi::PyGetSetDescrObject>()).d_getset).doc;
        let quick = Box::leak(Box::new(ffi::PyGetSetDef {
            name: name.as_ptr(),
            get: Some(quick),
            set: None,
            doc,
            closure: null_mut::<c_void>(),
        }));
        put::<T>(py, name, ffi::PyDescr_NewGetSet(T::type_object_raw(py), quick))
    }
}

/// Puts a new descriptor into the dict of the class, and takes its reference.
unsafe fn put<T: PyTypeInfo>(
    py: Python<'_>,
    name: &CStr,
    descriptor: *mut ffi::PyObject,
) -> PyResult<()> {
    // SAFETY: the class is a live type object, and its caches are invalidated.
    unsafe {
        let descriptor = Bound::from_owned_ptr_or_err(py, descriptor)?;
        let class = T::type_object_raw(py);
        let status =
            ffi::PyDict_SetItemString((*class).tp_dict, name.as_ptr(), descriptor.as_ptr());
        if status != 0 {
            return Err(PyErr::fetch(py));
        }
        ffi::PyType_Modified(class);
        Ok(())
    }
}

//! Methods and attributes that the interpreter calls itself, put in the place of those that PyO3 made.
//!
//! PyO3 wraps each call: it counts the attachment, catches panics, and reads arguments for all cases. Around a
//! function of a few nanoseconds that is most of the time. What is put in place here is called as it is, so it neither
//! panics nor drops a `Py`. The documentation and, for a method, PyO3's own function are kept: the latter is called
//! for whatever is not the plain case, so that there is one place that refuses.

#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::ptr::null_mut;

use pyo3::prelude::*;
use pyo3::{PyTypeInfo, ffi};

/// A method that takes arguments by position and by name.
pub type Method = unsafe extern "C" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    ffi::Py_ssize_t,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// How PyO3 has such a method called.
const FAST: c_int = ffi::METH_FASTCALL | ffi::METH_KEYWORDS;

/// Puts `quick` in the place of a method that PyO3 made, and gives PyO3's function back.
///
/// `None`, and nothing is changed, when PyO3's method is not called as such a method is.
///
/// # Safety
///
/// `quick` keeps the contract of the C API for a method of `T`, and nobody has looked the method up before.
pub unsafe fn replace_method<T: PyTypeInfo>(
    py: Python<'_>,
    name: &'static CStr,
    quick: Method,
) -> PyResult<Option<Method>> {
    let found = py.get_type::<T>().getattr(name)?;
    // SAFETY: the type of the descriptor is checked before its definition is read, and the flags
    // before the function is taken for one of that kind.
    unsafe {
        if ffi::Py_TYPE(found.as_ptr()) != &raw mut ffi::PyMethodDescr_Type {
            return Ok(None);
        }
        let definition = &*(*found.as_ptr().cast::<ffi::PyMethodDescrObject>()).d_method;
        if definition.ml_flags != FAST {
            return Ok(None);
        }
        let ordinary = definition.ml_meth.PyCFunctionFastWithKeywords;
        // Lives as long as the class, which is as long as the process.
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

/// Puts `quick` in the place of a read-only attribute that PyO3 made.
///
/// # Safety
///
/// `quick` keeps the contract of the C API for a getter of `T`, and nobody has looked the attribute up before.
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

/// Puts a new descriptor, of which this takes the reference, into the dict of the class.
unsafe fn put<T: PyTypeInfo>(
    py: Python<'_>,
    name: &CStr,
    descriptor: *mut ffi::PyObject,
) -> PyResult<()> {
    // SAFETY: the class is a live type object; its caches are told of the change.
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

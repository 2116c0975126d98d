//! `DataPoint` implemented like CPython's small types: constructed by a vectorcall, invisible to the garbage collector.
//!
//! PyO3 adds a `tp_new` with a tuple and a dict to each class and, since 0.30, the garbage collector's header. For
//! an object of 56 bytes that is created by the million, both cost more than the point. [`install`] changes the class
//! once, before its first instance exists. If PyO3's layout is not the known one, it leaves the class unchanged, and
//! everything works as before, only slower. Arguments other than plain ones go to the ordinary constructor, so that
//! errors are raised in one place.
//!
//! Points may be invisible to the garbage collector because nothing in a point can refer back to it: it holds exact
//! strings, and a `Metadata` or a private dict of exact strings, numbers, booleans and None, which is invisible to the
//! collector either.

#![allow(unsafe_code)]

use std::env::var_os;
use std::mem::size_of;
use std::ptr::{addr_eq, null_mut};
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use pyo3::{PyTypeInfo, ffi};

use super::PyDataPoint;
use crate::metadata::{Held, PyMetadata};
use crate::native::replace_getter;

mod arguments;
mod constructor;
mod free_list;
mod getters;

pub(crate) use arguments::{instant, number};
pub use constructor::ARGUMENTS;

/// If this variable is set when the extension is loaded, the class stays as PyO3 created it.
const ORDINARY: &str = "RUST_DAQ_ORDINARY_CLASSES";

/// The changed class, and the class of shared metadata. Both live as long as the process.
static CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());
static METADATA_CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());

/// The layout of an instance in PyO3, checked by [`suits`].
#[repr(C)]
struct Instance {
    base: ffi::PyObject,
    point: PyDataPoint,
}

/// Changes the class if its layout is the known one; called when the module is created.
///
/// # Errors
///
/// The exception of Python if it has no memory.
///
/// # Safety
///
/// No `DataPoint` exists yet: the new deallocator must not free an object of the old allocator.
pub unsafe fn install(py: Python<'_>) -> PyResult<()> {
    if !installed_class().is_null() || var_os(ORDINARY).is_some() || !has_known_layout(py)? {
        return Ok(());
    }
    constructor::prepare(py);
    free_list::prepare();
    // SAFETY: the class is PyO3's for `PyDataPoint`, has the layout of `Instance`, cannot be
    // subclassed, and has no instance. Afterwards its members are consistent: no garbage-collector
    // flag, no `tp_traverse`, and an allocator and a deallocator without the collector's header.
    unsafe {
        let class = PyDataPoint::type_object_raw(py);
        hide_from_collector(class);
        (*class).tp_traverse = None;
        (*class).tp_clear = None;
        (*class).tp_alloc = Some(ffi::PyType_GenericAlloc);
        (*class).tp_free = Some(ffi::PyObject_Free);
        (*class).tp_dealloc = Some(dealloc);
        (*class).tp_vectorcall = Some(constructor::vectorcall);
        ffi::PyType_Modified(class);
        replace_getter::<PyDataPoint>(py, c"timestamp", getters::timestamp)?;
        replace_getter::<PyDataPoint>(py, c"timestamp_ns", getters::timestamp_ns)?;
        replace_getter::<PyDataPoint>(py, c"value", getters::value)?;
        METADATA_CLASS.store(PyMetadata::type_object_raw(py), Ordering::Relaxed);
        CLASS.store(class, Ordering::Relaxed);
    }
    Ok(())
}

/// Clears the garbage collector's flag of a class that is not in use yet.
unsafe fn hide_from_collector(class: *mut ffi::PyTypeObject) {
    // SAFETY: the class is a live type object that only the caller uses.
    unsafe {
        #[cfg(not(Py_GIL_DISABLED))]
        {
            (*class).tp_flags &= !ffi::Py_TPFLAGS_HAVE_GC;
        }
        #[cfg(Py_GIL_DISABLED)]
        (*class).tp_flags.fetch_and(!ffi::Py_TPFLAGS_HAVE_GC, Ordering::Relaxed);
    }
}

/// Returns whether PyO3's layout of the class is the one of this module; false without the GIL, where it is untested.
fn has_known_layout(py: Python<'_>) -> PyResult<bool> {
    if cfg!(Py_GIL_DISABLED) {
        return Ok(false);
    }
    let text = PyString::new(py, "probe");
    let probe = PyDataPoint {
        timestamp_ns: 0,
        value: 0.0,
        channel: text.clone().unbind(),
        unit: text.unbind(),
        metadata: None,
    };
    let probe = Bound::new(py, probe)?;
    let instance = probe.as_ptr().cast::<Instance>();
    // SAFETY: only the address of the field is taken; the class is a live type object.
    unsafe {
        let raw = PyDataPoint::type_object_raw(py);
        let class = &*raw;
        Ok(addr_eq(&raw const (*instance).point, probe.get())
            && usize::try_from(class.tp_basicsize) == Ok(size_of::<Instance>())
            && class.tp_itemsize == 0
            && class.tp_dictoffset == 0
            && class.tp_weaklistoffset == 0
            && class.tp_finalize.is_none()
            && ffi::PyType_HasFeature(raw, ffi::Py_TPFLAGS_BASETYPE) == 0
            && addr_eq(class.tp_base, &raw const ffi::PyBaseObject_Type))
    }
}

/// Returns the class after [`install`] has changed it; null if it stays as PyO3 created it.
#[inline]
pub fn installed_class() -> *mut ffi::PyTypeObject {
    CLASS.load(Ordering::Relaxed)
}

/// Creates the Python object of a point.
#[inline]
pub fn object(py: Python<'_>, point: PyDataPoint) -> PyResult<Bound<'_, PyDataPoint>> {
    let class = installed_class();
    if class.is_null() {
        return Bound::new(py, point);
    }
    // SAFETY: attached, the class is installed, and `from_owned_ptr` takes a new reference to an
    // object of the class. Without memory the point is dropped here.
    unsafe {
        let object = allocate(class);
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        (&raw mut (*object).point).write(point);
        Ok(Bound::from_owned_ptr(py, object.cast()).cast_into_unchecked())
    }
}

/// Creates a list of `count` points, each from its index.
pub fn list(
    py: Python<'_>,
    count: usize,
    mut point: impl FnMut(usize) -> PyDataPoint,
) -> PyResult<Bound<'_, PyList>> {
    if installed_class().is_null() {
        let points: PyResult<Vec<_>> = (0..count).map(|index| object(py, point(index))).collect();
        return PyList::new(py, points?);
    }
    // SAFETY: attached. An entry of a new list is null until it is set, once, to an object whose
    // reference the list takes. An abandoned list frees the entries that were set.
    unsafe {
        let list = Bound::from_owned_ptr_or_err(py, ffi::PyList_New(count.cast_signed()))?;
        for index in 0..count {
            let made = object(py, point(index))?;
            ffi::PyList_SET_ITEM(list.as_ptr(), index.cast_signed(), made.into_ptr());
        }
        Ok(list.cast_into_unchecked())
    }
}

/// Allocates an object of the class without writing its point; null with an exception if there is no memory.
///
/// # Safety
///
/// Attached, and the class is installed.
#[inline]
unsafe fn allocate(class: *mut ffi::PyTypeObject) -> *mut Instance {
    unsafe {
        let mut object = free_list::take();
        if object.is_null() {
            object = ffi::PyObject_Malloc(size_of::<Instance>()).cast();
            if object.is_null() {
                return ffi::PyErr_NoMemory().cast();
            }
        }
        // Python's function, which counts the class and maintains the totals of debug builds.
        ffi::PyObject_Init(object, class).cast()
    }
}

/// The references of a new point: borrowed, until [`Parts::write`] counts them.
pub(crate) struct Parts {
    pub timestamp_ns: i64,
    pub value: f64,
    pub channel: *mut ffi::PyObject,
    pub unit: *mut ffi::PyObject,
    /// Null without metadata.
    pub metadata: *mut ffi::PyObject,
}

impl Parts {
    /// Creates an object, or returns null with an exception; the caller counts `metadata`.
    ///
    /// # Safety
    ///
    /// Attached; the class is installed; channel and unit are exact strings, and metadata is null
    /// or valid for [`Held`].
    #[inline]
    pub(crate) unsafe fn write(&self, class: *mut ffi::PyTypeObject) -> *mut ffi::PyObject {
        unsafe {
            let object = allocate(class);
            if object.is_null() {
                ffi::Py_XDECREF(self.metadata);
                return null_mut();
            }
            ffi::Py_INCREF(self.channel);
            ffi::Py_INCREF(self.unit);
            let py = Python::assume_attached();
            let text = |text| Bound::from_owned_ptr(py, text).cast_into_unchecked().unbind();
            let metadata = Bound::from_owned_ptr_or_opt(py, self.metadata).map(Bound::unbind);
            (&raw mut (*object).point).write(PyDataPoint {
                timestamp_ns: self.timestamp_ns,
                value: self.value,
                channel: text(self.channel),
                unit: text(self.unit),
                metadata: metadata.map(Held::from_checked),
            });
            object.cast()
        }
    }
}

/// `tp_dealloc`: decrements by hand, because a `Py` dropped here would wait in PyO3's pool for another thread.
unsafe extern "C" fn dealloc(object: *mut ffi::PyObject) {
    // SAFETY: Python calls this once, attached, with the last reference to a completely written
    // object of the class. Each object holds a reference to the class.
    unsafe {
        let point = &(*object.cast::<Instance>()).point;
        let class = ffi::Py_TYPE(object);
        ffi::Py_DECREF(point.channel.as_ptr());
        ffi::Py_DECREF(point.unit.as_ptr());
        if let Some(metadata) = &point.metadata {
            ffi::Py_DECREF(metadata.as_ptr());
        }
        if !free_list::keep(object) {
            ffi::PyObject_Free(object.cast());
        }
        ffi::Py_DECREF(class.cast());
    }
}

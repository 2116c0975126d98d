//! `DataPoint` in the form of CPython's own small types: made by a vectorcall, never seen by the garbage collector.
//!
//! PyO3 gives each class a `tp_new` that takes a tuple and a dict, and since 0.30 the garbage collector's header. For an
//! object of 56 bytes that is made by the million both cost more than the point. [`install`] changes the class once,
//! before its first instance lives; where PyO3's layout is not the one that is known here, it leaves the class alone, and
//! everything works as before, only slower. Whatever is not the plain case goes to the ordinary constructor, so that
//! there is one place that refuses.
//!
//! To leave the garbage collector is sound while nothing that a point holds can refer back to it: it holds exact
//! strings, and a `Metadata` or a private dict of exact strings, numbers, booleans and None, which is not seen by the
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
mod getters;

pub(crate) use arguments::{instant, number};
pub use constructor::ARGUMENTS;

/// Where it is set when the extension is loaded, the class stays as PyO3 made it.
const ORDINARY: &str = "RUST_DAQ_ORDINARY_CLASSES";

/// The class once it is changed, and the class of shared metadata, both of which live as long as the process.
static CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());
static METADATA_CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());

/// What PyO3 lays out for the class, as [`suits`] checks.
#[repr(C)]
struct Instance {
    base: ffi::PyObject,
    point: PyDataPoint,
}

/// Changes the class if its layout is the known one; called while the module is made.
///
/// # Errors
///
/// What Python reports when it has no memory.
///
/// # Safety
///
/// No `DataPoint` was made before: it would be freed as one that was made afterwards.
pub unsafe fn install(py: Python<'_>) -> PyResult<()> {
    if !installed_class().is_null() || var_os(ORDINARY).is_some() || !suits(py)? {
        return Ok(());
    }
    constructor::prepare(py);
    // SAFETY: the class is PyO3's for `PyDataPoint`, has the layout of `Instance`, cannot be
    // subclassed, and has no instance. Its members are consistent with each other afterwards: no
    // flag, no `tp_traverse`, an allocator and a deallocator that know of no collector's header.
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

/// Takes the flag of the garbage collector from a class that nobody uses yet.
unsafe fn hide_from_collector(class: *mut ffi::PyTypeObject) {
    // SAFETY: the class is a live type object, which its caller alone knows.
    unsafe {
        #[cfg(not(Py_GIL_DISABLED))]
        {
            (*class).tp_flags &= !ffi::Py_TPFLAGS_HAVE_GC;
        }
        #[cfg(Py_GIL_DISABLED)]
        (*class).tp_flags.fetch_and(!ffi::Py_TPFLAGS_HAVE_GC, Ordering::Relaxed);
    }
}

/// Whether PyO3 lays the class out as this module does; not tried without the GIL, where it never ran.
fn suits(py: Python<'_>) -> PyResult<bool> {
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

/// The class, once [`install`] has changed it; null where it stays as PyO3 made it.
#[inline]
pub fn installed_class() -> *mut ffi::PyTypeObject {
    CLASS.load(Ordering::Relaxed)
}

/// Makes the object of a point.
#[inline]
pub fn object(py: Python<'_>, point: PyDataPoint) -> PyResult<Bound<'_, PyDataPoint>> {
    let class = installed_class();
    if class.is_null() {
        return Bound::new(py, point);
    }
    // SAFETY: attached, the class is installed, and a new reference to an object of the class is
    // what `from_owned_ptr` takes. Without memory the point is dropped here.
    unsafe {
        let object = allocate(class);
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        (&raw mut (*object).point).write(point);
        Ok(Bound::from_owned_ptr(py, object.cast()).cast_into_unchecked())
    }
}

/// Makes a list of so many points, each by its index.
pub fn list(
    py: Python<'_>,
    count: usize,
    mut point: impl FnMut(usize) -> PyDataPoint,
) -> PyResult<Bound<'_, PyList>> {
    if installed_class().is_null() {
        let points: PyResult<Vec<_>> = (0..count).map(|index| object(py, point(index))).collect();
        return PyList::new(py, points?);
    }
    // SAFETY: attached; an entry of a new list is null until it is set, once, to an object of
    // which the list takes the reference. A list that is given up frees what was set.
    unsafe {
        let list = Bound::from_owned_ptr_or_err(py, ffi::PyList_New(count.cast_signed()))?;
        for index in 0..count {
            let made = object(py, point(index))?;
            ffi::PyList_SET_ITEM(list.as_ptr(), index.cast_signed(), made.into_ptr());
        }
        Ok(list.cast_into_unchecked())
    }
}

/// A new object of the class whose point is not yet written; null, with an exception, without memory.
///
/// # Safety
///
/// Attached, and the class is installed.
#[inline]
unsafe fn allocate(class: *mut ffi::PyTypeObject) -> *mut Instance {
    unsafe {
        let object = ffi::PyObject_Malloc(size_of::<Instance>()).cast::<ffi::PyObject>();
        if object.is_null() {
            return ffi::PyErr_NoMemory().cast();
        }
        // Python's own way, which counts the class and keeps the totals of its debug builds.
        ffi::PyObject_Init(object, class).cast()
    }
}

/// The references of a point that is about to be written: borrowed ones, counted by [`Parts::write`].
pub(crate) struct Parts {
    pub timestamp_ns: i64,
    pub value: f64,
    pub channel: *mut ffi::PyObject,
    pub unit: *mut ffi::PyObject,
    /// Null when there is none.
    pub metadata: *mut ffi::PyObject,
}

impl Parts {
    /// A new object, or null with an exception; `metadata` is counted by the caller.
    ///
    /// # Safety
    ///
    /// Attached; the class is installed; channel and unit are exact strings, and metadata is null
    /// or what [`Held`] may hold.
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

/// `tp_dealloc`: by hand, since a `Py` that is dropped here would wait in PyO3's pool for another thread.
unsafe extern "C" fn dealloc(object: *mut ffi::PyObject) {
    // SAFETY: Python calls this once, attached, with the last reference to an object of the class
    // that was wholly written. The class is counted by each of its objects.
    unsafe {
        let point = &(*object.cast::<Instance>()).point;
        let class = ffi::Py_TYPE(object);
        ffi::Py_DECREF(point.channel.as_ptr());
        ffi::Py_DECREF(point.unit.as_ptr());
        if let Some(metadata) = &point.metadata {
            ffi::Py_DECREF(metadata.as_ptr());
        }
        ffi::PyObject_Free(object.cast());
        ffi::Py_DECREF(class.cast());
    }
}

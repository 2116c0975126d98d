//! `DataPoint` in the form of CPython's own small types: made by a vectorcall, never seen by the garbage collector.
//!
//! PyO3 gives each class a `tp_new` that takes a tuple and a dict, and since 0.30 the garbage collector's header. For an
//! object of 56 bytes that is made by the million both cost more than the point. [`install`] changes the class once,
//! before its first instance lives; where PyO3's layout is not the one that is known here, it leaves the class alone, and
//! everything works as before, only slower. Whatever is not the plain case goes to the ordinary constructor, so that
//! there is one place that refuses.
//!
//! To leave the garbage collector is sound while nothing that a point holds can refer back to it: it holds exact
//! strings, and a `Metadata` or a private dict of exact strings, numbers, booleans and None.

#![allow(unsafe_code)]

use std::env::var_os;
use std::ffi::c_void;
use std::mem::size_of;
use std::ptr::{addr_eq, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyString};
use pyo3::{PyTypeInfo, ffi};
use rust_daq::{Civil, Date, nanoseconds_from_utc};

use super::PyDataPoint;
use crate::metadata::{Held, PyMetadata};
use crate::native::replace_getter;

/// Where it is set when the extension is loaded, the class stays as PyO3 made it.
const ORDINARY: &str = "RUST_DAQ_ORDINARY_CLASSES";

/// The arguments of the constructor.
pub const ARGUMENTS: [&str; 5] = ["timestamp", "channel", "value", "unit", "metadata"];
const REQUIRED: usize = 4;

/// The arguments' names as the interpreter interned them, so that keywords are compared by address.
static NAMES: PyOnceLock<[Py<PyString>; ARGUMENTS.len()]> = PyOnceLock::new();

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
    NAMES.get_or_init(py, || ARGUMENTS.map(|name| PyString::intern(py, name).unbind()));
    // SAFETY: attached; it makes the table through which datetimes are read.
    unsafe { ffi::PyDateTime_IMPORT() };
    if let Some(error) = PyErr::take(py) {
        return Err(error);
    }
    #[cfg(not(Py_GIL_DISABLED))]
    // SAFETY: the class is PyO3's for `PyDataPoint`, has the layout of `Instance`, cannot be
    // subclassed, and has no instance. Its members are consistent with each other afterwards: no
    // flag, no `tp_traverse`, an allocator and a deallocator that know of no collector's header.
    unsafe {
        let class = PyDataPoint::type_object_raw(py);
        (*class).tp_flags &= !ffi::Py_TPFLAGS_HAVE_GC;
        (*class).tp_traverse = None;
        (*class).tp_clear = None;
        (*class).tp_alloc = Some(ffi::PyType_GenericAlloc);
        (*class).tp_free = Some(ffi::PyObject_Free);
        (*class).tp_dealloc = Some(dealloc);
        (*class).tp_vectorcall = Some(vectorcall);
        ffi::PyType_Modified(class);
        replace_getter::<PyDataPoint>(py, c"timestamp", timestamp)?;
        replace_getter::<PyDataPoint>(py, c"timestamp_ns", timestamp_ns)?;
        replace_getter::<PyDataPoint>(py, c"value", value)?;
        METADATA_CLASS.store(PyMetadata::type_object_raw(py), Ordering::Relaxed);
        CLASS.store(class, Ordering::Relaxed);
    }
    Ok(())
}

/// Whether PyO3 lays the class out as this module does.
fn suits(py: Python<'_>) -> PyResult<bool> {
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
        object.write(ffi::PyObject { ob_type: class, ..ffi::PyObject_HEAD_INIT });
        ffi::Py_INCREF(class.cast());
        object.cast()
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

/// `DataPoint.timestamp`.
unsafe extern "C" fn timestamp(
    object: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with an object of the class. The table of the datetime
    // module was made by `install`.
    unsafe {
        let timestamp_ns = (*object.cast::<Instance>()).point.timestamp_ns;
        let civil = Civil::with_dates(timestamp_ns, date);
        let table = &*ffi::PyDateTimeAPI();
        (table.DateTime_FromDateAndTime)(
            civil.year,
            civil.month.into(),
            civil.day.into(),
            civil.hour.into(),
            civil.minute.into(),
            civil.second.into(),
            civil.microsecond.cast_signed(),
            table.TimeZone_UTC,
            table.DateTimeType,
        )
    }
}

/// The date of so many days since 1970; the last one is kept, since most points of a program are of one day.
#[inline]
fn date(days: i32) -> Date {
    /// The days in the upper half, the year, month and day in a quarter, an eighth and an eighth.
    static LAST: AtomicU64 = AtomicU64::new(u64::MAX);
    let [d0, d1, d2, d3, y0, y1, month, day] = LAST.load(Ordering::Relaxed).to_be_bytes();
    if i32::from_be_bytes([d0, d1, d2, d3]) == days && month != u8::MAX {
        return Date { year: i16::from_be_bytes([y0, y1]).into(), month, day };
    }
    let date = Date::from_days(days);
    // Years of 64-bit nanoseconds have four digits.
    let [y0, y1] = i16::try_from(date.year).unwrap_or(0).to_be_bytes();
    let [d0, d1, d2, d3] = days.to_be_bytes();
    let kept = [d0, d1, d2, d3, y0, y1, date.month, date.day];
    LAST.store(u64::from_be_bytes(kept), Ordering::Relaxed);
    date
}

/// `DataPoint.timestamp_ns`.
unsafe extern "C" fn timestamp_ns(
    object: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with an object of the class.
    unsafe { ffi::PyLong_FromLongLong((*object.cast::<Instance>()).point.timestamp_ns) }
}

/// `DataPoint.value`.
unsafe extern "C" fn value(
    object: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with an object of the class.
    unsafe { ffi::PyFloat_FromDouble((*object.cast::<Instance>()).point.value) }
}

/// `tp_vectorcall`: the plain case without a tuple and a dict; any other goes to the ordinary constructor.
unsafe extern "C" fn vectorcall(
    class: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with the class, with so many arguments at `arguments`,
    // and as many more as there are names in the tuple `keywords`, which may be null.
    unsafe {
        let count = ffi::PyVectorcall_NARGS(count).unsigned_abs();
        let class = class.cast::<ffi::PyTypeObject>();
        if let Some(slots) = slots(arguments, count, keywords)
            && let Some(parts) = parts(&slots)
        {
            return parts.write(class);
        }
        ordinary(class, arguments, count, keywords)
    }
}

/// The arguments in their order, null where an optional one is missing; `None` when they are not plain.
#[inline]
unsafe fn slots(
    arguments: *const *mut ffi::PyObject,
    count: usize,
    keywords: *mut ffi::PyObject,
) -> Option<[*mut ffi::PyObject; ARGUMENTS.len()]> {
    unsafe {
        if keywords.is_null() && (count == REQUIRED || count == ARGUMENTS.len()) {
            let [timestamp, channel, value, unit] = *arguments.cast();
            let metadata = if count > REQUIRED { *arguments.add(REQUIRED) } else { null_mut() };
            return Some([timestamp, channel, value, unit, metadata]);
        }
        let mut slots = [null_mut(); ARGUMENTS.len()];
        if count > slots.len() {
            return None;
        }
        for (index, slot) in slots.iter_mut().enumerate().take(count) {
            *slot = *arguments.add(index);
        }
        if !keywords.is_null() {
            let names = NAMES.get(Python::assume_attached())?;
            for position in 0..ffi::PyTuple_GET_SIZE(keywords) {
                let keyword = ffi::PyTuple_GET_ITEM(keywords, position);
                // Most often the names come in their order.
                let expected = count + position.unsigned_abs();
                let index = if names.get(expected).is_some_and(|name| name.as_ptr() == keyword) {
                    expected
                } else {
                    names.iter().position(|name| name.as_ptr() == keyword)?
                };
                if !slots[index].is_null() {
                    return None;
                }
                slots[index] = *arguments.add(expected);
            }
        }
        slots[..REQUIRED].iter().all(|slot| !slot.is_null()).then_some(slots)
    }
}

/// The parts of a point from arguments of the plain types, whose reading runs no code of theirs.
#[inline]
unsafe fn parts(slots: &[*mut ffi::PyObject; ARGUMENTS.len()]) -> Option<Parts> {
    let [timestamp, channel, value, unit, metadata] = *slots;
    unsafe {
        let timestamp_ns = instant(timestamp)?;
        let value = number(value)?;
        if !is_text(channel) || ffi::PyUnicode_GET_LENGTH(channel) == 0 || !is_text(unit) {
            return None;
        }
        // Last, since from here a reference is held.
        let metadata = held(metadata)?;
        Some(Parts { timestamp_ns, value, channel, unit, metadata })
    }
}

/// Nanoseconds of an exact int, or of an exact datetime in `timezone.utc`.
#[inline]
pub(crate) unsafe fn instant(timestamp: *mut ffi::PyObject) -> Option<i64> {
    unsafe {
        if ffi::PyDateTime_CheckExact(timestamp) != 0 {
            if ffi::PyDateTime_DATE_GET_TZINFO(timestamp) != ffi::PyDateTime_TimeZone_UTC() {
                return None;
            }
            // Python keeps each of these in its range.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let civil = Civil {
                year: ffi::PyDateTime_GET_YEAR(timestamp),
                month: ffi::PyDateTime_GET_MONTH(timestamp) as u8,
                day: ffi::PyDateTime_GET_DAY(timestamp) as u8,
                hour: ffi::PyDateTime_DATE_GET_HOUR(timestamp) as u8,
                minute: ffi::PyDateTime_DATE_GET_MINUTE(timestamp) as u8,
                second: ffi::PyDateTime_DATE_GET_SECOND(timestamp) as u8,
                microsecond: ffi::PyDateTime_DATE_GET_MICROSECOND(timestamp) as u32,
            };
            return nanoseconds_from_utc(civil.microseconds(), 0);
        }
        if ffi::PyLong_CheckExact(timestamp) == 0 {
            return None;
        }
        let mut overflow = 0;
        let nanoseconds = ffi::PyLong_AsLongLongAndOverflow(timestamp, &raw mut overflow);
        (overflow == 0).then_some(nanoseconds)
    }
}

/// The float of an exact or derived `float`, which holds it, or of an exact small `int`.
#[inline]
pub(crate) unsafe fn number(value: *mut ffi::PyObject) -> Option<f64> {
    /// The integers up to here are floats.
    const EXACT: i64 = 1 << 53;
    unsafe {
        if ffi::PyFloat_Check(value) != 0 {
            return Some(ffi::PyFloat_AS_DOUBLE(value));
        }
        if ffi::PyLong_CheckExact(value) == 0 {
            return None;
        }
        let mut overflow = 0;
        let integer = ffi::PyLong_AsLongLongAndOverflow(value, &raw mut overflow);
        #[allow(clippy::cast_precision_loss)] // it is one of the exact ones
        (overflow == 0 && (-EXACT..=EXACT).contains(&integer)).then_some(integer as f64)
    }
}

/// Whether it is an exact str that encodes to UTF-8.
#[inline]
unsafe fn is_text(text: *mut ffi::PyObject) -> bool {
    unsafe {
        if ffi::PyUnicode_CheckExact(text) == 0 {
            return false;
        }
        ffi::PyUnicode_IS_COMPACT_ASCII(text) != 0 || encodes(text)
    }
}

#[cold]
unsafe fn encodes(text: *mut ffi::PyObject) -> bool {
    unsafe {
        // Keeps the encoded text in the str, so that a second time is quick.
        let encoded = ffi::PyUnicode_AsUTF8AndSize(text, null_mut());
        if encoded.is_null() {
            ffi::PyErr_Clear();
        }
        !encoded.is_null()
    }
}

/// A new reference to what a point keeps of its metadata, null for none; `None` when they are not plain.
#[inline]
unsafe fn held(metadata: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    unsafe {
        if metadata.is_null() {
            return Some(null_mut());
        }
        if ffi::Py_TYPE(metadata) == METADATA_CLASS.load(Ordering::Relaxed) {
            ffi::Py_INCREF(metadata);
            return Some(metadata);
        }
        if metadata == ffi::Py_None() {
            return Some(null_mut());
        }
        if ffi::PyDict_CheckExact(metadata) != 0 { snapshot(metadata) } else { None }
    }
}

/// A private copy of a flat dict: only exact strings, numbers, booleans and None are in it.
unsafe fn snapshot(dict: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    unsafe {
        let copy = ffi::PyDict_Copy(dict);
        if copy.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        // The copy is looked at, which nobody else can change.
        let (mut position, mut key, mut value) = (0, null_mut(), null_mut());
        while ffi::PyDict_Next(copy, &raw mut position, &raw mut key, &raw mut value) != 0 {
            if !is_text(key) || !is_scalar(value) {
                ffi::Py_DECREF(copy);
                return None;
            }
        }
        Some(copy)
    }
}

#[inline]
unsafe fn is_scalar(value: *mut ffi::PyObject) -> bool {
    unsafe {
        if ffi::PyFloat_CheckExact(value) != 0 {
            return ffi::PyFloat_AS_DOUBLE(value).is_finite();
        }
        ffi::PyLong_CheckExact(value) != 0
            || is_text(value)
            || ffi::PyBool_Check(value) != 0
            || value == ffi::Py_None()
    }
}

/// Calls the constructor that PyO3 made of `PyDataPoint::new`.
#[cold]
unsafe fn ordinary(
    class: *mut ffi::PyTypeObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    unsafe {
        let Some(new) = (*class).tp_new else { return null_mut() };
        let positional = ffi::PyTuple_New(count.cast_signed());
        if positional.is_null() {
            return null_mut();
        }
        for index in 0..count {
            let argument = *arguments.add(index);
            ffi::Py_INCREF(argument);
            ffi::PyTuple_SET_ITEM(positional, index.cast_signed(), argument);
        }
        let named = dict(arguments.add(count), keywords);
        let object = match named {
            Some(named) => new(class, positional, named),
            None => null_mut(),
        };
        ffi::Py_DECREF(positional);
        ffi::Py_XDECREF(named.unwrap_or(null_mut()));
        object
    }
}

/// The keyword arguments as a new dict, null when there are none; `None`, with an exception, without memory.
unsafe fn dict(
    values: *const *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> Option<*mut ffi::PyObject> {
    unsafe {
        if keywords.is_null() {
            return Some(null_mut());
        }
        let dict = ffi::PyDict_New();
        if dict.is_null() {
            return None;
        }
        for position in 0..ffi::PyTuple_GET_SIZE(keywords) {
            let name = ffi::PyTuple_GET_ITEM(keywords, position);
            if ffi::PyDict_SetItem(dict, name, *values.offset(position)) != 0 {
                ffi::Py_DECREF(dict);
                return None;
            }
        }
        Some(dict)
    }
}

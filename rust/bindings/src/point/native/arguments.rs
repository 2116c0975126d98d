//! Arguments of the plain types, whose reading runs no code of theirs.
//!
//! Each function here wants the interpreter attached and a live object.

#![allow(unsafe_code)]

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use rust_daq::{Civil, nanoseconds_from_utc};

use super::METADATA_CLASS;

/// The class `datetime.datetime`, once an argument may have been one.
///
/// The module is not imported before: that takes as long as all other parts of importing this package.
static DATETIME: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());

/// Takes the class from the table through which datetimes are read; the ordinary way makes it with the first one.
#[cold]
unsafe fn learn_datetime() {
    // SAFETY: the table is static, and its class lives as long as the interpreter.
    unsafe {
        if let Some(table) = ffi::PyDateTimeAPI().as_ref() {
            DATETIME.store(table.DateTimeType, Ordering::Relaxed);
        }
    }
}

/// Nanoseconds of an exact int, or of an exact datetime in `timezone.utc`.
#[inline]
pub(crate) unsafe fn instant(timestamp: *mut ffi::PyObject) -> Option<i64> {
    unsafe {
        if ffi::Py_TYPE(timestamp) == DATETIME.load(Ordering::Relaxed) {
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
            learn_datetime();
            return None;
        }
        let mut overflow = 0;
        let nanoseconds = ffi::PyLong_AsLongLongAndOverflow(timestamp, &raw mut overflow);
        // The smallest is NumPy's NaT, which is refused with a reason.
        (overflow == 0 && nanoseconds != i64::MIN).then_some(nanoseconds)
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
pub(super) unsafe fn is_text(text: *mut ffi::PyObject) -> bool {
    unsafe { ffi::PyUnicode_CheckExact(text) != 0 && (is_ascii(text) || encodes(text)) }
}

/// Whether a str is known to be ASCII without a call; from 3.14 on its flags are no longer part of the C API.
#[inline]
unsafe fn is_ascii(text: *mut ffi::PyObject) -> bool {
    #[cfg(not(Py_3_14))]
    unsafe {
        ffi::PyUnicode_IS_COMPACT_ASCII(text) != 0
    }
    #[cfg(Py_3_14)]
    {
        let _ = text;
        false
    }
}

/// Of an ASCII str, Python returns the text itself, so that this is quick even where [`is_ascii`] does not know it.
#[cfg_attr(not(Py_3_14), cold)]
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
pub(super) unsafe fn held(metadata: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
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
        // Points are not seen by the garbage collector, so neither is what they hold: `gc.get_objects` would hand the
        // dict out, and whoever adds the point to it makes a cycle. From 3.14 on Python tracks every dict.
        ffi::PyObject_GC_UnTrack(copy.cast());
        // The copy is checked, which nobody else can change.
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

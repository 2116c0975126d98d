//! Arguments of plain types. Reading them runs no Python code.
//!
//! Each function here requires an attached interpreter and a live object.

#![allow(unsafe_code)]

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use pyo3::ffi;
use rust_daq::{Civil, Date, nanoseconds_from_utc};

use super::METADATA_CLASS;

/// The class `datetime.datetime`, stored once an argument may have been one.
///
/// The module is not imported earlier, because that would double the import time of this package.
static DATETIME: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());

/// Reads the class from the C API of `datetime`, which the ordinary constructor loads with the first datetime.
#[cold]
unsafe fn learn_datetime() {
    // SAFETY: the table is static, and its class lives as long as the interpreter.
    unsafe {
        if let Some(table) = ffi::PyDateTimeAPI().as_ref() {
            DATETIME.store(table.DateTimeType, Ordering::Relaxed);
        }
    }
}

/// Converts a date to days since 1970; consecutive timestamps usually have the same date, so the last one is kept.
#[inline]
fn days(date: Date) -> i32 {
    /// The last date in the upper half, its days in the lower half; zero is no date.
    static LAST: AtomicU64 = AtomicU64::new(0);
    let key = date.year.cast_unsigned() << 16 | u32::from(date.month) << 8 | u32::from(date.day);
    let last = LAST.load(Ordering::Relaxed);
    #[allow(clippy::cast_possible_truncation)] // takes one half
    if (last >> 32) as u32 == key {
        return (last as u32).cast_signed();
    }
    let days = date.days();
    LAST.store(u64::from(key) << 32 | u64::from(days.cast_unsigned()), Ordering::Relaxed);
    days
}

/// Reads nanoseconds from an exact int, or from an exact datetime in `timezone.utc`.
#[inline]
pub(crate) unsafe fn instant(timestamp: *mut ffi::PyObject) -> Option<i64> {
    unsafe {
        if ffi::Py_TYPE(timestamp) == DATETIME.load(Ordering::Relaxed) {
            if ffi::PyDateTime_DATE_GET_TZINFO(timestamp) != ffi::PyDateTime_TimeZone_UTC() {
                return None;
            }
            // Python keeps each field in its range.
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
            return nanoseconds_from_utc(civil.microseconds_with_days(days), 0);
        }
        if ffi::PyLong_CheckExact(timestamp) == 0 {
            learn_datetime();
            return None;
        }
        let mut overflow = 0;
        let nanoseconds = ffi::PyLong_AsLongLongAndOverflow(timestamp, &raw mut overflow);
        // The smallest value is NumPy's NaT; the ordinary constructor refuses it with a message.
        (overflow == 0 && nanoseconds != i64::MIN).then_some(nanoseconds)
    }
}

/// Reads the value of a `float` or a subclass, or of an exact small `int`.
#[inline]
pub(crate) unsafe fn number(value: *mut ffi::PyObject) -> Option<f64> {
    /// All integers up to this one are exact as floats.
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
        #[allow(clippy::cast_precision_loss)] // the integer is exact as a float
        (overflow == 0 && (-EXACT..=EXACT).contains(&integer)).then_some(integer as f64)
    }
}

/// Returns whether the object is an exact str that encodes to UTF-8.
#[inline]
pub(super) unsafe fn is_text(text: *mut ffi::PyObject) -> bool {
    unsafe { ffi::PyUnicode_CheckExact(text) != 0 && (is_ascii(text) || encodes(text)) }
}

/// Returns whether the flags of a str say that it is ASCII; since 3.14, they are not part of the C API.
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

/// Returns whether a str encodes to UTF-8; fast for ASCII, because Python then returns the text itself.
#[cfg_attr(not(Py_3_14), cold)]
unsafe fn encodes(text: *mut ffi::PyObject) -> bool {
    unsafe {
        // This caches the encoded text in the str, so that the next call is fast.
        let encoded = ffi::PyUnicode_AsUTF8AndSize(text, null_mut());
        if encoded.is_null() {
            ffi::PyErr_Clear();
        }
        !encoded.is_null()
    }
}

/// Returns a new reference to the metadata of a point, null without metadata; `None` if the metadata is not plain.
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

/// Copies a flat dict that contains only exact strings, numbers, booleans and None.
unsafe fn snapshot(dict: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    unsafe {
        let copy = ffi::PyDict_Copy(dict);
        if copy.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        // Points are invisible to the garbage collector, so their dict must be too: `gc.get_objects` would return the
        // dict, and code that adds the point to it would create a cycle. Since 3.14, Python tracks every dict.
        ffi::PyObject_GC_UnTrack(copy.cast());
        // The copy is checked, not the original, because no other code can change the copy.
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

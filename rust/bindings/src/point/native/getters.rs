//! The attributes of a point that are created on reading.

#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi;
use rust_daq::{Civil, Date};

use super::Instance;

/// `DataPoint.timestamp`.
pub(super) unsafe extern "C" fn timestamp(
    object: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with an object of the class.
    unsafe {
        let timestamp_ns = (*object.cast::<Instance>()).point.timestamp_ns;
        let civil = Civil::with_dates(timestamp_ns, date);
        let Some(table) = datetimes() else { return null_mut() };
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

/// Returns the C API of `datetime`, importing it on first use; null with an exception if that fails.
#[inline]
unsafe fn datetimes() -> Option<&'static ffi::PyDateTime_CAPI> {
    // SAFETY: the caller is attached, and the table is static.
    unsafe {
        if ffi::PyDateTimeAPI().is_null() {
            ffi::PyDateTime_IMPORT();
        }
        ffi::PyDateTimeAPI().as_ref()
    }
}

/// Converts days since 1970 to a date; the last one is cached, because most points of a program are of one day.
#[inline]
fn date(days: i32) -> Date {
    /// Bits: 32 for the days, 16 for the year, 8 for the month, 8 for the day.
    static LAST: AtomicU64 = AtomicU64::new(u64::MAX);
    let [d0, d1, d2, d3, y0, y1, month, day] = LAST.load(Ordering::Relaxed).to_be_bytes();
    if i32::from_be_bytes([d0, d1, d2, d3]) == days && month != u8::MAX {
        return Date { year: i16::from_be_bytes([y0, y1]).into(), month, day };
    }
    let date = Date::from_days(days);
    // Years in 64-bit nanoseconds have four digits.
    let [y0, y1] = i16::try_from(date.year).unwrap_or(0).to_be_bytes();
    let [d0, d1, d2, d3] = days.to_be_bytes();
    let kept = [d0, d1, d2, d3, y0, y1, date.month, date.day];
    LAST.store(u64::from_be_bytes(kept), Ordering::Relaxed);
    date
}

/// `DataPoint.timestamp_ns`.
pub(super) unsafe extern "C" fn timestamp_ns(
    object: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with an object of the class.
    unsafe { ffi::PyLong_FromLongLong((*object.cast::<Instance>()).point.timestamp_ns) }
}

/// `DataPoint.value`.
pub(super) unsafe extern "C" fn value(
    object: *mut ffi::PyObject,
    _closure: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with an object of the class.
    unsafe { ffi::PyFloat_FromDouble((*object.cast::<Instance>()).point.value) }
}

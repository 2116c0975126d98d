//! `Channel.point`, called by the interpreter directly.

#![allow(unsafe_code)]

use std::ptr::null_mut;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use rust_daq::now_ns;

use super::PyChannel;
use crate::burn::burn;
use crate::native::{Method, replace_method};
use crate::point::native::{Parts, installed_class, instant, number};

/// PyO3's method, for all other arguments.
static ORDINARY: PyOnceLock<Method> = PyOnceLock::new();

/// Installs the fast method if the fast constructor of points is installed; called when the module is created.
pub fn install(py: Python<'_>) -> PyResult<()> {
    if installed_class().is_null() {
        return Ok(());
    }
    // SAFETY: `point` is a method of the class, and the module is not yet visible to any code.
    if let Some(ordinary) = unsafe { replace_method::<PyChannel>(py, c"point", point) }? {
        ORDINARY.get_or_init(py, || ordinary);
    }
    Ok(())
}

/// `Channel.point`.
unsafe extern "C" fn point(
    channel: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with an object of the class, `count` positional
    // arguments, and one more for each name in `keywords`, which may be null. It is called only
    // after installation, which implies the fast constructor of points.
    burn();
    unsafe {
        let py = Python::assume_attached();
        if keywords.is_null()
            && let Some((timestamp_ns, value)) = plain(arguments, count)
        {
            let channel = Bound::ref_from_ptr(py, &channel).cast_unchecked::<PyChannel>().get();
            return parts(channel, timestamp_ns, value).write(installed_class());
        }
        match ORDINARY.get(py) {
            Some(ordinary) => ordinary(channel, arguments, count, keywords),
            None => null_mut(),
        }
    }
}

/// Reads the timestamp and the value from arguments of plain types.
#[inline]
unsafe fn plain(
    arguments: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> Option<(i64, f64)> {
    unsafe {
        match count {
            1 => number(*arguments).map(|value| (now_ns(), value)),
            2 => Some((instant(*arguments.add(1))?, number(*arguments)?)),
            _ => None,
        }
    }
}

/// Collects the references of a point of this channel.
///
/// # Safety
///
/// Attached.
#[inline]
pub(crate) unsafe fn parts(channel: &PyChannel, timestamp_ns: i64, value: f64) -> Parts {
    let metadata = channel.metadata.as_ref().map_or(null_mut(), Py::as_ptr);
    unsafe { ffi::Py_XINCREF(metadata) };
    let (channel, unit) = (channel.name.as_ptr(), channel.unit.as_ptr());
    Parts { timestamp_ns, value, channel, unit, metadata }
}

//! The constructor: plain arguments are read in place, all others by PyO3's constructor.

#![allow(unsafe_code)]

use std::ptr::null_mut;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use super::Parts;
use super::arguments::{held, instant, is_text, number};
use crate::burn::burn;

/// The names of the constructor's arguments.
pub const ARGUMENTS: [&str; 5] = ["timestamp", "channel", "value", "unit", "metadata"];
const REQUIRED: usize = 4;

/// The interned names, so that keywords can be compared by address.
static NAMES: PyOnceLock<[Py<PyString>; ARGUMENTS.len()]> = PyOnceLock::new();

/// Interns the names; must run before the first call of the constructor.
pub(super) fn prepare(py: Python<'_>) {
    NAMES.get_or_init(py, || ARGUMENTS.map(|name| PyString::intern(py, name).unbind()));
}

/// `tp_vectorcall`: handles plain arguments without a tuple and a dict; calls the ordinary constructor for all others.
pub(super) unsafe extern "C" fn vectorcall(
    class: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: Python calls this attached, with the class, `count` positional arguments at `arguments`,
    // and one more for each name in the tuple `keywords`, which may be null.
    burn();
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

/// Returns the arguments in order, null if an optional one is missing; `None` if they need the ordinary constructor.
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
                // The names are usually in order.
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

/// Reads the parts of a point from arguments of plain types.
#[inline]
unsafe fn parts(slots: &[*mut ffi::PyObject; ARGUMENTS.len()]) -> Option<Parts> {
    let [timestamp, channel, value, unit, metadata] = *slots;
    unsafe {
        let timestamp_ns = instant(timestamp)?;
        let value = number(value)?;
        if !is_text(channel) || ffi::PyUnicode_GET_LENGTH(channel) == 0 || !is_text(unit) {
            return None;
        }
        // Last, because this takes a reference.
        let metadata = held(metadata)?;
        Some(Parts { timestamp_ns, value, channel, unit, metadata })
    }
}

/// Calls PyO3's constructor, made from `PyDataPoint::new`.
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

/// Returns the keyword arguments as a new dict, null without keywords; `None` with an exception if there is no memory.
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

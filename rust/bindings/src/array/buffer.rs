//! The entries of a buffer of Python's, copied into memory that is asked for first.

#![allow(unsafe_code)]

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use rust_daq::room;

use crate::error::Raise;

/// The entries in order; a buffer may say that it has more of them than memory could hold.
pub fn entries<T: Element>(buffer: &PyBuffer<T>, py: Python<'_>) -> PyResult<Vec<T>> {
    let count = buffer.item_count();
    let mut copy: Vec<T> = room(count).raise()?;
    if buffer.is_c_contiguous() && count > 0 {
        // SAFETY: the buffer is held, contiguous and of `count` entries of this type, of which a copy has no owner;
        // there is room for as many. Attached, nobody else writes to it meanwhile.
        unsafe {
            let entries = buffer.buf_ptr().cast::<T>();
            copy.as_mut_ptr().copy_from_nonoverlapping(entries, count);
            copy.set_len(count);
        }
        return Ok(copy);
    }
    // SAFETY: there is room for as many, and a number may have any bits, of which zeros are one choice.
    unsafe {
        copy.as_mut_ptr().write_bytes(0, count);
        copy.set_len(count);
    }
    buffer.copy_to_slice(py, &mut copy)?;
    Ok(copy)
}

/// The entries of a NumPy array, converted to this type, of which `dtype` is the name.
pub fn converted<T: Element>(array: &Bound<'_, PyAny>, dtype: &str) -> PyResult<Vec<T>> {
    let array = array.call_method1("astype", (dtype,))?;
    entries(&PyBuffer::<T>::get(&array)?, array.py())
}

/// The kind of a NumPy array's entries, as its dtype tells it, and the bytes of each.
pub fn kind_and_size(array: &Bound<'_, PyAny>) -> PyResult<(char, usize)> {
    let dtype = array.getattr("dtype")?;
    Ok((dtype.getattr("kind")?.extract()?, dtype.getattr("itemsize")?.extract()?))
}

//! The entries of a Python buffer, copied into memory that is requested before.

#![allow(unsafe_code)]

use pyo3::buffer::{Element, PyBuffer};
use pyo3::prelude::*;
use rust_daq::room;

use crate::error::Raise;

/// Copies the entries in order; fails without enough memory, because a buffer may claim any size.
pub fn entries<T: Element>(buffer: &PyBuffer<T>, py: Python<'_>) -> PyResult<Vec<T>> {
    let count = buffer.item_count();
    let mut copy: Vec<T> = room(count).raise()?;
    if buffer.is_c_contiguous() && count > 0 {
        // SAFETY: the buffer is held, contiguous, and has `count` entries of this type, which are plain numbers.
        // There is room for as many. This thread is attached, so no other thread writes to them.
        unsafe {
            let entries = buffer.buf_ptr().cast::<T>();
            copy.as_mut_ptr().copy_from_nonoverlapping(entries, count);
            copy.set_len(count);
        }
        return Ok(copy);
    }
    // SAFETY: there is room for as many, and zeros are valid bits of a number.
    unsafe {
        copy.as_mut_ptr().write_bytes(0, count);
        copy.set_len(count);
    }
    buffer.copy_to_slice(py, &mut copy)?;
    Ok(copy)
}

/// Converts the entries of a NumPy array to this type, whose NumPy name is `dtype`.
pub fn convert_entries<T: Element>(array: &Bound<'_, PyAny>, dtype: &str) -> PyResult<Vec<T>> {
    let array = array.call_method1("astype", (dtype,))?;
    entries(&PyBuffer::<T>::get(&array)?, array.py())
}

/// Returns the kind of a NumPy array's dtype, and the bytes per entry.
pub fn kind_and_size(array: &Bound<'_, PyAny>) -> PyResult<(char, usize)> {
    let dtype = array.getattr("dtype")?;
    Ok((dtype.getattr("kind")?.extract()?, dtype.getattr("itemsize")?.extract()?))
}

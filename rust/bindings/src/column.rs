//! Memory shared between Python and Arrow: a column as a read-only buffer, and a buffer as a column.

#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;
use std::sync::Arc;

use arrow_buffer::{ArrowNativeType, Buffer, ScalarBuffer};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};
use pyo3::{ffi, intern};
use rust_daq::{copy_column, room};

use crate::error::Raise;

/// The bytes of one column, read-only, alive while they are in use.
#[pyclass(frozen, name = "_Column", module = "rust_daq._core")]
pub struct PyColumn {
    bytes: Buffer,
}

impl PyColumn {
    /// Creates the Python object of a column.
    pub fn object<T: ArrowNativeType>(
        py: Python<'_>,
        column: ScalarBuffer<T>,
    ) -> PyResult<Bound<'_, Self>> {
        Bound::new(py, Self { bytes: column.into_inner() })
    }
}

#[pymethods]
impl PyColumn {
    fn __len__(&self) -> usize {
        self.bytes.len()
    }

    #[allow(clippy::needless_pass_by_value, reason = "what PyO3 passes")]
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        if flags & ffi::PyBUF_WRITABLE == ffi::PyBUF_WRITABLE {
            return Err(PyBufferError::new_err("a column of a batch is read-only; copy it"));
        }
        let bytes = &slf.get().bytes;
        let (pointer, length) = (bytes.as_ptr().cast_mut().cast::<c_void>(), bytes.len());
        // SAFETY: Python calls this with a view to fill. The view holds the object, which holds
        // the bytes and never changes them.
        let status = unsafe {
            ffi::PyBuffer_FillInfo(view, slf.as_ptr(), pointer, length.cast_signed(), 1, flags)
        };
        if status == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }
}

/// Prepares a column for a pickle; from protocol 5 on, a pickler may transfer the memory out of band.
pub fn pickled<T: ArrowNativeType>(
    py: Python<'_>,
    column: ScalarBuffer<T>,
    protocol: i32,
) -> PyResult<Bound<'_, PyAny>> {
    let column = PyColumn::object(py, column)?;
    if protocol >= 5 {
        return py.import("pickle")?.getattr("PickleBuffer")?.call1((column,));
    }
    py.get_type::<PyBytes>().call1((column,))
}

/// A buffer that an Arrow buffer keeps alive.
struct Owner {
    /// Only kept alive; released with the interpreter attached.
    _buffer: PyUntypedBuffer,
}

// Arrow requires this of an allocation. It is true: the owner has no method that a panic could interrupt.
impl std::panic::RefUnwindSafe for Owner {}

/// Returns whether a buffer shows the bytes of a `bytes` object or of a column, which are both immutable.
///
/// The read-only flag is not enough: a view may be read-only while its array or file is writable elsewhere.
fn is_frozen(buffer: &PyUntypedBuffer, py: Python<'_>) -> PyResult<bool> {
    let mut owner = buffer.obj(py).cloned();
    while let Some(view) = owner.as_ref().filter(|owner| owner.is_instance_of::<PyMemoryView>()) {
        owner = Some(view.getattr(intern!(py, "obj"))?).filter(|owner| !owner.is_none());
    }
    let Some(owner) = owner else { return Ok(false) };
    let frozen: &[u8] = if let Ok(bytes) = owner.cast_exact::<PyBytes>() {
        bytes.as_bytes()
    } else if let Ok(column) = owner.cast_exact::<PyColumn>() {
        &column.get().bytes
    } else {
        return Ok(false);
    };
    // The exporter names the owner, and could name an owner whose bytes the buffer does not show.
    let (shown, frozen) = (buffer.buf_ptr() as usize, frozen.as_ptr_range());
    let end = shown.checked_add(buffer.len_bytes());
    Ok(shown >= frozen.start as usize && end.is_some_and(|end| end <= frozen.end as usize))
}

/// Uses the bytes of a buffer as a column, without a copy if they are immutable.
pub fn adopt<T: ArrowNativeType>(
    argument: &str,
    object: &Bound<'_, PyAny>,
) -> PyResult<ScalarBuffer<T>> {
    let py = object.py();
    let buffer = PyUntypedBuffer::get(object)?;
    let (length, size) = (buffer.len_bytes(), size_of::<T>());
    if !buffer.is_c_contiguous() || length % size != 0 {
        return Err(PyValueError::new_err(format!(
            "{argument} must be contiguous entries of {size} bytes, got {length} bytes"
        )));
    }
    let Some(pointer) = NonNull::new(buffer.buf_ptr().cast::<u8>()).filter(|_| length > 0) else {
        return Ok(Vec::new().into());
    };
    if !is_frozen(&buffer, py)? || pointer.as_ptr().align_offset(align_of::<T>()) != 0 {
        let mut copy: Vec<T> = room(length / size).raise()?;
        // SAFETY: the view is contiguous and held, there is room for as many bytes, and any bytes are valid numbers of
        // this type. This thread is attached, so no other thread writes to them.
        unsafe {
            pointer.copy_to_nonoverlapping(NonNull::from(copy.spare_capacity_mut()).cast(), length);
            copy.set_len(length / size);
        }
        buffer.release(py);
        return Ok(copy.into());
    }
    let owner = Arc::new(Owner { _buffer: buffer });
    // SAFETY: the bytes belong to the view, which the owner holds until the last column is dropped.
    let bytes = unsafe { Buffer::from_custom_allocation(pointer, length, owner) };
    Ok(ScalarBuffer::new(bytes, 0, length / size))
}

/// Uses a buffer as indices of channels, which are later used without a check. Indices in a column are copied, because
/// the column may share memory that its user can still change (`share=True`).
pub fn adopt_indices(argument: &str, object: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<i32>> {
    let indices = adopt(argument, object)?;
    let is_bytes = object.is_exact_instance_of::<PyBytes>();
    if is_bytes { Ok(indices) } else { copy_column(&indices).raise() }
}

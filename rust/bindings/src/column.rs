//! Memory that Python and Arrow share: a column as a read-only buffer, and a buffer as a column.

#![allow(unsafe_code)]

use std::ffi::{c_int, c_void};
use std::ptr::NonNull;
use std::sync::Arc;

use arrow_buffer::{ArrowNativeType, Buffer, ScalarBuffer};
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyMemoryView;
use pyo3::{ffi, intern};

/// The bytes of one column, read-only, alive as long as anybody looks at them.
#[pyclass(frozen, name = "_Column", module = "rust_daq._core")]
pub struct PyColumn {
    bytes: Buffer,
}

impl PyColumn {
    /// The object of a column.
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
        // SAFETY: Python calls this with a view to fill; the view holds the object, which holds
        // the bytes and never writes to them.
        let status = unsafe {
            ffi::PyBuffer_FillInfo(view, slf.as_ptr(), pointer, length.cast_signed(), 1, flags)
        };
        if status == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }
}

/// A buffer that an Arrow buffer keeps alive.
struct Owner {
    /// Only kept, and released with the interpreter attached.
    _buffer: PyUntypedBuffer,
}

// What Arrow asks of an allocation; the owner has no method that could be left halfway.
impl std::panic::RefUnwindSafe for Owner {}

/// Whether nobody can write to the memory of a buffer: a read-only view may be one of writable memory.
fn is_frozen(buffer: &PyUntypedBuffer, py: Python<'_>) -> PyResult<bool> {
    let mut owner = buffer.obj(py).cloned();
    while let Some(view) = owner.as_ref().filter(|owner| owner.is_instance_of::<PyMemoryView>()) {
        owner = Some(view.getattr(intern!(py, "obj"))?).filter(|owner| !owner.is_none());
    }
    let Some(owner) = owner else { return Ok(false) };
    Ok(buffer.readonly() && PyUntypedBuffer::get(&owner)?.readonly())
}

/// Takes the bytes of a buffer as a column, without copying them if nobody can write to them.
pub fn adopt<T: ArrowNativeType>(
    argument: &str,
    object: &Bound<'_, PyAny>,
) -> PyResult<ScalarBuffer<T>> {
    let py = object.py();
    let buffer = PyUntypedBuffer::get(object)?;
    let (length, size) = (buffer.len_bytes(), size_of::<T>());
    if !buffer.is_c_contiguous() || length % size != 0 {
        return Err(PyValueError::new_err(format!(
            "{argument} holds {length} bytes, which are no contiguous entries of {size} bytes"
        )));
    }
    let Some(pointer) = NonNull::new(buffer.buf_ptr().cast::<u8>()).filter(|_| length > 0) else {
        return Ok(Vec::new().into());
    };
    if !is_frozen(&buffer, py)? || pointer.as_ptr().align_offset(align_of::<T>()) != 0 {
        // SAFETY: the view is contiguous and held; attached, nobody else writes to it meanwhile.
        let bytes = unsafe { std::slice::from_raw_parts(pointer.as_ptr(), length) };
        let copy = Buffer::from_slice_ref(bytes);
        buffer.release(py);
        return Ok(ScalarBuffer::new(copy, 0, length / size));
    }
    let owner = Arc::new(Owner { _buffer: buffer });
    // SAFETY: the bytes are the view's, which the owner holds until the last column is gone.
    let bytes = unsafe { Buffer::from_custom_allocation(pointer, length, owner) };
    Ok(ScalarBuffer::new(bytes, 0, length / size))
}

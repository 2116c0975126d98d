//! Memory that Python and Arrow share: a column as a read-only buffer, and a buffer as a column.

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
use rust_daq::{copied, room};

use crate::error::Raise;

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

/// A column for a pickle: from protocol 5 on a pickler may carry the memory itself, beside the pickle.
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
    /// Only kept, and released with the interpreter attached.
    _buffer: PyUntypedBuffer,
}

// What Arrow asks of an allocation; the owner has no method that could be left halfway.
impl std::panic::RefUnwindSafe for Owner {}

/// Whether the bytes of a buffer are those of a `bytes`, or of a column, to which nobody can write.
///
/// A flag does not tell: a read-only view of a writable array is read-only, and so is one of a file that others write.
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
    // Whoever offers the buffer names its owner, and may name one whose bytes it does not show.
    let (shown, frozen) = (buffer.buf_ptr() as usize, frozen.as_ptr_range());
    let end = shown.checked_add(buffer.len_bytes());
    Ok(shown >= frozen.start as usize && end.is_some_and(|end| end <= frozen.end as usize))
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
        let mut copy: Vec<T> = room(length / size).raise()?;
        // SAFETY: the view is contiguous and held, and there is room for as many bytes, which are numbers of this type
        // whatever they are; attached, nobody else writes to them meanwhile.
        unsafe {
            pointer.copy_to_nonoverlapping(NonNull::from(copy.spare_capacity_mut()).cast(), length);
            copy.set_len(length / size);
        }
        buffer.release(py);
        return Ok(copy.into());
    }
    let owner = Arc::new(Owner { _buffer: buffer });
    // SAFETY: the bytes are the view's, which the owner holds until the last column is gone.
    let bytes = unsafe { Buffer::from_custom_allocation(pointer, length, owner) };
    Ok(ScalarBuffer::new(bytes, 0, length / size))
}

/// Takes indices of channels, which are looked up unchecked once they were checked: of a column they are copied, since
/// it may be one of values that share their memory at their user's own risk.
pub fn adopt_indices(argument: &str, object: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<i32>> {
    let indices = adopt(argument, object)?;
    let is_bytes = object.is_exact_instance_of::<PyBytes>();
    if is_bytes { Ok(indices) } else { copied(&indices).raise() }
}

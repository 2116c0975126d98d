//! Float64 arrays of NumPy that are read and written where they stand.

#![allow(unsafe_code)]

use arrow_buffer::ScalarBuffer;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;

use super::numbers;
use crate::error::wrong_type;

const OUT_WANTED: &str = "a writable, contiguous float64 array";

/// Values that are read where they stand, or copied where they have to be converted.
pub enum Input {
    InPlace(PyBuffer<f64>),
    Converted(ScalarBuffer<f64>),
}

impl Input {
    /// Reads the argument.
    pub fn of(argument: &str, values: &Bound<'_, PyAny>) -> PyResult<Self> {
        match PyBuffer::get(values) {
            Ok(buffer) if is_plain(&buffer) && buffer.dimensions() == 1 => {
                Ok(Self::InPlace(buffer))
            }
            // Whatever else it is, this says what is wrong with it.
            _ => numbers(argument, values).map(Self::Converted),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::InPlace(buffer) => buffer.item_count(),
            Self::Converted(values) => values.len(),
        }
    }

    /// The values.
    ///
    /// # Safety
    ///
    /// Nobody writes to them meanwhile: `out` is another memory, and a caller of Python who writes to an array while
    /// another thread reads it breaks what NumPy's own functions ask of it too.
    unsafe fn as_slice(&self) -> &[f64] {
        match self {
            // An empty buffer may have no memory at all.
            Self::InPlace(buffer) if buffer.item_count() == 0 => &[],
            // SAFETY: the buffer is contiguous, of this type, aligned, and held until `self` is dropped.
            Self::InPlace(buffer) => unsafe {
                std::slice::from_raw_parts(buffer.buf_ptr().cast(), buffer.item_count())
            },
            Self::Converted(values) => values,
        }
    }
}

/// An array to write to.
pub struct Output<'py> {
    /// The object as Python knows it.
    pub array: Bound<'py, PyAny>,
    buffer: PyBuffer<f64>,
}

impl<'py> Output<'py> {
    /// The given array, which has to be of this shape, or a new one.
    pub fn of(py: Python<'py>, out: Option<&Bound<'py, PyAny>>, shape: &[usize]) -> PyResult<Self> {
        let array = if let Some(out) = out {
            out.clone()
        } else {
            static EMPTY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
            EMPTY.import(py, "numpy", "empty")?.call1((PyTuple::new(py, shape)?,))?
        };
        let buffer = PyBuffer::get(&array)
            .ok()
            .filter(|buffer: &PyBuffer<f64>| is_plain(buffer) && !buffer.readonly());
        let Some(buffer) = buffer else { return Err(wrong_type("out", OUT_WANTED, &array)) };
        if buffer.shape() != shape {
            let shown =
                |shape: &[usize]| Ok::<_, PyErr>(PyTuple::new(py, shape)?.repr()?.to_string());
            return Err(PyValueError::new_err(format!(
                "out has the shape {}; pass one of the shape {}",
                shown(buffer.shape())?,
                shown(shape)?
            )));
        }
        Ok(Self { array, buffer })
    }

    /// Gives the work the values and the place for what it makes of them, which are apart.
    ///
    /// `detached` lets other threads of Python go on meanwhile.
    pub fn fill(
        self,
        input: &Input,
        detached: bool,
        work: impl FnOnce(&[f64], &mut [f64]) + Send,
    ) -> Bound<'py, PyAny> {
        let count = self.buffer.item_count();
        if count == 0 && input.len() == 0 {
            work(&[], &mut []);
            return self.array;
        }
        // SAFETY: nobody writes to the values: where they share memory with `out` a copy is read. The place is
        // contiguous, writable, of this type, aligned, and held by `self` until the work is done; one thread alone
        // writes to it, unless Python's caller gives one array to two calls at once.
        let (values, place) = unsafe {
            let place: &mut [f64] = if count == 0 {
                &mut []
            } else {
                std::slice::from_raw_parts_mut(self.buffer.buf_ptr().cast(), count)
            };
            (input.as_slice(), place)
        };
        let shared = values.as_ptr_range().start < place.as_ptr_range().end
            && place.as_ptr_range().start < values.as_ptr_range().end;
        let copy = if shared { values.to_vec() } else { Vec::new() };
        let values = if shared { &copy } else { values };
        if detached {
            self.array.py().detach(|| work(values, place));
        } else {
            work(values, place);
        }
        self.array
    }
}

fn is_plain(buffer: &PyBuffer<f64>) -> bool {
    buffer.is_c_contiguous() && buffer.buf_ptr().cast::<f64>().is_aligned()
}

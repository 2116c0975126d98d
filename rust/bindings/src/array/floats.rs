//! NumPy arrays of float64 that are read and written in place.

#![allow(unsafe_code)]

use arrow_buffer::ScalarBuffer;
use std::ptr::null_mut;

use numpy::npyffi::{NPY_ARRAY_WRITEABLE, NpyTypes, PY_ARRAY_API, get_type_object, npy_intp};
use numpy::{
    PyArray, PyArray1, PyArrayDescrMethods, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rust_daq::copy_column;

use super::{is_masked, numbers};
use crate::error::{Raise, wrong_type};

const OUT_WANTED: &str = "a writable, contiguous float64 array";

/// Values that are read in place, or copied if they must be converted.
pub enum Input<'py> {
    InPlace(Bound<'py, PyArray1<f64>>),
    Converted(ScalarBuffer<f64>),
}

impl<'py> Input<'py> {
    /// Reads the argument.
    pub fn of(argument: &str, values: &Bound<'py, PyAny>) -> PyResult<Self> {
        match values.cast::<PyArray1<f64>>() {
            Ok(array) if is_plain(array) && !is_masked(values)? => Ok(Self::InPlace(array.clone())),
            // Converts it, or returns an error that says what is wrong.
            _ => numbers(argument, values).map(Self::Converted),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::InPlace(array) => array.len(),
            Self::Converted(values) => values.len(),
        }
    }

    /// The values.
    ///
    /// # Safety
    ///
    /// No other thread may write to them during the call. `out` never overlaps them. Python code that writes to an
    /// array while another thread reads it violates the rules of NumPy's functions too.
    unsafe fn as_slice(&self) -> &[f64] {
        match self {
            // An empty array may have no memory at all.
            Self::InPlace(array) if array.is_empty() => &[],
            // SAFETY: the array is contiguous, of this type, aligned, and held until `self` is dropped.
            Self::InPlace(array) => unsafe {
                std::slice::from_raw_parts(array.data(), array.len())
            },
            Self::Converted(values) => values,
        }
    }
}

/// An array to write to.
pub struct Output<'py>(Bound<'py, PyArrayDyn<f64>>);

impl<'py> Output<'py> {
    /// Uses the given array, which must have this shape, or creates a new one.
    pub fn of(py: Python<'py>, out: Option<&Bound<'py, PyAny>>, shape: &[usize]) -> PyResult<Self> {
        let Some(out) = out else {
            return new_array(py, shape).map(Self);
        };
        let array = match out.cast::<PyArrayDyn<f64>>() {
            Ok(array) if is_plain(array) && is_writable(array) && !is_masked(out)? => array,
            _ => return Err(wrong_type("out", OUT_WANTED, out)),
        };
        if array.shape() != shape {
            let shown =
                |shape: &[usize]| Ok::<_, PyErr>(PyTuple::new(py, shape)?.repr()?.to_string());
            return Err(PyValueError::new_err(format!(
                "out has shape {}; pass an array of shape {}",
                shown(array.shape())?,
                shown(shape)?
            )));
        }
        Ok(Self(array.clone()))
    }

    /// Calls `work` with the values and the output, which do not overlap.
    ///
    /// With `detached`, other Python threads run at the same time.
    pub fn fill(
        self,
        input: &Input<'py>,
        detached: bool,
        work: impl FnOnce(&[f64], &mut [f64]) + Send,
    ) -> PyResult<Bound<'py, PyAny>> {
        let Self(array) = self;
        let count = array.len();
        if count == 0 && input.len() == 0 {
            work(&[], &mut []);
            return Ok(array.into_any());
        }
        // SAFETY: the values are not written to: if they share memory with `out`, a copy is read. The output is
        // contiguous, writable, aligned, of this type, and held by `array` until the work is done. Only one thread
        // writes to it, unless the Python caller passes one array to two calls at the same time.
        let (values, place) = unsafe {
            let place: &mut [f64] = if count == 0 {
                &mut []
            } else {
                std::slice::from_raw_parts_mut(array.data(), count)
            };
            (input.as_slice(), place)
        };
        let shared = values.as_ptr_range().start < place.as_ptr_range().end
            && place.as_ptr_range().start < values.as_ptr_range().end;
        let copy = shared.then(|| copy_column(values)).transpose().raise()?;
        let values = copy.as_deref().unwrap_or(values);
        if detached {
            array.py().detach(|| work(values, place));
        } else {
            work(values, place);
        }
        Ok(array.into_any())
    }
}

/// Creates an array of uninitialized numbers; fails without memory.
fn new_array<'py>(py: Python<'py>, shape: &[usize]) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
    let mut sizes: Vec<npy_intp> = shape.iter().map(|&size| size.cast_signed()).collect();
    let dimensions = i32::try_from(sizes.len()).unwrap_or(i32::MAX);
    // SAFETY: NumPy takes the reference to the type, reads as many sizes as there are dimensions, and returns a new
    // reference to an array of that type, or null with an exception.
    unsafe {
        let class = get_type_object(py, NpyTypes::PyArray_Type);
        let dtype = numpy::dtype::<f64>(py).into_dtype_ptr();
        let array = PY_ARRAY_API.PyArray_NewFromDescr(
            py,
            class,
            dtype,
            dimensions,
            sizes.as_mut_ptr(),
            null_mut(),
            null_mut(),
            0,
            null_mut(),
        );
        Ok(Bound::from_owned_ptr_or_err(py, array)?.cast_into_unchecked())
    }
}

fn is_plain<D>(array: &Bound<'_, PyArray<f64, D>>) -> bool {
    array.is_c_contiguous() && array.data().is_aligned()
}

fn is_writable(array: &Bound<'_, PyArrayDyn<f64>>) -> bool {
    // SAFETY: the pointer refers to a live array object, which contains the flags.
    unsafe { (*array.as_array_ptr()).fields.flags & NPY_ARRAY_WRITEABLE != 0 }
}

//! Float64 arrays of NumPy that are read and written where they stand.

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
use rust_daq::copied;

use super::{is_masked, numbers};
use crate::error::{Raise, wrong_type};

const OUT_WANTED: &str = "a writable, contiguous float64 array";

/// Values that are read where they stand, or copied where they have to be converted.
pub enum Input<'py> {
    InPlace(Bound<'py, PyArray1<f64>>),
    Converted(ScalarBuffer<f64>),
}

impl<'py> Input<'py> {
    /// Reads the argument.
    pub fn of(argument: &str, values: &Bound<'py, PyAny>) -> PyResult<Self> {
        match values.cast::<PyArray1<f64>>() {
            Ok(array) if is_plain(array) && !is_masked(values)? => Ok(Self::InPlace(array.clone())),
            // Whatever else it is, this says what is wrong with it.
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
    /// Nobody writes to them meanwhile: `out` is another memory, and a caller of Python who writes to an array while
    /// another thread reads it breaks what NumPy's own functions ask of it too.
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
    /// The given array, which has to be of this shape, or a new one.
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
                "out has the shape {}; pass one of the shape {}",
                shown(array.shape())?,
                shown(shape)?
            )));
        }
        Ok(Self(array.clone()))
    }

    /// Gives the work the values and the place for what it makes of them, which are apart.
    ///
    /// `detached` lets other threads of Python go on meanwhile.
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
        // SAFETY: nobody writes to the values: where they share memory with `out` a copy is read. The place is
        // contiguous, writable, of this type, aligned, and held by `array` until the work is done; one thread alone
        // writes to it, unless Python's caller gives one array to two calls at once.
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
        let copy = shared.then(|| copied(values)).transpose().raise()?;
        let values = copy.as_deref().unwrap_or(values);
        if detached {
            array.py().detach(|| work(values, place));
        } else {
            work(values, place);
        }
        Ok(array.into_any())
    }
}

/// A new array, whose numbers may have any bits before they are written; an error without memory.
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
    // SAFETY: it is an array, whose flags NumPy keeps there.
    unsafe { (*array.as_array_ptr()).fields.flags & NPY_ARRAY_WRITEABLE != 0 }
}

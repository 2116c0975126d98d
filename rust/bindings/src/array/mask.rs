//! NumPy's masked arrays. Their mask is not part of the memory that they export.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use super::buffer::entries;

/// NumPy's array class, stored when the first one is seen, to avoid importing NumPy for this check.
static NDARRAY: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Returns whether the object is a masked array. A plain array takes one comparison.
#[inline]
pub fn is_masked(data: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = data.get_type();
    if NDARRAY.get(data.py()).is_some_and(|known| known.is(&class)) {
        return Ok(false);
    }
    look_up(&class)
}

#[cold]
fn look_up(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let py = class.py();
    for base in class.mro() {
        let base = base.cast_into::<PyType>()?;
        let name = base.name()?;
        if name == "MaskedArray" && base.module()? == "numpy.ma" {
            return Ok(true);
        }
        if name == "ndarray" && base.module()? == "numpy" {
            if base.is(class) {
                NDARRAY.get_or_init(py, || base.unbind());
            }
            return Ok(false);
        }
    }
    Ok(false)
}

/// Splits a masked array into data with zeros in masked entries, and the mask.
pub fn unmasked<'py>(data: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Vec<bool>)> {
    let py = data.py();
    let plain = data.call_method1(intern!(py, "filled"), (0,))?;
    let masks = py.import("numpy.ma")?.call_method1("getmaskarray", (data,))?;
    let masks = masks.call_method0("ravel")?.call_method1("view", ("u1",))?;
    let masks = entries(&PyBuffer::<u8>::get(&masks)?, py)?;
    Ok((plain, masks.into_iter().map(|mask| mask != 0).collect()))
}

/// Returns the data of a masked array without masked entries; refuses masked entries, which have no replacement here.
pub fn without_masks<'py>(
    argument: &str,
    data: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if !is_masked(data)? {
        return Ok(None);
    }
    let (plain, masks) = unmasked(data)?;
    match masks.iter().position(|&mask| mask) {
        None => Ok(Some(plain)),
        Some(index) => Err(PyValueError::new_err(format!(
            "{argument}[{index}] is masked; drop such rows, for example with {argument}.compressed()"
        ))),
    }
}

//! Masked arrays of NumPy, which keep their mask beside the memory that they show to others.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use super::buffer::entries;

/// NumPy's own array class, once one was seen: to import NumPy for a question would take long.
static NDARRAY: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// Whether it is a masked array. Of a plain array, one comparison tells.
#[inline]
pub fn is_masked(data: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = data.get_type();
    if NDARRAY.get(data.py()).is_some_and(|known| known.is(&class)) {
        return Ok(false);
    }
    looked_up(&class)
}

#[cold]
fn looked_up(class: &Bound<'_, PyType>) -> PyResult<bool> {
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

/// The array with zeros where it is masked, and for each entry whether it is.
pub fn unmasked<'py>(data: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Vec<bool>)> {
    let py = data.py();
    let plain = data.call_method1(intern!(py, "filled"), (0,))?;
    let masks = py.import("numpy.ma")?.call_method1("getmaskarray", (data,))?;
    let masks = masks.call_method0("ravel")?.call_method1("view", ("u1",))?;
    let masks = entries(&PyBuffer::<u8>::get(&masks)?, py)?;
    Ok((plain, masks.into_iter().map(|mask| mask != 0).collect()))
}

/// Refuses a masked array in which an entry is masked, where nothing can take its place; otherwise its data.
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
            "{argument}[{index}] is masked; drop such rows, as {argument}.compressed() does"
        ))),
    }
}

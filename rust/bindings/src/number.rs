//! Numbers from Python: settings, counts and values.

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyComplex, PyFloat, PyInt, PyString};

use crate::error::{caused_by, note_argument, shown, wrong_type};

/// Reads a finite number; the core checks its range.
pub fn finite(argument: &str, wanted: &str, number: &Bound<'_, PyAny>) -> PyResult<f64> {
    let found = real(argument, wanted, number)?;
    if found.is_finite() {
        return Ok(found);
    }
    Err(PyValueError::new_err(format!("{argument} must be finite, got {found}; pass {wanted}")))
}

/// Reads an integer from 0 to `most`; `range` describes it in messages.
pub fn natural(argument: &str, most: u64, range: &str, number: &Bound<'_, PyAny>) -> PyResult<u64> {
    let found = integer(number)?.ok_or_else(|| wrong_type(argument, "an int", number))?;
    let found = found.extract().ok().filter(|&found: &u64| found <= most);
    found.ok_or_else(|| {
        PyValueError::new_err(format!("{argument} must be {range}, got {}", shown(number)))
    })
}

/// Reads a count of at least 1: an int, or an object with `__index__`.
pub fn count(argument: &str, wanted: &str, number: &Bound<'_, PyAny>) -> PyResult<usize> {
    let found = integer(number)?.ok_or_else(|| wrong_type(argument, wanted, number))?;
    let found = found.extract().ok().filter(|&found: &usize| found > 0);
    found.ok_or_else(|| {
        let got = shown(number);
        PyValueError::new_err(format!(
            "{argument} must be {wanted}, from 1 to {}, got {got}",
            isize::MAX
        ))
    })
}

/// Returns a value as an int, directly or by `__index__`; `None` for a bool or any other object.
pub fn integer<'py>(number: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyInt>>> {
    if let Ok(found) = number.cast::<PyInt>() {
        return Ok((!found.is_instance_of::<PyBool>()).then(|| found.clone()));
    }
    let py = number.py();
    if number.is_instance_of::<PyFloat>() || !number.get_type().hasattr(intern!(py, "__index__"))? {
        return Ok(None);
    }
    match py.import(intern!(py, "operator"))?.call_method1(intern!(py, "index"), (number,)) {
        Ok(found) => Ok(found.cast_into::<PyInt>().ok()),
        // Arrays have the method, but most arrays are not integers.
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Converts a number to a float: directly, by `__index__` or by `__float__`.
///
/// Refuses text, complex numbers, integers that would be rounded, and finite numbers that would become infinite.
#[inline]
pub fn real(argument: &str, wanted: &str, number: &Bound<'_, PyAny>) -> PyResult<f64> {
    match number.cast::<PyFloat>() {
        Ok(float) => Ok(float.value()),
        Err(_) => convert(number).map_err(|problem| problem.raised(argument, wanted, number)),
    }
}

/// Reads a measured value: any real number.
pub fn value(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    real("value", "a real number (with __float__ or __index__, not text)", value)
}

/// Why a conversion to a float failed.
enum Problem {
    NotReal,
    TooLarge,
    Rounded,
    Raised(PyErr),
}

impl From<PyErr> for Problem {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

impl Problem {
    fn raised(self, argument: &str, wanted: &str, number: &Bound<'_, PyAny>) -> PyErr {
        let py = number.py();
        let too_large = || {
            PyOverflowError::new_err(format!(
                "{argument} does not fit into a float, got {}; pass a float or scale the unit",
                shown(number)
            ))
        };
        match self {
            Self::NotReal => wrong_type(argument, wanted, number),
            Self::TooLarge => too_large(),
            Self::Rounded => PyValueError::new_err(format!(
                "{argument} is {}, which float64 would round; round it with float({argument})",
                shown(number)
            )),
            Self::Raised(error) if error.is_instance_of::<PyTypeError>(py) => {
                caused_by(error, wrong_type(argument, wanted, number), py)
            }
            Self::Raised(error) if error.is_instance_of::<PyOverflowError>(py) => {
                caused_by(error, too_large(), py)
            }
            Self::Raised(error) => note_argument(argument, error, py),
        }
    }
}

fn convert(number: &Bound<'_, PyAny>) -> Result<f64, Problem> {
    /// All integers up to this one are exact as floats.
    const EXACT: i64 = 1 << 53;
    if is_not_real(number)? {
        return Err(Problem::NotReal);
    }
    let float: f64 = number.extract()?;
    let Some(integer) = integer(number)? else {
        // A decimal that is too large silently becomes infinite.
        let lost = float.is_infinite() && is_compared(number)? && !number.eq(float)?;
        return if lost { Err(Problem::TooLarge) } else { Ok(float) };
    };
    let small = integer.extract().is_ok_and(|found: i64| (-EXACT..=EXACT).contains(&found));
    // Python compares integers and floats exactly.
    if small || integer.as_any().eq(float)? { Ok(float) } else { Err(Problem::Rounded) }
}

/// Returns whether the object is text, complex or a date; NumPy would convert some of these.
fn is_not_real(number: &Bound<'_, PyAny>) -> PyResult<bool> {
    if number.is_instance_of::<PyInt>() {
        return Ok(false);
    }
    if number.is_instance_of::<PyString>()
        || number.is_instance_of::<PyBytes>()
        || number.is_instance_of::<PyComplex>()
    {
        return Ok(true);
    }
    let py = number.py();
    let Some(dtype) = number.getattr_opt(intern!(py, "dtype"))? else { return Ok(false) };
    let kind = dtype.getattr_opt(intern!(py, "kind"))?.and_then(|kind| kind.extract().ok());
    Ok(kind.is_some_and(|kind: char| matches!(kind, 'c' | 'm' | 'M' | 'S' | 'U' | 'V')))
}

/// Returns whether its class defines equality.
fn is_compared(number: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = number.py();
    let plain = py.get_type::<PyAny>().getattr(intern!(py, "__eq__"))?;
    Ok(!number.get_type().getattr(intern!(py, "__eq__"))?.is(&plain))
}

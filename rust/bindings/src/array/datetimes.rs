//! NumPy's datetime64, arrays and scalars. They have no time zone and are read as UTC.

use pyo3::basic::CompareOp;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;

use super::buffer::entries;

/// The count that NumPy uses for NaT (not a time).
pub const NOT_A_TIME: i64 = i64::MIN;

/// The units finer than a nanosecond.
const FINER: [&str; 3] = ["ps", "fs", "as"];

/// Converts a one-dimensional array to nanoseconds since 1970; `what` names an entry by its index.
pub fn nanoseconds(array: &Bound<'_, PyAny>, what: &dyn Fn(usize) -> String) -> PyResult<Vec<i64>> {
    let py = array.py();
    let counts = |array: &Bound<'_, PyAny>| {
        let array = array.call_method1("view", ("=i8",))?;
        entries(&PyBuffer::<i64>::get(&array)?, py)
    };
    let dtype = array.getattr("dtype")?;
    let (unit, step): (String, Bound<'_, PyAny>) =
        py.import("numpy")?.call_method1("datetime_data", (&dtype,))?.extract()?;
    let converted = array.call_method1("astype", ("=M8[ns]",));
    let nanoseconds = converted.map_err(|error| {
        // NumPy raises this since 2.5; older versions wrap around silently.
        if error.is_instance_of::<PyOverflowError>(py) {
            return crate::error::caused_by(error, outside(&what(0).replace("[0]", "")), py);
        }
        error
    })?;
    let times = counts(&nanoseconds)?;
    if let Some(index) = times.iter().position(|&time| time == NOT_A_TIME) {
        let not_a_time = py.import("numpy")?.call_method1("isnat", (array,))?;
        if not_a_time.get_item(index)?.is_truthy()? {
            return Err(PyValueError::new_err(format!(
                "{} is NaT; drop such rows, or set a timestamp",
                what(index)
            )));
        }
    }
    if unit == "ns" && step.eq(1)? {
        return Ok(times);
    }
    let again = nanoseconds.call_method1("astype", (&dtype,))?;
    let other = again.rich_compare(array, CompareOp::Ne)?;
    if other.call_method0("any")?.is_truthy()? {
        let index: usize = other.call_method0("argmax")?.extract()?;
        let what = what(index);
        return Err(if FINER.contains(&unit.as_str()) {
            PyValueError::new_err(format!(
                "{what} has digits below a nanosecond, got {}; round it with .astype('datetime64[ns]')",
                array.get_item(index)?.str()?
            ))
        } else {
            outside(&what)
        });
    }
    Ok(times)
}

/// Returns whether the value is a datetime64 scalar.
pub fn is_datetime64(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = value.py();
    let Some(dtype) = value.getattr_opt(intern!(py, "dtype"))? else { return Ok(false) };
    let kind = dtype.getattr_opt(intern!(py, "kind"))?.and_then(|kind| kind.extract().ok());
    Ok(kind == Some('M') && value.getattr(intern!(py, "ndim"))?.eq(0)?)
}

/// Converts a datetime64 to nanoseconds since 1970.
pub fn of_datetime64(argument: &str, value: &Bound<'_, PyAny>) -> PyResult<i64> {
    let array = value.call_method1(intern!(value.py(), "reshape"), (1,))?;
    let found = nanoseconds(&array, &|_| argument.to_owned())?;
    found.first().copied().ok_or_else(|| not_a_time(argument))
}

/// Refuses −2⁶³ in counts of nanoseconds, because `Batch.timestamps` would show it as NaT.
pub fn refuse_not_a_time(argument: &str, times: &[i64]) -> PyResult<()> {
    if !rust_daq::contains(times, NOT_A_TIME) {
        return Ok(());
    }
    let index = times.iter().position(|&time| time == NOT_A_TIME).unwrap_or(0);
    Err(not_a_time(&format!("{argument}[{index}]")))
}

/// The error for −2⁶³ as a count of nanoseconds.
pub fn not_a_time(what: &str) -> PyErr {
    PyValueError::new_err(format!(
        "{what} is -2**63, which datetime64 reads as NaT (not a time); drop it, or set a timestamp"
    ))
}

/// The error for pandas data without a time zone.
pub fn no_time_zone(argument: &str) -> PyErr {
    PyTypeError::new_err(format!(
        "{argument} has no time zone; set one with .tz_localize('UTC'), or .dt.tz_localize('UTC') for a Series"
    ))
}

fn outside(what: &str) -> PyErr {
    PyOverflowError::new_err(format!(
        "{what} contains a timestamp outside 64-bit nanoseconds; \
         pass timestamps from 1677-09-21 to 2262-04-11 UTC"
    ))
}

//! Timestamps: any one-dimensional data as nanoseconds since 1970 UTC.

use arrow_buffer::ScalarBuffer;
use pyo3::basic::CompareOp;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use rust_daq::instants_of_arrow;

use super::{Source, entry_error, joined, plain, wrong_dtype};
use crate::error::{caused_by, raised};
use crate::timestamp;

const WANTED: &str = "one-dimensional instants: datetime64 or int64 of nanoseconds since 1970 UTC, \
                      an Arrow array with a time zone, a list of datetimes or ints";
const INSTANTS: &str = "datetime64 (in UTC) or integers of nanoseconds since 1970 UTC";

/// Reads timestamps; whatever is not Arrow's own memory is copied once.
pub fn instants(argument: &str, data: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<i64>> {
    let py = data.py();
    if let Some(times) = plain::<i64>(data)? {
        return Ok(times.into());
    }
    match Source::of(argument, WANTED, data)? {
        Source::Entries(entries) => {
            let read = |(index, entry): (usize, &Bound<'_, PyAny>)| {
                timestamp::extract("timestamp", entry)
                    .map_err(|error| entry_error(py, argument, index, error))
            };
            entries.iter().enumerate().map(read).collect::<PyResult<Vec<_>>>().map(Into::into)
        }
        Source::Arrow(arrays) => {
            let columns = arrays.iter().map(|array| instants_of_arrow(argument, array));
            columns.collect::<Result<_, _>>().map(joined).map_err(|error| raised(&error))
        }
        Source::NumPy(array) => of_numpy(argument, &array),
    }
}

fn of_numpy(argument: &str, array: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<i64>> {
    let py = array.py();
    let dtype = array.getattr("dtype")?;
    let kind: char = dtype.getattr("kind")?.extract()?;
    let size: usize = dtype.getattr("itemsize")?.extract()?;
    let column =
        |array: &Bound<'_, PyAny>| PyBuffer::<i64>::get(array)?.to_vec(py).map(ScalarBuffer::from);
    match (kind, size) {
        ('M', _) => {
            let converted = array.call_method1("astype", ("=M8[ns]",));
            let nanoseconds = converted.map_err(|error| {
                // From NumPy 2.5 on; before, it wraps around without a word.
                if error.is_instance_of::<PyOverflowError>(py) {
                    return caused_by(error, outside(argument), py);
                }
                error
            })?;
            let times = column(&nanoseconds.call_method1("view", ("=i8",))?)?;
            // NumPy's NaT is the smallest integer, which is no instant there.
            if let Some(index) = times.iter().position(|&time| time == i64::MIN) {
                let not_a_time = py.import("numpy")?.call_method1("isnat", (array,))?;
                if not_a_time.get_item(index)?.is_truthy()? {
                    return Err(PyValueError::new_err(format!(
                        "{argument}[{index}] is NaT; drop such rows, or give them an instant"
                    )));
                }
            }
            let again = nanoseconds.call_method1("astype", (&dtype,))?;
            let same = again.rich_compare(array, CompareOp::Eq)?;
            if !same.call_method0("all")?.is_truthy()? {
                return Err(outside(argument));
            }
            Ok(times)
        }
        ('i', _) | ('u', ..=4) => column(&array.call_method1("astype", ("=i8",))?),
        ('u', _) => {
            let native = array.call_method1("astype", ("=u8",))?;
            let native = PyBuffer::<u64>::get(&native)?.to_vec(py)?;
            let convert = |(index, &count): (usize, &u64)| {
                i64::try_from(count).map_err(|_| {
                    PyOverflowError::new_err(format!(
                        "{argument}[{index}] is {count}, outside 64-bit nanoseconds; \
                         pass an instant between 1677-09-21 and 2262-04-11 UTC"
                    ))
                })
            };
            native.iter().enumerate().map(convert).collect::<PyResult<Vec<_>>>().map(Into::into)
        }
        _ => Err(wrong_dtype(argument, INSTANTS, array)),
    }
}

fn outside(argument: &str) -> PyErr {
    PyOverflowError::new_err(format!(
        "{argument} holds an instant outside 64-bit nanoseconds; \
         pass instants between 1677-09-21 and 2262-04-11 UTC"
    ))
}

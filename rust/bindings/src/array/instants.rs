//! Timestamps: any one-dimensional data as nanoseconds since 1970 UTC.

use arrow_buffer::ScalarBuffer;
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use rust_daq::{read_arrow_timestamps, room};

use super::buffer::{convert_entries, kind_and_size};
use super::datetimes::{nanoseconds, no_time_zone, refuse_not_a_time};
use super::mask::without_masks;
use super::{Source, entry_error, is_pandas, join_chunks, read_plain_buffer, wrong_dtype};
use crate::error::Raise;
use crate::timestamp;

const WANTED: &str = "one-dimensional instants: datetime64 or int64 of nanoseconds since 1970 UTC, \
                      an Arrow array with a time zone, a list of datetimes or ints";
const INSTANTS: &str = "datetime64 (in UTC) or integers of nanoseconds since 1970 UTC";

/// Reads timestamps, copying once.
pub fn instants(argument: &str, data: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<i64>> {
    let py = data.py();
    if let Some(plain) = without_masks(argument, data)? {
        return instants(argument, &plain);
    }
    if let Some(times) = read_plain_buffer::<i64>(data)? {
        refuse_not_a_time(argument, &times)?;
        return Ok(times.into());
    }
    if is_naive(data)? {
        return Err(no_time_zone(argument));
    }
    match Source::of(argument, WANTED, data)? {
        Source::Entries(entries) => {
            let read = |(index, entry): (usize, &Bound<'_, PyAny>)| {
                timestamp::extract("timestamp", entry)
                    .map_err(|error| entry_error(py, argument, index, error))
            };
            let mut times = room(entries.len()).raise()?;
            for entry in entries.iter().enumerate() {
                times.push(read(entry)?);
            }
            Ok(times.into())
        }
        Source::Arrow(arrays) => {
            let times = join_chunks(argument, &arrays, read_arrow_timestamps)?;
            refuse_not_a_time(argument, &times)?;
            Ok(times)
        }
        Source::NumPy(array) => of_numpy(argument, &array),
    }
}

/// Returns whether the data is a pandas Series, Index or array of datetimes without a time zone.
fn is_naive(data: &Bound<'_, PyAny>) -> PyResult<bool> {
    if !is_pandas(data)? {
        return Ok(false);
    }
    let Some(dtype) = data.getattr_opt("dtype")? else { return Ok(false) };
    if !dtype
        .getattr_opt("kind")?
        .is_some_and(|kind| kind.extract().is_ok_and(|kind: char| kind == 'M'))
    {
        return Ok(false);
    }
    // Arrow types within pandas store the zone in the Arrow type.
    let dtype = dtype.getattr_opt("pyarrow_dtype")?.unwrap_or(dtype);
    Ok(dtype.getattr_opt("tz")?.is_none_or(|zone| zone.is_none()))
}

fn of_numpy(argument: &str, array: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<i64>> {
    match kind_and_size(array)? {
        ('M', _) => {
            let what = |index| format!("{argument}[{index}]");
            nanoseconds(array, &what).map(Into::into)
        }
        ('i', _) | ('u', ..=4) => {
            let times: Vec<i64> = convert_entries(array, "=i8")?;
            refuse_not_a_time(argument, &times)?;
            Ok(times.into())
        }
        ('u', _) => {
            let native: Vec<u64> = convert_entries(array, "=u8")?;
            let beyond = native.iter().position(|&count| i64::try_from(count).is_err());
            if let Some(index) = beyond {
                return Err(PyOverflowError::new_err(format!(
                    "{argument}[{index}] is {}, outside 64-bit nanoseconds; \
                     pass an instant between 1677-09-21 and 2262-04-11 UTC",
                    native[index]
                )));
            }
            Ok(native.into_iter().map(u64::cast_signed).collect::<Vec<_>>().into())
        }
        _ => Err(wrong_dtype(argument, INSTANTS, array)),
    }
}

//! Instants: `datetime` or `int` to nanoseconds since 1970 UTC, and back.

use pyo3::exceptions::{PyAttributeError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyDateAccess, PyDateTime, PyDelta, PyDeltaAccess, PyTimeAccess, PyTzInfo,
    PyTzInfoAccess,
};
use rust_daq::{Civil, Error, nanoseconds_from_utc};

use crate::error::{caused_by, raised, shown, while_reading, wrong_type};

const WANTED: &str = "a datetime with a time zone or an int of nanoseconds since 1970 UTC";
const MICROSECONDS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Reads an instant: an aware `datetime` of any zone, or an integer of nanoseconds.
pub fn extract(argument: &str, timestamp: &Bound<'_, PyAny>) -> PyResult<i64> {
    match timestamp.cast::<PyDateTime>() {
        Ok(datetime) => from_datetime(argument, datetime),
        Err(_) => from_integer(argument, timestamp),
    }
}

/// The instant as a `datetime` in `timezone.utc`, floored to the microsecond.
pub fn to_datetime(py: Python<'_>, timestamp_ns: i64) -> PyResult<Bound<'_, PyDateTime>> {
    let civil = Civil::from_nanoseconds(timestamp_ns);
    let utc = PyTzInfo::utc(py)?;
    PyDateTime::new(
        py,
        civil.year,
        civil.month,
        civil.day,
        civil.hour,
        civil.minute,
        civil.second,
        civil.microsecond,
        Some(&utc),
    )
}

fn from_integer(argument: &str, timestamp: &Bound<'_, PyAny>) -> PyResult<i64> {
    if timestamp.is_instance_of::<PyBool>() {
        return Err(wrong_type(argument, WANTED, timestamp));
    }
    timestamp.extract().map_err(|error: PyErr| {
        let py = timestamp.py();
        if error.is_instance_of::<PyOverflowError>(py) {
            return caused_by(error, out_of_range(argument, timestamp), py);
        }
        if error.is_instance_of::<PyTypeError>(py) {
            return caused_by(error, wrong_type(argument, WANTED, timestamp), py);
        }
        while_reading(argument, error, py)
    })
}

fn from_datetime(argument: &str, datetime: &Bound<'_, PyDateTime>) -> PyResult<i64> {
    let civil = Civil {
        year: datetime.get_year(),
        month: datetime.get_month(),
        day: datetime.get_day(),
        hour: datetime.get_hour(),
        minute: datetime.get_minute(),
        second: datetime.get_second(),
        microsecond: datetime.get_microsecond(),
    };
    let microseconds = civil.microseconds() - utc_offset(argument, datetime)?;
    nanoseconds_from_utc(microseconds, nanosecond(argument, datetime)?)
        .ok_or_else(|| out_of_range(argument, datetime.as_any()))
}

/// Microseconds that the zone is ahead of UTC at that date, time and fold.
///
/// The zone is asked the way Python asks it, so that every `tzinfo` works.
fn utc_offset(argument: &str, datetime: &Bound<'_, PyDateTime>) -> PyResult<i64> {
    let py = datetime.py();
    let Some(zone) = datetime.get_tzinfo() else { return Err(no_time_zone(argument, datetime)) };
    if datetime.is_exact_instance_of::<PyDateTime>() && zone.is(PyTzInfo::utc(py)?) {
        return Ok(0);
    }
    let offset =
        datetime.call_method0("utcoffset").map_err(|error| while_reading(argument, error, py))?;
    if offset.is_none() {
        return Err(no_time_zone(argument, datetime));
    }
    let Ok(delta) = offset.cast::<PyDelta>() else {
        return Err(wrong_type(&format!("{argument}.utcoffset()"), "a timedelta", &offset));
    };
    let seconds = i64::from(delta.get_days()) * SECONDS_PER_DAY + i64::from(delta.get_seconds());
    if seconds.abs() > SECONDS_PER_DAY {
        return Err(PyValueError::new_err(format!(
            "{argument} has an offset of a day or more from UTC, got {}; pass another time zone",
            shown(&offset)
        )));
    }
    Ok(seconds * MICROSECONDS_PER_SECOND + i64::from(delta.get_microseconds()))
}

/// What a subclass such as `pandas.Timestamp` knows beyond the microsecond.
fn nanosecond(argument: &str, datetime: &Bound<'_, PyDateTime>) -> PyResult<u16> {
    if datetime.is_exact_instance_of::<PyDateTime>() {
        return Ok(0);
    }
    let py = datetime.py();
    let found = match datetime.getattr("nanosecond") {
        Ok(found) => found,
        Err(error) if error.is_instance_of::<PyAttributeError>(py) => return Ok(0),
        Err(error) => return Err(while_reading(argument, error, py)),
    };
    match found.extract() {
        Ok(nanosecond) if nanosecond < 1_000 => Ok(nanosecond),
        _ => Err(wrong_type(&format!("{argument}.nanosecond"), "an int from 0 to 999", &found)),
    }
}

fn out_of_range(argument: &str, timestamp: &Bound<'_, PyAny>) -> PyErr {
    raised(&Error::TimestampOutOfRange { argument: argument.to_owned(), got: shown(timestamp) })
}

fn no_time_zone(argument: &str, datetime: &Bound<'_, PyDateTime>) -> PyErr {
    PyTypeError::new_err(format!(
        "{argument} has no time zone; pass datetime.now(timezone.utc) \
         or an int of nanoseconds since 1970 UTC, got {}",
        shown(datetime)
    ))
}

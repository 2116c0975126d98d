//! Timestamps: `datetime` or `int` to nanoseconds since 1970 UTC, and back.

use pyo3::exceptions::{PyAttributeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{
    PyDateAccess, PyDateTime, PyDelta, PyDeltaAccess, PyInt, PyTimeAccess, PyTzInfo, PyTzInfoAccess,
};
use rust_daq::{Civil, Error, nanoseconds_from_utc};

use crate::array::{NOT_A_TIME, is_datetime64, not_a_time, of_datetime64};
use crate::error::{caused_by, note_argument, raised, shown, wrong_type};
use crate::number::integer;

const WANTED: &str =
    "a datetime with a time zone, a datetime64 or an int of nanoseconds since 1970 UTC";
const MICROSECONDS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Reads a timestamp: an aware `datetime` of any zone, a `numpy.datetime64`, or an integer of nanoseconds.
pub fn extract(argument: &str, timestamp: &Bound<'_, PyAny>) -> PyResult<i64> {
    match timestamp.cast::<PyDateTime>() {
        Ok(datetime) => from_datetime(argument, datetime),
        Err(_) => from_number(argument, timestamp),
    }
}

/// Converts a timestamp to a `datetime` in `timezone.utc`, rounded down to the microsecond.
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

fn from_number(argument: &str, timestamp: &Bound<'_, PyAny>) -> PyResult<i64> {
    let py = timestamp.py();
    let reading = |error| note_argument(argument, error, py);
    if !timestamp.is_instance_of::<PyInt>() && is_datetime64(timestamp).map_err(reading)? {
        return of_datetime64(argument, timestamp);
    }
    let found = integer(timestamp).map_err(reading)?;
    let found = found.ok_or_else(|| wrong_type(argument, WANTED, timestamp))?;
    let nanoseconds =
        found.extract().map_err(|error| caused_by(error, out_of_range(argument, timestamp), py))?;
    if nanoseconds == NOT_A_TIME { Err(not_a_time(argument)) } else { Ok(nanoseconds) }
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

/// Returns by how many microseconds the zone is ahead of UTC at that date, time and fold.
///
/// Calls the zone like Python does, so that every `tzinfo` works.
fn utc_offset(argument: &str, datetime: &Bound<'_, PyDateTime>) -> PyResult<i64> {
    let py = datetime.py();
    let Some(zone) = datetime.get_tzinfo() else { return Err(no_time_zone(argument, datetime)) };
    if datetime.is_exact_instance_of::<PyDateTime>() && zone.is(PyTzInfo::utc(py)?) {
        return Ok(0);
    }
    let offset =
        datetime.call_method0("utcoffset").map_err(|error| note_argument(argument, error, py))?;
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

/// Reads the nanoseconds below a microsecond of a subclass such as `pandas.Timestamp`.
fn nanosecond(argument: &str, datetime: &Bound<'_, PyDateTime>) -> PyResult<u16> {
    if datetime.is_exact_instance_of::<PyDateTime>() {
        return Ok(0);
    }
    let py = datetime.py();
    let found = match datetime.getattr("nanosecond") {
        Ok(found) => found,
        Err(error) if error.is_instance_of::<PyAttributeError>(py) => return Ok(0),
        Err(error) => return Err(note_argument(argument, error, py)),
    };
    match found.extract() {
        Ok(nanosecond) if nanosecond < 1_000 => Ok(nanosecond),
        _ => Err(wrong_type(&format!("{argument}.nanosecond"), "an int from 0 to 999", &found)),
    }
}

fn out_of_range(argument: &str, timestamp: &Bound<'_, PyAny>) -> PyErr {
    raised(&Error::TimestampOutOfRange { argument: argument.to_owned(), got: shown(timestamp) })
}

/// The error for a datetime without a time zone; pandas has its own method to attach one.
fn no_time_zone(argument: &str, datetime: &Bound<'_, PyDateTime>) -> PyErr {
    let attach = match datetime.getattr_opt("tz_localize") {
        Ok(Some(_)) => ".tz_localize('UTC')",
        _ => ".replace(tzinfo=timezone.utc)",
    };
    PyTypeError::new_err(format!(
        "{argument} has no time zone; pass datetime.now(timezone.utc) \
         or an int of nanoseconds since 1970 UTC, or attach the zone: {attach}, got {}",
        shown(datetime)
    ))
}

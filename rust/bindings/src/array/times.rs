//! The three ways to pass the times of values to a channel.

use arrow_buffer::ScalarBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use rust_daq::{Schedule, now_ns, repeat_entry};

use super::instants;
use crate::error::Raise;
use crate::number::real;
use crate::timestamp;

/// The times of rows.
pub enum Times {
    /// All rows have the same time.
    Same(i64),
    /// Each row has its own time.
    Each(ScalarBuffer<i64>),
}

impl Times {
    /// Reads the arguments for `count` rows; without arguments, all rows have the current time.
    pub fn of(
        timestamps: Option<&Bound<'_, PyAny>>,
        start: Option<&Bound<'_, PyAny>>,
        rate: Option<&Bound<'_, PyAny>>,
        count: usize,
    ) -> PyResult<Self> {
        let given =
            |argument: Option<_>| argument.filter(|found: &&Bound<'_, PyAny>| !found.is_none());
        match (given(timestamps), given(start), given(rate)) {
            (None, None, None) => Ok(Self::Same(now_ns())),
            (Some(timestamps), None, None) => {
                let times = instants("timestamps", timestamps)?;
                if times.len() == count {
                    return Ok(Self::Each(times));
                }
                Err(PyValueError::new_err(format!(
                    "timestamps has {} entries, but values has {count}; pass one timestamp per value",
                    times.len()
                )))
            }
            (None, Some(start), Some(rate)) => {
                let start_ns = timestamp::extract("start", start)?;
                let rate = real("rate", "a number of samples per second", rate)?;
                let schedule = Schedule::new(start_ns, rate).raise()?;
                let times = schedule.times(count).raise()?;
                Ok(Self::Each(times.into()))
            }
            (None, None, Some(_)) => Err(PyTypeError::new_err(
                "rate is passed without start; pass the time of the first value as start",
            )),
            (None, Some(_), None) => Err(PyTypeError::new_err(
                "start is passed without rate; pass the samples per second as rate",
            )),
            (Some(_), _, _) => Err(PyTypeError::new_err(
                "timestamps is passed together with start or rate; pass one or the other",
            )),
        }
    }

    /// The time of a row.
    #[inline]
    pub fn at(&self, row: usize) -> i64 {
        match self {
            Self::Same(time) => *time,
            Self::Each(times) => times[row],
        }
    }

    /// Returns a column of `count` rows.
    pub fn into_column(self, count: usize) -> PyResult<ScalarBuffer<i64>> {
        match self {
            Self::Same(time) => repeat_entry(time, count).raise(),
            Self::Each(times) => Ok(times),
        }
    }
}

//! The sequence numbers of a batch in Python.

use std::collections::HashMap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use rust_daq::Batch;

use super::PyBatch;
use crate::error::wrong_type;
use crate::number::{integer, natural};

const WANTED: &str = "an int, a mapping of channel names to ints, or None";

#[pymethods]
impl PyBatch {
    /// The sequence number of the first row for each channel name, a dict of str to int; None if the
    /// rows are not numbered.
    ///
    /// A pipeline numbers the samples of each channel from 0. Numbers are consecutive within a batch.
    /// Samples lost between two batches show as a jump. Slices keep the numbers. `concat` and slices
    /// with a step keep them if the rows of each name stay consecutive, and `sort_by_time` keeps them
    /// if the rows stay in order. A selection by booleans or integers forgets them.
    #[getter]
    fn first_sequence<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        to_dict(py, &self.core)
    }

    /// Return the same rows with other sequence numbers.
    ///
    /// Parameters
    /// ----------
    /// first : int, mapping of str to int, or None
    ///     The number of each channel's first row, from 0 to 2**63 - 1: one number for all channels,
    ///     or one for each name. None removes the numbers.
    ///
    /// Returns
    /// -------
    /// Batch
    ///     A batch with the same columns, which are shared.
    ///
    /// Raises
    /// ------
    /// TypeError
    ///     If `first` has another type.
    /// ValueError
    ///     If a channel is missing, or a number is outside the range.
    ///
    /// Notes
    /// -----
    /// O(c) in the channels; no row is copied.
    ///
    /// Examples
    /// --------
    /// >>> from rust_daq import Channel
    /// >>> batch = Channel("laser", "mW").batch([0.5, 0.25, 1.0], start=0, rate=1000.0)
    /// >>> batch.with_first_sequence(10)[1:].first_sequence
    /// {'laser': 11}
    fn with_first_sequence(&self, first: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        Ok(self.part(with_numbers(&self.core, first)?))
    }
}

/// Converts the first sequence numbers to a dict.
pub fn to_dict<'py>(py: Python<'py>, batch: &Batch) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(first) = batch.first_sequences() else { return Ok(None) };
    let numbers = PyDict::new(py);
    for (channel, number) in batch.channels().iter().zip(first.iter()) {
        numbers.set_item(channel.name(), number)?;
    }
    Ok(Some(numbers))
}

/// Returns the batch with these first sequence numbers.
pub fn with_numbers(batch: &Batch, first: Option<&Bound<'_, PyAny>>) -> PyResult<Batch> {
    let Some(first) = first.filter(|first| !first.is_none()) else {
        return Ok(batch.with_first_sequences(None));
    };
    if !first.is_instance_of::<PyMapping>() && integer(first)?.is_some() {
        let number = read("first", first)?;
        return Ok(batch.with_first_sequences(Some(&|_| number)));
    }
    let wrong = || wrong_type("first", WANTED, first);
    let given = first.cast::<PyMapping>().map_err(|_| wrong())?;
    let mut numbers = HashMap::new();
    for channel in batch.channels().iter() {
        let name = channel.name();
        if !given.contains(name)? {
            return Err(PyValueError::new_err(format!(
                "first has no number for channel '{name}'; pass one for each channel of the batch"
            )));
        }
        numbers.insert(name, read(&format!("first['{name}']"), &given.get_item(name)?)?);
    }
    Ok(batch.with_first_sequences(Some(&|name| numbers.get(name).copied().unwrap_or(0))))
}

fn read(argument: &str, number: &Bound<'_, PyAny>) -> PyResult<u64> {
    let range = "a sequence number from 0 to 2**63 - 1";
    natural(argument, i64::MAX.unsigned_abs(), range, number)
}

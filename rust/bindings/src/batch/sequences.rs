//! Sequence numbers as Python gives and gets them.

use std::collections::HashMap;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping};
use rust_daq::Batch;

use crate::error::wrong_type;
use crate::number::{integer, natural};

const WANTED: &str = "an int, a mapping of channel names to ints, or None";

/// The number of the first row of each name.
pub fn shown<'py>(py: Python<'py>, batch: &Batch) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(first) = batch.first_sequences() else { return Ok(None) };
    let numbers = PyDict::new(py);
    for (channel, number) in batch.channels().iter().zip(first.iter()) {
        numbers.set_item(channel.name(), number)?;
    }
    Ok(Some(numbers))
}

/// The batch with these numbers.
pub fn numbered(batch: &Batch, first: Option<&Bound<'_, PyAny>>) -> PyResult<Batch> {
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

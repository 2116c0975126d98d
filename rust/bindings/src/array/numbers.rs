//! The values of rows: any one-dimensional data as float64.

use arrow_buffer::ScalarBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rust_daq::{collect_column, exact_float, read_arrow_numbers, room};

use super::buffer::{convert_entries, kind_and_size};
use super::mask::{is_masked, unmasked};
use super::{Source, entry_error, join_chunks, read_plain_buffer, wrong_dtype};
use crate::error::Raise;
use crate::number;

const WANTED: &str =
    "one-dimensional floats: a NumPy array, an array.array, an Arrow array or a list";
const NUMBERS: &str = "numbers that convert to float64 without loss";

/// Reads values, copying once; masked values become NaN.
pub fn numbers(argument: &str, data: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<f64>> {
    if is_masked(data)? {
        let (plain, masks) = unmasked(data)?;
        let values = numbers(argument, &plain)?;
        let honoured = values.iter().zip(masks);
        let honoured = honoured.map(|(&value, mask)| if mask { f64::NAN } else { value });
        return collect_column(values.len(), honoured).raise();
    }
    let py = data.py();
    if let Some(values) = read_plain_buffer::<f64>(data)? {
        return Ok(values.into());
    }
    match Source::of(argument, WANTED, data)? {
        Source::Entries(entries) => {
            let read = |(index, entry): (usize, &Bound<'_, PyAny>)| {
                number::value(entry).map_err(|error| entry_error(py, argument, index, error))
            };
            let mut values = room(entries.len()).raise()?;
            for entry in entries.iter().enumerate() {
                values.push(read(entry)?);
            }
            Ok(values.into())
        }
        Source::Arrow(arrays) => join_chunks(argument, &arrays, read_arrow_numbers),
        Source::NumPy(array) => of_numpy(argument, &array),
    }
}

fn of_numpy(argument: &str, array: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<f64>> {
    match kind_and_size(array)? {
        ('f', ..=8) | ('b', _) | ('i' | 'u', ..=4) => {
            Ok(convert_entries::<f64>(array, "=f8")?.into())
        }
        ('i', _) => exact(argument, &convert_entries::<i64>(array, "=i8")?),
        ('u', _) => exact(argument, &convert_entries::<u64>(array, "=u8")?),
        _ => Err(wrong_dtype(argument, NUMBERS, array)),
    }
}

/// Converts 64-bit integers; refuses an integer that a float would round.
fn exact<T: Copy + Into<i128>>(argument: &str, integers: &[T]) -> PyResult<ScalarBuffer<f64>> {
    let mut floats = room(integers.len()).raise()?;
    for (index, &integer) in integers.iter().enumerate() {
        floats.push(exact_float(integer.into()).ok_or_else(|| {
            PyValueError::new_err(format!(
                "{argument}[{index}] is {}, which float64 would round; convert with .astype(float)",
                integer.into()
            ))
        })?);
    }
    Ok(floats.into())
}

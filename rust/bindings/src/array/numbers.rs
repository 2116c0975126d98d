//! Values: any one-dimensional data as float64.

use arrow_buffer::ScalarBuffer;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rust_daq::{collected, exact_float, numbers_of_arrow, room};

use super::buffer::entries;
use super::mask::{is_masked, unmasked};
use super::{Source, entry_error, joined, plain, wrong_dtype};
use crate::error::raised;
use crate::value;

const WANTED: &str =
    "one-dimensional floats: a NumPy array, an array.array, an Arrow array, a list";
const NUMBERS: &str = "numbers that convert to float64 without loss";

/// Reads values, which are copied once; a masked one is NaN.
pub fn numbers(argument: &str, data: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<f64>> {
    if is_masked(data)? {
        let (plain, masks) = unmasked(data)?;
        let values = numbers(argument, &plain)?;
        let honoured = values.iter().zip(masks);
        let honoured = honoured.map(|(&value, mask)| if mask { f64::NAN } else { value });
        return collected(values.len(), honoured).map_err(|error| raised(&error));
    }
    let py = data.py();
    if let Some(values) = plain::<f64>(data)? {
        return Ok(values.into());
    }
    match Source::of(argument, WANTED, data)? {
        Source::Entries(entries) => {
            let read = |(index, entry): (usize, &Bound<'_, PyAny>)| {
                value::extract(entry).map_err(|error| entry_error(py, argument, index, error))
            };
            let mut values = room(entries.len()).map_err(|error| raised(&error))?;
            for entry in entries.iter().enumerate() {
                values.push(read(entry)?);
            }
            Ok(values.into())
        }
        Source::Arrow(arrays) => joined(argument, &arrays, numbers_of_arrow),
        Source::NumPy(array) => of_numpy(argument, &array),
    }
}

fn of_numpy(argument: &str, array: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<f64>> {
    let py = array.py();
    let dtype = array.getattr("dtype")?;
    let kind: char = dtype.getattr("kind")?.extract()?;
    let size: usize = dtype.getattr("itemsize")?.extract()?;
    match (kind, size) {
        ('f', ..=8) | ('b', _) | ('i' | 'u', ..=4) => {
            let converted = array.call_method1("astype", ("=f8",))?;
            Ok(entries(&PyBuffer::<f64>::get(&converted)?, py)?.into())
        }
        ('i', _) => {
            let native = array.call_method1("astype", ("=i8",))?;
            exact(argument, &entries(&PyBuffer::<i64>::get(&native)?, py)?)
        }
        ('u', _) => {
            let native = array.call_method1("astype", ("=u8",))?;
            exact(argument, &entries(&PyBuffer::<u64>::get(&native)?, py)?)
        }
        _ => Err(wrong_dtype(argument, NUMBERS, array)),
    }
}

/// Integers of 64 bits, refused where a float would round one.
fn exact<T: Copy + Into<i128>>(argument: &str, integers: &[T]) -> PyResult<ScalarBuffer<f64>> {
    let mut floats = room(integers.len()).map_err(|error| raised(&error))?;
    for (index, &integer) in integers.iter().enumerate() {
        floats.push(exact_float(integer.into()).ok_or_else(|| {
            PyValueError::new_err(format!(
                "{argument}[{index}] is {}, which no float64 is; convert it with .astype(float)",
                integer.into()
            ))
        })?);
    }
    Ok(floats.into())
}

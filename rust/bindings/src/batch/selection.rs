//! The keys of `batch[key]`.

use std::fmt::Display;

use arrow_buffer::ScalarBuffer;
use pyo3::exceptions::{PyIndexError, PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PySlice, PyString, PyTuple};

use rust_daq::room;

use crate::array::{convert_entries, kind_and_size, without_masks};
use crate::error::{Raise, caused_by, note_argument, wrong_type};

const WANTED: &str = "an integer, a slice, or an array of booleans or integers of one dimension";
const INDICES_WANTED: &str = "integers of one dimension, one for each row";

/// Returns the first row and the number of rows of a slice of consecutive rows; `None` for another key.
#[inline]
pub fn consecutive(key: &Bound<'_, PyAny>, rows: usize) -> PyResult<Option<(usize, usize)>> {
    let Ok(slice) = key.cast::<PySlice>() else { return Ok(None) };
    let range = slice.indices(isize::try_from(rows).unwrap_or(isize::MAX))?;
    let first = range.start.unsigned_abs().min(rows);
    Ok((range.step == 1 || range.slicelength == 0).then_some((first, range.slicelength)))
}

/// The rows selected by a key that is not a slice of consecutive rows.
pub enum Selection {
    /// One row, returned as a point.
    Row(usize),
    /// Rows with a step, in this order.
    Stepped(Vec<usize>),
    /// Any rows, in this order.
    Rows(Vec<usize>),
}

impl Selection {
    /// Reads a key for a batch of `rows` rows.
    pub fn of(key: &Bound<'_, PyAny>, rows: usize) -> PyResult<Self> {
        // Numbers of rows are the most common of the other keys.
        if let Ok(number) = key.cast_exact::<PyInt>()
            && let Ok(row) = number.extract::<isize>()
        {
            return resolve_row(row as i128, rows).map(Self::Row);
        }
        if let Ok(slice) = key.cast::<PySlice>() {
            return Self::of_slice(slice, rows);
        }
        if key.is_instance_of::<PyString>() || key.is_instance_of::<PyBool>() {
            return Err(wrong_type("index", WANTED, key));
        }
        match key.extract::<isize>() {
            Ok(row) => return resolve_row(row as i128, rows).map(Self::Row),
            Err(error) if error.is_instance_of::<PyOverflowError>(key.py()) => {
                let message = format!("index {key} is out of range; the batch has {rows} rows");
                return Err(caused_by(error, PyIndexError::new_err(message), key.py()));
            }
            // Not an integer, but it may be an array.
            Err(_) => {}
        }
        Self::of_array(key, rows)
    }

    fn of_slice(slice: &Bound<'_, PySlice>, rows: usize) -> PyResult<Self> {
        let length = isize::try_from(rows).unwrap_or(isize::MAX);
        let range = slice.indices(length)?;
        let mut rows = room(range.slicelength).raise()?;
        let mut row = range.start;
        for _ in 0..range.slicelength {
            rows.push(row.unsigned_abs());
            row = row.wrapping_add(range.step);
        }
        Ok(Self::Stepped(rows))
    }

    fn of_array(key: &Bound<'_, PyAny>, rows: usize) -> PyResult<Self> {
        if let Some(plain) = without_masks("index", key)? {
            return Self::of_array(&plain, rows);
        }
        let array = as_array("index", WANTED, key)?;
        let (kind, count) = kind_and_count("index", WANTED, &array, key)?;
        match kind {
            'b' => {
                if count != rows {
                    return Err(PyIndexError::new_err(format!(
                        "the boolean index has {count} entries, but the batch has {rows} rows; \
                         pass one entry per row"
                    )));
                }
                resolve_rows(&array.call_method0("nonzero")?.get_item(0)?, rows)
            }
            'i' | 'u' => resolve_rows(&array, rows),
            // NumPy converts an empty list to floats.
            _ if count == 0 => Ok(Self::Rows(Vec::new())),
            _ => Err(wrong_type("index", WANTED, key)),
        }
    }
}

/// Reads the argument `indices` of `Batch.from_numpy`.
pub fn channel_indices(indices: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<i32>> {
    if let Some(plain) = without_masks("indices", indices)? {
        return channel_indices(&plain);
    }
    let array = as_array("indices", INDICES_WANTED, indices)?;
    let (kind, count) = kind_and_count("indices", INDICES_WANTED, &array, indices)?;
    if count == 0 {
        return Ok(Vec::new().into());
    }
    if !matches!(kind, 'i' | 'u') {
        return Err(wrong_type("indices", INDICES_WANTED, indices));
    }
    let none = |row: usize, index: &dyn Display| {
        PyValueError::new_err(format!("indices[{row}] must be the index of a channel, got {index}"))
    };
    let mut narrow = room(count).raise()?;
    for (row, index) in integers(&array, |row, index| none(row, &index))?.into_iter().enumerate() {
        narrow.push(i32::try_from(index).map_err(|_| none(row, &index))?);
    }
    Ok(narrow.into())
}

/// Converts an argument to a NumPy array, and explains a list whose entries differ in shape.
fn as_array<'py>(
    argument: &str,
    wanted: &str,
    given: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = given.py();
    py.import("numpy")?.call_method1("asarray", (given,)).map_err(|error| {
        let listed = given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>();
        if listed && error.is_instance_of::<PyValueError>(py) {
            return caused_by(error, wrong_type(argument, wanted, given), py);
        }
        note_argument(argument, error, py)
    })
}

/// Returns the kind and the number of a one-dimensional array's entries.
fn kind_and_count(
    argument: &str,
    wanted: &str,
    array: &Bound<'_, PyAny>,
    given: &Bound<'_, PyAny>,
) -> PyResult<(char, usize)> {
    let dimensions: usize = array.getattr("ndim")?.extract()?;
    if dimensions != 1 {
        return Err(wrong_type(argument, wanted, given));
    }
    Ok((kind_and_size(array)?.0, array.len()?))
}

/// Reads integers of any width; `beyond` is the error for one above the range of `i64`.
fn integers(array: &Bound<'_, PyAny>, beyond: impl Fn(usize, u64) -> PyErr) -> PyResult<Vec<i64>> {
    if kind_and_size(array)?.0 != 'u' {
        return convert_entries(array, "=i8");
    }
    let given: Vec<u64> = convert_entries(array, "=u8")?;
    if let Some(row) = given.iter().position(|&index| i64::try_from(index).is_err()) {
        return Err(beyond(row, given[row]));
    }
    Ok(given.into_iter().map(u64::cast_signed).collect())
}

/// Resolves an array of indices to rows.
fn resolve_rows(array: &Bound<'_, PyAny>, rows: usize) -> PyResult<Selection> {
    let given = integers(array, |_, index| no_such_row(&index, rows))?;
    let mut found = room(given.len()).raise()?;
    for index in given {
        found.push(resolve_row(index.into(), rows)?);
    }
    Ok(Selection::Rows(found))
}

/// Resolves an index to a row; negative indices count from the end.
fn resolve_row(index: i128, rows: usize) -> PyResult<usize> {
    let from_start = if index < 0 { index + rows as i128 } else { index };
    let row = usize::try_from(from_start).ok().filter(|row| *row < rows);
    row.ok_or_else(|| no_such_row(&index, rows))
}

fn no_such_row(index: &dyn Display, rows: usize) -> PyErr {
    PyIndexError::new_err(format!("index {index} is out of range; the batch has {rows} rows"))
}

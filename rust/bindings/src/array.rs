//! One-dimensional data of any package as a column: converted if nothing is lost, refused otherwise.

use arrow_array::ArrayRef;
use arrow_buffer::{ArrowNativeType, ScalarBuffer};
use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use rust_daq::{Chunk, Error, Memory, collect_column, room};

use crate::error::{Raise, shown, wrong_type};

mod buffer;
mod datetimes;
mod floats;
mod instants;
mod mask;
mod numbers;
mod times;

use buffer::entries;
pub use buffer::{convert_entries, kind_and_size};
pub use datetimes::{NOT_A_TIME, is_datetime64, not_a_time, of_datetime64, refuse_not_a_time};
pub use floats::{Input, Output};
pub use instants::instants;
pub use mask::{is_masked, without_masks};
pub use numbers::numbers;
pub use times::Times;

/// The data of an argument, by the way it is read.
enum Source<'py> {
    /// A Python sequence, entry by entry.
    Entries(Vec<Bound<'py, PyAny>>),
    /// Arrow arrays, in order.
    Arrow(Vec<ArrayRef>),
    /// A one-dimensional NumPy array.
    NumPy(Bound<'py, PyAny>),
}

impl<'py> Source<'py> {
    fn of(argument: &str, wanted: &str, data: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = data.py();
        if let Ok(list) = data.cast::<PyList>() {
            return hold_entries(list.len(), list.iter()).map(Self::Entries);
        }
        if let Ok(tuple) = data.cast::<PyTuple>() {
            return hold_entries(tuple.len(), tuple.iter()).map(Self::Entries);
        }
        if data.hasattr(intern!(py, "__arrow_c_array__"))? {
            return Ok(Self::Arrow(vec![crate::capsule::read_array(data)?]));
        }
        // pandas exports NaN as null.
        if data.hasattr(intern!(py, "__arrow_c_stream__"))? && !is_pandas(data)? {
            return Ok(Self::Arrow(crate::capsule::read_arrays(data)?));
        }
        let array = py.import("numpy")?.call_method1("asarray", (data,))?;
        let dimensions: usize = array.getattr("ndim")?.extract()?;
        let kind: char = array.getattr("dtype")?.getattr("kind")?.extract()?;
        if dimensions == 0 && matches!(kind, 'O' | 'U' | 'S') {
            return Err(wrong_type(argument, wanted, data));
        }
        if dimensions != 1 {
            let shape = array.getattr("shape")?.repr()?;
            return Err(PyValueError::new_err(format!(
                "{argument} must be one-dimensional, got shape {}",
                shape.to_string_lossy()
            )));
        }
        if kind == 'O' {
            let list = array.call_method0("tolist")?;
            let list = list.cast::<PyList>()?;
            return hold_entries(list.len(), list.iter()).map(Self::Entries);
        }
        Ok(Self::NumPy(array))
    }
}

/// The entries of a sequence, each with a reference, because reading an entry may change the sequence.
fn hold_entries<'py>(
    count: usize,
    entries: impl Iterator<Item = Bound<'py, PyAny>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut held = room(count).raise()?;
    held.extend(entries.take(count));
    Ok(held)
}

fn is_pandas(data: &Bound<'_, PyAny>) -> PyResult<bool> {
    let module = data.get_type().getattr("__module__")?;
    Ok(module.extract::<String>().is_ok_and(|name| name.split('.').next() == Some("pandas")))
}

/// Copies the entries of an object with the buffer protocol, if they have this type and one dimension.
fn read_plain_buffer<T: Element>(data: &Bound<'_, PyAny>) -> PyResult<Option<Vec<T>>> {
    /// The marks of the other byte order, which PyO3 does not distinguish.
    const FOREIGN: [u8; 2] = if cfg!(target_endian = "little") { *b">!" } else { *b"<<" };
    let Ok(buffer) = PyBuffer::<T>::get(data) else { return Ok(None) };
    let mark = buffer.format().to_bytes().first().copied();
    if buffer.dimensions() != 1 || mark.is_some_and(|mark| FOREIGN.contains(&mark)) {
        return Ok(None);
    }
    entries(&buffer, data.py()).map(Some)
}

/// Joins the columns of several chunks, copying once.
fn join_chunks<T: ArrowNativeType>(
    argument: &str,
    arrays: &[ArrayRef],
    read: impl Fn(Chunk<'_>, &ArrayRef) -> Result<ScalarBuffer<T>, Error>,
) -> PyResult<ScalarBuffer<T>> {
    // Several arrays are copied when they are joined.
    let memory = if arrays.len() > 1 { Memory::Shared } else { Memory::Copied };
    let mut before = 0;
    let mut parts = Vec::with_capacity(arrays.len());
    for array in arrays {
        let chunk = Chunk { name: argument, before, memory };
        parts.push(read(chunk, array).raise()?);
        before += array.len();
    }
    match <[ScalarBuffer<T>; 1]>::try_from(parts) {
        Ok([part]) => Ok(part),
        Err(parts) => {
            collect_column(before, parts.iter().flat_map(|part| part.iter().copied())).raise()
        }
    }
}

/// Adds the position of an entry to its exception.
fn entry_error(py: Python<'_>, argument: &str, index: usize, error: PyErr) -> PyErr {
    let note = format!("while {argument}[{index}] was read");
    // An exception that refuses the note is raised without it.
    let _ = error.value(py).call_method1("add_note", (note,));
    error
}

/// The error for an array with entries of another kind.
fn wrong_dtype(argument: &str, wanted: &str, array: &Bound<'_, PyAny>) -> PyErr {
    let dtype = array.getattr("dtype").map_or_else(|_| "?".to_owned(), |dtype| shown(&dtype));
    pyo3::exceptions::PyTypeError::new_err(format!(
        "{argument} must contain {wanted}, got an array of {dtype}"
    ))
}

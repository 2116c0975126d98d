//! How a refusal reaches Python: the conversion of the core's errors, and what only Python can do wrong.

use std::io::ErrorKind;
use std::path::Path;

use pyo3::exceptions::{
    PyIndexError, PyMemoryError, PyOSError, PyOverflowError, PyRuntimeError, PyTypeError,
    PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::PyInt;
use rust_daq::Error;

/// The longest part of a value that a message shows, in characters.
const SHOWN: usize = 100;

/// How packages of Python attach a time zone to a column.
const ATTACH: &str = ", in pyarrow with pyarrow.compute.assume_timezone(column, 'UTC'), in polars with \
                      .dt.replace_time_zone('UTC'), in pandas with .dt.tz_localize('UTC')";

/// The one conversion of the core's errors to Python exceptions.
pub fn raised(error: &Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::TimestampOutOfRange { .. } => PyOverflowError::new_err(message),
        Error::ColumnType { got, .. } if got.starts_with("Timestamp(") => {
            PyTypeError::new_err(message + ATTACH)
        }
        Error::ColumnType { .. } => PyTypeError::new_err(message),
        Error::NoSuchRow { .. } => PyIndexError::new_err(message),
        Error::OutOfMemory { .. }
        | Error::StateMemory { .. }
        | Error::File { kind: ErrorKind::OutOfMemory, .. } => PyMemoryError::new_err(message),
        Error::File { path, problem, kind, code } => refused_by_system(path, problem, *kind, *code),
        Error::Thread { .. } | Error::Panicked { .. } => PyRuntimeError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}

/// A result of the core as one of Python.
pub trait Raise<T> {
    /// Raises the refusal.
    fn raise(self) -> PyResult<T>;
}

impl<T> Raise<T> for Result<T, Error> {
    fn raise(self) -> PyResult<T> {
        self.map_err(|error| raised(&error))
    }
}

/// The exception of `OSError` that is meant by what the system says.
fn refused_by_system(path: &Path, problem: &str, kind: ErrorKind, code: Option<i32>) -> PyErr {
    let number = match kind {
        // Without a number the value itself makes no sense, such as a path with a NUL.
        ErrorKind::InvalidInput if code.is_none() => {
            return PyValueError::new_err(format!("{}: {problem}", path.display()));
        }
        // Only there the system's numbers are those of Python.
        _ if cfg!(unix) && code.is_some() => code,
        ErrorKind::NotFound => Some(2),
        ErrorKind::PermissionDenied => Some(13),
        ErrorKind::AlreadyExists => Some(17),
        ErrorKind::NotADirectory => Some(20),
        ErrorKind::IsADirectory => Some(21),
        ErrorKind::StorageFull => Some(28),
        ErrorKind::ResourceBusy => Some(16),
        _ => Some(5),
    };
    PyOSError::new_err((number, problem.to_owned(), path.as_os_str().to_owned()))
}

/// `TypeError: timestamp must be ..., got 'yesterday' (str)`
pub fn wrong_type(argument: &str, wanted: &str, got: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("{argument} must be {wanted}, got {}", shown(got)))
}

/// Puts an exception in place of another one of its kind that does not name the argument.
pub fn caused_by(cause: PyErr, error: PyErr, py: Python<'_>) -> PyErr {
    error.set_cause(py, Some(cause));
    error
}

/// Says in a note of somebody else's exception which argument was being read.
pub fn while_reading(argument: &str, error: PyErr, py: Python<'_>) -> PyErr {
    let note = format!("while rust_daq read the argument {argument}");
    // A note is a courtesy: an exception that refuses it is raised without.
    let _ = error.value(py).call_method1("add_note", (note,));
    error
}

/// A value as a message shows it: its shortened `repr` and its type.
pub fn shown(value: &Bound<'_, PyAny>) -> String {
    let name = type_name(value);
    match short_repr(value).or_else(|error| short_hex(value, error)) {
        Ok(text) => format!("{text} ({name})"),
        Err(_) => format!("an instance of {name}"),
    }
}

/// The name of a value's type, with the module unless it is a builtin.
pub fn type_name(value: &Bound<'_, PyAny>) -> String {
    let name = value.get_type().fully_qualified_name();
    name.map_or_else(|_| "object".to_owned(), |name| shortened(&name.to_string_lossy()))
}

/// `reprlib` looks only at the beginning of a long container; a plain `repr` could take minutes.
fn short_repr(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_exact_instance_of::<PyInt>() {
        value.repr()?; // whose refusal is hidden by the `reprlib` of CPython 3.15
    }
    let limits = value.py().import("reprlib")?.getattr("Repr")?.call0()?;
    limits.setattr("maxother", SHOWN)?;
    limits.setattr("maxstring", SHOWN)?;
    let text = limits.call_method1("repr", (value,))?;
    Ok(shortened(&text.str()?.to_string_lossy()))
}

/// Python refuses to write an integer of thousands of digits in decimal; `error` is that refusal.
fn short_hex(value: &Bound<'_, PyAny>, error: PyErr) -> PyResult<String> {
    if !value.is_instance_of::<PyInt>() {
        return Err(error);
    }
    let text = value.call_method1("__format__", ("#x",))?;
    Ok(shortened(&text.str()?.to_string_lossy()))
}

fn shortened(text: &str) -> String {
    if text.chars().nth(SHOWN).is_none() {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain("...".chars()).collect()
}

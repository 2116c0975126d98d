//! Python exceptions: the conversion of the core's errors, and errors in Python arguments.

use std::io::ErrorKind;
use std::path::Path;

use pyo3::exceptions::{
    PyException, PyIndexError, PyMemoryError, PyOSError, PyOverflowError, PyRuntimeError,
    PyTypeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::PyInt;
use rust_daq::Error;

/// The longest part of a value that a message shows, in characters.
const SHOWN: usize = 100;

/// How to attach a time zone to a column in common packages.
const ATTACH: &str = ", in pyarrow with pyarrow.compute.assume_timezone(column, 'UTC'), in polars with \
                      .dt.replace_time_zone('UTC'), in pandas with .dt.tz_localize('UTC')";

/// Converts an error of the core to a Python exception.
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
        Error::File { path, problem, kind, code } => os_error(path, problem, *kind, *code),
        Error::Thread { .. } | Error::Panicked { .. } => PyRuntimeError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}

/// Converts a result of the core to a Python result.
pub trait Raise<T> {
    /// Converts the error.
    fn raise(self) -> PyResult<T>;
}

impl<T> Raise<T> for Result<T, Error> {
    fn raise(self) -> PyResult<T> {
        self.map_err(|error| raised(&error))
    }
}

/// Returns the subclass of `OSError` for an error of the operating system.
fn os_error(path: &Path, problem: &str, kind: ErrorKind, code: Option<i32>) -> PyErr {
    let number = match kind {
        // Without a number, the value itself is invalid, such as a path with a NUL.
        ErrorKind::InvalidInput if code.is_none() => {
            return PyValueError::new_err(format!("{}: {problem}", path.display()));
        }
        // Only on Unix, the numbers of the system are those of Python.
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

/// Replaces an exception that does not name the argument, and keeps it as the cause.
pub fn caused_by(cause: PyErr, error: PyErr, py: Python<'_>) -> PyErr {
    error.set_cause(py, Some(cause));
    error
}

/// Returns whether an error of foreign code is neither Ctrl-C nor a lack of memory.
pub fn is_ordinary(error: &PyErr, py: Python<'_>) -> bool {
    error.is_instance_of::<PyException>(py) && !error.is_instance_of::<PyMemoryError>(py)
}

/// Explains an error of foreign code by another one. Ctrl-C and a lack of memory stay what they are.
pub fn explained(error: PyErr, py: Python<'_>, explain: impl FnOnce() -> PyErr) -> PyErr {
    if is_ordinary(&error, py) { caused_by(error, explain(), py) } else { error }
}

/// Adds a note with the argument's name to an exception of foreign code.
pub fn note_argument(argument: &str, error: PyErr, py: Python<'_>) -> PyErr {
    let note = format!("while rust_daq read the argument {argument}");
    // An exception that refuses the note is raised without it.
    let _ = error.value(py).call_method1("add_note", (note,));
    error
}

/// Formats a value for a message: its shortened `repr` and its type.
pub fn shown(value: &Bound<'_, PyAny>) -> String {
    let name = type_name(value);
    match short_repr(value).or_else(|error| short_hex(value, error)) {
        Ok(text) => format!("{text} ({name})"),
        Err(_) => format!("an instance of {name}"),
    }
}

/// Returns the name of a value's type, with the module unless it is a builtin.
pub fn type_name(value: &Bound<'_, PyAny>) -> String {
    let name = value.get_type().fully_qualified_name();
    name.map_or_else(|_| "object".to_owned(), |name| shorten(&name.to_string_lossy()))
}

/// Formats a value with `reprlib`, which reads only the beginning of a container; a plain `repr` could take minutes.
fn short_repr(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_exact_instance_of::<PyInt>() {
        value.repr()?; // the `reprlib` of CPython 3.15 hides the error
    }
    let limits = value.py().import("reprlib")?.getattr("Repr")?.call0()?;
    limits.setattr("maxother", SHOWN)?;
    limits.setattr("maxstring", SHOWN)?;
    let text = limits.call_method1("repr", (value,))?;
    Ok(shorten(&text.str()?.to_string_lossy()))
}

/// Formats an integer in hexadecimal if Python refuses to format its thousands of digits; `error` is that refusal.
fn short_hex(value: &Bound<'_, PyAny>, error: PyErr) -> PyResult<String> {
    if !value.is_instance_of::<PyInt>() {
        return Err(error);
    }
    let text = value.call_method1("__format__", ("#x",))?;
    Ok(shorten(&text.str()?.to_string_lossy()))
}

fn shorten(text: &str) -> String {
    if text.chars().nth(SHOWN).is_none() {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain("...".chars()).collect()
}

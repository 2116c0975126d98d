//! An exception on its way from a thread of a pipeline to the caller.

use std::fmt;

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

/// An exception that the garbage collector can see: its traceback holds whatever the failed code held.
#[derive(Debug)]
pub struct Raised(Py<PyBaseException>);

impl Raised {
    pub fn new(py: Python<'_>, error: PyErr) -> Self {
        Self(error.into_value(py))
    }

    pub fn into_error(self, py: Python<'_>) -> PyErr {
        PyErr::from_value(self.0.into_bound(py).into_any())
    }

    pub fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an exception of Python")
    }
}

impl std::error::Error for Raised {}

//! Python exceptions carried from a thread of a pipeline to the caller.

use std::fmt;

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

/// An exception that is visible to the garbage collector, because its traceback holds objects of the failed code.
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
        formatter.write_str("a Python exception")
    }
}

impl std::error::Error for Raised {}

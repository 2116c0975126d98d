//! Where the results of a pipeline end, as Python says it.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use rust_daq::{Failure, Output, Sink};

use super::source::attached;
use crate::batch::{PyBatch, PyBatchIterator};
use crate::error::wrong_type;
use crate::process::object;
use crate::storage;

/// Refuses what takes no batches.
pub fn check(sink: &Bound<'_, PyAny>) -> PyResult<()> {
    let write = sink.getattr_opt(intern!(sink.py(), "write"))?;
    if write.is_some_and(|write| write.is_callable()) {
        return Ok(());
    }
    Err(wrong_type("sinks", "objects with a method write(batch)", sink))
}

/// The sink that an object with `write`, and perhaps `close`, is: of Rust by itself, of Python by its methods.
pub fn writer(sink: &Bound<'_, PyAny>) -> Box<dyn Sink> {
    storage::sink(sink).unwrap_or_else(|| Box::new(Writer(sink.clone().unbind())))
}

/// A callable that is given each batch.
pub fn batches(callback: &Bound<'_, PyAny>) -> Box<dyn Sink> {
    Box::new(Batches(callback.clone().unbind()))
}

/// A callable that is given each point.
pub fn points(callback: &Bound<'_, PyAny>) -> Box<dyn Sink> {
    Box::new(Points(callback.clone().unbind()))
}

struct Writer(Py<PyAny>);

impl Sink for Writer {
    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        attached(|py| {
            let output = object(py, output.clone())?;
            self.0.call_method1(py, intern!(py, "write"), (output,)).map(drop)
        })
    }

    fn close(&mut self) -> Result<(), Failure> {
        attached(|py| match self.0.bind(py).getattr_opt(intern!(py, "close"))? {
            Some(close) => close.call0().map(drop),
            None => Ok(()),
        })
    }
}

struct Batches(Py<PyAny>);

impl Sink for Batches {
    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        attached(|py| self.0.call1(py, (object(py, output.clone())?,)).map(drop))
    }

    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

struct Points(Py<PyAny>);

impl Sink for Points {
    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        attached(|py| {
            let Output::Batch(batch) = output else {
                return Err(PyTypeError::new_err(
                    "on_point is given points, and spectra have none; pass on_batch",
                ));
            };
            let batch = Bound::new(py, PyBatch::from(batch.clone()))?;
            let callback = self.0.bind(py);
            for point in Bound::new(py, PyBatchIterator::over(&batch)?)?.try_iter()? {
                callback.call1((point?,))?;
            }
            Ok(())
        })
    }

    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

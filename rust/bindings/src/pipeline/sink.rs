//! The sinks of a pipeline, from Python objects.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use rust_daq::{Failure, Output, Sink};

use super::call;
use super::source::attached;
use crate::batch::{PyBatch, PyBatchIterator};
use crate::error::wrong_type;
use crate::process::object;
use crate::storage;

/// Refuses an object that is not a sink.
pub fn check(sink: &Bound<'_, PyAny>) -> PyResult<()> {
    let write = sink.getattr_opt(intern!(sink.py(), "write"))?;
    if write.is_some_and(|write| write.is_callable()) {
        return Ok(());
    }
    Err(wrong_type("sinks", "objects with a method write(batch)", sink))
}

/// Creates a sink from an object with `write` and an optional `close`: a Rust writer directly, a Python object by its
/// methods.
pub fn writer(sink: &Bound<'_, PyAny>) -> PyResult<Box<dyn Sink>> {
    if let Some(sink) = storage::sink(sink) {
        return Ok(sink);
    }
    if let Some(sink) = shared(sink)? {
        return Ok(Box::new(Unclosed(sink)));
    }
    let write = sink.getattr(intern!(sink.py(), "write"))?.unbind();
    let close = sink.getattr_opt(intern!(sink.py(), "close"))?.map(Bound::unbind);
    Ok(Box::new(Writer { write, close }))
}

/// Returns the Rust sink inside a `SharedSink`; a Python sink is written to by the method that holds the lock.
fn shared(sink: &Bound<'_, PyAny>) -> PyResult<Option<Box<dyn Sink>>> {
    let py = sink.py();
    let class = py.import("rust_daq._shared_sink")?.getattr("SharedSink")?;
    if !sink.is_instance(&class)? {
        return Ok(None);
    }
    Ok(storage::sink(&sink.getattr(intern!(py, "sink"))?))
}

/// Creates a sink from a callable for batches.
pub fn batches(callback: &Bound<'_, PyAny>) -> Box<dyn Sink> {
    Box::new(Batches(callback.clone().unbind()))
}

/// Creates a sink from a callable for points.
pub fn points(callback: &Bound<'_, PyAny>) -> Box<dyn Sink> {
    Box::new(Points(callback.clone().unbind()))
}

struct Writer {
    write: Py<PyAny>,
    close: Option<Py<PyAny>>,
}

impl Sink for Writer {
    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        attached(|py| call_part("the write method of a sink", self.write.bind(py), output))
    }

    fn close(&mut self) -> Result<(), Failure> {
        let Some(close) = &self.close else { return Ok(()) };
        attached(|py| {
            let result = call::call(close.bind(py), None)?;
            call::refuse_coroutine("the close method of a sink", &result)
        })
    }
}

struct Batches(Py<PyAny>);

impl Sink for Batches {
    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        attached(|py| call_part("on_batch", self.0.bind(py), output))
    }
}

/// A sink that the pipeline does not close, because its owner does.
struct Unclosed(Box<dyn Sink>);

impl Sink for Unclosed {
    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        self.0.write(output)
    }
}

/// Calls a part with the output of the last processor.
fn call_part(part: &str, callable: &Bound<'_, PyAny>, output: &Output) -> PyResult<()> {
    let result = call::call(callable, Some(&object(callable.py(), output.clone())?))?;
    call::refuse_coroutine(part, &result)
}

struct Points(Py<PyAny>);

impl Sink for Points {
    fn write(&mut self, output: &Output) -> Result<(), Failure> {
        attached(|py| {
            let Output::Batch(batch) = output else {
                return Err(PyTypeError::new_err(
                    "on_point receives points, but the pipeline returns spectra; pass on_batch",
                ));
            };
            let batch = Bound::new(py, PyBatch::from(batch.clone()))?;
            let callback = self.0.bind(py);
            for point in Bound::new(py, PyBatchIterator::over(&batch)?)?.try_iter()? {
                let result = call::call(callback, Some(&point?))?;
                call::refuse_coroutine("on_point", &result)?;
            }
            Ok(())
        })
    }
}

//! The source of a pipeline, from Python objects.

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use rust_daq::{Batch, Failure, Feed, Source};

use super::call;
use super::raised::Raised;
use crate::batch::PyBatch;
use crate::error::{Raise, shown, wrong_type};
use crate::instrument::PySimulatedInstrument;

const WANTED: &str = "a SimulatedInstrument, a callable that returns a Batch at each call, or an iterable of batches";

/// Refuses an object that is not a source.
pub fn check(source: &Bound<'_, PyAny>) -> PyResult<()> {
    if source.is_instance_of::<PyBatch>() {
        return Err(PyTypeError::new_err(
            "source is a single Batch, whose items are points; pass a list of batches",
        ));
    }
    let gives = source.is_instance_of::<PySimulatedInstrument>()
        || source.is_callable()
        || source.hasattr("__iter__")?;
    if gives { Ok(()) } else { Err(wrong_type("source", WANTED, source)) }
}

/// Opens the source for one run; an iterable starts again.
pub fn open(source: &Bound<'_, PyAny>, rate: Option<f64>) -> PyResult<Box<dyn Source>> {
    if let Ok(instrument) = source.cast::<PySimulatedInstrument>() {
        return Ok(Box::new(instrument.get().scans()?));
    }
    if source.is_callable() {
        let callable = source.clone().unbind();
        let read = move || attached(|py| call_source(callable.bind(py)));
        return Ok(Box::new(Feed::new(read, rate).raise()?));
    }
    let iterator = source.try_iter()?.into_any();
    // Only generators need to be closed: they may be inside a `with` or `try`.
    let is_generator = iterator.hasattr(intern!(source.py(), "throw"))?;
    let close = iterator.getattr_opt(intern!(source.py(), "close"))?.filter(|_| is_generator);
    let iterator = iterator.unbind();
    let read = move || attached(|py| read_iterator(iterator.bind(py)));
    let feed = Feed::new(read, rate).raise()?;
    let Some(close) = close.map(Bound::unbind) else { return Ok(Box::new(feed)) };
    let close = move || attached(|py| call::call(close.bind(py), None).map(drop));
    Ok(Box::new(feed.closed_by(close)))
}

/// Calls a callable for the next batch; None means the end.
fn call_source(callable: &Bound<'_, PyAny>) -> PyResult<Option<Batch>> {
    let given = call::call(callable, None)?;
    call::refuse_coroutine("source", &given)?;
    if let Ok(batch) = given.cast::<PyBatch>() {
        return Ok(Some(batch.get().core().clone()));
    }
    if given.is_none() { Ok(None) } else { Err(no_batch("returned", &given, "None")) }
}

/// Takes the next batch of an iterator.
fn read_iterator(iterator: &Bound<'_, PyAny>) -> PyResult<Option<Batch>> {
    let Some(given) = call::next(iterator)? else { return Ok(None) };
    match given.cast::<PyBatch>() {
        Ok(batch) => Ok(Some(batch.get().core().clone())),
        Err(_) => Err(no_batch("yielded", &given, "the iterator")),
    }
}

fn no_batch(what: &str, given: &Bound<'_, PyAny>, end: &str) -> PyErr {
    let given = shown(given);
    PyTypeError::new_err(format!(
        "source {what} {given}, which is not a Batch; create one with Channel.batch, or end with {end}"
    ))
}

/// Works with Python objects in a thread that Python did not create.
pub fn attached<T>(work: impl FnOnce(Python<'_>) -> PyResult<T>) -> Result<T, Failure> {
    let result = Python::try_attach(|py| work(py).map_err(|error| Raised::new(py, error)));
    match result {
        Some(result) => Ok(result?),
        None => Err(PyRuntimeError::new_err("the interpreter exits while a pipeline runs").into()),
    }
}

/// Keeps Python's state of a thread while the thread works.
///
/// Creating it at each attachment takes many times longer than a small callback.
pub fn with_thread_state(work: &mut (dyn FnMut() + Send)) {
    let attached = Python::try_attach(|py| py.detach(&mut *work));
    if attached.is_none() {
        // The interpreter is exiting; each attempt to attach returns an error.
        work();
    }
}

//! Where the batches of a pipeline come from, as Python says it.

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use rust_daq::{Batch, Failure, Feed, Source};

use crate::batch::PyBatch;
use crate::error::{raised, shown, wrong_type};
use crate::instrument::PySimulatedInstrument;

const WANTED: &str =
    "a SimulatedInstrument, a callable that gives a Batch at each call, or an iterable of batches";

/// Refuses what gives no batches.
pub fn check(source: &Bound<'_, PyAny>) -> PyResult<()> {
    if source.is_instance_of::<PyBatch>() {
        return Err(PyTypeError::new_err(
            "source is one Batch, whose entries are points; pass a list of batches",
        ));
    }
    let gives = source.is_instance_of::<PySimulatedInstrument>()
        || source.is_callable()
        || source.hasattr("__iter__")?;
    if gives { Ok(()) } else { Err(wrong_type("source", WANTED, source)) }
}

/// The source of one run; an iterable begins anew.
pub fn open(source: &Bound<'_, PyAny>, rate: Option<f64>) -> PyResult<Box<dyn Source>> {
    if let Ok(instrument) = source.cast::<PySimulatedInstrument>() {
        return Ok(Box::new(instrument.get().scans()?));
    }
    let next = if source.is_callable() {
        Next::Call(source.clone().unbind())
    } else {
        Next::Iterate(source.try_iter()?.into_any().unbind())
    };
    let feed = Feed::new(move || next.batch(), rate).map_err(|error| raised(&error))?;
    Ok(Box::new(feed))
}

/// How the next batch is had.
enum Next {
    Call(Py<PyAny>),
    Iterate(Py<PyAny>),
}

impl Next {
    fn batch(&self) -> Result<Option<Batch>, Failure> {
        attached(|py| {
            let (given, what) = match self {
                Self::Call(source) => (source.bind(py).call0()?, "gave"),
                Self::Iterate(iterator) => match iterator.bind(py).try_iter()?.next() {
                    Some(given) => (given?, "has"),
                    None => return Ok(None),
                },
            };
            if let Ok(batch) = given.cast::<PyBatch>() {
                return Ok(Some(batch.get().core().clone()));
            }
            // A callable says with None that there is no more; an iterator just ends.
            if given.is_none() && matches!(self, Self::Call(_)) {
                return Ok(None);
            }
            Err(PyTypeError::new_err(format!(
                "source {what} {}, which is no Batch; make one with Channel.batch, or end with {}",
                shown(&given),
                if matches!(self, Self::Call(_)) { "None" } else { "the iterator" },
            )))
        })
    }
}

/// Works with Python's objects in a thread that is not Python's.
pub fn attached<T>(work: impl FnOnce(Python<'_>) -> PyResult<T>) -> Result<T, Failure> {
    match Python::try_attach(work) {
        Some(result) => Ok(result?),
        None => Err(PyRuntimeError::new_err("the interpreter ends while a pipeline runs").into()),
    }
}

/// Keeps what Python knows of a thread while the thread works.
///
/// To make it anew each time that the thread attaches takes many times longer than a callback that does little.
pub fn with_thread_state(work: &mut (dyn FnMut() + Send)) {
    let attached = Python::try_attach(|py| py.detach(&mut *work));
    if attached.is_none() {
        // The interpreter ends; each attempt to attach will say so.
        work();
    }
}

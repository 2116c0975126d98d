//! The parts of a `rust_daq.Pipeline`, checked once, and its runs.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{PyTraverseError, PyVisit};
use rust_daq::{Acquisition, OnFull, Sink, Source, Stage, schedule_deadlines};

use crate::error::{Raise, shown, wrong_type};
use crate::instrument::PySimulatedInstrument;
use crate::number::{count, finite, real};
use crate::text::word;

mod call;
mod raised;
mod run;
mod sink;
mod source;
mod stage;

pub use run::{PyNewest, PyPipelineRun};

/// The parts of a pipeline, from which each run is created.
#[pyclass(name = "_PipelinePlan", module = "rust_daq._core", frozen, immutable_type)]
pub struct PyPipelinePlan {
    source: Py<PyAny>,
    rate: Option<f64>,
    processors: Vec<Py<PyAny>>,
    sinks: Vec<Py<PyAny>>,
    on_batch: Option<Py<PyAny>>,
    on_point: Option<Py<PyAny>>,
    capacity: usize,
    on_full: OnFull,
    /// The number of newest points that a run keeps, in whole batches; one batch until more are requested.
    newest: AtomicUsize,
}

#[pymethods]
impl PyPipelinePlan {
    #[new]
    #[allow(clippy::too_many_arguments)] // they are the user's keywords
    fn new(
        source: &Bound<'_, PyAny>,
        processors: &Bound<'_, PyTuple>,
        sinks: &Bound<'_, PyTuple>,
        capacity: &Bound<'_, PyAny>,
        on_full: &Bound<'_, PyAny>,
        on_batch: Option<&Bound<'_, PyAny>>,
        on_point: Option<&Bound<'_, PyAny>>,
        rate: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let rate = rate.map(read_rate).transpose()?;
        source::check(source)?;
        if rate.is_some() && source.is_instance_of::<PySimulatedInstrument>() {
            return Err(PyTypeError::new_err(
                "rate is passed, but a SimulatedInstrument has its own rate; omit it",
            ));
        }
        for sink in sinks {
            sink::check(&sink)?;
        }
        let callable = |argument, given: Option<&Bound<'_, PyAny>>| match given {
            Some(given) if !given.is_callable() => {
                Err(wrong_type(argument, "a callable or None", given))
            }
            given => Ok(given.map(|given| given.clone().unbind())),
        };
        let capacity = count("capacity", "the number of points that may wait", capacity)?;
        Ok(Self {
            source: source.clone().unbind(),
            rate,
            processors: processors.iter().map(Bound::unbind).collect(),
            sinks: sinks.iter().map(Bound::unbind).collect(),
            on_batch: callable("on_batch", on_batch)?,
            on_point: callable("on_point", on_point)?,
            capacity,
            on_full: word("on_full", Some(on_full))?,
            newest: AtomicUsize::new(1),
        })
    }

    /// Makes each run keep at least `n` of its newest points.
    fn keep(&self, n: &Bound<'_, PyAny>) -> PyResult<usize> {
        let points = count("n", "the number of newest points", n)?;
        self.newest.fetch_max(points, Ordering::Relaxed);
        Ok(points)
    }

    /// Starts a run for `duration` seconds, or until the source ends or it is stopped. With `read`, a loop reads from
    /// the first batch, as reader number 1.
    fn start(
        &self,
        py: Python<'_>,
        duration: Option<&Bound<'_, PyAny>>,
        read: bool,
    ) -> PyResult<PyPipelineRun> {
        let duration = duration.map(read_duration).transpose()?;
        let bound = |objects: &[Py<PyAny>]| -> Vec<_> {
            objects.iter().map(|object| object.bind(py).clone()).collect()
        };
        let source: Box<dyn Source> = source::open(self.source.bind(py), self.rate)?;
        let stages: Vec<Box<dyn Stage>> =
            bound(&self.processors).iter().map(stage::of).collect::<PyResult<_>>()?;
        let mut sinks: Vec<Box<dyn Sink>> =
            bound(&self.sinks).iter().map(sink::writer).collect::<PyResult<_>>()?;
        sinks.extend(self.on_batch.iter().map(|callback| sink::batches(callback.bind(py))));
        sinks.extend(self.on_point.iter().map(|callback| sink::points(callback.bind(py))));
        let acquisition = Acquisition {
            source,
            stages,
            sinks,
            capacity: self.capacity,
            on_full: self.on_full,
            duration,
            read,
            newest: self.newest.load(Ordering::Relaxed),
            around: source::with_thread_state,
        };
        PyPipelineRun::start(py, acquisition)
    }

    // A plan is immutable like a tuple, so it has no `__clear__`: a cycle is broken at the `Pipeline` that holds it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.source)?;
        let parts = self.processors.iter().chain(&self.sinks);
        parts.chain(&self.on_batch).chain(&self.on_point).try_for_each(|part| visit.call(part))
    }
}

fn read_rate(rate: &Bound<'_, PyAny>) -> PyResult<f64> {
    let rate = real("rate", "a number of rows per second, or None", rate)?;
    schedule_deadlines(rate).map(|_| rate).raise()
}

fn read_duration(duration: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let wanted = "a number of seconds above 0";
    let seconds = finite("duration", wanted, duration)?;
    if seconds > 0.0 {
        // More seconds than fit are as good as no end.
        return Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
    }
    let got = shown(duration);
    Err(PyValueError::new_err(format!("duration must be {wanted} or None, got {got}")))
}

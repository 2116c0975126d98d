//! A run of a pipeline, controlled from Python.

use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use rust_daq::{Acquisition, Error, Failure, Output, Run};

use super::raised::Raised;
use crate::error::{Raise, raised};
use crate::process::object;
use crate::report::PyReport;

/// A run of a pipeline, on its own threads.
#[pyclass(name = "_PipelineRun", module = "rust_daq._core", frozen, immutable_type)]
pub struct PyPipelineRun {
    /// `None` after it was dropped.
    run: Option<Run>,
    /// The process that owns its threads.
    process: u32,
}

impl PyPipelineRun {
    pub fn start(py: Python<'_>, acquisition: Acquisition) -> PyResult<Self> {
        // Detached, because a stage may have to wait for another thread that uses it.
        let run = py.detach(|| acquisition.start()).map_err(|failure| exception(py, failure))?;
        Ok(Self { run: Some(run), process: std::process::id() })
    }

    fn here(&self) -> PyResult<&Run> {
        match &self.run {
            Some(run) if self.process == std::process::id() => Ok(run),
            _ => Err(PyRuntimeError::new_err(
                "the process was forked while the pipeline ran, and its threads stayed in the parent; make another \
                 Pipeline in the child",
            )),
        }
    }
}

#[pymethods]
impl PyPipelineRun {
    /// Waits at most `seconds`; returns whether the run is over.
    fn wait(&self, py: Python<'_>, seconds: f64) -> PyResult<bool> {
        let run = self.here()?;
        let longest = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Ok(py.detach(|| run.wait(Some(longest))))
    }

    /// Stops the source. Waiting batches are processed with `drain`, or else abandoned.
    fn stop(&self, py: Python<'_>, drain: bool) -> PyResult<()> {
        let run = self.here()?;
        py.detach(|| run.stop(drain));
        Ok(())
    }

    fn report(&self, py: Python<'_>) -> PyResult<PyReport> {
        let run = self.here()?;
        Ok(py.detach(|| run.report()).into())
    }

    /// Returns whether the caller is one of the run's own threads.
    fn is_inside(&self) -> PyResult<bool> {
        Ok(self.here()?.is_inside())
    }

    /// Returns the pending calls into parts of the pipeline, each with the index of its part.
    fn work(&self) -> PyResult<Vec<(&'static str, usize)>> {
        let work = self.here()?.work().into_iter();
        Ok(work.map(|(work, index)| (work.as_str(), index)).collect())
    }

    /// Attaches a loop in this thread from the next batch on; returns its number, or None if another loop is attached.
    fn attach(&self) -> PyResult<Option<u64>> {
        Ok(self.here()?.handover().attach())
    }

    /// Takes the next processed batch, waiting at most `seconds`.
    fn take<'py>(
        &self,
        py: Python<'py>,
        reader: u64,
        seconds: f64,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let run = self.here()?;
        let longest = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        let taken = py.detach(|| run.handover().take(reader, longest));
        taken.map(|output| object(py, output)).transpose()
    }

    /// Waits until a batch can be taken or the run is over, for at most `seconds`.
    fn await_offer(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        let run = self.here()?;
        let longest = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        py.detach(|| run.handover().await_offer(longest));
        Ok(())
    }

    /// Detaches a loop, or any loop if no number is given; the run continues.
    #[pyo3(signature = (reader=None))]
    fn leave(&self, py: Python<'_>, reader: Option<u64>) -> PyResult<()> {
        let run = self.here()?;
        py.detach(|| run.handover().leave(reader));
        Ok(())
    }

    /// Returns whether the attached loop last ran in this thread.
    fn is_read_here(&self) -> PyResult<bool> {
        Ok(self.here()?.handover().is_read_here())
    }

    /// Returns the newest points of this run, at most `n`.
    fn newest(&self, py: Python<'_>, n: usize) -> PyResult<PyNewest> {
        let run = self.here()?;
        let newest = py.detach(|| run.latest(n)).raise()?;
        Ok(PyNewest(newest))
    }

    /// Takes the exceptions of the run, the cause first; each is returned once.
    fn take_errors(&self, py: Python<'_>) -> PyResult<Vec<PyErr>> {
        let failures = self.here()?.take_failures();
        Ok(failures.into_iter().map(|failure| exception(py, failure)).collect())
    }

    // References held by the threads are roots while the threads run, and are dropped when they end.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(run) = self.here() else { return Ok(()) };
        let mut visited = Ok(());
        run.each_failure(|failure| {
            if let (Ok(()), Some(raised)) = (&visited, failure.downcast_ref::<Raised>()) {
                visited = raised.visit(&visit);
            }
        });
        visited
    }

    fn __clear__(&self) {
        if let Ok(run) = self.here() {
            drop(run.take_failures());
        }
    }
}

impl Drop for PyPipelineRun {
    fn drop(&mut self) {
        // In a fork, the locks may be held for ever by threads that exist only in the parent.
        if self.process != std::process::id() {
            std::mem::forget(self.run.take());
        }
    }
}

/// The newest points of a run, available after the run too.
#[pyclass(name = "_Newest", module = "rust_daq._core", frozen, immutable_type)]
pub struct PyNewest(Output);

#[pymethods]
impl PyNewest {
    /// Creates an empty collection, of no run.
    #[new]
    fn new() -> PyResult<Self> {
        Output::joined(&[]).map(Self).raise()
    }

    /// Returns the last `n` points at most.
    fn last<'py>(&self, py: Python<'py>, n: usize) -> PyResult<Bound<'py, PyAny>> {
        object(py, self.0.slice(self.0.len().saturating_sub(n), n))
    }
}

/// Converts a failure to its original exception, or to one that describes it.
fn exception(py: Python<'_>, failure: Failure) -> PyErr {
    let failure = match failure.downcast::<Raised>() {
        Ok(raised) => return raised.into_error(py),
        Err(failure) => failure,
    };
    let failure = match failure.downcast::<PyErr>() {
        Ok(error) => return *error,
        Err(failure) => failure,
    };
    match failure.downcast::<Error>() {
        Ok(error) => raised(&error),
        Err(failure) => PyRuntimeError::new_err(failure.to_string()),
    }
}

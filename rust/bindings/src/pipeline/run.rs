//! A run that Python watches.

use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rust_daq::{Acquisition, Error, Failure, Run};

use crate::error::raised;
use crate::report::PyReport;

/// A run of a pipeline, on threads of its own.
#[pyclass(name = "_PipelineRun", module = "rust_daq._core", frozen, immutable_type)]
pub struct PyPipelineRun {
    /// `None` once it is dropped.
    run: Option<Run>,
    /// The process that has its threads.
    process: u32,
}

impl PyPipelineRun {
    pub fn start(py: Python<'_>, acquisition: Acquisition) -> PyResult<Self> {
        // Stages may wait for whoever works with them in another thread.
        let run = py.detach(|| acquisition.start()).map_err(exception)?;
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
    /// Waits so many seconds at most; whether all is over.
    fn wait(&self, py: Python<'_>, seconds: f64) -> PyResult<bool> {
        let run = self.here()?;
        let longest = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Ok(py.detach(|| run.wait(Some(longest))))
    }

    /// Ends the source; what waits is then processed, or abandoned unless `drain`.
    fn stop(&self, py: Python<'_>, drain: bool) -> PyResult<()> {
        let run = self.here()?;
        py.detach(|| run.stop(drain));
        Ok(())
    }

    fn report(&self, py: Python<'_>) -> PyResult<PyReport> {
        let run = self.here()?;
        Ok(py.detach(|| run.report()).into())
    }

    /// What went wrong, the cause first; each exception is given once.
    fn take_errors(&self) -> PyResult<Vec<PyErr>> {
        Ok(self.here()?.take_failures().into_iter().map(exception).collect())
    }
}

impl Drop for PyPipelineRun {
    fn drop(&mut self) {
        // Of a fork the locks may be held for ever, by threads that it has not.
        if self.process != std::process::id() {
            std::mem::forget(self.run.take());
        }
    }
}

/// A failure as the exception that it was, or as one that tells it.
fn exception(failure: Failure) -> PyErr {
    let failure = match failure.downcast::<PyErr>() {
        Ok(error) => return *error,
        Err(failure) => failure,
    };
    match failure.downcast::<Error>() {
        Ok(error) => raised(&error),
        Err(failure) => PyRuntimeError::new_err(failure.to_string()),
    }
}

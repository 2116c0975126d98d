//! A run that Python watches.

use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use rust_daq::{Acquisition, Error, Failure, Output, Run};

use super::raised::Raised;
use crate::error::{Raise, raised};
use crate::process::object;
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

    /// Whether the caller runs in one of the run's own threads.
    fn is_inside(&self) -> PyResult<bool> {
        Ok(self.here()?.is_inside())
    }

    /// The calls into parts of the pipeline that are under way, each with the index of its part.
    fn work(&self) -> PyResult<Vec<(&'static str, usize)>> {
        let work = self.here()?.work().into_iter();
        Ok(work.map(|(work, index)| (work.as_str(), index)).collect())
    }

    /// Lets a loop in this thread take each batch from the next one on; its number, or None while another one reads.
    fn attach(&self) -> PyResult<Option<u64>> {
        Ok(self.here()?.handover().attach())
    }

    /// The next processed batch, for which it waits so many seconds at most.
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

    /// Waits until a batch can be taken or the run is over, so many seconds at most.
    fn await_offer(&self, py: Python<'_>, seconds: f64) -> PyResult<()> {
        let run = self.here()?;
        let longest = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        py.detach(|| run.handover().await_offer(longest));
        Ok(())
    }

    /// Ends the reading of a loop, or of any without its number; the run goes on.
    #[pyo3(signature = (reader=None))]
    fn leave(&self, py: Python<'_>, reader: Option<u64>) -> PyResult<()> {
        let run = self.here()?;
        py.detach(|| run.handover().leave(reader));
        Ok(())
    }

    /// Whether the loop that reads was last seen in this thread.
    fn is_read_here(&self) -> PyResult<bool> {
        Ok(self.here()?.handover().is_read_here())
    }

    /// The newest points of this run, at most so many.
    fn newest(&self, py: Python<'_>, n: usize) -> PyResult<PyNewest> {
        let run = self.here()?;
        let newest = py.detach(|| run.latest(n)).raise()?;
        Ok(PyNewest(newest))
    }

    /// What went wrong, the cause first; each exception is given once.
    fn take_errors(&self, py: Python<'_>) -> PyResult<Vec<PyErr>> {
        let failures = self.here()?.take_failures();
        Ok(failures.into_iter().map(|failure| exception(py, failure)).collect())
    }

    // The threads' own references are roots while they run, and gone when they end.
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
        // Of a fork the locks may be held for ever, by threads that it has not.
        if self.process != std::process::id() {
            std::mem::forget(self.run.take());
        }
    }
}

/// The newest points of a run, which stay when it is gone.
#[pyclass(name = "_Newest", module = "rust_daq._core", frozen, immutable_type)]
pub struct PyNewest(Output);

#[pymethods]
impl PyNewest {
    /// Those of no run.
    #[new]
    fn new() -> PyResult<Self> {
        Output::joined(&[]).map(Self).raise()
    }

    /// The last of them, at most so many.
    fn last<'py>(&self, py: Python<'py>, n: usize) -> PyResult<Bound<'py, PyAny>> {
        object(py, self.0.slice(self.0.len().saturating_sub(n), n))
    }
}

/// A failure as the exception that it was, or as one that tells it.
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

//! The processors of a pipeline, from Python objects.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use rust_daq::{Batch, Failure, Output, Stage};

use super::call;
use super::source::attached;
use crate::batch::PyBatch;
use crate::error::shown;
use crate::process::{self, PySpectra};

/// Creates a stage from a processor: a Rust processor directly, a Python object by its method `process`.
pub fn of(processor: &Bound<'_, PyAny>) -> PyResult<Box<dyn Stage>> {
    if let Some(stage) = process::stage(processor) {
        return Ok(stage);
    }
    Ok(Box::new(Processor {
        process: processor.getattr(intern!(processor.py(), "process"))?.unbind(),
        reset: processor.getattr_opt(intern!(processor.py(), "reset"))?.map(Bound::unbind),
        whole: processor.clone().unbind(),
    }))
}

struct Processor {
    /// The processor, for messages.
    whole: Py<PyAny>,
    process: Py<PyAny>,
    reset: Option<Py<PyAny>>,
}

impl Stage for Processor {
    fn apply(&mut self, batch: &Batch) -> Result<Output, Failure> {
        attached(|py| {
            let batch = Bound::new(py, PyBatch::from(batch.clone()))?.into_any();
            let given = call::call(self.process.bind(py), Some(&batch))?;
            if let Ok(batch) = given.cast::<PyBatch>() {
                return Ok(Output::Batch(batch.get().core().clone()));
            }
            if let Ok(spectra) = given.cast::<PySpectra>() {
                return Ok(Output::Spectra(spectra.get().core().clone()));
            }
            call::refuse_coroutine("the process method of a processor", &given)?;
            Err(PyTypeError::new_err(format!(
                "processor {} returned {}, which is not a Batch",
                shown(self.whole.bind(py)),
                shown(&given)
            )))
        })
    }

    fn reset(&mut self) -> Result<(), Failure> {
        let Some(reset) = &self.reset else { return Ok(()) };
        attached(|py| call::call(reset.bind(py), None).map(drop))
    }
}

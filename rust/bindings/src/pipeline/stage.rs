//! What the batches of a pipeline go through, as Python says it.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use rust_daq::{Batch, Failure, Output, Stage};

use super::source::attached;
use crate::batch::PyBatch;
use crate::error::shown;
use crate::process::{self, PySpectra};

/// The stage that a processor is: of Rust by itself, of Python by its method `process`.
pub fn of(processor: &Bound<'_, PyAny>) -> Box<dyn Stage> {
    process::stage(processor).unwrap_or_else(|| Box::new(Processor(processor.clone().unbind())))
}

struct Processor(Py<PyAny>);

impl Stage for Processor {
    fn apply(&mut self, batch: &Batch) -> Result<Output, Failure> {
        attached(|py| {
            let batch = PyBatch::from(batch.clone());
            let given = self.0.bind(py).call_method1(intern!(py, "process"), (batch,))?;
            if let Ok(batch) = given.cast::<PyBatch>() {
                return Ok(Output::Batch(batch.get().core().clone()));
            }
            if let Ok(spectra) = given.cast::<PySpectra>() {
                return Ok(Output::Spectra(spectra.get().core().clone()));
            }
            Err(PyTypeError::new_err(format!(
                "processor {} gave {}, which is no Batch",
                shown(self.0.bind(py)),
                shown(&given)
            )))
        })
    }

    fn reset(&mut self) -> Result<(), Failure> {
        attached(|py| match self.0.bind(py).getattr_opt(intern!(py, "reset"))? {
            Some(reset) => reset.call0().map(drop),
            None => Ok(()),
        })
    }
}

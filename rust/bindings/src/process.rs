//! `rust_daq.process`: the common part of its processors.

use std::sync::{Arc, MutexGuard};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use rust_daq::{Batch, Failure, Output, Process, Stage};

use crate::array::{Input, Output as Place};
use crate::batch::PyBatch;
use crate::burn::burn;
use crate::error::{Raise, wrong_type};
use crate::guarded::{Guarded, Refused};

/// Adds the common methods to the class of a processor.
macro_rules! processor {
    ($class:ident, $core:ty) => {
        impl $class {
            /// Returns the processor itself; its state is shared.
            pub fn shared(&self) -> $crate::process::Shared<$core> {
                self.0.clone()
            }
        }

        #[pymethods]
        impl $class {
            /// The action when samples of a channel are missing.
            #[getter]
            fn on_gap(&self, py: Python<'_>) -> PyResult<&'static str> {
                Ok(self.0.lock(py)?.on_gap().as_str())
            }

            fn __setstate__(&self, state: &Bound<'_, PyAny>) -> PyResult<()> {
                let Ok(bytes) = state.cast::<pyo3::types::PyBytes>() else {
                    return Err($crate::error::wrong_type("state", "bytes", state));
                };
                self.0.lock(state.py())?.restore(bytes.as_bytes()).raise()
            }
        }
    };
}

mod fft;
mod iir;
mod moving_average;
mod spectra;

pub use fft::PyFft;
pub use iir::PyIir;
pub use moving_average::PyMovingAverage;
pub use spectra::PySpectra;

/// Calls with at least this many samples release the GIL. Releasing it takes as long as some hundred samples.
const DETACHED: usize = 4096;

/// A processor that threads and pipelines share.
///
/// After a panic in the middle of a batch, it is reset.
pub struct Shared<P>(Arc<Guarded<P>>);

impl<P> Clone for Shared<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: Process> Shared<P> {
    pub fn new(processor: P) -> Self {
        Self(Arc::new(Guarded::new(processor, Some(P::reset))))
    }

    /// Waits until no other thread uses the processor; threads that use it need no GIL.
    pub fn lock(&self, py: Python<'_>) -> Result<MutexGuard<'_, P>, Refused> {
        self.0.lock(py)
    }

    /// Processes a batch.
    pub fn process(&self, batch: &Bound<'_, PyAny>) -> PyResult<Output> {
        let py = batch.py();
        let Ok(batch) = batch.cast::<PyBatch>() else {
            return Err(wrong_type("batch", "a Batch", batch));
        };
        let batch: &Batch = batch.get().core();
        let output = if batch.len() < DETACHED {
            self.lock(py)?.process(batch)
        } else {
            self.0.detached(py, |processor| processor.process(batch))?
        };
        output.raise()
    }

    /// Processes values, into `out` or a new array of the resulting shape.
    pub fn process_values<'py>(
        &self,
        values: &Bound<'py, PyAny>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        burn();
        let py = values.py();
        let input = Input::of("values", values)?;
        loop {
            let shape = self.lock(py)?.shape(input.len());
            // The processor is not locked here, because creating an array may run any Python code.
            let place = Place::of(py, out, shape.as_ref())?;
            let mut done = Ok(Ok(false));
            let detached = input.len() >= DETACHED;
            let filled = place.fill(&input, detached, |values, out| {
                // An attached thread must not wait for the lock: its holder may be waiting to attach.
                let locked = if detached {
                    self.0.lock_detached()
                } else {
                    Python::attach(|py| self.0.lock(py))
                };
                done = locked.map(|mut processor| {
                    let fits = processor.shape(values.len()) == shape;
                    if fits {
                        processor.process_values(values, out).map(|()| true)
                    } else {
                        Ok(false)
                    }
                });
            })?;
            // If not, another thread has processed samples in between, and the number of complete frames has changed.
            if done?.raise()? {
                return Ok(filled);
            }
        }
    }

    /// Returns what `pickle` and `copy` need to recreate a processor: its arguments, `on_gap` as a keyword, its state.
    fn reduce<'py>(
        &self,
        processor: &Bound<'py, PyAny>,
        arguments: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let py = processor.py();
        let (on_gap, state) = {
            let processor = self.lock(py)?;
            (processor.on_gap(), processor.state().raise()?)
        };
        let keywords = PyDict::new(py);
        keywords.set_item("on_gap", on_gap.as_str())?;
        let make = py.import("copyreg")?.getattr("__newobj_ex__")?;
        let arguments = (processor.get_type(), arguments, keywords).into_pyobject(py)?;
        let filled = |bytes: &mut [u8]| {
            bytes.copy_from_slice(&state);
            Ok(())
        };
        let state = PyBytes::new_with(py, state.len(), filled)?;
        (make, arguments, state).into_pyobject(py)
    }
}

impl<P: Process> Stage for Shared<P> {
    fn apply(&mut self, batch: &Batch) -> Result<Output, Failure> {
        Ok(self.0.lock_detached()?.process(batch)?)
    }

    fn reset(&mut self) -> Result<(), Failure> {
        self.0.lock_detached()?.reset();
        Ok(())
    }
}

/// Returns the pipeline stage of a processor of this module.
pub fn stage(processor: &Bound<'_, PyAny>) -> Option<Box<dyn Stage>> {
    if let Ok(average) = processor.cast::<PyMovingAverage>() {
        return Some(Box::new(average.get().shared()));
    }
    if let Ok(filter) = processor.cast::<PyIir>() {
        return Some(Box::new(filter.get().shared()));
    }
    let fft = processor.cast::<PyFft>().ok()?;
    Some(Box::new(fft.get().shared()))
}

/// Converts the output of a processor to a Python object.
pub fn object(py: Python<'_>, output: Output) -> PyResult<Bound<'_, PyAny>> {
    match output {
        Output::Batch(batch) => Bound::new(py, PyBatch::from(batch)).map(Bound::into_any),
        Output::Spectra(spectra) => Bound::new(py, PySpectra::from(spectra)).map(Bound::into_any),
    }
}

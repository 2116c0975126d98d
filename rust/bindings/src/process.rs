//! `rust_daq.process`: what its processors have in common.

use std::sync::{Arc, MutexGuard};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
use rust_daq::{Batch, Error, Failure, OnGap, Output, Process, Stage};

use crate::array::{Input, Output as Place};
use crate::batch::PyBatch;
use crate::burn::burn;
use crate::error::{raised, wrong_type};
use crate::guarded::{Guarded, Refused};

mod fft;
mod iir;
mod moving_average;
mod spectra;

pub use fft::PyFft;
pub use iir::PyIir;
pub use moving_average::PyMovingAverage;
pub use spectra::PySpectra;

/// From how many samples on a call lets other threads go on: to let them and to come back takes as long as some hundred.
const DETACHED: usize = 4096;

/// The shape of an array.
pub enum Shape {
    /// One value for each.
    Line([usize; 1]),
    /// A spectrum for each frame.
    Table([usize; 2]),
}

impl AsRef<[usize]> for Shape {
    fn as_ref(&self) -> &[usize] {
        match self {
            Self::Line(shape) => shape,
            Self::Table(shape) => shape,
        }
    }
}

/// One value for each.
const fn line<P>(_: &P, count: usize) -> Shape {
    Shape::Line([count])
}

/// A processor that threads and pipelines share.
///
/// After a panic in the middle of a batch it begins anew, as after `reset`.
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

    /// The processor, once no other thread works with it; those that do need nothing of Python's.
    pub fn lock(&self, py: Python<'_>) -> Result<MutexGuard<'_, P>, Refused> {
        self.0.lock(py)
    }

    /// What a batch becomes.
    pub fn process(&self, batch: &Bound<'_, PyAny>) -> PyResult<Output> {
        let py = batch.py();
        let Ok(batch) = batch.cast::<PyBatch>() else {
            return Err(wrong_type("batch", "a Batch", batch));
        };
        let batch: &Batch = batch.get().core();
        let output = if batch.len() < DETACHED {
            self.lock(py)?.process(batch)
        } else {
            py.detach(|| self.0.lock_detached().map(|mut processor| processor.process(batch)))?
        };
        output.map_err(|error| raised(&error))
    }

    /// Does the work on values, into `out` or a new array of the shape that so many of them make.
    pub fn process_values<'py>(
        &self,
        values: &Bound<'py, PyAny>,
        out: Option<&Bound<'py, PyAny>>,
        shape: impl Fn(&P, usize) -> Shape + Sync,
        work: impl Fn(&mut P, &[f64], &mut [f64]) -> Result<(), Error> + Sync,
    ) -> PyResult<Bound<'py, PyAny>> {
        burn();
        let py = values.py();
        let input = Input::of("values", values)?;
        loop {
            let found = shape(&*self.lock(py)?, input.len());
            // Makes an array, at which Python may run anything: the processor is not locked.
            let place = Place::of(py, out, found.as_ref())?;
            let mut done = Ok(Ok(false));
            let detached = input.len() >= DETACHED;
            let filled = place.fill(&input, detached, |values, out| {
                // An attached thread may not just wait: whoever has the lock may be waiting to be attached again.
                let locked = if detached {
                    self.0.lock_detached()
                } else {
                    Python::attach(|py| self.0.lock(py))
                };
                done = locked.map(|mut processor| {
                    let fits = shape(&processor, values.len()).as_ref() == found.as_ref();
                    if fits { work(&mut processor, values, out).map(|()| true) } else { Ok(false) }
                });
            })?;
            // Another thread may have given it samples in between, after which a frame more or less is whole.
            if done?.map_err(|error| raised(&error))? {
                return Ok(filled);
            }
        }
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

/// The stage that a processor of this module is.
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

/// What comes out of a processor, as Python sees it.
pub fn object(py: Python<'_>, output: Output) -> PyResult<Bound<'_, PyAny>> {
    match output {
        Output::Batch(batch) => Bound::new(py, PyBatch::from(batch)).map(Bound::into_any),
        Output::Spectra(spectra) => Bound::new(py, PySpectra::from(spectra)).map(Bound::into_any),
    }
}

/// A word of a few.
fn word<T>(argument: &str, given: Option<&Bound<'_, PyAny>>) -> PyResult<T>
where
    T: std::str::FromStr<Err = rust_daq::Error> + Default,
{
    let Some(given) = given else { return Ok(T::default()) };
    let Ok(text) = given.cast::<PyString>() else {
        return Err(wrong_type(argument, "a str", given));
    };
    text.to_string_lossy().parse().map_err(|error| raised(&error))
}

/// How `pickle` and `copy` make a processor again: its arguments, `on_gap` by keyword, and its state.
fn reduced<'py>(
    processor: &Bound<'py, PyAny>,
    arguments: Bound<'py, PyTuple>,
    on_gap: OnGap,
    state: &[u8],
) -> PyResult<Bound<'py, PyTuple>> {
    let py = processor.py();
    let keywords = PyDict::new(py);
    keywords.set_item("on_gap", on_gap.as_str())?;
    let make = py.import("copyreg")?.getattr("__newobj_ex__")?;
    let arguments = (processor.get_type(), arguments, keywords).into_pyobject(py)?;
    let filled = |bytes: &mut [u8]| {
        bytes.copy_from_slice(state);
        Ok(())
    };
    let state = PyBytes::new_with(py, state.len(), filled)?;
    (make, arguments, state).into_pyobject(py)
}

/// The bytes of a state.
fn state_bytes<'a>(state: &'a Bound<'_, PyAny>) -> PyResult<&'a [u8]> {
    let Ok(bytes) = state.cast::<PyBytes>() else {
        return Err(wrong_type("state", "bytes", state));
    };
    Ok(bytes.as_bytes())
}

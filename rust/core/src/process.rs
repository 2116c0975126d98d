//! Streaming processors, with a state for each channel.

// A function is compiled for a CPU variant only if it is inlined into a function of that variant.
#![allow(clippy::inline_always)]

use crate::batch::Batch;
use crate::error::Error;

mod arrival;
mod channels;
mod fft;
#[cfg(test)]
mod fixtures;
mod gap;
mod groups;
mod iir;
mod kernel;
mod map;
mod moving_average;
mod output;
mod prefetch;
mod scaling;
mod space;
mod spectra;
mod state;

pub use fft::{Fft, Window};
pub use gap::OnGap;
pub use iir::{Iir, Initial};
pub use moving_average::MovingAverage;
pub use output::{Output, Shape};
pub use scaling::Scaling;
pub use spectra::Spectra;

/// A processor of consecutive batches.
///
/// Results do not depend on where batches end, or on which channels share a batch.
pub trait Process: Send {
    /// Processes the next batch.
    ///
    /// # Errors
    ///
    /// If samples are missing and [`OnGap::Raise`] is set, or there is not enough memory; states are then unchanged.
    fn process(&mut self, batch: &Batch) -> Result<Output, Error>;

    /// Returns the shape of the result for `values` more values.
    fn shape(&self, values: usize) -> Shape;

    /// Processes values, with a state separate from those of the channels.
    ///
    /// # Errors
    ///
    /// If there is not enough memory; the state is then unchanged.
    ///
    /// # Panics
    ///
    /// If `output` does not have the length of [`shape`](Self::shape).
    fn process_values(&mut self, input: &[f64], output: &mut [f64]) -> Result<(), Error>;

    /// The action when samples of a channel are missing.
    fn on_gap(&self) -> OnGap;

    /// Forgets all earlier samples.
    fn reset(&mut self);

    /// Serializes all states, for [`restore`](Self::restore).
    ///
    /// # Errors
    ///
    /// [`Error::StateMemory`].
    fn state(&self) -> Result<Vec<u8>, Error>;

    /// Restores the state of a processor with the same arguments.
    ///
    /// # Errors
    ///
    /// If the state is invalid, or there is not enough memory; the processor is then unchanged.
    fn restore(&mut self, state: &[u8]) -> Result<(), Error>;
}

#[cfg(test)]
mod tests;

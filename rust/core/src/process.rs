//! Processors of streams, which keep a state for each channel.

// A function that is called by a version for some kind of CPU is compiled for that kind only as a part of it.
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
mod scaling;
mod spectra;
mod state;

pub use fft::{Fft, Window};
pub use gap::OnGap;
pub use iir::{Iir, Initial};
pub use moving_average::MovingAverage;
pub use output::{Output, Shape};
pub use scaling::Scaling;
pub use spectra::Spectra;

/// What is done to one batch after the other.
///
/// What comes out does not depend on where one batch ends and the next begins, nor on which channels share them.
pub trait Process: Send {
    /// What the rows of a batch give, after all that came before.
    ///
    /// # Errors
    ///
    /// When samples are missing and that is not to be, or there is not enough memory; no state has then changed.
    fn process(&mut self, batch: &Batch) -> Result<Output, Error>;

    /// The shape of what so many more values give.
    fn shape(&self, values: usize) -> Shape;

    /// Writes what these values give, with a state apart from those of the channels.
    ///
    /// # Errors
    ///
    /// When there is not enough memory; all is then as it was.
    ///
    /// # Panics
    ///
    /// Unless there is room for as many numbers as [`shape`](Self::shape) says.
    fn process_values(&mut self, input: &[f64], output: &mut [f64]) -> Result<(), Error>;

    /// What happens when samples of a channel are missing.
    fn on_gap(&self) -> OnGap;

    /// Forgets all that came.
    fn reset(&mut self);

    /// All states as bytes, for [`restore`](Self::restore).
    ///
    /// # Errors
    ///
    /// [`Error::StateMemory`].
    fn state(&self) -> Result<Vec<u8>, Error>;

    /// Goes on where one with the same arguments gave its state.
    ///
    /// # Errors
    ///
    /// When it is none of one, or there is not enough memory; all is then as it was.
    fn restore(&mut self, state: &[u8]) -> Result<(), Error>;
}

#[cfg(test)]
mod tests;

//! Processors of streams, which keep a state for each channel.

// A function that is called by a version for some kind of CPU is compiled for that kind only as a part of it.
#![allow(clippy::inline_always)]

use crate::batch::Batch;
use crate::error::Error;

mod channels;
mod fft;
#[cfg(test)]
mod fixtures;
mod gap;
mod groups;
mod iir;
mod kernel;
mod moving_average;
mod output;
mod spectra;
mod state;

pub use fft::{Fft, Scaling, Window};
pub use gap::OnGap;
pub use iir::{Iir, Initial};
pub use moving_average::MovingAverage;
pub use output::Output;
pub use spectra::Spectra;

/// What is done to one batch after the other.
///
/// What comes out does not depend on where one batch ends and the next begins, nor on which channels share them.
pub trait Process: Send {
    /// What the rows of a batch give, after all that came before.
    ///
    /// # Errors
    ///
    /// [`Error::Gap`] when samples are missing and that is not to be, [`Error::Memory`], [`Error::FrameMemory`]; no state
    /// has then changed.
    fn process(&mut self, batch: &Batch) -> Result<Output, Error>;

    /// Forgets all that came.
    fn reset(&mut self);
}

//! The moving average.

use super::Process;
use super::channels::Channels;
use super::gap::OnGap;
use super::kernel::{Kernel, Map};
use super::output::Output;
use super::state::{Reader, Writer};
use crate::batch::Batch;
use crate::error::Error;

mod average;
mod blocks;
mod space;
mod split;
mod tree;

use average::Average;

/// What a state of a moving average begins with; the digit tells its form.
const MARK: &[u8] = b"moving average 1";

/// The mean of the last samples of each channel.
///
/// The first means are of the samples that are there, once there are `min_count`, and NaN before. NaN and infinity leave
/// with the window, and no error adds up: each sum is made of the samples of its window alone.
#[derive(Debug)]
pub struct MovingAverage {
    values: Average,
    channels: Channels<Average>,
}

impl MovingAverage {
    /// Means over `window` samples.
    ///
    /// # Errors
    ///
    /// When the window is 0 or does not fit into memory, or `min_count` is not between 1 and the window.
    pub fn new(window: usize, min_count: usize, on_gap: OnGap) -> Result<Self, Error> {
        Ok(Self { values: Average::new(window, min_count)?, channels: Channels::new(on_gap) })
    }

    /// How many samples a mean is made of.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.values.window()
    }

    /// How many samples have to be there for the first mean.
    #[must_use]
    pub const fn min_count(&self) -> usize {
        self.values.min_count()
    }

    /// What happens when samples of a channel are missing.
    #[must_use]
    pub const fn on_gap(&self) -> OnGap {
        self.channels.on_gap()
    }

    /// Writes a mean for each value, with a state apart from those of the channels.
    ///
    /// # Panics
    ///
    /// When the lengths differ, as `copy_from_slice` does.
    pub fn process_values(&mut self, input: &[f64], output: &mut [f64]) {
        assert_eq!(input.len(), output.len(), "as many means as values");
        self.values.extend(input, output);
    }

    /// All states as bytes, for [`restore`](Self::restore).
    ///
    /// # Errors
    ///
    /// [`Error::StateMemory`].
    pub fn state(&self) -> Result<Vec<u8>, Error> {
        let mut state = Writer::of(MARK);
        self.values.save(&mut state)?;
        self.channels.save(&mut state)?;
        Ok(state.finish())
    }

    /// Goes on where a moving average with the same arguments gave its state.
    ///
    /// # Errors
    ///
    /// [`Error::State`] when it is none of one, [`Error::Memory`]; all is then as it was.
    pub fn restore(&mut self, state: &[u8]) -> Result<(), Error> {
        let mut state = Reader::of(state, MARK)?;
        let values = self.values.load(&mut state)?;
        let channels = Channels::load(self.on_gap(), &self.values, &mut state)?;
        state.finish()?;
        (self.values, self.channels) = (values, channels);
        Ok(())
    }
}

impl Map for Average {
    fn extend(&mut self, input: &[f64], output: &mut [f64]) {
        self.extend(input, output);
    }
}

impl Process for MovingAverage {
    fn process(&mut self, batch: &Batch) -> Result<Output, Error> {
        self.channels.map(batch, &self.values).map(Output::Batch)
    }

    fn reset(&mut self) {
        self.values.clear();
        self.channels.clear();
    }
}

#[cfg(test)]
mod tests;

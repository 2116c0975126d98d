//! The moving average.

use super::channels::Channels;
use super::gap::OnGap;
use super::map::Mapper;
use crate::error::Error;

mod average;
mod blocks;
mod registers;
mod split;
mod tree;

use average::Average;

/// The mean of the last samples of each channel.
///
/// At the start, means are computed from the available samples once there are `min_count`, and are NaN before. NaN and
/// infinity leave with the window, and errors do not accumulate: each sum uses only the samples of its window.
pub type MovingAverage = Mapper<Average>;

impl MovingAverage {
    /// Creates a moving average over `window` samples.
    ///
    /// # Errors
    ///
    /// If the window is 0 or does not fit into memory, or `min_count` is not from 1 to the window.
    pub fn new(window: usize, min_count: usize, on_gap: OnGap) -> Result<Self, Error> {
        Ok(Self(Channels::new(Average::new(window, min_count)?, on_gap)))
    }

    /// The number of samples in a mean.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.0.values.window
    }

    /// The number of samples needed for the first mean.
    #[must_use]
    pub const fn min_count(&self) -> usize {
        self.0.values.min_count
    }
}

#[cfg(test)]
mod tests;

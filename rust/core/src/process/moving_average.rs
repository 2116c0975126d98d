//! The moving average.

use super::channels::Channels;
use super::gap::OnGap;
use super::map::Mapper;
use crate::error::Error;

mod average;
mod blocks;
mod registers;
mod space;
mod split;
mod tree;

use average::Average;

/// The mean of the last samples of each channel.
///
/// The first means are of the samples that are there, once there are `min_count`, and NaN before. NaN and infinity leave
/// with the window, and no error adds up: each sum is made of the samples of its window alone.
pub type MovingAverage = Mapper<Average>;

impl MovingAverage {
    /// Means over `window` samples.
    ///
    /// # Errors
    ///
    /// When the window is 0 or does not fit into memory, or `min_count` is not between 1 and the window.
    pub fn new(window: usize, min_count: usize, on_gap: OnGap) -> Result<Self, Error> {
        Ok(Self(Channels::new(Average::new(window, min_count)?, on_gap)))
    }

    /// How many samples a mean is made of.
    #[must_use]
    pub const fn window(&self) -> usize {
        self.0.values.window
    }

    /// How many samples have to be there for the first mean.
    #[must_use]
    pub const fn min_count(&self) -> usize {
        self.0.values.min_count
    }
}

#[cfg(test)]
mod tests;

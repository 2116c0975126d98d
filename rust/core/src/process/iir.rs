//! Recursive filters.

use super::channels::Channels;
use super::gap::OnGap;
use super::map::Mapper;
use crate::error::Error;
use crate::word::words;

mod cascade;
mod section;

use cascade::Cascade;

/// The state of a filter before the first sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Initial {
    /// Zero, as for `sosfilt` of `SciPy`.
    #[default]
    Zero,
    /// The steady state for the first sample: `sosfilt_zi` of `SciPy` times that sample.
    Steady,
}

words!(Initial, "initial", "'zero' or 'steady'", Zero = "zero", Steady = "steady");

/// A filter in second-order sections, with a state for each channel.
pub type Iir = Mapper<Cascade>;

impl Iir {
    /// Creates a filter from rows of b0, b1, b2, a0, a1, a2, as designed by `scipy.signal` with `output="sos"`.
    ///
    /// # Errors
    ///
    /// If there are no sections, a section is not finite or has an a0 of 0, or a steady state is required but missing.
    pub fn new(sections: &[[f64; 6]], initial: Initial, on_gap: OnGap) -> Result<Self, Error> {
        Ok(Self(Channels::new(Cascade::new(sections, initial)?, on_gap)))
    }

    /// The sections, as passed.
    #[must_use]
    pub fn sections(&self) -> &[[f64; 6]] {
        &self.0.values.filter.rows
    }

    /// The state before the first sample.
    #[must_use]
    pub fn initial(&self) -> Initial {
        self.0.values.filter.initial
    }

    /// Returns the real and imaginary parts of the poles with modulus 1 and above, which make the filter unstable.
    #[must_use]
    pub fn unstable_poles(&self) -> Vec<(f64, f64)> {
        let poles = self.0.values.filter.sections.iter().flat_map(section::Section::poles);
        poles.filter(|pole| pole.0.hypot(pole.1) >= 1.0).collect()
    }
}

#[cfg(test)]
mod tests;

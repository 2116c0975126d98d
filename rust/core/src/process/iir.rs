//! Recursive filters.

use super::channels::Channels;
use super::gap::OnGap;
use super::map::Mapper;
use crate::error::Error;
use crate::word::words;

mod cascade;
mod section;

use cascade::Cascade;

/// What a filter takes for what was before the first sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Initial {
    /// Nothing, as `sosfilt` of `SciPy` does.
    #[default]
    Zero,
    /// The first sample, for ever: `sosfilt_zi` of `SciPy` times the first sample.
    Steady,
}

words!(Initial, "initial", "'zero' or 'steady'", Zero = "zero", Steady = "steady");

/// A filter in second-order sections, for each channel.
pub type Iir = Mapper<Cascade>;

impl Iir {
    /// A filter of rows of b0, b1, b2, a0, a1, a2, as `scipy.signal` designs them with `output="sos"`.
    ///
    /// # Errors
    ///
    /// When there is no section, one is not finite or has an a0 of 0, or a steady state is asked of one that has none.
    pub fn new(sections: &[[f64; 6]], initial: Initial, on_gap: OnGap) -> Result<Self, Error> {
        Ok(Self(Channels::new(Cascade::new(sections, initial)?, on_gap)))
    }

    /// The sections, as they were given.
    #[must_use]
    pub fn sections(&self) -> &[[f64; 6]] {
        &self.0.values.filter.rows
    }

    /// What counts as before the first sample.
    #[must_use]
    pub fn initial(&self) -> Initial {
        self.0.values.filter.initial
    }

    /// Real and imaginary part of the poles of modulus 1 and above, with which a response has no end.
    #[must_use]
    pub fn unstable_poles(&self) -> Vec<(f64, f64)> {
        let poles = self.0.values.filter.sections.iter().flat_map(section::Section::poles);
        poles.filter(|pole| pole.0.hypot(pole.1) >= 1.0).collect()
    }
}

#[cfg(test)]
mod tests;

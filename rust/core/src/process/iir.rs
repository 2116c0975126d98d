//! Recursive filters.

use std::str::FromStr;

use super::Process;
use super::channels::Channels;
use super::gap::OnGap;
use super::kernel::{Kernel, Map};
use super::output::Output;
use super::state::{Reader, Writer};
use crate::batch::Batch;
use crate::error::Error;

mod cascade;
mod section;

use cascade::Cascade;

/// What a state of a filter begins with; the digit tells its form.
const MARK: &[u8] = b"iir 2";

/// What a filter takes for what was before the first sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Initial {
    /// Nothing, as `sosfilt` of `SciPy` does.
    #[default]
    Zero,
    /// The first sample, for ever: `sosfilt_zi` of `SciPy` times the first sample.
    Steady,
}

impl Initial {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Zero => "zero",
            Self::Steady => "steady",
        }
    }
}

impl FromStr for Initial {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        match word {
            "zero" => Ok(Self::Zero),
            "steady" => Ok(Self::Steady),
            _ => Err(Error::word("initial", word, "'zero' or 'steady'")),
        }
    }
}

/// A filter in second-order sections, for each channel.
#[derive(Debug)]
pub struct Iir {
    values: Cascade,
    channels: Channels<Cascade>,
}

impl Iir {
    /// A filter of rows of b0, b1, b2, a0, a1, a2, as `scipy.signal` designs them with `output="sos"`.
    ///
    /// # Errors
    ///
    /// When there is no section, one is not finite or has an a0 of 0, or a steady state is asked of one that has none.
    pub fn new(sections: &[[f64; 6]], initial: Initial, on_gap: OnGap) -> Result<Self, Error> {
        Ok(Self { values: Cascade::new(sections, initial)?, channels: Channels::new(on_gap) })
    }

    /// The sections, as they were given.
    #[must_use]
    pub fn sections(&self) -> &[[f64; 6]] {
        self.values.rows()
    }

    /// What counts as before the first sample.
    #[must_use]
    pub fn initial(&self) -> Initial {
        self.values.initial()
    }

    /// What happens when samples of a channel are missing.
    #[must_use]
    pub const fn on_gap(&self) -> OnGap {
        self.channels.on_gap()
    }

    /// Real and imaginary part of the poles of modulus 1 and above, with which a response has no end.
    #[must_use]
    pub fn unstable_poles(&self) -> Vec<(f64, f64)> {
        self.values.poles().filter(|pole| pole.0.hypot(pole.1) >= 1.0).collect()
    }

    /// Writes the filtered values, with a state apart from those of the channels.
    ///
    /// # Panics
    ///
    /// When the lengths differ, as `copy_from_slice` does.
    pub fn process_values(&mut self, input: &[f64], output: &mut [f64]) {
        assert_eq!(input.len(), output.len(), "as many filtered values as values");
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

    /// Goes on where a filter with the same arguments gave its state.
    ///
    /// # Errors
    ///
    /// [`Error::State`] when it is none of one; all is then as it was.
    pub fn restore(&mut self, state: &[u8]) -> Result<(), Error> {
        let mut state = Reader::of(state, MARK)?;
        let values = self.values.load(&mut state)?;
        let channels = Channels::load(self.on_gap(), &self.values, &mut state)?;
        state.finish()?;
        (self.values, self.channels) = (values, channels);
        Ok(())
    }
}

impl Map for Cascade {
    fn extend(&mut self, input: &[f64], output: &mut [f64]) {
        self.extend(input, output);
    }
}

impl Process for Iir {
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

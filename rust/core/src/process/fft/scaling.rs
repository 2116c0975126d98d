//! What the numbers of a spectrum mean.

use std::str::FromStr;

use crate::error::Error;

/// By what a spectrum is divided, so that neither the window nor the length of a frame shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scaling {
    /// Power in each hertz: the square of the unit, divided by hertz. Noise reads its density.
    #[default]
    Density,
    /// Power of each line, the square of the unit. A sine of amplitude 1 reads 1/2.
    Spectrum,
    /// Amplitude of each line, in the unit. A sine of amplitude 1 reads 1.
    Amplitude,
}

impl Scaling {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Density => "density",
            Self::Spectrum => "spectrum",
            Self::Amplitude => "amplitude",
        }
    }
}

impl FromStr for Scaling {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        match word {
            "density" => Ok(Self::Density),
            "spectrum" => Ok(Self::Spectrum),
            "amplitude" => Ok(Self::Amplitude),
            _ => Err(Error::word("scaling", word, "'density', 'spectrum' or 'amplitude'")),
        }
    }
}

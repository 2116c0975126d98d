//! The scaling of spectra.

use crate::word::words;

/// The normalization of a spectrum, independent of the window and the length of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scaling {
    /// Power per hertz: the square of the unit, divided by hertz. Noise reads its density.
    #[default]
    Density,
    /// Power of each line, the square of the unit. A sine of amplitude 1 reads 1/2.
    Spectrum,
    /// Amplitude of each line, in the unit. A sine of amplitude 1 reads 1.
    Amplitude,
}

words!(
    Scaling,
    "scaling",
    "'density', 'spectrum' or 'amplitude'",
    Density = "density",
    Spectrum = "spectrum",
    Amplitude = "amplitude"
);

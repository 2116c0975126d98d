//! Window functions.

use std::f64::consts::TAU;
use std::str::FromStr;

use arrow_buffer::ScalarBuffer;

use crate::column::room;
use crate::error::Error;

/// A window: a named one in the periodic form of `scipy.signal.get_window`, or weights.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Window {
    /// Equal weights.
    Boxcar,
    /// A raised cosine; the usual window.
    #[default]
    Hann,
    /// A raised cosine with a step at the ends, for a lower first side lobe.
    Hamming,
    /// Two cosines, for lower side lobes and wider lines.
    Blackman,
    /// Four cosines, for correct amplitudes at frequencies between two bins.
    FlatTop,
    /// One weight per sample.
    Weights(ScalarBuffer<f64>),
}

impl Window {
    /// The name of a named window.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        match self {
            Self::Boxcar => Some("boxcar"),
            Self::Hann => Some("hann"),
            Self::Hamming => Some("hamming"),
            Self::Blackman => Some("blackman"),
            Self::FlatTop => Some("flattop"),
            Self::Weights(_) => None,
        }
    }

    /// Returns the weights of `size` samples.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], and [`Error::Refused`] for a wrong number of weights, a weight that is not finite, or only
    /// zeros.
    pub fn weights(&self, size: usize) -> Result<Vec<f64>, Error> {
        // The factors of the cosines, as in SciPy.
        let cosines: &[f64] = match self {
            Self::Boxcar => &[1.0],
            Self::Hann => &[0.5, 0.5],
            Self::Hamming => &[0.54, 0.46],
            Self::Blackman => &[0.42, 0.5, 0.08],
            Self::FlatTop => {
                &[0.215_578_95, 0.416_631_58, 0.277_263_158, 0.083_578_947, 0.006_947_368]
            }
            Self::Weights(weights) => return checked(weights, size),
        };
        #[allow(clippy::cast_precision_loss)] // 2^53 samples do not fit into memory
        let angle = |sample: usize| TAU * sample as f64 / size as f64;
        let weight = |sample| {
            let term = |(order, factor): (u32, &f64)| {
                let sign = if order % 2 == 0 { 1.0 } else { -1.0 };
                sign * factor * (f64::from(order) * angle(sample)).cos()
            };
            (0..).zip(cosines).map(term).sum::<f64>()
        };
        let mut weights: Vec<f64> = room(size)?;
        weights.extend((0..size).map(weight));
        Ok(weights)
    }
}

pub(super) fn refused_weights(problem: &str) -> Error {
    Error::Refused(format!("window {problem}; pass finite weights, some of them not 0"))
}

fn checked(weights: &[f64], size: usize) -> Result<Vec<f64>, Error> {
    if weights.len() != size {
        return Err(Error::Refused(format!(
            "window has {} weights, but size is {size}; pass one weight per sample of a frame",
            weights.len()
        )));
    }
    if let Some(place) = weights.iter().position(|weight| !weight.is_finite()) {
        return Err(refused_weights(&format!("has {} at {place}", weights[place])));
    }
    if weights.iter().all(|&weight| weight == 0.0) {
        return Err(refused_weights("has only weights of 0"));
    }
    let mut copy = room(size)?;
    copy.extend_from_slice(weights);
    Ok(copy)
}

impl FromStr for Window {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        let named = [Self::Boxcar, Self::Hann, Self::Hamming, Self::Blackman, Self::FlatTop];
        let found = named.into_iter().find(|window| window.name() == Some(word));
        found.ok_or_else(|| {
            Error::word(
                "window",
                word,
                "'boxcar', 'hann', 'hamming', 'blackman', 'flattop' or one weight per sample",
            )
        })
    }
}

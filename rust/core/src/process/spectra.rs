//! Spectra of frames of samples.

use std::sync::Arc;

use arrow_buffer::ScalarBuffer;

use super::scaling::Scaling;
use crate::batch::{Entries, check_indices, same_length};
use crate::channel::Channel;
use crate::column::{room, total};
use crate::error::Error;

mod decibels;

/// One spectrum per frame, in the order in which the frames were completed.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectra {
    pub(super) times_ns: ScalarBuffer<i64>,
    pub(super) power: ScalarBuffer<f64>,
    pub(super) frequencies: ScalarBuffer<f64>,
    pub(super) channels: Arc<[Channel]>,
    pub(super) indices: ScalarBuffer<i32>,
    pub(super) scaling: Scaling,
}

impl Spectra {
    /// Creates spectra from columns: each frame has a time, the index of a channel, and one number per frequency.
    ///
    /// # Errors
    ///
    /// If lengths do not fit, or an index has no channel.
    pub fn new(
        times_ns: ScalarBuffer<i64>,
        power: ScalarBuffer<f64>,
        frequencies: ScalarBuffer<f64>,
        channels: Arc<[Channel]>,
        indices: ScalarBuffer<i32>,
        scaling: Scaling,
    ) -> Result<Self, Error> {
        let frames = times_ns.len();
        same_length("indices", indices.len(), frames)?;
        let numbers = frames.checked_mul(frequencies.len());
        same_length("power", power.len(), numbers.unwrap_or(usize::MAX))?;
        check_indices(&indices, channels.len())?;
        Ok(Self { times_ns, power, frequencies, channels, indices, scaling })
    }

    /// The number of frames.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times_ns.len()
    }

    /// Whether there are no frames.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times_ns.is_empty()
    }

    /// The middle of each frame, between its first and its last sample, in nanoseconds since 1970 UTC.
    #[must_use]
    pub const fn times_ns(&self) -> &ScalarBuffer<i64> {
        &self.times_ns
    }

    /// The concatenated spectra, each with one number per frequency.
    #[must_use]
    pub const fn power(&self) -> &ScalarBuffer<f64> {
        &self.power
    }

    /// The frequencies of a spectrum, in hertz, from 0 on.
    #[must_use]
    pub const fn frequencies(&self) -> &ScalarBuffer<f64> {
        &self.frequencies
    }

    /// The distinct channels.
    #[must_use]
    pub const fn channels(&self) -> &Arc<[Channel]> {
        &self.channels
    }

    /// The index of each frame's channel.
    #[must_use]
    pub const fn indices(&self) -> &ScalarBuffer<i32> {
        &self.indices
    }

    /// The scaling of the numbers.
    #[must_use]
    pub const fn scaling(&self) -> Scaling {
        self.scaling
    }

    /// Whether the frames of both can be concatenated.
    pub(super) fn joins(&self, other: &Self) -> bool {
        self.scaling == other.scaling && self.frequencies == other.frequencies
    }

    /// Returns at most `count` frames from `offset` on, sharing the columns.
    #[must_use]
    pub fn slice(&self, offset: usize, count: usize) -> Self {
        let offset = offset.min(self.len());
        let count = count.min(self.len() - offset);
        let width = self.frequencies.len();
        Self {
            times_ns: self.times_ns.slice(offset, count),
            power: self.power.slice(offset * width, count * width),
            indices: self.indices.slice(offset, count),
            ..self.clone()
        }
    }

    /// Concatenates matching spectra, at least one; copies once.
    pub(super) fn concat(several: &[Self]) -> Result<Self, Error> {
        let [first, others @ ..] = several else { return Err(Error::spectra_end()) };
        if others.is_empty() {
            return Ok(first.clone());
        }
        let frames = total(several.iter().map(Self::len))?;
        let numbers = frames.checked_mul(first.frequencies.len());
        let mut power = room(numbers.ok_or(Error::OutOfMemory { rows: frames })?)?;
        let (mut times_ns, mut indices) = (room(frames)?, room(frames)?);
        let mut entries = Entries::default();
        for spectra in several {
            times_ns.extend_from_slice(&spectra.times_ns);
            power.extend_from_slice(&spectra.power);
            let merged = entries.add_all(&spectra.channels)?;
            indices
                .extend(spectra.indices.iter().map(|index| merged[index.cast_unsigned() as usize]));
        }
        Self::new(
            times_ns.into(),
            power.into(),
            first.frequencies.clone(),
            entries.finish(),
            indices.into(),
            first.scaling,
        )
    }

    /// Converts to decibels: ten times the logarithm of powers, twenty times the logarithm of amplitudes.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn decibels(&self) -> Result<Vec<f64>, Error> {
        let factor = if self.scaling == Scaling::Amplitude { 20.0 } else { 10.0 };
        // glibc returns freed memory to the system once it exceeds twice the largest freed block. Spectra and decibels
        // are two blocks of one size; an eighth more keeps their pages for the next call.
        let mut decibels = room(self.power.len() + self.power.len() / 8)?;
        decibels::extend_logarithms(&mut decibels, &self.power, factor);
        Ok(decibels)
    }
}

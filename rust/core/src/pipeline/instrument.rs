//! A simulated instrument: signals computed from the number of the sample alone.

use std::f64::consts::TAU;
use std::sync::Arc;

mod scans;

pub use scans::Scans;

use super::clock::schedule_deadlines;
use crate::batch::Batch;
use crate::channel::Channel;
use crate::column::{collect_column, zeroed};
use crate::error::Error;
use crate::schedule::Schedule;

/// The signal of a simulated instrument: a sine with noise and drift.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recipe {
    /// Peak of the sine.
    pub amplitude: f64,
    /// Frequency of the sine, in hertz.
    pub frequency: f64,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Change of the mean per second.
    pub drift: f64,
    /// Seed of the noise.
    pub seed: u64,
}

/// Samples all channels at a rate; each scan has one row per channel.
///
/// A sample is computed from its number with additions and multiplications only, so it is identical on every platform
/// and for every way of reading. The channels differ in the phase of their sine and in their noise.
#[derive(Debug, Clone)]
pub struct SimulatedInstrument {
    schedule: Schedule,
    rate: f64,
    channels: Arc<[Channel]>,
    recipe: Recipe,
}

/// The constants of a channel's signal.
struct Signal {
    recipe: Recipe,
    period: f64,
    /// Cycles per sample, and phase at sample 0, in units of 2^-64 of a cycle.
    step: u64,
    phase: u64,
    seed: u64,
}

impl SimulatedInstrument {
    /// Creates an instrument with `rate` scans per second (hertz).
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] for an invalid rate or without channels, and [`Error::UnitsDiffer`] if a name has two units.
    pub fn new(rate: f64, channels: &[Channel], recipe: Recipe) -> Result<Self, Error> {
        let schedule = schedule_deadlines(rate)?;
        if channels.is_empty() {
            return Err(Error::Refused("channels is empty; pass at least one channel".to_owned()));
        }
        let instrument = Self { schedule, rate, channels: channels.into(), recipe };
        instrument.batch(0, 0, 0)?;
        Ok(instrument)
    }

    /// Computes `scans` scans from number `first` on; scan 0 is at `start_ns`.
    ///
    /// # Errors
    ///
    /// [`Error::TimestampOutOfRange`], [`Error::Refused`] if there is not enough memory.
    pub fn batch(&self, start_ns: i64, first: u64, scans: usize) -> Result<Batch, Error> {
        let count = self.channels.len();
        let rows = scans.saturating_mul(count);
        let refused = |_| Error::memory("scans", scans);
        let mut values = zeroed(rows).map_err(refused)?;
        let times = self.schedule.starting_at(start_ns).times_from(first, scans)?;
        for place in 0..count {
            self.signal(place).write(first, &mut values, place, count);
        }
        let batch = if let [channel] = &*self.channels {
            Batch::of_channel(channel.clone(), times.into(), values.into())?
        } else {
            let times = times.iter().flat_map(|&time| std::iter::repeat_n(time, count));
            let times = collect_column(rows, times)?;
            let index = |row| i32::try_from(row % count).unwrap_or(i32::MAX);
            let indices = collect_column(rows, (0..rows).map(index))?;
            Batch::new(times, values.into(), &self.channels, Some(indices))?
        };
        Ok(batch.with_first_sequences(Some(&|_| first)))
    }

    fn signal(&self, place: usize) -> Signal {
        #[allow(clippy::cast_precision_loss)] // a count of channels
        let share = place as f64 / self.channels.len() as f64;
        Signal {
            recipe: self.recipe,
            period: 1.0 / self.rate,
            step: cycles(self.recipe.frequency / self.rate),
            phase: cycles(share),
            seed: mixed(self.recipe.seed ^ mixed(place as u64)),
        }
    }
}

impl Signal {
    /// Writes the samples from `first` on to every `stride`th value from `offset` on.
    fn write(&self, first: u64, values: &mut [f64], offset: usize, stride: usize) {
        let mut sample = first;
        for value in values.iter_mut().skip(offset).step_by(stride) {
            *value = self.sample(sample);
            sample = sample.wrapping_add(1);
        }
    }

    #[inline]
    fn sample(&self, sample: u64) -> f64 {
        let phase = self.phase.wrapping_add(self.step.wrapping_mul(sample));
        #[allow(clippy::cast_precision_loss)] // 2^53 samples are never reached
        let seconds = sample as f64 * self.period;
        let noise = gaussian(mixed(self.seed.wrapping_add(sample)));
        self.recipe.amplitude * sine(phase)
            + self.recipe.noise * noise
            + self.recipe.drift * seconds
    }
}

/// Returns the fractional part of a number of cycles, in units of 2^-64.
fn cycles(cycles: f64) -> u64 {
    const WHOLE: f64 = 18_446_744_073_709_551_616.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // a fraction of 2^64
    {
        (cycles.rem_euclid(1.0) * WHOLE) as u64
    }
}

/// The ratio of each term of the sine's Taylor series to the previous term, the last term first.
const FACTORS: [f64; 7] =
    [1.0 / 210.0, 1.0 / 156.0, 1.0 / 110.0, 1.0 / 72.0, 1.0 / 42.0, 1.0 / 20.0, 1.0 / 6.0];

/// Computes the sine of a phase in units of 2^-64 of a cycle: a Taylor series within a quarter, accurate to 1e-11.
#[inline]
fn sine(phase: u64) -> f64 {
    const SHARE: f64 = 1.0 / 18_446_744_073_709_551_616.0;
    #[allow(clippy::cast_precision_loss)] // precise enough for a phase
    let cycle = phase.cast_signed() as f64 * SHARE;
    // Half a cycle minus the angle has the same sine.
    let folded = if cycle > 0.25 {
        0.5 - cycle
    } else if cycle < -0.25 {
        -0.5 - cycle
    } else {
        cycle
    };
    let angle = folded * TAU;
    let square = angle * angle;
    let mut series = 1.0;
    for factor in FACTORS {
        series = 1.0 - square * factor * series;
    }
    angle * series
}

/// Returns a nearly Gaussian number with mean 0 and standard deviation 1: the sum of four uniform numbers.
#[inline]
fn gaussian(bits: u64) -> f64 {
    /// The mean of the sum of four uniform numbers below 2^16.
    const MEAN: f64 = 2.0 * 65_535.0;
    const VARIANCE: f64 = 4.0 * (65_536.0 * 65_536.0 - 1.0) / 12.0;
    #[allow(clippy::cast_precision_loss)] // 18 bits
    let sum = [0, 16, 32, 48].iter().map(|shift| bits >> shift & 0xffff).sum::<u64>() as f64;
    (sum - MEAN) / VARIANCE.sqrt()
}

/// Mixes the bits of a number (the finaliser of `SplitMix64`: Steele, Lea and Flood, OOPSLA 2014).
#[inline]
const fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests;

//! Splitting a sample into two numbers whose sums are almost exact.

/// The mask that clears the low half of a float's mantissa.
pub(super) const HIGH: u64 = !((1 << 26) - 1);

/// Splits a sample into its upper 27 bits and the rest.
///
/// Sums of upper parts of similar size are exact for any offset of the samples. The rest of an infinity is NaN.
#[inline(always)]
pub(super) fn split(sample: f64) -> (f64, f64) {
    // Adding zero quiets a signalling NaN, which the mask could turn into an infinity.
    let sample = sample + 0.0;
    let high = f64::from_bits(sample.to_bits() & HIGH);
    (high, sample - high)
}

/// Joins the sums of both parts.
#[inline(always)]
pub(super) fn join(high: f64, low: f64) -> f64 {
    // If a sample is infinite, the sum of the upper parts is the result.
    high + if low.is_nan() { 0.0 } else { low }
}

/// Divides sums by a count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Divide {
    /// A power of two has an exact reciprocal: multiplication returns identical bits in a fraction of the time.
    Exactly(f64),
    By(f64),
}

impl Divide {
    #[allow(clippy::cast_precision_loss)] // a window of 2^53 samples does not fit into memory
    pub(super) const fn by(count: usize) -> Self {
        let float = count as f64;
        if count.is_power_of_two() { Self::Exactly(1.0 / float) } else { Self::By(float) }
    }

    /// Divides a sum by the count.
    #[inline(always)]
    pub(super) fn share_of(self, sum: f64) -> f64 {
        match self {
            Self::Exactly(share) => sum * share,
            Self::By(count) => sum / count,
        }
    }

    /// Writes each divided sum, in the loop that computes the sums.
    #[inline(always)]
    pub(super) fn write(self, sums: impl Iterator<Item = f64>, output: &mut [f64]) {
        match self {
            Self::Exactly(share) => {
                output.iter_mut().zip(sums).for_each(|(output, sum)| *output = sum * share);
            }
            Self::By(count) => {
                output.iter_mut().zip(sums).for_each(|(output, sum)| *output = sum / count);
            }
        }
    }
}

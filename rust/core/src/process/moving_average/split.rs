//! A sample as two numbers whose sums lose next to nothing.

/// What is left of a float without the low half of its mantissa.
pub(super) const HIGH: u64 = !((1 << 26) - 1);

/// The upper 27 bits of a sample, and the rest.
///
/// Sums of upper parts of like size are exact, whatever offset the samples stand on. What an infinity leaves is a NaN.
#[inline(always)]
pub(super) fn split(sample: f64) -> (f64, f64) {
    // Adding zero quiets a signalling NaN, which the mask could turn into an infinity.
    let sample = sample + 0.0;
    let high = f64::from_bits(sample.to_bits() & HIGH);
    (high, sample - high)
}

/// What two sums of parts are together.
#[inline(always)]
pub(super) fn join(high: f64, low: f64) -> f64 {
    // With an infinity among the samples the sum of their upper parts says it all.
    high + if low.is_nan() { 0.0 } else { low }
}

/// Divides sums by a count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Divide {
    /// By a power of two, whose reciprocal is exact: to multiply is many times quicker and gives the same bits.
    Exactly(f64),
    By(f64),
}

impl Divide {
    #[allow(clippy::cast_precision_loss)] // a window of 2^53 samples fits into no memory
    pub(super) const fn by(count: usize) -> Self {
        let float = count as f64;
        if count.is_power_of_two() { Self::Exactly(1.0 / float) } else { Self::By(float) }
    }

    /// A sum over the count.
    #[inline(always)]
    pub(super) fn share_of(self, sum: f64) -> f64 {
        match self {
            Self::Exactly(share) => sum * share,
            Self::By(count) => sum / count,
        }
    }

    /// Writes each sum, divided, in one loop: a multiplication costs nothing beside what makes the sums.
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

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

/// A count that many sums are divided by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Count {
    pub(super) count: f64,
    /// One over it.
    pub(super) share: f64,
}

impl Count {
    #[allow(clippy::cast_precision_loss)] // a window of 2^53 samples fits into no memory
    pub(super) const fn of(count: usize) -> Self {
        let count = count as f64;
        Self { count, share: 1.0 / count }
    }

    /// A sum over the count.
    ///
    /// To divide takes a processor several times as long as to multiply. So where it multiplies and adds in one step
    /// (`fused`), it multiplies with one over the count and mends what that is wrong by, as Markstein does (IBM Journal of
    /// Research and Development 34, 1990). The count is whole, so the error of the first try is exact, and no quotient lies
    /// halfway between two floats: what comes out has the bits of a division, unless it is subnormal.
    #[inline(always)]
    pub(super) fn share_of(self, sum: f64, fused: bool) -> f64 {
        if !fused {
            return sum / self.count;
        }
        let tried = sum * self.share;
        let error = self.count.mul_add(-tried, sum);
        // Of an infinity there is no error.
        let error = if error.is_nan() { 0.0 } else { error };
        error.mul_add(self.share, tried)
    }
}

/// Divides sums by a count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Divide {
    /// By a power of two, whose reciprocal is exact: to multiply is many times quicker and gives the same bits.
    Exactly(f64),
    By(Count),
}

impl Divide {
    pub(super) const fn by(count: usize) -> Self {
        let divisor = Count::of(count);
        if count.is_power_of_two() { Self::Exactly(divisor.share) } else { Self::By(divisor) }
    }

    /// Writes each sum, divided, in one loop: a multiplication costs nothing beside what makes the sums.
    #[inline(always)]
    pub(super) fn write(self, sums: impl Iterator<Item = f64>, fused: bool, output: &mut [f64]) {
        match self {
            Self::Exactly(share) => {
                output.iter_mut().zip(sums).for_each(|(output, sum)| *output = sum * share);
            }
            Self::By(count) => {
                let pairs = output.iter_mut().zip(sums);
                pairs.for_each(|(output, sum)| *output = count.share_of(sum, fused));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Count;

    fn fused(sum: f64, count: usize) -> f64 {
        Count::of(count).share_of(sum, true)
    }

    #[test]
    fn a_share_that_is_multiplied_has_the_bits_of_one_that_is_divided() {
        let mut seed = 1_u64;
        let mut random = || {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            seed >> 11
        };
        for count in (1..2_000).chain([65_535, 999_983, 10_000_019]) {
            for _ in 0..200 {
                #[allow(clippy::cast_precision_loss)] // it has 53 bits
                let sum = (random() as f64 - 2_f64.powi(52)) * 1e-7;
                let divided = Count::of(count).share_of(sum, false);
                assert_eq!(fused(sum, count).to_bits(), divided.to_bits(), "{sum} over {count}");
            }
        }
    }

    #[test]
    fn a_share_of_what_is_no_number_is_the_same() {
        assert!(fused(f64::NAN, 7).is_nan());
        assert_eq!(fused(f64::INFINITY, 7).to_bits(), f64::INFINITY.to_bits());
        assert_eq!(fused(f64::NEG_INFINITY, 7).to_bits(), f64::NEG_INFINITY.to_bits());
    }
}

//! A sample as two numbers whose sums lose next to nothing.

/// What is left of a float without the low half of its mantissa.
const HIGH: u64 = !((1 << 26) - 1);

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

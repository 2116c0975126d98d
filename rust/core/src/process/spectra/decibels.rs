//! Vectorized logarithms, because scalar ones take longer than the transform.

use std::f64::consts::{LOG10_2, LOG10_E, SQRT_2};

use multiversion::multiversion;
use multiversion::target::target_cfg_f;

/// The number of mantissa bits, which is the position of the exponent.
const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;

/// The bits of 2^52; with a small integer in the mantissa, the float is 2^52 plus that integer.
const WHOLE: u64 = 0x4330_0000_0000_0000;

/// The factors of s^2, s^4... in (log (1 + s) - log (1 - s)) / s - 2, from fdlibm: a polynomial with an error of
/// less than 2^-58 for the s of a mantissa, and three terms fewer than the series.
const FACTORS: [f64; 7] = [
    6.666_666_666_666_735e-1,
    3.999_999_999_940_942e-1,
    2.857_142_874_366_239e-1,
    2.222_219_843_214_978_4e-1,
    1.818_357_216_161_805e-1,
    1.531_383_769_920_937_3e-1,
    1.479_819_860_511_658_6e-1,
];

/// The number of logarithms in one pass; they are still in the cache if some have to be replaced.
const CHUNK: usize = 512;

/// Appends the decimal logarithm of each number times `factor`.
pub(super) fn extend_logarithms(logarithms: &mut Vec<f64>, numbers: &[f64], factor: f64) {
    for numbers in numbers.chunks(CHUNK) {
        extend_by_chunk(logarithms, numbers, factor);
    }
}

#[multiversion(targets("x86_64+avx512f+fma", "x86_64+avx2+fma"))]
fn extend_by_chunk(logarithms: &mut Vec<f64>, numbers: &[f64], factor: f64) {
    const FUSED: bool = target_cfg_f!(any(target_feature = "fma", target_feature = "neon"));
    let before = logarithms.len();
    logarithms.extend(numbers.iter().map(|&number| factor * of_normal::<FUSED>(number)));
    // No early exit, so that the compiler vectorizes the loop.
    let others = numbers.iter().fold(0, |found, &number| found | u64::from(!is_normal(number)));
    if others == 0 {
        return;
    }
    for (&number, logarithm) in numbers.iter().zip(&mut logarithms[before..]) {
        if !is_normal(number) {
            *logarithm = factor * number.log10();
        }
    }
}

/// Returns whether a number is positive, and neither subnormal nor infinite.
#[inline(always)]
fn is_normal(number: f64) -> bool {
    (f64::MIN_POSITIVE..f64::INFINITY).contains(&number)
}

/// Computes the decimal logarithm of a positive number that is neither subnormal nor infinite.
///
/// The number is 2^e m with m between the roots of 1/2 and 2. The logarithm of m is a polynomial of
/// s = (m - 1) / (m + 1).
#[inline(always)]
fn of_normal<const FUSED: bool>(number: f64) -> f64 {
    let bits = number.to_bits();
    let one = 1.0_f64.to_bits();
    let above = f64::from_bits(bits & ((1 << MANTISSA) - 1) | one);
    let large = above > SQRT_2;
    let mantissa = if large { above * 0.5 } else { above };
    let exponent = f64::from_bits(bits >> MANTISSA | WHOLE) - f64::from_bits(WHOLE | 1023);
    let exponent = if large { exponent + 1.0 } else { exponent };
    let share = (mantissa - 1.0) / (mantissa + 1.0);
    let square = share * share;
    // Unrolled, because the compiler does not vectorize a nested loop.
    let [s2, s4, s6, s8, s10, s12, s14] = FACTORS;
    let fourth = square * square;
    let even = fourth * sum::<FUSED>(fourth, sum::<FUSED>(fourth, s12, s8), s4);
    let odd = sum::<FUSED>(fourth, sum::<FUSED>(fourth, sum::<FUSED>(fourth, s14, s10), s6), s2);
    let natural = sum::<FUSED>(share, sum::<FUSED>(square, odd, even), 2.0 * share);
    sum::<FUSED>(exponent, LOG10_2, natural * LOG10_E)
}

/// Returns `first * second + third`. Without a CPU instruction, `mul_add` would call a slow function.
#[inline(always)]
fn sum<const FUSED: bool>(first: f64, second: f64, third: f64) -> f64 {
    if FUSED { first.mul_add(second, third) } else { first * second + third }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    fn logarithm(number: f64) -> f64 {
        let mut logarithms = Vec::new();
        super::extend_logarithms(&mut logarithms, &[number], 1.0);
        logarithms[0]
    }

    proptest! {
        #[test]
        fn logarithms_equal_those_of_the_standard_library(number in any::<f64>(), near in 0.5..2.0_f64) {
            for number in [number.abs(), near] {
                let expected = number.log10();
                let got = logarithm(number);
                prop_assert!(
                    (got - expected).abs() <= 4e-16 * expected.abs().max(1.0)
                        || got.to_bits() == expected.to_bits()
                        || (got.is_nan() && expected.is_nan()),
                    "{number}: {got} is not {expected}"
                );
            }
        }
    }

    #[test]
    fn each_logarithm_keeps_its_place() {
        for odd in [0.0, 5e-324, f64::INFINITY] {
            for place in [0, 511, 512, 1029] {
                let mut numbers: Vec<_> = (1..=1030).map(f64::from).collect();
                numbers[place] = odd;
                let mut made = vec![7.0];
                super::extend_logarithms(&mut made, &numbers, 10.0);
                assert_eq!(made.len(), 1031);
                for (made, number) in made[1..].iter().zip(numbers) {
                    let expected = 10.0 * logarithm(number);
                    assert_eq!(made.to_bits(), expected.to_bits(), "{number}");
                }
            }
        }
    }

    #[test]
    fn special_values_are_those_of_the_standard_library() {
        let bits = |number: f64| logarithm(number).to_bits();
        assert_eq!(bits(0.0), f64::NEG_INFINITY.to_bits());
        assert_eq!(bits(f64::INFINITY), f64::INFINITY.to_bits());
        assert!(logarithm(-1.0).is_nan() && logarithm(f64::NAN).is_nan());
        assert_eq!(bits(1.0), 0.0_f64.to_bits());
        assert!((logarithm(5e-324) - 5e-324_f64.log10()).abs() < 1e-13);
    }
}

//! Logarithms of many numbers at once: one after the other they take longer than the transform.

use std::f64::consts::{LOG10_2, LOG10_E, SQRT_2};

use multiversion::multiversion;

/// The bits of a float that are its exponent begin here.
const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;

/// The bits of 2^52: with a small integer in the mantissa they are that integer and 2^52.
const WHOLE: u64 = 0x4330_0000_0000_0000;

/// The factors of s^3, s^5... of the series of (log (1 + s) - log (1 - s)) / 2, the last first.
const SERIES: [f64; 10] = [
    1.0 / 21.0,
    1.0 / 19.0,
    1.0 / 17.0,
    1.0 / 15.0,
    1.0 / 13.0,
    1.0 / 11.0,
    1.0 / 9.0,
    1.0 / 7.0,
    1.0 / 5.0,
    1.0 / 3.0,
];

/// Writes the decimal logarithm of each number times `factor`; the lengths have to be equal.
#[multiversion(targets("x86_64+avx2+fma"))]
pub(super) fn logarithms(numbers: &[f64], factor: f64, logarithms: &mut [f64]) {
    for (&number, logarithm) in numbers.iter().zip(&mut *logarithms) {
        *logarithm = factor * of_normal(number);
    }
    for (&number, logarithm) in numbers.iter().zip(logarithms) {
        if !(f64::MIN_POSITIVE..f64::INFINITY).contains(&number) {
            *logarithm = factor * number.log10();
        }
    }
}

/// The decimal logarithm of a positive number that is neither subnormal nor infinite.
///
/// The number is 2^e m with m between the roots of 1/2 and 2, and the logarithm of m the series of s = (m - 1) / (m + 1).
#[inline(always)]
fn of_normal(number: f64) -> f64 {
    let bits = number.to_bits();
    let one = 1.0_f64.to_bits();
    let above = f64::from_bits(bits & ((1 << MANTISSA) - 1) | one);
    let large = above > SQRT_2;
    let mantissa = if large { above * 0.5 } else { above };
    let exponent = f64::from_bits(bits >> MANTISSA | WHOLE) - f64::from_bits(WHOLE | 1023);
    let exponent = if large { exponent + 1.0 } else { exponent };
    let share = (mantissa - 1.0) / (mantissa + 1.0);
    let square = share * share;
    // Written out: a loop within the loop would not become one over vectors.
    let [s21, s19, s17, s15, s13, s11, s9, s7, s5, s3] = SERIES;
    let high = (((s21 * square + s19) * square + s17) * square + s15) * square + s13;
    let low = (((s11 * square + s9) * square + s7) * square + s5) * square + s3;
    let fifth = square * square * square * square * square;
    let series = high * fifth + low;
    let natural = 2.0 * (share + share * square * series);
    exponent * LOG10_2 + natural * LOG10_E
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    fn logarithm(number: f64) -> f64 {
        let mut logarithms = [0.0];
        super::logarithms(&[number], 1.0, &mut logarithms);
        logarithms[0]
    }

    proptest! {
        #[test]
        fn they_are_those_of_the_standard_library(number in any::<f64>(), near in 0.5..2.0_f64) {
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
    fn what_has_none_is_as_elsewhere() {
        let bits = |number: f64| logarithm(number).to_bits();
        assert_eq!(bits(0.0), f64::NEG_INFINITY.to_bits());
        assert_eq!(bits(f64::INFINITY), f64::INFINITY.to_bits());
        assert!(logarithm(-1.0).is_nan() && logarithm(f64::NAN).is_nan());
        assert_eq!(bits(1.0), 0.0_f64.to_bits());
        assert!((logarithm(5e-324) - 5e-324_f64.log10()).abs() < 1e-13);
    }
}

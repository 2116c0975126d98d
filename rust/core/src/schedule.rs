//! Timestamps at a fixed rate.

use num_bigint::BigUint;
use num_traits::ToPrimitive;

use crate::column::room;
use crate::error::Error;

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// The number of binary digits of a period below a nanosecond.
const FRACTION: u32 = 64;

/// Half a nanosecond; added before truncation to round.
const HALF: u128 = 1 << (FRACTION - 1);

/// A start and a rate. Each time is computed from its index, so errors do not accumulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    start_ns: i64,
    /// Nanoseconds in fixed point, with [`FRACTION`] binary digits; `None` if it does not fit into 128 bits.
    period: Option<u128>,
}

impl Schedule {
    /// Creates a schedule of `rate` times per second (hertz), the first at `start_ns`.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] if the rate is not finite and above 0.
    pub fn new(start_ns: i64, rate: f64) -> Result<Self, Error> {
        if !rate.is_finite() || rate <= 0.0 {
            return Err(Error::rate(rate));
        }
        Ok(Self { start_ns, period: period(rate) })
    }

    /// Returns the same schedule, moved to start at `start_ns`.
    #[must_use]
    pub const fn starting_at(self, start_ns: i64) -> Self {
        Self { start_ns, ..self }
    }

    /// Returns the first `count` times in nanoseconds since 1970 UTC, each rounded to the nearest.
    ///
    /// The period is exact to 2^-65 nanoseconds, so each time is exact to its index times that.
    ///
    /// # Errors
    ///
    /// [`Error::TimestampOutOfRange`] if a time is outside 64-bit nanoseconds, [`Error::OutOfMemory`].
    pub fn times(&self, count: usize) -> Result<Vec<i64>, Error> {
        self.times_from(0, count)
    }

    /// Returns the time at an index.
    ///
    /// # Errors
    ///
    /// [`Error::TimestampOutOfRange`].
    pub fn time(&self, index: u64) -> Result<i64, Error> {
        let passed = self.checked_period(index.into())?.wrapping_mul(index.into()) + HALF;
        #[allow(clippy::cast_possible_truncation)] // it was checked
        Ok(self.start_ns.wrapping_add((passed >> FRACTION) as i64))
    }

    /// Returns `count` times starting at the index `first`, as [`times`](Self::times).
    ///
    /// # Errors
    ///
    /// [`Error::TimestampOutOfRange`] if a time is outside 64-bit nanoseconds, [`Error::OutOfMemory`].
    pub fn times_from(&self, first: u64, count: usize) -> Result<Vec<i64>, Error> {
        let Some(steps) = count.checked_sub(1) else { return Ok(Vec::new()) };
        let last = u128::from(first) + steps as u128;
        let period = self.checked_period(last)?;
        let start = self.start_ns;
        let mut times = room(count)?;
        let mut passed = HALF.wrapping_add(period.wrapping_mul(first.into()));
        for _ in 0..count {
            #[allow(clippy::cast_possible_truncation)] // the last one was checked
            times.push(start.wrapping_add((passed >> FRACTION) as i64));
            passed = passed.wrapping_add(period);
        }
        Ok(times)
    }

    /// Returns the period, if the time after `steps` periods is inside the range.
    fn checked_period(&self, steps: u128) -> Result<u128, Error> {
        if steps == 0 {
            return Ok(0);
        }
        let fits = |period: u128| {
            let passed = period.checked_mul(steps)?.checked_add(HALF)?;
            let passed = i128::try_from(passed >> FRACTION).ok()?;
            (i128::from(self.start_ns) + passed <= i128::from(i64::MAX)).then_some(period)
        };
        self.period.and_then(fits).ok_or_else(|| Error::TimestampOutOfRange {
            argument: "timestamp".to_owned(),
            got: format!("of sample {steps} after {} ns", self.start_ns),
        })
    }
}

/// Computes 10^9 / rate, rounded in fixed point, from the exact fraction that the float represents.
fn period(rate: f64) -> Option<u128> {
    let (mantissa, exponent) = parts(rate);
    let mut above = BigUint::from(NANOSECONDS_PER_SECOND) << FRACTION;
    let mut below = BigUint::from(mantissa);
    if exponent < 0 {
        above <<= exponent.unsigned_abs();
    } else {
        below <<= exponent.unsigned_abs();
    }
    let half = &below >> 1_u32;
    ((above + half) / below).to_u128()
}

/// Splits a finite positive float into an integer and a power of two.
fn parts(number: f64) -> (u64, i32) {
    const MANTISSA: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = number.to_bits();
    let fraction = bits & ((1 << MANTISSA) - 1);
    #[allow(clippy::cast_possible_truncation)] // eleven bits
    let exponent = (bits >> MANTISSA) as i32;
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << MANTISSA, exponent - 1075) }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use proptest::prelude::*;

    use super::*;

    /// Reference implementation: whether a time is within half a nanosecond of the exact fraction.
    fn is_nearest(time: i64, start: i64, rate: f64, index: usize) -> bool {
        let (mantissa, exponent) = parts(rate);
        let mut above = BigInt::from(index) * NANOSECONDS_PER_SECOND;
        let mut below = BigInt::from(mantissa);
        if exponent < 0 {
            above <<= exponent.unsigned_abs();
        } else {
            below <<= exponent.unsigned_abs();
        }
        let passed = BigInt::from(time) - start;
        ((passed * &below - above) * 2_u32).magnitude() <= below.magnitude()
    }

    proptest! {
        #[test]
        fn each_time_is_the_exact_one_rounded(
            start in -1_000_000_000_000_000_000_i64..1_000_000_000_000_000_000,
            rate in prop_oneof![0.001..1e9_f64, (1_u32..2_000_000).prop_map(f64::from)],
            count in 1_usize..3_000,
        ) {
            let times = Schedule::new(start, rate).unwrap().times(count).unwrap();
            for (index, &time) in times.iter().enumerate() {
                prop_assert!(is_nearest(time, start, rate, index), "{index}: {time}");
            }
        }

        #[test]
        fn a_single_time_equals_the_one_in_a_list(
            start in any::<i32>(),
            rate in 0.001..1e9_f64,
            first in 0_u64..3_000,
            count in 0_usize..30,
        ) {
            let schedule = Schedule::new(0, rate).unwrap().starting_at(start.into());
            let times = schedule.times_from(first, count).unwrap();
            let apart: Vec<_> = (first..).take(count).map(|index| schedule.time(index).unwrap()).collect();
            prop_assert_eq!(&times, &apart);
            let all = schedule.times(usize::try_from(first).unwrap() + count).unwrap();
            prop_assert_eq!(times, all[all.len() - count..].to_vec());
        }
    }
}

//! Timestamps: signed 64-bit counts of nanoseconds since 1970 UTC, and their calendar.

const NANOSECONDS_PER_MICROSECOND: i64 = 1_000;
const MICROSECONDS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;
const NANOSECONDS_PER_DAY: i64 = 86_400_000_000_000;

/// A date and time in the proleptic Gregorian calendar, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// The year, 1 to 9999.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
    /// The hour, 0 to 23.
    pub hour: u8,
    /// The minute, 0 to 59.
    pub minute: u8,
    /// The second, 0 to 59.
    pub second: u8,
    /// The microsecond, 0 to `999_999`.
    pub microsecond: u32,
}

impl Civil {
    /// Converts a timestamp to a UTC date and time, rounded down to the microsecond.
    #[must_use]
    pub fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self::with_dates(nanoseconds, Date::from_days)
    }

    /// Converts a timestamp with a function for the date of a day; for callers that cache dates.
    #[inline]
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // each is a remainder
    pub fn with_dates(nanoseconds: i64, date: impl FnOnce(i32) -> Date) -> Self {
        let days = days_from_nanoseconds(nanoseconds);
        // Wrapping, because the first day begins below the range of 64-bit nanoseconds.
        let of_day =
            nanoseconds.wrapping_sub(i64::from(days).wrapping_mul(NANOSECONDS_PER_DAY)) as u64;
        let seconds = (of_day / NANOSECONDS_PER_SECOND) as u32;
        let of_second = (of_day % NANOSECONDS_PER_SECOND) as u32;
        let Date { year, month, day } = date(days);
        Self {
            year,
            month,
            day,
            hour: (seconds / 3_600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            microsecond: of_second / 1_000,
        }
    }

    /// Converts to microseconds since 1970, read as UTC.
    #[must_use]
    pub fn microseconds(&self) -> i64 {
        self.microseconds_with_days(Date::days)
    }

    /// Converts to microseconds with a function for the days of a date; for callers that cache days.
    #[inline]
    #[must_use]
    pub fn microseconds_with_days(&self, days: impl FnOnce(Date) -> i32) -> i64 {
        let date = Date { year: self.year, month: self.month, day: self.day };
        let of_day =
            i32::from(self.hour) * 3_600 + i32::from(self.minute) * 60 + i32::from(self.second);
        let seconds = i64::from(days(date)) * SECONDS_PER_DAY + i64::from(of_day);
        seconds * MICROSECONDS_PER_SECOND + i64::from(self.microsecond)
    }
}

/// Converts microseconds since 1970 UTC to nanoseconds; `None` outside the range of 64 bits.
///
/// `nanosecond` is added to the microseconds.
#[must_use]
pub const fn nanoseconds_from_utc(microseconds: i64, nanosecond: u16) -> Option<i64> {
    if let Some(nanoseconds) = microseconds.checked_mul(NANOSECONDS_PER_MICROSECOND)
        && let Some(nanoseconds) = nanoseconds.checked_add(nanosecond as i64)
    {
        return Some(nanoseconds);
    }
    // In 128 bits, because near the lower end the microseconds alone are below the range.
    let exact = microseconds as i128 * NANOSECONDS_PER_MICROSECOND as i128 + nanosecond as i128;
    if exact < i64::MIN as i128 || exact > i64::MAX as i128 {
        return None;
    }
    #[allow(clippy::cast_possible_truncation)] // checked above
    Some(exact as i64)
}

// Days are counted from 1 March of the year 0. The leap day is then the last day of its year, and divisions by the
// lengths of years and months become multiplications and shifts: C. Neri, L. Schneider, "Euclidean affine functions and
// their application to calendar algorithms", Software: Practice and Experience 53 (2023).
const DAYS_TO_1970: i32 = 719_468;

/// Converts nanoseconds to days since 1970, rounded down.
///
/// A day is 65,536 times an odd number of nanoseconds. The shift rounds down for negative numbers too, and its result
/// is small enough to be moved above zero before the division.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // the days of 64-bit nanoseconds
const fn days_from_nanoseconds(nanoseconds: i64) -> i32 {
    const ODD: i64 = NANOSECONDS_PER_DAY >> 16;
    const MOVED: i64 = 106_752;
    let moved = ((nanoseconds >> 16) + MOVED * ODD) as u64;
    (moved / ODD as u64) as i32 - MOVED as i32
}

/// A date in the proleptic Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
}

impl Date {
    /// Converts to days since 1970; the year must be at least 1.
    #[must_use]
    pub const fn days(self) -> i32 {
        let (year, month, day) = (self.year, self.month as i32, self.day as i32);
        let (year, month) = if month <= 2 { (year - 1, month + 12) } else { (year, month) };
        let century = year / 100;
        let before_year = 1_461 * year / 4 - century + century / 4;
        let before_month = (979 * month - 2_919) / 32;
        before_year + before_month + day - 1 - DAYS_TO_1970
    }

    /// Converts days since 1970 to a date, for the years 0 to 9999.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // days of those years
    pub const fn from_days(days: i32) -> Self {
        let quarters = 4 * (days + DAYS_TO_1970) as u32 + 3;
        let century = quarters / 146_097;
        let of_century = (quarters % 146_097) | 3;
        let scaled = 2_939_745 * of_century as u64;
        let year = 100 * century + (scaled >> 32) as u32;
        let day_of_year = scaled as u32 / 2_939_745 / 4;
        let scaled = 2_141 * day_of_year + 197_913;
        let (month, day) = ((scaled >> 16) as u8, (scaled % (1 << 16) / 2_141 + 1) as u8);
        // From day 306 on it is January or February of the next year.
        let next = day_of_year >= 306;
        Self {
            year: year.cast_signed() + next as i32,
            month: if next { month - 12 } else { month },
            day,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_day_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1, 1_u8, 1_u8);
        let (first, last) =
            (Date { year: 1, month: 1, day: 1 }, Date { year: 9999, month: 12, day: 31 });
        for days in first.days()..=last.days() {
            assert_eq!(Date::from_days(days), Date { year, month, day });
            assert_eq!(Date { year, month, day }.days(), days);
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }

    proptest! {
        #[test]
        fn flooring_loses_less_than_a_microsecond(instant: i64) {
            let civil = Civil::from_nanoseconds(instant);
            let lost = i128::from(instant) - i128::from(civil.microseconds()) * 1_000;
            prop_assert!((0..1_000).contains(&lost));
            let rest = u16::try_from(lost).unwrap();
            prop_assert_eq!(nanoseconds_from_utc(civil.microseconds(), rest), Some(instant));
        }
    }
}

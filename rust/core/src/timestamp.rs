//! Instants: a signed 64-bit count of nanoseconds since 1970 in UTC, and the calendar of it.

const NANOSECONDS_PER_MICROSECOND: i64 = 1_000;
const MICROSECONDS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
const MICROSECONDS_PER_DAY: i64 = SECONDS_PER_DAY * MICROSECONDS_PER_SECOND;

/// A date and a time of day in the proleptic Gregorian calendar, to the microsecond.
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
    /// The UTC date and time of an instant, floored to the microsecond.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // each is a remainder
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        let microseconds = nanoseconds.div_euclid(NANOSECONDS_PER_MICROSECOND);
        let days = microseconds.div_euclid(MICROSECONDS_PER_DAY);
        let of_day = microseconds.rem_euclid(MICROSECONDS_PER_DAY);
        let seconds = of_day / MICROSECONDS_PER_SECOND;
        let (year, month, day) = date_from_days(days);
        Self {
            year: year as i32,
            month: month as u8,
            day: day as u8,
            hour: (seconds / 3_600) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
            microsecond: (of_day % MICROSECONDS_PER_SECOND) as u32,
        }
    }

    /// Microseconds since 1970 on the same clock face.
    #[must_use]
    pub const fn microseconds(&self) -> i64 {
        let days = days_from_date(self.year as i64, self.month as i64, self.day as i64);
        let seconds = self.hour as i64 * 3_600 + self.minute as i64 * 60 + self.second as i64;
        (days * SECONDS_PER_DAY + seconds) * MICROSECONDS_PER_SECOND + self.microsecond as i64
    }
}

/// The instant of a date and time in UTC, or `None` outside 64-bit nanoseconds.
///
/// `nanosecond` is what comes on top of the microsecond.
#[must_use]
pub const fn nanoseconds_from_utc(microseconds: i64, nanosecond: u16) -> Option<i64> {
    // In 128 bits: near the lower end the microseconds alone fall below the range.
    let exact = microseconds as i128 * NANOSECONDS_PER_MICROSECOND as i128 + nanosecond as i128;
    if exact < i64::MIN as i128 || exact > i64::MAX as i128 {
        return None;
    }
    #[allow(clippy::cast_possible_truncation)] // checked above
    Some(exact as i64)
}

// The calendar runs in eras of 400 years (146,097 days) that begin on 1 March, so that the leap
// day is the last of its year: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
const DAYS_PER_ERA: i64 = 146_097;
const DAYS_TO_1970: i64 = 719_468;

const fn days_from_date(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970
}

const fn date_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + DAYS_TO_1970;
    let era = shifted.div_euclid(DAYS_PER_ERA);
    let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_epoch_and_the_ends() {
        assert_eq!(days_from_date(1970, 1, 1), 0);
        assert_eq!(date_from_days(days_from_date(2000, 2, 29)), (2000, 2, 29));
        let first = Civil::from_nanoseconds(i64::MIN);
        assert_eq!((first.year, first.month, first.day, first.microsecond), (1677, 9, 21, 145_224));
        let last = Civil::from_nanoseconds(i64::MAX);
        assert_eq!((last.year, last.month, last.day, last.microsecond), (2262, 4, 11, 854_775));
        assert_eq!(nanoseconds_from_utc(last.microseconds(), 807), Some(i64::MAX));
        assert_eq!(nanoseconds_from_utc(last.microseconds(), 808), None);
        assert_eq!(nanoseconds_from_utc(first.microseconds(), 192), Some(i64::MIN));
        assert_eq!(nanoseconds_from_utc(first.microseconds(), 191), None);
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1, 1, 1);
        for days in days_from_date(1, 1, 1)..=days_from_date(9999, 12, 31) {
            assert_eq!(date_from_days(days), (year, month, day));
            assert_eq!(days_from_date(year, month, day), days);
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

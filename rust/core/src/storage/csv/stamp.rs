//! Timestamps as text: RFC 3339 in UTC, to the nanosecond.

use crate::timestamp::{Civil, nanoseconds_from_utc};

const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;

/// The length of a timestamp in bytes.
const LENGTH: usize = 30;

/// The number of bytes before the fraction of the second.
const SECONDS: usize = 20;

const DIGITS: &[u8; 10] = b"0123456789";

/// Writes timestamps; caches the second, because consecutive timestamps usually differ only in the fraction.
#[derive(Debug)]
pub(super) struct Stamp {
    /// The second of the cached text, since 1970.
    second: Option<i64>,
    text: [u8; LENGTH],
}

impl Default for Stamp {
    fn default() -> Self {
        Self { second: None, text: *b"0000-00-00T00:00:00.000000000Z" }
    }
}

impl Stamp {
    /// Formats a timestamp.
    #[inline]
    pub(super) fn text(&mut self, nanoseconds: i64) -> &[u8; LENGTH] {
        let second = nanoseconds.div_euclid(NANOSECONDS_PER_SECOND);
        if self.second != Some(second) {
            self.second = Some(second);
            self.write_second(nanoseconds);
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it is a remainder
        let fraction = nanoseconds.rem_euclid(NANOSECONDS_PER_SECOND) as u32;
        write_digits(&mut self.text[SECONDS..LENGTH - 1], fraction);
        &self.text
    }

    fn write_second(&mut self, nanoseconds: i64) {
        let civil = Civil::from_nanoseconds(nanoseconds);
        let mut write = |place: usize, count: usize, number: u32| {
            write_digits(&mut self.text[place..place + count], number);
        };
        write(0, 4, civil.year.cast_unsigned());
        write(5, 2, civil.month.into());
        write(8, 2, civil.day.into());
        write(11, 2, civil.hour.into());
        write(14, 2, civil.minute.into());
        write(17, 2, civil.second.into());
    }
}

/// Writes the last digits of a number, as many as fit.
#[inline]
fn write_digits(out: &mut [u8], mut number: u32) {
    for digit in out.iter_mut().rev() {
        *digit = DIGITS[(number % 10) as usize];
        number /= 10;
    }
}

/// Parses a timestamp; the fraction may have fewer digits.
pub(super) fn read(text: &[u8]) -> Option<i64> {
    let number = |place: usize, count: usize| digits(text.get(place..place + count)?);
    // RFC 3339 allows a space between date and time; pandas and spreadsheets write one.
    for (place, marks) in [(4, "-"), (7, "-"), (10, "T "), (13, ":"), (16, ":")] {
        if !marks.as_bytes().contains(text.get(place)?) {
            return None;
        }
    }
    let text = text.strip_suffix(b"Z").or_else(|| text.strip_suffix(b"+00:00"))?;
    let small = |place| u8::try_from(number(place, 2)?).ok();
    let fraction = match text.get(SECONDS - 1..)? {
        b"" => 0,
        rest => {
            let fraction = rest.strip_prefix(b".")?;
            let missing = u32::try_from(9_usize.checked_sub(fraction.len())?).ok()?;
            digits(fraction).filter(|_| !fraction.is_empty())? * 10_u32.pow(missing)
        }
    };
    let civil = Civil {
        year: i32::try_from(number(0, 4)?).ok().filter(|year| *year > 0)?,
        month: small(5).filter(|month| (1..=12).contains(month))?,
        day: small(8).filter(|day| (1..=31).contains(day))?,
        hour: small(11)?,
        minute: small(14)?,
        second: small(17)?,
        microsecond: fraction / 1_000,
    };
    let nanosecond = u16::try_from(fraction % 1_000).ok()?;
    let found = nanoseconds_from_utc(civil.microseconds(), nanosecond)?;
    // A 30 February or a minute 60 would otherwise be read as another time.
    (Civil::from_nanoseconds(found) == civil).then_some(found)
}

/// Parses a number of up to nine digits.
fn digits(text: &[u8]) -> Option<u32> {
    let digit = |number: u32, digit: &u8| {
        digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
    };
    text.iter().try_fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(nanoseconds: i64) -> String {
        String::from_utf8(Stamp::default().text(nanoseconds).to_vec()).unwrap()
    }

    #[test]
    fn the_first_and_last_times_and_seconds_read_back() {
        assert_eq!(text(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(text(i64::MIN), "1677-09-21T00:12:43.145224192Z");
        assert_eq!(text(i64::MAX), "2262-04-11T23:47:16.854775807Z");
        assert_eq!(text(951_782_400_000_000_001), "2000-02-29T00:00:00.000000001Z");
    }

    #[test]
    fn an_invalid_timestamp_is_refused() {
        for text in [
            "",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.0000000001Z",
            "1970-01-01T00:00:00.000000000",
            "1970-01-01T00:00:00.00000000xZ",
            "1970-01-01_00:00:00.000000000Z",
            "1970-01-01T00:00:00.000000000+00:00Z",
            "1970-01-01T00:00:00.000000000+01:00",
            "1970-01-01T00:00:00.000000000-00:00",
            "1970-01-01T00:00:00+0000",
            "1970-01-01T00:00:00.+00:00",
            "1970-02-30T00:00:00.000000000Z",
            "1970-13-01T00:00:00.000000000Z",
            "1970-00-01T00:00:00.000000000Z",
            "1970-01-00T00:00:00.000000000Z",
            "1970-01-01T24:00:00.000000000Z",
            "1970-01-01T00:60:00.000000000Z",
            "1970-01-01T00:00:60.000000000Z",
            "0000-01-01T00:00:00.000000000Z",
            "2262-04-11T23:47:16.854775808Z",
            "1677-09-21T00:12:43.145224191Z",
            "+970-01-01T00:00:00.000000000Z",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_timestamp_reads_back(first: i64, second: i64, near in -2_000_000_000_i64..2_000_000_000) {
            let mut stamp = Stamp::default();
            for instant in [first, second, second.saturating_add(near), first] {
                prop_assert_eq!(read(stamp.text(instant)), Some(instant));
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text: Vec<u8>) {
            let _ = read(&text);
        }
    }
}

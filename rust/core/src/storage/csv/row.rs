//! Parsing a row of a CSV file.

use super::stamp;

/// The fields of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row<'a> {
    pub(super) timestamp: i64,
    pub(super) channel: &'a str,
    pub(super) value: f64,
    pub(super) unit: &'a str,
    pub(super) sequence: Option<u64>,
}

impl<'a> Row<'a> {
    /// Parses the unquoted fields of a row; the error says what is wrong.
    pub(super) fn of(fields: &[&'a [u8]], numbered: bool) -> Result<Self, String> {
        let expected = if numbered { 5 } else { 4 };
        if fields.len() != expected {
            return Err(format!(
                "it has {} cells, but the file has {expected} columns",
                fields.len()
            ));
        }
        let text = |index: usize| {
            std::str::from_utf8(fields[index]).map_err(|_| "it is not UTF-8 text".to_owned())
        };
        let time = text(0)?;
        let timestamp = stamp::read(time.as_bytes())
            .ok_or_else(|| format!("its timestamp {time:.40?} is not a valid time in UTC"))?;
        let channel = text(1)?;
        if channel.is_empty() {
            return Err("its channel is empty".to_owned());
        }
        let number = text(2)?;
        let value =
            number.parse().map_err(|_| format!("its value {number:.40?} is not a number"))?;
        let sequence = match fields.get(4) {
            Some(field) if !field.is_empty() => {
                let count = text(4)?;
                let found = count.parse().ok().filter(|_| !count.starts_with('+'));
                let refused = || format!("its sequence {count:.40?} is not a count");
                Some(found.ok_or_else(refused)?)
            }
            _ => None,
        };
        Ok(Self { timestamp, channel, value, unit: text(3)?, sequence })
    }
}

//! A row of a CSV file as it is read.

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
    /// The row of so many fields, without quotes; or what is wrong with it.
    pub(super) fn of(fields: &[&'a [u8]], numbered: bool) -> Result<Self, String> {
        let expected = if numbered { 5 } else { 4 };
        if fields.len() != expected {
            return Err(format!("it has {} cells, and the file {expected} columns", fields.len()));
        }
        let text = |index: usize| {
            std::str::from_utf8(fields[index]).map_err(|_| "it is no UTF-8 text".to_owned())
        };
        let time = text(0)?;
        let timestamp = stamp::read(time.as_bytes())
            .ok_or_else(|| format!("its timestamp is {time:.40?}, which is none in UTC"))?;
        let channel = text(1)?;
        if channel.is_empty() {
            return Err("its channel is empty".to_owned());
        }
        let number = text(2)?;
        let value = number
            .parse()
            .map_err(|_| format!("its value is {number:.40?}, which is no number"))?;
        let sequence = match fields.get(4) {
            Some(field) if !field.is_empty() => {
                let count = text(4)?;
                let found = count.parse().ok().filter(|_| !count.starts_with('+'));
                let refused = || format!("its sequence is {count:.40?}, which is no count");
                Some(found.ok_or_else(refused)?)
            }
            _ => None,
        };
        Ok(Self { timestamp, channel, value, unit: text(3)?, sequence })
    }
}
